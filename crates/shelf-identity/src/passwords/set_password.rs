//! Set or change one's password and login name.

use super::by_them::by_them;
use super::common::is_common;
use super::hashing::Place;
use super::prove::{Proof, prove};
use super::{PasswordDoors, RECOVERED, Typed, in_person};
use crate::audit::record_own;
use crate::authenticate::Signed;
use shelf_domain::audit::Deed;
use shelf_domain::canon::folded;
use shelf_domain::id::PersonId;
use shelf_domain::login::LoginName;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::credentials::Credential;
use shelf_ports::{Failure, Fault};

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// For how long a session that came in by a recovery code may set a password without the old one,
/// milliseconds.
pub const RECOVERED_MS: i64 = 60 * 60 * 1_000;

/// What to sign in with from now on.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// The login name as typed.
    pub login: String,
    /// The new password.
    pub password: Typed,
    /// The password of now; of no matter where there is none, or it was lost.
    pub current: Typed,
}

/// Sets the login name and password of whoever is signed in, and ends their other sessions; keys of
/// programs stay.
///
/// Refused `invalid` at `login`, also where somebody else has it; `invalid` at `password` where it is
/// too short, too long, the login name, or among the most common; like [`by_them`] where they do not
/// prove that it is them, unless they lost the password a short while ago.
#[tracing::instrument(skip_all)]
pub async fn set_password(
    doors: &PasswordDoors,
    signed: &Signed,
    ask: SetPassword,
) -> Result<(), Failure> {
    in_person(signed)?;
    let login = LoginName::read(&ask.login)?;
    check(&login, &ask.password)?;
    let recovered = recovery_of(doors, signed).await?;
    if !recovered {
        by_them(doors, signed, &ask.current).await?;
    }
    let kept = keep(doors, signed, login, &ask.password).await;
    let left = match &kept {
        Ok(()) => Some(String::new()),
        // What came to nothing used nothing up.
        Err(_) => recovered.then(|| signed.grant.id.to_string()),
    };
    if let Some(left) = left {
        doors.doors.accounts.put_setting(signed.person.id, RECOVERED, &left).await?;
    }
    kept
}

/// Uses up that whoever is signed in came by a recovery code a short while ago; whether they did. Of
/// several at once it is good for one.
async fn recovery_of(doors: &PasswordDoors, signed: &Signed) -> Result<bool, Fault> {
    if !is_recovered(doors, signed).await? {
        return Ok(false);
    }
    let before = signed.grant.id.to_string();
    doors.doors.accounts.swap_setting(signed.person.id, RECOVERED, Some(&before), "").await
}

/// Keeps name and password, and ends the other sessions.
async fn keep(
    doors: &PasswordDoors,
    signed: &Signed,
    login: LoginName,
    password: &Typed,
) -> Result<(), Failure> {
    let place = doors.hashing.place()?;
    let hash = place.hash(password, doors.doors.chance.seed()).await?;
    record_own(&doors.doors, signed.into(), (Deed::PasswordSet, None)).await?;
    let credential = Credential { person: signed.person.id, login, hash };
    if doors.credentials.put_credential(&credential, Some(signed.grant.id)).await? {
        return Ok(());
    }
    let detail = "somebody else signs in with this name; choose another one";
    Err(Refused::invalid("login", detail).into())
}

/// The login name of a person who has a password.
#[tracing::instrument(skip_all)]
pub async fn login_of(doors: &PasswordDoors, person: PersonId) -> Result<Option<LoginName>, Fault> {
    let stored = doors.credentials.credential_of(person).await?;
    Ok(stored.map(|stored| stored.login))
}

/// Whether whoever is signed in came by a recovery code a short while ago.
pub async fn is_recovered(doors: &PasswordDoors, signed: &Signed) -> Result<bool, Fault> {
    let grant = &signed.grant;
    let recovered = doors.doors.accounts.setting(signed.person.id, RECOVERED).await?;
    let is_recent = doors.doors.clock.now_ms() < grant.created_at + RECOVERED_MS;
    Ok(is_recent && recovered.is_some_and(|id| id == grant.id.to_string()))
}

/// Refuses what is not the password of now.
pub(crate) async fn current(
    doors: &PasswordDoors,
    place: &Place<'_>,
    stored: &Credential,
    typed: &Typed,
) -> Result<(), Failure> {
    match prove(doors, place, stored.login.shown(), typed).await? {
        Proof::Of(proved) if proved.person == stored.person => Ok(()),
        Proof::Of(_) | Proof::Wrong => {
            let detail = "this is not your password of now";
            Err(Refused::new(Code::Forbidden, "current", detail).into())
        }
        Proof::Closed { wait_ms } => {
            let seconds = (wait_ms + 999) / 1_000;
            let detail = format!("too many wrong tries; try again in {seconds} s");
            Err(Refused::new(Code::SlowDown, "current", detail).into())
        }
    }
}

/// Refuses passwords that are guessed first.
pub(crate) fn check(login: &LoginName, password: &Typed) -> Result<(), Refused> {
    let text = password.text();
    let refuse = |detail: String| Err(Refused::invalid("password", detail));
    if text.chars().count() < PASSWORD_CHARS_MIN {
        return refuse(format!("a password has at least {PASSWORD_CHARS_MIN} characters"));
    }
    if text.len() > PASSWORD_BYTES_MAX {
        return refuse(format!("a password has at most {PASSWORD_BYTES_MAX} bytes"));
    }
    if folded(text) == login.folded() {
        return refuse("a password is not the login name; choose another one".to_owned());
    }
    if is_common(text) {
        return refuse("this password is among the most common; choose another one".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(password: &str) -> Option<String> {
        let login = LoginName::read("Ada Lovelace").unwrap();
        check(&login, &Typed::new(password)).err().map(|refused| {
            assert_eq!(refused.at, "password");
            refused.detail
        })
    }

    #[test]
    fn what_is_guessed_first_is_refused_and_said_why() {
        assert!(refusal("ninechars").unwrap().contains("at least 10"));
        assert!(refusal(&"\u{e4}".repeat(9)).unwrap().contains("at least 10"));
        assert!(refusal(&"\u{e4}".repeat(129)).unwrap().contains("at most 256"));
        assert!(refusal("ADA LOVELACE").unwrap().contains("login name"));
        assert!(refusal("Password123").unwrap().contains("most common"));
        for good in ["correct horse", &"\u{e4}".repeat(127), "ada lovelace!"] {
            assert_eq!(refusal(&format!("{good}x")), None, "{good}");
        }
    }
}
