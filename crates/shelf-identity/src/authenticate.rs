//! Find out who a secret speaks for.

use crate::doors::Doors;
use crate::secret::Secret;
use shelf_domain::id::LibraryId;
use shelf_ports::Fault;
use shelf_ports::accounts::{Grant, GrantKind, Person};

/// Who is asking, and with which grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The person.
    pub person: Person,
    /// The grant, which authors what is written with it.
    pub grant: Grant,
}

impl Signed {
    /// Whether `library` is among those the grant reaches.
    pub fn reaches(&self, library: LibraryId) -> bool {
        self.grant.allows.reach(library)
    }
}

/// Whom `secret` speaks for; `None` where it opens nothing (any more).
pub async fn authenticate(doors: &Doors, secret: &Secret) -> Result<Option<Signed>, Fault> {
    if !secret.is_plausible() {
        return Ok(None);
    }
    let Some(grant) = doors.accounts.open_grant(secret.hash(), doors.clock.now_ms()).await? else {
        return Ok(None);
    };
    let person = doors.accounts.person(grant.person).await?;
    Ok(person.map(|person| Signed { person, grant }))
}

/// The same for what a browser keeps: a session alone. A key for programs in its place opens
/// nothing, since pages do not ask what a key may be used for.
pub async fn session(doors: &Doors, secret: &Secret) -> Result<Option<Signed>, Fault> {
    let signed = authenticate(doors, secret).await?;
    Ok(signed.filter(|signed| signed.grant.kind == GrantKind::Session))
}
