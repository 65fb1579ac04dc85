//! Give a paired device another name.

use crate::audit::Actor;
use crate::create_token::checked_name;
use crate::doors::Doors;
use shelf_domain::id::DeviceId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::accounts::{Grant, GrantKind};

/// Calls the device `id` of whoever asks `name`; as it is called, where that is not said. Refused
/// `not_found` where it is none of theirs.
#[tracing::instrument(skip_all)]
pub async fn rename_device(
    doors: &Doors,
    by: Actor,
    id: DeviceId,
    name: Option<&str>,
) -> Result<Grant, Failure> {
    let missing = || Refused::not_found("such grant");
    let grants = doors.accounts.grants(by.person, doors.clock.now_ms()).await?;
    let is_it = |grant: &Grant| grant.id == id && grant.kind == GrantKind::Device;
    let grant = grants.into_iter().find(is_it).ok_or_else(missing)?;
    let Some(name) = name else { return Ok(grant) };
    let name = checked_name(name)?;
    if !doors.accounts.rename_grant(by.person, id, &name).await? {
        return Err(missing().into());
    }
    Ok(Grant { name, ..grant })
}
