//! Make a one-time sign-in link.

use crate::doors::Doors;
use crate::secret::Secret;
use shelf_domain::id::PersonId;
use shelf_ports::Fault;

/// How long a link can be used, in milliseconds.
pub const LINK_MS: i64 = 10 * 60 * 1_000;

/// A link's secret and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// What the link carries.
    pub secret: Secret,
    /// When it ends, milliseconds.
    pub expires_at: i64,
}

/// A link that signs `person` in once, within [`LINK_MS`].
#[tracing::instrument(skip_all)]
pub async fn create_link(doors: &Doors, person: PersonId) -> Result<SignInLink, Fault> {
    let secret = Secret::new(&*doors.chance);
    let expires_at = doors.clock.now_ms() + LINK_MS;
    doors.accounts.put_link(secret.hash(), person, expires_at).await?;
    Ok(SignInLink { secret, expires_at })
}
