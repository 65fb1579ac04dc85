//! The first run: when there is nobody, make a person, a tenant of one and a first library.

use crate::doors::Doors;
use crate::operators::begin_with;
use shelf_domain::id::{PersonId, TenantId};
use shelf_ports::Fault;
use shelf_ports::accounts::{LibraryInfo, Person};

/// The name of the first library.
pub const FIRST_LIBRARY: &str = "Bookmarks";
/// What the first person is called until they say otherwise.
const FIRST_PERSON: &str = "Owner";

/// Who owns this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The person who came first.
    pub person: Person,
    /// Whether they were made just now.
    pub is_new: bool,
}

/// The owner, who runs the server; made now, with a first library, where there is nobody yet.
#[tracing::instrument(skip_all)]
pub async fn first_run(doors: &Doors) -> Result<Owner, Fault> {
    if let Some(person) = doors.accounts.people().await?.into_iter().next() {
        begin_with(doors, person.id).await?;
        return Ok(Owner { person, is_new: false });
    }
    let mut ids = doors.ids();
    let tenant: TenantId = ids.make();
    let id: PersonId = ids.make();
    let person = Person { id, tenant, name: FIRST_PERSON.to_owned() };
    let name = FIRST_LIBRARY.to_owned();
    let created_at = doors.clock.now_ms();
    let library = LibraryInfo { id: ids.make(), tenant, name, created_at };
    let is_new = doors.accounts.add_first_person(&person, &library).await?;
    // Another process may have been quicker.
    let first = doors.accounts.people().await?.into_iter().next();
    let person = first.unwrap_or(person);
    begin_with(doors, person.id).await?;
    Ok(Owner { person, is_new })
}
