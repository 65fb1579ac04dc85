//! The exam of keys: one an owner, and none where the owner is gone.

use crate::desk::Desk;
use shelf_domain::id::{LibraryId, PersonId, TenantId};
use shelf_ports::accounts::Accounts;
use shelf_ports::chance::Clock;
use shelf_ports::privacy::Privacy;
use shelf_ports::vault::{Owner, OwnerKeys, SealedKey};

/// Whatever keeps owners and their keys.
pub trait Store: Accounts + Privacy + OwnerKeys {}

impl<S: Accounts + Privacy + OwnerKeys> Store for S {}

/// More owners than an exam leaves behind.
const MANY: usize = 10_000;

/// Sits the whole exam of [`OwnerKeys`] over a store that may hold anything else.
pub async fn exam<S: Store>(store: &S) {
    an_owner_has_one_key(store).await;
    who_is_not_there_has_none(store).await;
    a_key_that_was_destroyed_is_gone(store).await;
    it_goes_with_its_owner(store).await;
    whoever_has_none_is_told(store).await;
    it_is_sealed_anew_in_its_place_alone(store).await;
}

fn key(byte: u8) -> SealedKey {
    SealedKey(vec![byte; 61])
}

fn owners(desk: &Desk) -> [Owner; 3] {
    let (tenant, library) = (desk.scope.tenant, desk.scope.library);
    [Owner::Tenant(tenant), Owner::Person(desk.person), Owner::Library(library)]
}

async fn an_owner_has_one_key<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 821).await, Desk::new(store, 822).await);
    for (owner, number) in owners(&ada).into_iter().zip(1..) {
        let (one, other) = (key(number), key(number + 10));
        let (first, second) =
            tokio::join!(store.put_owner_key(owner, &one), store.put_owner_key(owner, &other));
        let (first, second) = (first.unwrap().unwrap(), second.unwrap());
        assert!(Some(&first) == second.as_ref(), "both are told the same");
        assert!(first == one || first == other, "one of the two is it");
        assert!(store.put_owner_key(owner, &key(99)).await.unwrap().as_ref() == Some(&first));
        assert!(store.owner_key(owner).await.unwrap().as_ref() == Some(&first));
        assert!(store.owner_keys().await.unwrap().contains(&(owner, first)));
    }
    for owner in owners(&ben) {
        assert!(store.owner_key(owner).await.unwrap().is_none(), "another's is another's");
    }
}

async fn who_is_not_there_has_none<S: Store>(store: &S) {
    let id = [0xee; 16];
    let nobody = [
        Owner::Tenant(TenantId::from_bytes(id)),
        Owner::Person(PersonId::from_bytes(id)),
        Owner::Library(LibraryId::from_bytes(id)),
    ];
    for owner in nobody {
        assert!(store.put_owner_key(owner, &key(1)).await.unwrap().is_none(), "{owner:?}");
        assert!(store.owner_key(owner).await.unwrap().is_none());
    }
    let server = store.put_owner_key(Owner::Server, &key(7)).await.unwrap();
    assert!(server.is_some() && store.owner_key(Owner::Server).await.unwrap() == server);
    // An id names one kind of owner alone.
    let ada = Desk::new(store, 823).await;
    let wrong = Owner::Person(PersonId::from_bytes(ada.scope.tenant.to_bytes()));
    assert!(store.put_owner_key(wrong, &key(1)).await.unwrap().is_none());
}

async fn a_key_that_was_destroyed_is_gone<S: Store>(store: &S) {
    let ada = Desk::new(store, 824).await;
    let [tenant, person, _] = owners(&ada);
    for owner in [tenant, person] {
        store.put_owner_key(owner, &key(3)).await.unwrap();
    }
    for _ in 0..2 {
        store.destroy_owner_key(tenant).await.unwrap();
    }
    assert!(store.owner_key(tenant).await.unwrap().is_none());
    assert!(store.owner_keys().await.unwrap().iter().all(|(owner, _)| *owner != tenant));
    assert!(store.owner_key(person).await.unwrap().is_some(), "others stay");
}

async fn it_goes_with_its_owner<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 825).await, Desk::new(store, 826).await);
    let [tenant, person, library] = owners(&ada);
    for owner in owners(&ada).into_iter().chain(owners(&ben)) {
        store.put_owner_key(owner, &key(4)).await.unwrap();
    }
    let has = async |owner: Owner| store.owner_key(owner).await.unwrap().is_some();
    assert!(store.empty_library(ada.scope, 100).await.unwrap().is_done);
    assert!(has(library).await, "it is only emptied");
    assert!(store.remove_library(ada.scope).await.unwrap().is_done);
    assert!(!has(library).await && has(tenant).await);
    store.remove_tenant(ada.scope.tenant).await.unwrap();
    assert!(!has(tenant).await && has(person).await);
    store.remove_person(ada.person).await.unwrap();
    assert!(!has(person).await);
    for owner in owners(&ada) {
        assert!(store.put_owner_key(owner, &key(5)).await.unwrap().is_none(), "nor does it return");
    }
    for owner in owners(&ben) {
        assert!(has(owner).await, "another's stays");
    }
}

async fn whoever_has_none_is_told<S: Store>(store: &S) {
    let ada = Desk::new(store, 827).await;
    let [tenant, person, library] = owners(&ada);
    store.put_owner_key(person, &key(6)).await.unwrap();
    let told = store.keyless(0, MANY).await.unwrap();
    let came = ada.clock.now_ms();
    for told in [&told, &store.keyless(came, MANY).await.unwrap()] {
        assert!(told.contains(&tenant) && told.contains(&library) && !told.contains(&person));
    }
    let later = store.keyless(came + 1, MANY).await.unwrap();
    assert!(owners(&ada).iter().all(|owner| !later.contains(owner)), "they came before: {later:?}");
    assert_eq!(store.keyless(0, 1).await.unwrap().len(), 1, "so many at most");
    for owner in told {
        store.put_owner_key(owner, &key(8)).await.unwrap();
    }
    assert_eq!(store.keyless(0, MANY).await.unwrap(), []);
}

async fn it_is_sealed_anew_in_its_place_alone<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 828).await, Desk::new(store, 829).await);
    let ([tenant, person, _], [another, ..]) = (owners(&ada), owners(&ben));
    for owner in [tenant, person, another] {
        store.put_owner_key(owner, &key(10)).await.unwrap();
    }
    let (old, one, other) = (key(10), key(11), key(12));
    let (first, second) = tokio::join!(
        store.reseal_owner_key(tenant, &old, &one),
        store.reseal_owner_key(tenant, &old, &other)
    );
    assert!(first.unwrap() != second.unwrap(), "one of the two did it");
    let stands = store.owner_key(tenant).await.unwrap().unwrap();
    assert!(stands == one || stands == other);
    assert!(
        !store.reseal_owner_key(tenant, &key(10), &key(13)).await.unwrap(),
        "it is another now"
    );
    assert!(store.owner_key(tenant).await.unwrap() == Some(stands));
    for owner in [person, another] {
        assert!(store.owner_key(owner).await.unwrap() == Some(key(10)), "another's stays");
    }
    store.destroy_owner_key(person).await.unwrap();
    assert!(
        !store.reseal_owner_key(person, &key(10), &key(13)).await.unwrap(),
        "nor does it return"
    );
    assert!(store.owner_key(person).await.unwrap().is_none());
}
