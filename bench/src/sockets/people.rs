//! Whose sockets they are: people with a token and a library of their own, who may read one more.

use crate::own::{OwnChance, OwnClock};
use anyhow::{Context, Result, ensure};
use shelf_domain::id::{Ids, LibraryId, PersonId, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_identity::{CreateToken, Doors, create_token};
use shelf_ports::accounts::{Accounts, LibraryInfo, Person, SecretHash};
use shelf_ports::audit::Audit;
use shelf_ports::tenants::{Invitation, Joining, Tenants};
use shelf_ports::usage::AnyRoom;
use std::sync::Arc;

/// Until an invitation is taken up, milliseconds.
const INVITED_MS: i64 = 60_000;

/// Somebody with sockets.
pub(super) struct Reader {
    pub(super) token: String,
    /// A library of their own.
    pub(super) library: LibraryId,
}

/// Adds so many people to `store`, each of whom may read the library there was first, too.
pub(super) async fn add<S>(store: Arc<S>, many: usize) -> Result<Vec<Reader>>
where
    S: Accounts + Tenants + Audit + 'static,
{
    let doors = Doors {
        accounts: store.clone(),
        tenants: store.clone(),
        audit: store,
        rooms: Arc::new(AnyRoom),
        clock: Arc::new(OwnClock::default()),
        chance: Arc::new(OwnChance::default()),
    };
    let libraries = doors.accounts.all_libraries().await?;
    let shared = libraries.into_iter().min_by_key(|one| one.created_at).context("no library")?;
    let owner = doors.accounts.people().await?.into_iter().next().context("nobody is there")?;
    let mut readers = Vec::with_capacity(many);
    for at in 0..many {
        readers.push(newcomer(&doors, &shared, owner.id, at).await?);
    }
    Ok(readers)
}

async fn newcomer(
    doors: &Doors,
    shared: &LibraryInfo,
    owner: PersonId,
    at: usize,
) -> Result<Reader> {
    let now = doors.clock.now_ms();
    let mut ids = Ids::new(now, doors.chance.seed());
    let (tenant, id, library): (TenantId, PersonId, LibraryId) =
        (ids.make(), ids.make(), ids.make());
    let person = Person { id, tenant, name: format!("reader {at}") };
    let own = LibraryInfo { id: library, tenant, name: "Bookmarks".to_owned(), created_at: now };
    let invitation = Invitation {
        id: ids.make(),
        tenant: shared.tenant,
        role: Role::Member,
        share: Some((shared.id, Right::Read)),
        note: String::new(),
        made_by: owner,
        expires_at: now + INVITED_MS,
    };
    let secret = SecretHash(doors.chance.secret());
    doors.tenants.put_invitation(&invitation, secret).await?;
    let joined = doors.tenants.take_invitation(secret, &Joining::New(person, own), now).await?;
    ensure!(joined.is_some(), "nobody could join");
    let made = create_token(doors, id.into(), CreateToken::called("bench")).await?;
    Ok(Reader { token: made.secret.expose().to_owned(), library })
}
