//! Give oneself another name.

use crate::create_token::checked_name;
use crate::doors::Doors;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::accounts::Person;

/// Calls `person` by another name from now on, wherever others see it.
#[tracing::instrument(skip_all)]
pub async fn rename_person(doors: &Doors, person: PersonId, name: &str) -> Result<Person, Failure> {
    doors.accounts.rename_person(person, &checked_name(name)?).await?;
    let renamed = doors.accounts.person(person).await?;
    renamed.ok_or_else(|| Refused::not_found(format!("person {person}")).into())
}
