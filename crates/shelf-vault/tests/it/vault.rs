//! The vault over a store: keys are made when they are needed, and what was sealed goes with them.

use shelf_embedded::Embedded;
use shelf_ports::chance::Clock;
use shelf_ports::privacy::Privacy;
use shelf_ports::vault::{Of, Owner, OwnerKeys, Vault};
use shelf_testkit::{Desk, SeededChance};
use shelf_vault::{RootKey, RootVault};
use std::sync::Arc;
use tempfile::TempDir;

const SECRET: Of = Of::whole("a secret", [9; 16]);

struct Kept {
    store: Arc<Embedded>,
    desk: Desk,
    vault: RootVault,
    _dir: TempDir,
}

fn vault(store: &Arc<Embedded>, seed: u64) -> RootVault {
    let chance = Arc::new(SeededChance::new(seed));
    RootVault::new(RootKey::fresh(&*chance), store.clone(), chance)
}

async fn kept() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Embedded::open(dir.path()).unwrap());
    let desk = Desk::new(&*store, 1).await;
    let vault = vault(&store, 5);
    Kept { store, desk, vault, _dir: dir }
}

#[tokio::test]
async fn what_is_sealed_opens_until_its_owner_is_gone() {
    let Kept { store, desk, vault, _dir } = kept().await;
    let library = Owner::Library(desk.scope.library);
    let sealed = vault.seal(library, SECRET, b"whsec").await.unwrap();
    assert!(!sealed.windows(5).any(|some| some == b"whsec"));
    assert_eq!(vault.open(library, SECRET, &sealed).await.unwrap().unwrap(), b"whsec");
    let tenant = Owner::Tenant(desk.scope.tenant);
    assert!(vault.open(tenant, SECRET, &sealed).await.unwrap().is_none(), "it has no key yet");
    vault.make_missing().await.unwrap();
    assert!(vault.open(tenant, SECRET, &sealed).await.is_err());
    assert!(vault.open(library, Of { part: 1, ..SECRET }, &sealed).await.is_err());
    assert!(store.remove_library(desk.scope).await.unwrap().is_done);
    assert!(vault.open(library, SECRET, &sealed).await.unwrap().is_none(), "the key is destroyed");
    assert!(vault.seal(library, SECRET, b"whsec").await.is_err(), "and no other is made");
}

#[tokio::test]
async fn everybody_gets_a_key_once() {
    let Kept { store, vault, _dir, .. } = kept().await;
    assert_eq!(vault.make_missing().await.unwrap(), 4, "server, tenant, person, library");
    let keys = store.owner_keys().await.unwrap();
    assert_eq!(vault.make_missing().await.unwrap(), 0);
    assert!(store.owner_keys().await.unwrap() == keys);
}

#[tokio::test]
async fn who_came_lately_gets_a_key_without_a_look_at_all_others() {
    let Kept { store, desk, vault, _dir } = kept().await;
    let now = desk.clock.now_ms();
    assert_eq!(vault.make_missing_since(now + 1).await.unwrap(), 1, "the server, who is no row");
    assert_eq!(vault.make_missing_since(now).await.unwrap(), 3);
    assert_eq!(store.keyless(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn another_root_key_opens_nothing() {
    let Kept { store, desk, vault, _dir } = kept().await;
    let library = Owner::Library(desk.scope.library);
    let sealed = vault.seal(library, SECRET, b"whsec").await.unwrap();
    let wrong = self::vault(&store, 6);
    assert!(wrong.open(library, SECRET, &sealed).await.is_err());
    assert!(wrong.seal(library, SECRET, b"whsec").await.is_err(), "nor does it seal");
}
