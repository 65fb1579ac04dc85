//! Pair a device that edits offline: a grant of its own that pushes under its own counter.

use crate::audit::{Actor, record_own};
use crate::create_token::checked_name;
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::permit::Allowance;
use shelf_ports::Failure;
use shelf_ports::accounts::{Grant, GrantKind};

/// Pairs a device called `name` with whoever asks. It has no secret: it pushes with the token or
/// session of the same person.
#[tracing::instrument(skip_all)]
pub async fn pair_device(doors: &Doors, by: Actor, name: &str) -> Result<Grant, Failure> {
    let grant = Grant {
        id: doors.ids().make(),
        person: by.person,
        kind: GrantKind::Device,
        name: checked_name(name)?,
        created_at: doors.clock.now_ms(),
        expires_at: None,
        used_at: None,
        allows: Allowance::default(),
        bound: None,
        provided_by: by.provided_by,
    };
    record_own(doors, by, (Deed::DevicePaired, Some(grant.id.to_bytes()))).await?;
    doors.accounts.put_grant(&grant, None).await?;
    Ok(grant)
}
