//! Sign in with a login name and a recovery code, for whoever lost their password.

use super::recovery_codes::RecoveryCode;
use super::tries::{RULE, Way, key};
use super::{Knocked, PasswordDoors, RECOVERED};
use crate::create_token::{New, open};
use shelf_domain::id::PersonId;
use shelf_domain::login::LoginName;
use shelf_ports::Failure;
use shelf_ports::accounts::SecretHash;
use shelf_ports::credentials::Try;

/// Who has the codes that nobody has.
const NOBODY: PersonId = PersonId::from_bytes([0; 16]);

/// Uses `code` up and opens a session that is listed as `browser`, where it is one of `login`. For a
/// while that session may set a password without the old one.
#[tracing::instrument(skip_all)]
pub async fn sign_in_with_code(
    doors: &PasswordDoors,
    login: &str,
    code: &str,
    browser: &str,
) -> Result<Knocked, Failure> {
    let (key, now) = (key(Way::Code, login), doors.doors.clock.now_ms());
    if let Try::Closed { until } = doors.credentials.count_try(key, now, RULE).await? {
        return Ok(Knocked::Closed { wait_ms: until - now });
    }
    let Some(person) = whose(doors, login, code).await? else { return Ok(Knocked::Wrong) };
    doors.credentials.forgive(key).await?;
    let new = open(&doors.doors, person.into(), New::session(browser, now)).await?;
    doors.doors.accounts.put_setting(person, RECOVERED, &new.grant.id.to_string()).await?;
    Ok(Knocked::Open(new))
}

/// Whose code it was; what is no code of anybody costs the same.
async fn whose(
    doors: &PasswordDoors,
    login: &str,
    code: &str,
) -> Result<Option<PersonId>, Failure> {
    let stored = match LoginName::read(login) {
        Ok(login) => doors.credentials.credential_by(&login).await?,
        Err(_) => None,
    };
    let person = stored.map_or(NOBODY, |stored| stored.person);
    let code = RecoveryCode::typed(code).map_or(SecretHash([0; 32]), |code| code.hash());
    let was_theirs = doors.credentials.take_code(person, code).await?;
    Ok(was_theirs.then_some(person))
}
