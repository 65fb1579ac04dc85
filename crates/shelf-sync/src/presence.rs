//! Presence: who else is in a library now, for whoever may read it; and the switch that hides somebody.
//!
//! Nothing of it is content: it is in no log, no archive and no history.

use shelf_domain::id::{ItemId, PersonId, Scope};
use shelf_domain::privacy::Purpose;
use shelf_ports::Fault;
use shelf_ports::accounts::Accounts;
use shelf_ports::chance::Clock;
use shelf_ports::presence::{Doing, Presence, Seat, SessionId};
use shelf_ports::privacy::may_process;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The name of the setting; `off` hides, all else shows.
pub const SETTING: &str = "presence";
const OFF: &str = "off";
/// Most people that are told of one library.
pub const PEOPLE_MAX: usize = 50;

/// What presence works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct PresenceDoors {
    /// Who is where.
    pub presence: Arc<dyn Presence>,
    /// What people are called, and whether they want to be seen.
    pub accounts: Arc<dyn Accounts>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Somebody who is in a library now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonHere {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Whether they write, in any of their sessions.
    pub doing: Doing,
    /// The items they are at.
    pub items: BTreeSet<ItemId>,
}

/// Whether others see where `person` is. Who restricted what is done with what is theirs is not seen.
pub async fn is_shown(accounts: &dyn Accounts, person: PersonId) -> Result<bool, Fault> {
    // To be seen is to have noted what one opens, for half a minute.
    if !may_process(accounts, person, Purpose::Activity).await? {
        return Ok(false);
    }
    wants_to_be_shown(accounts, person).await
}

/// Whether `person` wants to be seen.
pub async fn wants_to_be_shown(accounts: &dyn Accounts, person: PersonId) -> Result<bool, Fault> {
    Ok(accounts.setting(person, SETTING).await?.as_deref() != Some(OFF))
}

/// Shows or hides `person` from now on. Who is hidden still sees others; where they were seen before,
/// that ends within half a minute.
#[tracing::instrument(skip_all)]
pub async fn show_presence(
    accounts: &dyn Accounts,
    person: PersonId,
    on: bool,
) -> Result<(), Fault> {
    accounts.put_setting(person, SETTING, if on { "on" } else { OFF }).await
}

/// Says where somebody is, unless they do not want to be seen; then nothing is left of what their
/// session said before. That they may read `scope` was asked before.
pub async fn be_here(doors: &PresenceDoors, scope: Scope, seat: &Seat) -> Result<(), Fault> {
    if is_shown(&*doors.accounts, seat.person).await? {
        doors.presence.here(scope, seat, doors.clock.now_ms()).await
    } else {
        doors.presence.away(scope, seat.session).await
    }
}

/// Says that a session is not there any more.
pub async fn be_away(doors: &PresenceDoors, scope: Scope, session: SessionId) -> Result<(), Fault> {
    doors.presence.away(scope, session).await
}

/// What each of several people does, over all their sessions, before it is known what they are called.
pub type Company = BTreeMap<PersonId, (Doing, BTreeSet<ItemId>)>;

/// Who else than `asks` is in the library now. That they may read it was asked before.
pub async fn company(
    doors: &PresenceDoors,
    scope: Scope,
    asks: PersonId,
) -> Result<Company, Fault> {
    let seats = doors.presence.present(scope, doors.clock.now_ms()).await?;
    Ok(by_person(&seats, asks))
}

/// The people of `company` by name, at most [`PEOPLE_MAX`].
pub async fn named(doors: &PresenceDoors, company: Company) -> Result<Vec<PersonHere>, Fault> {
    let mut all = Vec::new();
    for (person, (doing, items)) in company.into_iter().take(PEOPLE_MAX) {
        // Who was erased meanwhile has no name.
        if let Some(known) = doors.accounts.person(person).await? {
            all.push(PersonHere { person, name: known.name, doing, items });
        }
    }
    all.sort_by(|one, other| (&one.name, one.person).cmp(&(&other.name, other.person)));
    Ok(all)
}

/// What each of the others than `asks` does.
fn by_person(seats: &[Seat], asks: PersonId) -> Company {
    let mut all = Company::new();
    for seat in seats.iter().filter(|seat| seat.person != asks) {
        let (doing, items) = all.entry(seat.person).or_default();
        *doing = (*doing).max(seat.doing);
        items.extend(seat.item);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sessions_of_a_person_are_one() {
        let [ada, ben] = [1, 2].map(|byte| PersonId::from_bytes([byte; 16]));
        let item = ItemId::from_bytes([9; 16]);
        let seat = |person, byte, item, doing| Seat {
            session: SessionId([byte; 16]),
            person,
            item,
            doing,
        };
        let seats = [
            seat(ada, 1, Some(item), Doing::Reading),
            seat(ben, 2, Some(item), Doing::Writing),
            seat(ben, 3, None, Doing::Reading),
            seat(ben, 4, Some(item), Doing::Reading),
        ];
        let told = by_person(&seats, ada);
        assert_eq!(
            told.into_iter().collect::<Vec<_>>(),
            [(ben, (Doing::Writing, BTreeSet::from([item])))]
        );
    }
}
