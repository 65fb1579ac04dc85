//! Secrets of the server that are kept once for all its processes.

use crate::doors::Doors;
use crate::secret::Secret;
use shelf_ports::Fault;
use shelf_ports::accounts::RESTORED_OF;

/// The secret kept as the setting `name` of nobody; made now, where there is none yet.
pub(crate) async fn server_secret(doors: &Doors, name: &'static str) -> Result<String, Fault> {
    if let Some(known) = doors.accounts.setting(RESTORED_OF, name).await? {
        return Ok(known);
    }
    let made = Secret::new(&*doors.chance);
    doors.accounts.swap_setting(RESTORED_OF, name, None, made.expose()).await?;
    // Of several that make one at once the first stays, and all use that.
    let kept = doors.accounts.setting(RESTORED_OF, name).await?;
    Ok(kept.unwrap_or_else(|| made.expose().to_owned()))
}
