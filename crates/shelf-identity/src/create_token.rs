//! Make a personal access token, or the owner's local key.

use crate::audit::{Actor, record_own};
use crate::doors::Doors;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::{Grant, GrantKind};
use shelf_ports::{Failure, Fault};

/// Longest name of a grant, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// What token to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateToken {
    /// A name its owner will know it by.
    pub name: String,
    /// When it ends, milliseconds; `None` for never.
    pub expires_at: Option<i64>,
}

/// A grant and the secret that opens it, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// The secret.
    pub secret: Secret,
    /// The grant.
    pub grant: Grant,
}

/// Makes a token for whoever asks.
#[tracing::instrument(skip_all)]
pub async fn create_token(doors: &Doors, by: Actor, ask: CreateToken) -> Result<NewGrant, Failure> {
    let name = checked_name(&ask.name)?;
    if ask.expires_at.is_some_and(|at| at <= doors.clock.now_ms()) {
        return Err(Refused::invalid("expires_at", "this has passed already").into());
    }
    Ok(open(doors, by, GrantKind::Token, name, ask.expires_at).await?)
}

/// Makes the key that stands in the data directory for the owner's own commands.
#[tracing::instrument(skip_all)]
pub async fn create_local_key(doors: &Doors, person: PersonId) -> Result<NewGrant, Fault> {
    open(doors, person.into(), GrantKind::Local, "This machine".to_owned(), None).await
}

/// Makes a grant of `kind` with a new secret.
pub(crate) async fn open(
    doors: &Doors,
    by: Actor,
    kind: GrantKind,
    name: String,
    expires_at: Option<i64>,
) -> Result<NewGrant, Fault> {
    let secret = Secret::new(&*doors.chance);
    let created_at = doors.clock.now_ms();
    let (id, person): (DeviceId, _) = (doors.ids().make(), by.person);
    match kind {
        GrantKind::Session => record_own(doors, by, (Deed::SignedIn, Some(id.to_bytes()))).await?,
        GrantKind::Token => record_own(doors, by, (Deed::TokenMade, Some(id.to_bytes()))).await?,
        GrantKind::Local | GrantKind::Device => {}
    }
    let grant = Grant { id, person, kind, name, created_at, expires_at, used_at: None };
    doors.accounts.put_grant(&grant, Some(secret.hash())).await?;
    Ok(NewGrant { secret, grant })
}

pub(crate) fn checked_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("a name has 1 to {NAME_CHARS_MAX} characters");
        return Err(Refused::invalid("name", detail));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_name_its_owner_can_read() {
        assert_eq!(checked_name(" laptop ").unwrap(), "laptop");
        assert_eq!(checked_name("  ").unwrap_err().at, "name");
        assert!(checked_name(&"x".repeat(NAME_CHARS_MAX + 1)).is_err());
    }
}
