//! Sign-in, grants and libraries, on a real store.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod audit;
mod tenants;
mod limits;
mod traces;
mod quotas;
mod passwords;
mod passkeys;
mod privacy;
mod programs;
mod sso;

use shelf_domain::id::{DeviceId, LibraryId, PersonId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_embedded::Embedded;
use shelf_identity::{
    CreateToken, Doors, Secret, Signed, authenticate, create_link, create_local_key, create_token,
    first_run, libraries, list_grants, pair_device, reach_of, revoke_grant, sign_in, sign_out,
};
use shelf_ports::Failure;
use shelf_ports::accounts::GrantKind;
use shelf_ports::chance::Clock;
use shelf_ports::usage::AnyRoom;
use shelf_testkit::{Desk, FakeClock, SeededChance};
use std::sync::Arc;
use tempfile::TempDir;

struct World {
    doors: Doors,
    clock: Arc<FakeClock>,
    store: Embedded,
    _dir: TempDir,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let clock = Arc::new(FakeClock::default());
    let doors = Doors {
        accounts: Arc::new(store.clone()),
        tenants: Arc::new(store.clone()),
        audit: Arc::new(store.clone()),
        rooms: Arc::new(AnyRoom),
        clock: Arc::<FakeClock>::clone(&clock),
        chance: Arc::new(SeededChance::new(3)),
    };
    World { doors, clock, store, _dir: dir }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refused {
    match result {
        Err(Failure::Refused(refused)) => refused,
        other => panic!("a refusal was due, not {other:?}"),
    }
}

/// Whoever is `person`, signed in with a browser.
async fn signed(world: &World, person: PersonId) -> Signed {
    let link = create_link(&world.doors, person).await.unwrap();
    let session = sign_in(&world.doors, &link.secret, "A browser").await.unwrap();
    authenticate(&world.doors, &session.secret).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_first_run_makes_one_owner_and_later_runs_find_them() {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap();
    assert!(owner.is_new);
    let known = libraries(&world.doors, &signed(&world, owner.person.id).await).await.unwrap();
    assert_eq!(known.iter().map(|l| l.library.name.as_str()).collect::<Vec<_>>(), ["Bookmarks"]);
    assert_eq!(known[0].library.tenant, owner.person.tenant);
    assert_eq!(known[0].right, Right::Manage);
    let again = first_run(&world.doors).await.unwrap();
    assert!(!again.is_new);
    assert_eq!(again.person, owner.person);
}

#[tokio::test]
async fn a_link_signs_in_once_within_ten_minutes() {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person;
    let link = create_link(&world.doors, owner.id).await.unwrap();
    assert_eq!(link.secret.expose().len(), 43);
    assert_eq!(link.expires_at, world.clock.now_ms() + 600_000);
    let signed = sign_in(&world.doors, &Secret::sent(link.secret.expose()), "Firefox on Linux")
        .await
        .unwrap();
    assert_eq!((signed.grant.kind, signed.grant.person), (GrantKind::Session, owner.id));
    let again = refused(sign_in(&world.doors, &link.secret, "A browser").await);
    assert_eq!(again.code, Code::Unauthenticated);
    let late = create_link(&world.doors, owner.id).await.unwrap();
    world.clock.advance(600_000);
    assert_eq!(
        refused(sign_in(&world.doors, &late.secret, "A browser").await).code,
        Code::Unauthenticated
    );
    let guess = Secret::sent(&"x".repeat(10_000));
    assert_eq!(
        refused(sign_in(&world.doors, &guess, "A browser").await).code,
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn a_session_speaks_for_its_person_until_they_sign_out_or_it_ends() {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person;
    let session = async || {
        let link = create_link(&world.doors, owner.id).await.unwrap();
        sign_in(&world.doors, &link.secret, "A browser").await.unwrap()
    };
    let (one, two) = (session().await, session().await);
    let signed = authenticate(&world.doors, &one.secret).await.unwrap().unwrap();
    assert_eq!((&signed.person, signed.grant.id), (&owner, one.grant.id));
    sign_out(&world.doors, &signed).await.unwrap();
    sign_out(&world.doors, &signed).await.unwrap();
    assert!(authenticate(&world.doors, &one.secret).await.unwrap().is_none());
    assert!(authenticate(&world.doors, &two.secret).await.unwrap().is_some());
    world.clock.set(two.grant.expires_at.unwrap());
    assert!(authenticate(&world.doors, &two.secret).await.unwrap().is_none());
    assert!(authenticate(&world.doors, &Secret::sent("")).await.unwrap().is_none());
    let link = create_link(&world.doors, owner.id).await.unwrap();
    let opened = authenticate(&world.doors, &link.secret).await.unwrap();
    assert!(opened.is_none(), "a link is no session");
}

#[tokio::test]
async fn tokens_keys_and_devices_are_listed_and_revoked() {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person;
    let ask = |name: &str, expires_at| CreateToken { expires_at, ..CreateToken::called(name) };
    let token = create_token(&world.doors, owner.id.into(), ask("laptop", None)).await.unwrap();
    world.clock.advance(1);
    let key = create_local_key(&world.doors, owner.id).await.unwrap();
    world.clock.advance(1);
    let phone = pair_device(&world.doors, owner.id.into(), " phone ").await.unwrap();
    let listed = list_grants(&world.doors, owner.id).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|grant| grant.name.as_str()).collect();
    assert_eq!(names, ["phone", key.grant.name.as_str(), "laptop"]);
    revoke_grant(&world.doors, owner.id.into(), token.grant.id).await.unwrap();
    assert!(authenticate(&world.doors, &token.secret).await.unwrap().is_none());
    revoke_grant(&world.doors, owner.id.into(), phone.id).await.unwrap();
    let unknown = DeviceId::from_bytes([0; 16]);
    for grant in [token.grant.id, unknown] {
        let refusal = refused(revoke_grant(&world.doors, owner.id.into(), grant).await);
        assert_eq!(refusal.code, Code::NotFound);
    }
    let passed = ask("late", Some(world.clock.now_ms()));
    assert_eq!(refused(create_token(&world.doors, owner.id.into(), passed).await).at, "expires_at");
    assert_eq!(refused(pair_device(&world.doors, owner.id.into(), "").await).at, "name");
}

#[tokio::test]
async fn a_library_of_others_is_as_absent_as_one_that_never_was() {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person;
    let stranger = Desk::new(&world.store, 9).await;
    let who = signed(&world, owner.id).await;
    let own = libraries(&world.doors, &who).await.unwrap()[0].clone();
    let reach = reach_of(&world.doors, &who, own.library.id).await.unwrap();
    assert_eq!(reach, own);
    let absent = LibraryId::from_bytes([0; 16]);
    for library in [stranger.scope.library, absent] {
        let refusal = refused(reach_of(&world.doors, &who, library).await);
        assert_eq!(refusal.code, Code::NotFound);
    }
    let secret = create_local_key(&world.doors, owner.id).await.unwrap();
    assert!(!format!("{secret:?}").contains(secret.secret.expose()), "secrets are not printed");
}
