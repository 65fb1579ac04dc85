//! Sign in with a one-time link.

use crate::create_token::{NewGrant, open};
use crate::doors::Doors;
use crate::secret::Secret;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::accounts::GrantKind;

/// How long a session lasts, in milliseconds.
pub const SESSION_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// Uses `link` up and opens a session that is listed as `name`; refused `unauthenticated` where it was used before, has
/// ended or never was.
#[tracing::instrument(skip_all)]
pub async fn sign_in(doors: &Doors, link: &Secret, name: &str) -> Result<NewGrant, Failure> {
    let now = doors.clock.now_ms();
    let person =
        if link.is_plausible() { doors.accounts.take_link(link.hash(), now).await? } else { None };
    let Some(person) = person else {
        let detail = "this link was used before or has ended";
        return Err(Refused::new(Code::Unauthenticated, "link", detail).into());
    };
    let (kind, name) = (GrantKind::Session, name.to_owned());
    Ok(open(doors, person.into(), kind, name, Some(now + SESSION_MS)).await?)
}
