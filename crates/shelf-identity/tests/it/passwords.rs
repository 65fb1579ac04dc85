//! Passwords, recovery codes and the limits of guessing, on a real store.

use crate::{World, refused, world};
use async_trait::async_trait;
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::login::LoginName;
use shelf_domain::refusal::Code;
use shelf_embedded::Embedded;
use shelf_identity::passwords::recovery_codes::{RecoveryCode, codes_left, recovery_codes};
use shelf_identity::passwords::remove_password::remove_password;
use shelf_identity::passwords::set_password::{
    RECOVERED_MS, SetPassword, is_recovered, login_of, set_password,
};
use shelf_identity::passwords::sign_in_with_code::sign_in_with_code;
use shelf_identity::passwords::sign_in_with_password::sign_in_with_password;
use shelf_identity::{
    CreateToken, Doors, Hashing, Knocked, NewGrant, PasswordDoors, Secret, Signed, Typed,
    authenticate, create_link, create_token, first_run, sign_in,
};
use shelf_ports::accounts::SecretHash;
use shelf_ports::credentials::{Credential, Credentials, PasswordHash, Try, TryKey, TryRule};
use shelf_ports::usage::AnyRoom;
use shelf_ports::{Failure, Fault};
use std::sync::Arc;

const GOOD: &str = "correct horse";

/// A world in which the owner signed in by a link.
struct House {
    world: World,
    doors: PasswordDoors,
    owner: Signed,
}

async fn house() -> House {
    let world = world();
    let doors = doors_of(&world.doors, Arc::new(world.store.clone()), &world.store);
    let owner = first_run(&world.doors).await.unwrap().person;
    let link = create_link(&world.doors, owner.id).await.unwrap();
    let new = sign_in(&world.doors, &link.secret, "First").await.unwrap();
    let owner = signed(&world.doors, &new.secret).await.unwrap();
    House { world, doors, owner }
}

fn doors_of(
    doors: &Doors,
    credentials: Arc<dyn Credentials>,
    passkeys: &Embedded,
) -> PasswordDoors {
    let (doors, passkeys) = (doors.clone(), Arc::new(passkeys.clone()));
    PasswordDoors { doors, credentials, passkeys, hashing: Arc::new(Hashing::default()) }
}

async fn signed(doors: &Doors, secret: &Secret) -> Option<Signed> {
    authenticate(doors, secret).await.unwrap()
}

fn ask(login: &str, password: &str, current: &str) -> SetPassword {
    let (password, current) = (Typed::new(password), Typed::new(current));
    SetPassword { login: login.to_owned(), password, current }
}

impl House {
    /// The owner as "Ada" with the password [`GOOD`].
    async fn with_password() -> Self {
        let house = house().await;
        set_password(&house.doors, &house.owner, ask("Ada", GOOD, "")).await.unwrap();
        house
    }

    async fn knock(&self, login: &str, password: &str) -> Knocked {
        let password = Typed::new(password);
        sign_in_with_password(&self.doors, login, &password, "A browser").await.unwrap()
    }

    async fn with_code(&self, login: &str, code: &str) -> Knocked {
        sign_in_with_code(&self.doors, login, code, "A phone").await.unwrap()
    }

    async fn codes(&self) -> Vec<RecoveryCode> {
        recovery_codes(&self.doors, &self.owner, &Typed::new(GOOD)).await.unwrap()
    }
}

fn opened(knocked: Knocked) -> NewGrant {
    match knocked {
        Knocked::Open(new) => new,
        other => panic!("not signed in: {other:?}"),
    }
}

#[tokio::test]
async fn a_name_and_a_password_sign_in_however_they_are_composed() {
    let house = house().await;
    let decomposed = ask("Ad\u{e4}", "Gru\u{308}\u{df}e an alle", "");
    set_password(&house.doors, &house.owner, decomposed).await.unwrap();
    let new = opened(house.knock(" AD\u{c4} ", "Gr\u{fc}\u{df}e an alle").await);
    assert_eq!(new.grant.name, "A browser");
    let there = signed(&house.world.doors, &new.secret).await.unwrap();
    assert_eq!(there.person, house.owner.person);
    assert_eq!(house.knock("Ad\u{e4}", "gr\u{fc}\u{df}e an alle").await, Knocked::Wrong);
    let shown = login_of(&house.doors, house.owner.person.id).await.unwrap().unwrap();
    assert_eq!(shown.shown(), "Ad\u{e4}");
}

#[tokio::test]
async fn an_unknown_name_costs_and_answers_what_a_wrong_password_does() {
    let house = House::with_password().await;
    for name in ["Ada", "Nobody", "", &"x".repeat(1_000)] {
        let before = house.doors.hashing.runs();
        assert_eq!(house.knock(name, "wrong password").await, Knocked::Wrong, "{name:?}");
        assert_eq!(house.doors.hashing.runs() - before, 1, "{name:?}");
    }
    for name in ["Ada", "Nobody"] {
        for _ in 0..4 {
            house.knock(name, "wrong password").await;
        }
        let before = house.doors.hashing.runs();
        assert_eq!(house.knock(name, GOOD).await, Knocked::Closed { wait_ms: 1_000 }, "{name}");
        assert_eq!(house.doors.hashing.runs(), before, "nothing is looked at while it is closed");
    }
}

#[tokio::test]
async fn wrong_tries_close_a_name_for_longer_and_longer_but_never_for_good() {
    let house = House::with_password().await;
    for _ in 0..5 {
        assert_eq!(house.knock("ada", "wrong password").await, Knocked::Wrong);
    }
    assert_eq!(house.knock("ADA", GOOD).await, Knocked::Closed { wait_ms: 1_000 });
    house.world.clock.advance(999);
    assert_eq!(house.knock("Ada", GOOD).await, Knocked::Closed { wait_ms: 1 });
    house.world.clock.advance(1);
    assert_eq!(house.knock("Ada", "wrong password").await, Knocked::Wrong);
    assert_eq!(house.knock("Ada", GOOD).await, Knocked::Closed { wait_ms: 2_000 });
    for _ in 0..20 {
        house.world.clock.advance(900_000);
        assert_eq!(house.knock("Ada", "wrong password").await, Knocked::Wrong);
    }
    assert_eq!(house.knock("Ada", GOOD).await, Knocked::Closed { wait_ms: 900_000 });
    house.world.clock.advance(900_000);
    opened(house.knock("Ada", GOOD).await);
    for _ in 0..5 {
        assert_eq!(house.knock("Ada", "wrong password").await, Knocked::Wrong, "it begins anew");
    }
}

#[tokio::test]
async fn what_was_tried_is_known_after_a_restart() {
    let house = House::with_password().await;
    for _ in 0..6 {
        house.knock("Ada", "wrong password").await;
        house.world.clock.advance(1_000);
    }
    let House { world: World { doors, clock, store, _dir: dir }, doors: opened_doors, .. } = house;
    drop((doors, opened_doors, store));
    let store = Embedded::open(dir.path()).unwrap();
    let doors = Doors {
        accounts: Arc::new(store.clone()),
        tenants: Arc::new(store.clone()),
        audit: Arc::new(store.clone()),
        rooms: Arc::new(AnyRoom),
        clock: Arc::<shelf_testkit::FakeClock>::clone(&clock),
        chance: Arc::new(shelf_testkit::SeededChance::new(4)),
    };
    let doors = doors_of(&doors, Arc::new(store.clone()), &store);
    let good = Typed::new(GOOD);
    let again = sign_in_with_password(&doors, "Ada", &good, "A browser").await.unwrap();
    assert_eq!(again, Knocked::Closed { wait_ms: 1_000 });
    clock.advance(1_000);
    let again = sign_in_with_password(&doors, "Ada", &good, "A browser").await.unwrap();
    opened(again);
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session_and_no_key() {
    let house = House::with_password().await;
    let doors = &house.world.doors;
    let other = opened(house.knock("Ada", GOOD).await);
    let key = CreateToken::called("a program");
    let key = create_token(doors, house.owner.person.id.into(), key).await.unwrap();
    let wrong = set_password(&house.doors, &house.owner, ask("Ada", "another horse", "not it"));
    let refusal = refused(wrong.await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Forbidden, "current"));
    assert!(signed(doors, &other.secret).await.is_some(), "nothing was done");
    let new = ask("Ada L", "another horse", GOOD);
    set_password(&house.doors, &house.owner, new).await.unwrap();
    assert!(signed(doors, &other.secret).await.is_none());
    assert!(signed(doors, &key.secret).await.is_some());
    let mine = shelf_identity::list_grants(doors, house.owner.person.id).await.unwrap();
    assert!(mine.iter().any(|grant| grant.id == house.owner.grant.id), "one's own session stays");
    assert_eq!(house.knock("Ada L", GOOD).await, Knocked::Wrong);
    assert_eq!(house.knock("Ada", "another horse").await, Knocked::Wrong);
    opened(house.knock("Ada L", "another horse").await);
}

#[tokio::test]
async fn guessing_the_password_of_now_in_a_stolen_session_is_limited_too() {
    let house = House::with_password().await;
    for _ in 0..5 {
        let guess = ask("Ada", "another horse", "not it either");
        assert_eq!(
            refused(set_password(&house.doors, &house.owner, guess).await).code,
            Code::Forbidden
        );
    }
    let right = ask("Ada", "another horse", GOOD);
    let refusal = refused(set_password(&house.doors, &house.owner, right).await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::SlowDown, "current"));
    assert!(refusal.detail.contains("in 1 s"), "{}", refusal.detail);
    let removed = remove_password(&house.doors, &house.owner, &Typed::new(GOOD)).await;
    assert_eq!(refused(removed).code, Code::SlowDown);
    let made = recovery_codes(&house.doors, &house.owner, &Typed::new(GOOD)).await;
    assert_eq!(refused(made).code, Code::SlowDown);
}

#[tokio::test]
async fn names_and_passwords_that_cannot_be_are_refused_at_their_place() {
    let house = House::with_password().await;
    let stranger = shelf_testkit::Desk::new(&house.world.store, 9).await.person;
    let link = create_link(&house.world.doors, stranger).await.unwrap();
    let new = sign_in(&house.world.doors, &link.secret, "Second").await.unwrap();
    let other = signed(&house.world.doors, &new.secret).await.unwrap();
    for (login, password, at) in [
        ("", GOOD, "login"),
        ("ADA", GOOD, "login"),
        ("Ben", "too short", "password"),
        ("Ben", "qwertyuiop", "password"),
        ("Ben the tenth", "ben the TENTH", "password"),
    ] {
        let refusal = refused(set_password(&house.doors, &other, ask(login, password, "")).await);
        assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, at), "{login:?}");
    }
    assert_eq!(login_of(&house.doors, stranger).await.unwrap(), None);
    let key = CreateToken::called("a program");
    let key = create_token(&house.world.doors, stranger.into(), key).await.unwrap();
    let program = signed(&house.world.doors, &key.secret).await.unwrap();
    let refusal = refused(set_password(&house.doors, &program, ask("Ben", GOOD, "")).await);
    assert_eq!(refusal.code, Code::Forbidden, "a key of a program sets no password");
}

#[tokio::test]
async fn recovery_codes_sign_in_once_each_and_let_one_set_a_new_password() {
    let house = House::with_password().await;
    let first = house.codes().await;
    let codes = house.codes().await;
    assert_eq!(codes.len(), 10);
    assert_eq!(house.with_code("Ada", &first[0].expose()).await, Knocked::Wrong, "replaced");
    assert_eq!(house.with_code("Nobody", &codes[0].expose()).await, Knocked::Wrong);
    let new = opened(house.with_code("ada", &codes[0].expose().to_lowercase()).await);
    assert_eq!(house.with_code("Ada", &codes[0].expose()).await, Knocked::Wrong, "used up");
    assert_eq!(codes_left(&house.doors, house.owner.person.id).await.unwrap(), 9);
    let recovered = signed(&house.world.doors, &new.secret).await.unwrap();
    assert!(is_recovered(&house.doors, &recovered).await.unwrap());
    assert!(!is_recovered(&house.doors, &house.owner).await.unwrap(), "that session alone");
    set_password(&house.doors, &recovered, ask("Ada", "another horse", "")).await.unwrap();
    opened(house.knock("Ada", "another horse").await);
    let again = set_password(&house.doors, &recovered, ask("Ada", "a third horse", ""));
    assert_eq!(refused(again.await).code, Code::Forbidden, "once");
    let late = opened(house.with_code("Ada", &codes[1].expose()).await);
    let late = signed(&house.world.doors, &late.secret).await.unwrap();
    house.world.clock.advance(u32::try_from(RECOVERED_MS).unwrap());
    let later = set_password(&house.doors, &late, ask("Ada", "a third horse", ""));
    assert_eq!(refused(later.await).code, Code::Forbidden, "for an hour");
}

#[tokio::test]
async fn a_recovery_is_good_for_one_password_and_for_none_that_was_refused() {
    let house = House::with_password().await;
    let stranger = shelf_testkit::Desk::new(&house.world.store, 9).await.person;
    let link = create_link(&house.world.doors, stranger).await.unwrap();
    let new = sign_in(&house.world.doors, &link.secret, "Second").await.unwrap();
    let other = signed(&house.world.doors, &new.secret).await.unwrap();
    set_password(&house.doors, &other, ask("Ben", GOOD, "")).await.unwrap();
    let codes = house.codes().await;
    let new = opened(house.with_code("Ada", &codes[0].expose()).await);
    let recovered = signed(&house.world.doors, &new.secret).await.unwrap();
    let taken = set_password(&house.doors, &recovered, ask("Ben", "another horse", "")).await;
    assert_eq!(refused(taken).at, "login");
    assert!(is_recovered(&house.doors, &recovered).await.unwrap(), "nothing was set");
    let (first, second) = tokio::join!(
        set_password(&house.doors, &recovered, ask("Ada", "another horse", "")),
        set_password(&house.doors, &recovered, ask("Ada", "a third horse", "")),
    );
    assert!(first.is_ok() != second.is_ok(), "one of both: {first:?} {second:?}");
    assert!(!is_recovered(&house.doors, &recovered).await.unwrap());
}

#[tokio::test]
async fn codes_are_limited_by_themselves_and_fail_like_unknown_names() {
    let house = House::with_password().await;
    let codes = house.codes().await;
    for name in ["Ada", "Nobody"] {
        for _ in 0..5 {
            assert_eq!(house.with_code(name, "0000-0000-0000-0000").await, Knocked::Wrong);
        }
        let closed = house.with_code(name, &codes[0].expose()).await;
        assert_eq!(closed, Knocked::Closed { wait_ms: 1_000 }, "{name}");
    }
    assert_eq!(codes_left(&house.doors, house.owner.person.id).await.unwrap(), 10);
    opened(house.knock("Ada", GOOD).await);
    let wrong = recovery_codes(&house.doors, &house.owner, &Typed::new("not it")).await;
    assert_eq!(refused(wrong).at, "current");
}

#[tokio::test]
async fn who_removes_their_password_has_no_name_and_no_codes() {
    let house = House::with_password().await;
    let codes = house.codes().await;
    let other = opened(house.knock("Ada", GOOD).await);
    let wrong = remove_password(&house.doors, &house.owner, &Typed::new("not it")).await;
    assert_eq!(refused(wrong).code, Code::Forbidden);
    remove_password(&house.doors, &house.owner, &Typed::new(GOOD)).await.unwrap();
    assert!(signed(&house.world.doors, &other.secret).await.is_none());
    assert_eq!(house.knock("Ada", GOOD).await, Knocked::Wrong);
    assert_eq!(house.with_code("Ada", &codes[0].expose()).await, Knocked::Wrong);
    let again = remove_password(&house.doors, &house.owner, &Typed::new(GOOD)).await;
    assert_eq!(refused(again).code, Code::NotFound);
    let none = recovery_codes(&house.doors, &house.owner, &Typed::new(GOOD)).await;
    assert_eq!(refused(none).code, Code::Invalid);
}

/// Of "password", from the tests of the reference implementation (P-H-C/phc-winner-argon2,
/// `src/test.c`): with other numbers than ours.
const OLD: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
    CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[tokio::test]
async fn a_hash_of_former_days_is_renewed_when_its_owner_signs_in() {
    let house = House::with_password().await;
    let person = house.owner.person.id;
    let stored = house.doors.credentials.credential_of(person).await.unwrap().unwrap();
    let old = PasswordHash(OLD.to_owned());
    assert!(house.doors.credentials.rehash(person, &stored.hash, &old).await.unwrap());
    let hash = async || house.doors.credentials.credential_of(person).await.unwrap().unwrap().hash;
    assert_eq!(house.knock("Ada", "wrong password").await, Knocked::Wrong);
    assert!(hash().await == old, "whoever does not know it renews nothing");
    let session = opened(house.knock("Ada", "password").await);
    let renewed = hash().await;
    assert!(renewed.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", renewed.0);
    assert!(signed(&house.world.doors, &session.secret).await.is_some());
    opened(house.knock("Ada", "password").await);
    assert!(hash().await == renewed, "once");
}

/// A store that knows everything and cannot count.
#[derive(Debug)]
struct CannotCount(Embedded);

#[async_trait]
impl Credentials for CannotCount {
    async fn put_credential(&self, c: &Credential, k: Option<DeviceId>) -> Result<bool, Fault> {
        self.0.put_credential(c, k).await
    }

    async fn rehash(
        &self,
        person: PersonId,
        before: &PasswordHash,
        after: &PasswordHash,
    ) -> Result<bool, Fault> {
        self.0.rehash(person, before, after).await
    }

    async fn credential_of(&self, person: PersonId) -> Result<Option<Credential>, Fault> {
        self.0.credential_of(person).await
    }

    async fn credential_by(&self, login: &LoginName) -> Result<Option<Credential>, Fault> {
        self.0.credential_by(login).await
    }

    async fn remove_credential(&self, p: PersonId, k: Option<DeviceId>) -> Result<bool, Fault> {
        self.0.remove_credential(p, k).await
    }

    async fn put_codes(&self, person: PersonId, codes: &[SecretHash]) -> Result<bool, Fault> {
        self.0.put_codes(person, codes).await
    }

    async fn codes_left(&self, person: PersonId) -> Result<usize, Fault> {
        self.0.codes_left(person).await
    }

    async fn take_code(&self, person: PersonId, code: SecretHash) -> Result<bool, Fault> {
        self.0.take_code(person, code).await
    }

    async fn count_try(&self, _: TryKey, _: i64, _: TryRule) -> Result<Try, Fault> {
        Err(Fault::new("counting", "the disk is broken"))
    }

    async fn forgive(&self, key: TryKey) -> Result<(), Fault> {
        self.0.forgive(key).await
    }
}

#[tokio::test]
async fn where_tries_cannot_be_counted_nobody_comes_in() {
    let house = House::with_password().await;
    let codes = house.codes().await;
    let broken = Arc::new(CannotCount(house.world.store.clone()));
    let doors = doors_of(&house.world.doors, broken, &house.world.store);
    let good = Typed::new(GOOD);
    let by_password = sign_in_with_password(&doors, "Ada", &good, "A browser").await;
    assert!(matches!(by_password, Err(Failure::Fault(_))));
    let by_code = sign_in_with_code(&doors, "Ada", &codes[0].expose(), "A browser").await;
    assert!(matches!(by_code, Err(Failure::Fault(_))));
    assert_eq!(doors.hashing.runs(), 0);
    assert_eq!(codes_left(&doors, house.owner.person.id).await.unwrap(), 10);
}
