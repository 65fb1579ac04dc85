//! Sign in with a one-time link.

use crate::create_token::{New, NewGrant, open};
use crate::doors::Doors;
use crate::secret::Secret;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;

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
    Ok(open(doors, person.into(), New::session(name, now)).await?)
}
