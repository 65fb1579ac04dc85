//! Stand: where a library is, and how far a device has come in it.

use crate::cursor::Cursor;
use crate::doors::Doors;
use crate::push::must_own;
use shelf_domain::change::Head;
use shelf_domain::id::{DeviceId, PersonId, Scope};
use shelf_ports::Failure;

/// The name of what is spoken here.
pub const PROTOCOL: &str = "mindshelf.sync.v1";

/// Where a library stands, and how far a device has come in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where the log stands.
    pub head: Head,
    /// That as a cursor.
    pub cursor: String,
    /// The device that was named, and its last counter.
    pub device: Option<(DeviceId, u64)>,
    /// How many changes wait for a person: of that device, or of all.
    pub held: u64,
}

/// Says where the library stands; with `device`, which belongs to `person`, how far that has come.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn stand(
    doors: &Doors,
    scope: Scope,
    person: PersonId,
    device: Option<DeviceId>,
) -> Result<Standing, Failure> {
    let head = doors.library.head(scope).await?;
    let cursor = Cursor { epoch: head.epoch, seq: head.seq }.text(scope.library);
    let known = match device {
        Some(device) => {
            must_own(doors, person, device).await?;
            Some((device, doors.replicas.counter(scope, device).await?))
        }
        None => None,
    };
    let lines = doors.replicas.held_lines(scope).await?;
    let own = lines.iter().filter(|line| device.is_none_or(|device| device == line.device));
    let held = own.map(|line| line.count).sum();
    Ok(Standing { head, cursor, device: known, held })
}
