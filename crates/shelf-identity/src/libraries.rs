//! Which libraries a person may use, and the scope of one of them.

use crate::doors::Doors;
use shelf_domain::id::{LibraryId, PersonId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::{Failure, Fault};

/// The libraries of `person`, oldest first.
#[tracing::instrument(skip_all)]
pub async fn libraries(doors: &Doors, person: PersonId) -> Result<Vec<LibraryInfo>, Fault> {
    doors.accounts.libraries(person).await
}

/// The scope of `library` for `person`. A library of others is as absent as one that never was:
/// both are refused `not_found`. Every scope of a request is made here.
pub async fn scope_of(
    doors: &Doors,
    person: PersonId,
    library: LibraryId,
) -> Result<Scope, Failure> {
    let known = doors.accounts.libraries(person).await?;
    match known.iter().find(|known| known.id == library) {
        Some(known) => Ok(known.scope()),
        None => Err(Refused::not_found(format!("library {library}")).into()),
    }
}
