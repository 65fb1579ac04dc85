//! Sign in with a login name and a password.

use super::prove::{Proof, prove};
use super::{Knocked, PasswordDoors, Typed};
use crate::create_token::{New, open};
use shelf_ports::Failure;

/// Opens a session that is listed as `browser`, where `password` is that of `login`.
#[tracing::instrument(skip_all)]
pub async fn sign_in_with_password(
    doors: &PasswordDoors,
    login: &str,
    password: &Typed,
    browser: &str,
) -> Result<Knocked, Failure> {
    let place = doors.hashing.place()?;
    let person = match prove(doors, &place, login, password).await? {
        Proof::Of(credential) => credential.person,
        Proof::Wrong => return Ok(Knocked::Wrong),
        Proof::Closed { wait_ms } => return Ok(Knocked::Closed { wait_ms }),
    };
    let new = New::session(browser, doors.doors.clock.now_ms());
    Ok(Knocked::Open(open(&doors.doors, person.into(), new).await?))
}
