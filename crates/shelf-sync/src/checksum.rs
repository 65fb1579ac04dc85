//! Checksum: the sums of a library, by which a replica finds that it went another way.

use crate::doors::Doors;
use shelf_domain::change::Head;
use shelf_domain::id::Scope;
use shelf_domain::sums::Sums;
use shelf_ports::Fault;

/// The sums of a library, and where its log stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Where the log stood.
    pub head: Head,
    /// The sums at that position.
    pub sums: Sums,
}

/// Sums up the library. Made anew at each ask, by walking all that is folded: writing pays nothing
/// for it.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn checksum(doors: &Doors, scope: Scope) -> Result<Checksum, Fault> {
    let (head, sums) = doors.replicas.sums(scope).await?;
    Ok(Checksum { head, sums })
}
