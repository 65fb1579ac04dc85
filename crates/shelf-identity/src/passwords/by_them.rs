//! Make sure that it is whoever is signed in, and nobody at a browser they left: before what can be
//! undone by nobody, and before ways in change.

use super::set_password::current;
use super::{PasswordDoors, Typed};
use crate::authenticate::Signed;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::GrantKind;
use shelf_ports::passkeys::Passkey;
use shelf_ports::{Failure, Fault};

/// The setting that names the session in which somebody confirmed with a passkey, and until when that
/// is good.
const CONFIRMED: &str = "confirmed_session";
/// For how long it is good, for one act, milliseconds.
pub const CONFIRMED_MS: i64 = 5 * 60 * 1_000;

/// What somebody is asked for before such an act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// They may type their password.
    pub password: bool,
    /// They may use a passkey.
    pub passkey: bool,
    /// They did, and nothing else is asked for.
    pub confirmed: bool,
}

/// What whoever is signed in is asked for now.
pub async fn asks(doors: &PasswordDoors, signed: &Signed) -> Result<Asks, Fault> {
    let person = signed.person.id;
    Ok(Asks {
        password: doors.credentials.credential_of(person).await?.is_some(),
        passkey: !usable(doors, person).await?.is_empty(),
        confirmed: confirmation(doors, signed).await?.is_some(),
    })
}

/// Refuses an act unless whoever is signed in confirmed with a passkey a moment ago, which is used up
/// by it, or typed their password.
///
/// Refused `forbidden` or `slow_down` at `current`, also where there is no password and no passkey was
/// used. Whoever has neither is believed, and so is the key of the machine where there is no password.
pub(crate) async fn by_them(
    doors: &PasswordDoors,
    signed: &Signed,
    typed: &Typed,
) -> Result<(), Failure> {
    let person = signed.person.id;
    if let Some(kept) = confirmation(doors, signed).await? {
        let before = Some(kept.as_str());
        // Of several acts at once it is good for one; the others are asked like everybody.
        if doors.doors.accounts.swap_setting(person, CONFIRMED, before, "").await? {
            return Ok(());
        }
    }
    if let Some(stored) = doors.credentials.credential_of(person).await? {
        return current(doors, &doors.hashing.place()?, &stored, typed).await;
    }
    if signed.grant.kind == GrantKind::Local || usable(doors, person).await?.is_empty() {
        return Ok(());
    }
    let detail = "confirm with a passkey first, in the settings";
    Err(Refused::new(Code::Forbidden, "current", detail).into())
}

/// Notes that whoever is signed in confirmed just now.
pub(crate) async fn confirmed(doors: &PasswordDoors, signed: &Signed) -> Result<(), Fault> {
    let until = doors.doors.clock.now_ms().saturating_add(CONFIRMED_MS);
    let value = format!("{} {until}", signed.grant.id);
    doors.doors.accounts.put_setting(signed.person.id, CONFIRMED, &value).await
}

/// What is kept of a confirmation in this session that is still good.
async fn confirmation(doors: &PasswordDoors, signed: &Signed) -> Result<Option<String>, Fault> {
    let kept = doors.doors.accounts.setting(signed.person.id, CONFIRMED).await?.unwrap_or_default();
    let Some((session, until)) = kept.split_once(' ') else { return Ok(None) };
    let now = doors.doors.clock.now_ms();
    // An end too far ahead was written by a clock that was put back since.
    let is_recent =
        until.parse().is_ok_and(|until: i64| (now + 1..=now + CONFIRMED_MS).contains(&until));
    let is_good = is_recent && session == signed.grant.id.to_string();
    Ok(is_good.then_some(kept))
}

/// The passkeys of a person that open something.
pub(crate) async fn usable(doors: &PasswordDoors, person: PersonId) -> Result<Vec<Passkey>, Fault> {
    let mut all = doors.passkeys.passkeys_of(person).await?;
    all.retain(|passkey| passkey.copied_at.is_none());
    Ok(all)
}

/// Whether links are printed for a person who runs the server: they come in without anything else.
pub(crate) async fn has_links(doors: &PasswordDoors, person: PersonId) -> Result<bool, Fault> {
    let everyone = doors.doors.accounts.people().await?;
    Ok(everyone.first().is_some_and(|first| first.id == person))
}
