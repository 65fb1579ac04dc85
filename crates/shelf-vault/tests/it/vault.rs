//! The vault over a store: keys are made when they are needed, and what was sealed goes with them.

use async_trait::async_trait;
use shelf_embedded::Embedded;
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::privacy::Privacy;
use shelf_ports::vault::{Of, Owner, OwnerKeys, Vault};
use shelf_testkit::{Desk, SeededChance};
use shelf_vault::{RootKey, RootVault, Roots};
use std::sync::{Arc, Mutex};
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

/// Root keys at hand, and which of them seals.
#[derive(Debug, Default)]
struct Hand(Mutex<(Vec<RootKey>, Option<String>)>);

impl Hand {
    fn holds(&self, roots: &[&RootKey], seals: &RootKey) {
        let roots = roots.iter().map(|root| (*root).clone()).collect();
        *self.0.lock().unwrap() = (roots, Some(seals.fingerprint()));
    }
}

#[async_trait]
impl Roots for Hand {
    async fn at_hand(&self) -> Result<(Vec<RootKey>, Option<String>), Fault> {
        Ok(self.0.lock().unwrap().clone())
    }
}

#[tokio::test]
async fn a_root_key_is_replaced_while_others_work_and_nothing_is_lost() {
    let Kept { store, desk, _dir, .. } = kept().await;
    let chance = Arc::new(SeededChance::new(7));
    let (old, new) = (RootKey::fresh(&*chance), RootKey::fresh(&*chance));
    let hand = Arc::new(Hand::default());
    hand.holds(&[&old], &old);
    let process =
        || RootVault::new(old.clone(), store.clone(), chance.clone()).looking(hand.clone());
    let (one, other) = (process(), process());
    let (library, tenant) = (Owner::Library(desk.scope.library), Owner::Tenant(desk.scope.tenant));
    let sealed = one.seal(library, SECRET, b"whsec").await.unwrap();

    hand.holds(&[&old, &new], &new);
    let late = other.seal(tenant, SECRET, b"new here").await.unwrap();
    assert_eq!(one.reseal(&new).await.unwrap(), 1, "the new one was sealed with the new one");
    assert_eq!(one.reseal(&new).await.unwrap(), 0, "again there is nothing to do");

    hand.holds(&[&new], &new);
    let begun_now = RootVault::new(new.clone(), store.clone(), chance.clone());
    for vault in [&one, &other, &begun_now] {
        assert_eq!(vault.open(library, SECRET, &sealed).await.unwrap().unwrap(), b"whsec");
        assert_eq!(vault.open(tenant, SECRET, &late).await.unwrap().unwrap(), b"new here");
    }
    let left_behind = RootVault::new(old, store, chance);
    assert!(left_behind.open(library, SECRET, &sealed).await.is_err(), "the old one opens nothing");
}

#[tokio::test]
async fn whoever_lacks_the_root_key_that_seals_says_so_and_makes_no_key() {
    let Kept { store, desk, _dir, .. } = kept().await;
    let chance = Arc::new(SeededChance::new(8));
    let (old, new) = (RootKey::fresh(&*chance), RootKey::fresh(&*chance));
    let hand = Arc::new(Hand::default());
    hand.holds(&[&old], &new);
    let vault = RootVault::new(old, store.clone(), chance).looking(hand);
    let library = Owner::Library(desk.scope.library);
    let fault = vault.seal(library, SECRET, b"whsec").await.unwrap_err();
    assert!(fault.source.to_string().contains(".next"), "{fault:?}");
    assert!(store.owner_key(library).await.unwrap().is_none());
}
