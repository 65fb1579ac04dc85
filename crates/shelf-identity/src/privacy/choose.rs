//! See and change what is done with what is one's own: restriction, objections, consents.

use super::PrivacyDoors;
use super::notice::VERSION;
use crate::authenticate::Signed;
use shelf_domain::id::PersonId;
use shelf_domain::privacy::{Choices, Purpose};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_ports::privacy::{CHOICES, Consent, choices};
use shelf_ports::webhooks::{EndpointEdit, EndpointState};
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Most entries of one person in the log of consents.
pub const CONSENTS_MAX: usize = 1_000;
/// How often a change is tried while others are made.
const TRIES: usize = 10;

/// What somebody decided, and how they came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What holds now.
    pub choices: Choices,
    /// What they agreed to and took back, in that order.
    pub consents: Vec<Consent>,
}

/// What `person` decided.
#[tracing::instrument(skip_all)]
pub async fn decided(doors: &PrivacyDoors, person: PersonId) -> Result<Decided, Fault> {
    let choices = choices(&*doors.doors().accounts, person).await?;
    Ok(Decided { choices, consents: doors.privacy.consents(person).await? })
}

/// Has `decide` change what `person` decided. Of several changes at once each is made: none brings back
/// what another one took.
async fn change(
    doors: &PrivacyDoors,
    person: PersonId,
    decide: impl Fn(&mut Choices) + Send + Sync,
) -> Result<(), Failure> {
    let accounts = &doors.doors().accounts;
    for _ in 0..TRIES {
        let before = accounts.setting(person, CHOICES).await?;
        let mut choices = Choices::read(before.as_deref().unwrap_or_default());
        decide(&mut choices);
        let (before, after) = (before.as_deref(), choices.to_string());
        if accounts.swap_setting(person, CHOICES, before, &after).await? {
            return Ok(());
        }
    }
    Err(Refused::new(Code::Busy, "", "other requests are changing this").into())
}

/// Restricts what is done with what is theirs to keeping it, or lifts that. With a restriction the
/// endpoints they added are paused; they stay so until somebody resumes them.
#[tracing::instrument(skip_all)]
pub async fn restrict(
    doors: &PrivacyDoors,
    signed: &Signed,
    restricted: bool,
) -> Result<(), Failure> {
    let person = signed.person.id;
    change(doors, person, |choices| choices.restricted = restricted).await?;
    if restricted {
        pause(doors, person).await?;
    }
    Ok(())
}

async fn pause(doors: &PrivacyDoors, person: PersonId) -> Result<(), Fault> {
    let pausing = EndpointEdit { state: Some(EndpointState::Paused), ..EndpointEdit::default() };
    for reach in doors.doors().tenants.reach(person).await? {
        if reach.right < Right::Manage {
            continue;
        }
        let scope = reach.library.scope();
        for endpoint in doors.webhooks.endpoints(scope).await? {
            if endpoint.made_by == person && endpoint.state == EndpointState::Active {
                doors.webhooks.edit_endpoint(scope, endpoint.id, &pausing).await?;
            }
        }
    }
    Ok(())
}

/// Puts what they object to in the place of what they objected to before.
#[tracing::instrument(skip_all)]
pub async fn object(
    doors: &PrivacyDoors,
    signed: &Signed,
    objected: BTreeSet<Purpose>,
) -> Result<(), Failure> {
    if let Some(other) =
        objected.iter().find(|purpose| !Purpose::OPEN_TO_OBJECTION.contains(*purpose))
    {
        let detail = format!("{} is not objected to by itself; restrict it all", other.name());
        return Err(Refused::invalid("", detail).into());
    }
    change(doors, signed.person.id, |choices| choices.objected.clone_from(&objected)).await
}

/// Notes that they agree to `purpose`, or take that back: it holds at once.
#[tracing::instrument(skip_all)]
pub async fn consent(
    doors: &PrivacyDoors,
    signed: &Signed,
    purpose: Purpose,
    given: bool,
) -> Result<(), Failure> {
    if !purpose.needs_consent() {
        let detail = format!("{} needs no consent; object to it instead", purpose.name());
        return Err(Refused::invalid("purpose", detail).into());
    }
    let person = signed.person.id;
    let before = choices(&*doors.doors().accounts, person).await?;
    if before.consented.contains(&purpose) == given {
        return Ok(());
    }
    // To take back is never refused.
    if given && doors.privacy.consents(person).await?.len() >= CONSENTS_MAX {
        let detail = format!("a person agrees at most {CONSENTS_MAX} times");
        return Err(Refused::invalid("purpose", detail).into());
    }
    let at = doors.doors().clock.now_ms();
    let consent = Consent { at, purpose, given, notice: VERSION };
    doors.privacy.put_consent(person, &consent).await?;
    let decide = |choices: &mut Choices| {
        if given {
            choices.consented.insert(purpose)
        } else {
            choices.consented.remove(&purpose)
        };
    };
    change(doors, person, decide).await
}
