//! Make a personal access token, or the owner's local key.

use crate::audit::{Actor, record_own};
use crate::doors::Doors;
use crate::secret::Secret;
use crate::sign_in::SESSION_MS;
use shelf_domain::audit::Deed;
use shelf_domain::id::{DeviceId, LibraryId, PersonId};
use shelf_domain::permit::{Allowance, Permit, Permits, must_hold};
use shelf_domain::plan::{Room, Stock};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::{Grant, GrantKind};
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Longest name of a grant, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// What token to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateToken {
    /// A name its owner will know it by.
    pub name: String,
    /// When it ends, milliseconds; `None` for never, or when what makes it ends.
    pub expires_at: Option<i64>,
    /// What it may be used for; `None` for all its maker may do, or in some libraries for reading
    /// and writing there.
    pub permits: Option<Permits>,
    /// In which libraries alone; `None` for all.
    pub libraries: Option<BTreeSet<LibraryId>>,
}

impl CreateToken {
    /// A token called `name` for all its maker may do.
    pub fn called(name: impl Into<String>) -> Self {
        Self { name: name.into(), expires_at: None, permits: None, libraries: None }
    }
}

/// A grant and the secret that opens it, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// The secret.
    pub secret: Secret,
    /// The grant.
    pub grant: Grant,
}

/// Makes a token for whoever asks. It never does more, or lives longer, than what makes it: a
/// token that leaked cannot be kept alive by another.
#[tracing::instrument(skip_all)]
pub async fn create_token(doors: &Doors, by: Actor, ask: CreateToken) -> Result<NewGrant, Failure> {
    let name = checked_name(&ask.name)?;
    if ask.expires_at.is_some_and(|at| at <= doors.clock.now_ms()) {
        return Err(Refused::invalid("expires_at", "this has passed already").into());
    }
    let expires_at = within(ask.expires_at, by.until)?;
    let allows = allowed(doors, by, ask.permits, ask.libraries).await?;
    has_room(doors, by.person).await?;
    Ok(open(doors, by, New { kind: GrantKind::Token, name, expires_at, allows }).await?)
}

/// Refused `quota` for whoever has as many tokens as the plan of the tenant they came with lets be.
async fn has_room(doors: &Doors, person: PersonId) -> Result<(), Failure> {
    let Some(person) = doors.accounts.person(person).await? else { return Ok(()) };
    let Some(most) = doors.rooms.most(person.tenant, Stock::Tokens).await? else { return Ok(()) };
    let grants = doors.accounts.grants(person.id, doors.clock.now_ms()).await?;
    let tokens = grants.iter().filter(|grant| grant.kind == GrantKind::Token).count();
    Room::of(Stock::Tokens, most, tokens as u64).take()?;
    Ok(())
}

/// When a token ends that is to end at `asked` and may live until `most`.
fn within(asked: Option<i64>, most: Option<i64>) -> Result<Option<i64>, Refused> {
    match (asked, most) {
        (Some(asked), Some(most)) if asked > most => {
            let detail = "the token you ask with ends before that";
            Err(Refused::invalid("expires_at", detail))
        }
        (asked, most) => Ok(asked.or(most)),
    }
}

/// What a token may be used for that `by` makes.
async fn allowed(
    doors: &Doors,
    by: Actor,
    permits: Option<Permits>,
    libraries: Option<BTreeSet<LibraryId>>,
) -> Result<Allowance, Failure> {
    let of_content = || Permit::ALL.into_iter().filter(|permit| permit.is_of_content()).collect();
    let all = if libraries.is_some() { by.permits.and(of_content()) } else { by.permits };
    let allows = Allowance { permits: permits.unwrap_or(all), libraries };
    allows.check()?;
    must_hold(by.permits, allows.permits)?;
    if let Some(libraries) = &allows.libraries {
        let reach = doors.tenants.reach(by.person).await?;
        for id in libraries {
            if !reach.iter().any(|reach| reach.library.id == *id) {
                let detail = format!("there is no library {id}");
                return Err(Refused::new(Code::NotFound, "libraries", detail).into());
            }
        }
    }
    Ok(allows)
}

/// Makes the key that stands in the data directory for the owner's own commands.
#[tracing::instrument(skip_all)]
pub async fn create_local_key(doors: &Doors, person: PersonId) -> Result<NewGrant, Fault> {
    let (kind, name) = (GrantKind::Local, "This machine".to_owned());
    let new = New { kind, name, expires_at: None, allows: Allowance::default() };
    open(doors, person.into(), new).await
}

/// A grant that is to be made.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) kind: GrantKind,
    pub(crate) name: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) allows: Allowance,
}

impl New {
    /// A session called `name` that begins at `now`.
    pub(crate) fn session(name: &str, now: i64) -> Self {
        let (kind, expires_at) = (GrantKind::Session, Some(now + SESSION_MS));
        Self { kind, name: name.to_owned(), expires_at, allows: Allowance::default() }
    }
}

/// Makes a grant with a new secret.
pub(crate) async fn open(doors: &Doors, by: Actor, new: New) -> Result<NewGrant, Fault> {
    let New { kind, name, expires_at, allows } = new;
    let secret = Secret::new(&*doors.chance);
    let created_at = doors.clock.now_ms();
    let (id, person): (DeviceId, _) = (doors.ids().make(), by.person);
    match kind {
        GrantKind::Session => record_own(doors, by, (Deed::SignedIn, Some(id.to_bytes()))).await?,
        GrantKind::Token => record_own(doors, by, (Deed::TokenMade, Some(id.to_bytes()))).await?,
        GrantKind::Local | GrantKind::Device | GrantKind::App => {}
    }
    let grant = Grant {
        id,
        person,
        kind,
        name,
        created_at,
        expires_at,
        used_at: None,
        allows,
        bound: None,
        provided_by: by.provided_by,
    };
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
