//! The exam of credentials: login names, passwords, recovery codes, and tries.

use crate::desk::Desk;
use shelf_domain::login::LoginName;
use shelf_ports::accounts::{Accounts, Grant, GrantKind, SecretHash};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::credentials::{Credential, Credentials, PasswordHash, Try, TryKey, TryRule};

/// A rule with small numbers: the second try closes for 10 ms, the third for 20 ms, and so on.
const RULE: TryRule = TryRule { pause_ms: pause, forget_ms: 1_000, keys_max: 4 };

fn pause(tries: u32) -> i64 {
    i64::from(tries.saturating_sub(1)) * 10
}

/// Sits the whole exam of [`Credentials`]; `accounts` are of the same store.
pub async fn exam(accounts: &dyn Accounts, credentials: &dyn Credentials) {
    let ada = Desk::new(accounts, 611).await;
    ada.clock.advance(1_000);
    let ben = Desk::new(accounts, 612).await;
    who_has_a_password_is_found_by_name_and_by_person(&ada, credentials).await;
    a_name_is_of_one_person_however_it_is_written(&ada, &ben, credentials).await;
    of_several_who_want_a_name_one_gets_it(&ada, &ben, credentials).await;
    a_new_password_ends_other_sessions_and_nothing_else(&ada, &ben, accounts, credentials).await;
    a_hash_is_renewed_only_where_it_is_the_one_of_before(&ada, credentials).await;
    a_code_works_once(&ada, &ben, credentials).await;
    without_a_password_there_is_no_name_and_no_code(&ada, accounts, credentials).await;
    tries_close_for_longer_and_longer(&ada, credentials).await;
    several_tries_at_once_count_as_one_after_the_other(&ada, credentials).await;
    what_is_tried_least_goes_when_there_are_too_many(&ada, credentials).await;
    credential(&ada, "Ada L\u{f6}velace", "last").put(credentials).await;
    credentials.put_codes(ada.person, &[code(1), code(2)]).await.unwrap();
}

/// A credential that is to be put, and the session that stays.
struct Putting(Credential);

impl Putting {
    async fn put(&self, credentials: &dyn Credentials) -> bool {
        credentials.put_credential(&self.0, None).await.unwrap()
    }
}

fn login(name: &str) -> LoginName {
    LoginName::read(name).unwrap()
}

fn credential(desk: &Desk, name: &str, hash: &str) -> Putting {
    let hash = PasswordHash(hash.to_owned());
    Putting(Credential { person: desk.person, login: login(name), hash })
}

fn code(number: u8) -> SecretHash {
    SecretHash([number; 32])
}

fn key(number: u8) -> TryKey {
    TryKey([number; 32])
}

async fn who_has_a_password_is_found_by_name_and_by_person(
    ada: &Desk,
    credentials: &dyn Credentials,
) {
    assert!(credentials.credential_of(ada.person).await.unwrap().is_none());
    assert!(credentials.credential_by(&login("ada")).await.unwrap().is_none());
    assert!(credential(ada, "\u{c5}da", "one").put(credentials).await);
    for written in ["\u{c5}da", "\u{e5}DA", " A\u{30a}da"] {
        let found = credentials.credential_by(&login(written)).await.unwrap().unwrap();
        assert_eq!((found.person, found.login.shown()), (ada.person, "\u{c5}da"), "{written:?}");
        assert_eq!(found.hash.0, "one");
    }
    let again = credential(ada, "\u{e5}da", "two");
    assert!(again.put(credentials).await, "their own name may be written otherwise");
    let found = credentials.credential_of(ada.person).await.unwrap().unwrap();
    assert_eq!((found.login.shown(), found.hash.0.as_str()), ("\u{e5}da", "two"));
    assert!(credential(ada, "Ada", "three").put(credentials).await);
    assert!(credentials.credential_by(&login("\u{e5}da")).await.unwrap().is_none(), "given up");
}

async fn a_name_is_of_one_person_however_it_is_written(
    ada: &Desk,
    ben: &Desk,
    credentials: &dyn Credentials,
) {
    assert!(credential(ben, "Ben", "b").put(credentials).await);
    assert!(!credential(ben, "ADA", "b2").put(credentials).await, "it is somebody else's");
    let ben_has = credentials.credential_of(ben.person).await.unwrap().unwrap();
    assert_eq!((ben_has.login.shown(), ben_has.hash.0.as_str()), ("Ben", "b"), "nothing was done");
    let found = credentials.credential_by(&login("ada")).await.unwrap().unwrap();
    assert_eq!((found.person, found.hash.0.as_str()), (ada.person, "three"));
}

async fn of_several_who_want_a_name_one_gets_it(
    ada: &Desk,
    ben: &Desk,
    credentials: &dyn Credentials,
) {
    let (ours, theirs) = (credential(ada, "Shared", "a"), credential(ben, "SHARED", "b"));
    let (one, other) = tokio::join!(ours.put(credentials), theirs.put(credentials));
    assert!(one != other, "one of both");
    let found = credentials.credential_by(&login("shared")).await.unwrap().unwrap();
    assert_eq!(found.person, if one { ada.person } else { ben.person });
    assert!(credential(ada, "Ada", "a").put(credentials).await);
    assert!(credential(ben, "Ben", "b").put(credentials).await);
}

async fn a_new_password_ends_other_sessions_and_nothing_else(
    ada: &Desk,
    ben: &Desk,
    accounts: &dyn Accounts,
    credentials: &dyn Credentials,
) {
    let now = ada.clock.now_ms();
    let grant = async |desk: &Desk, kind: GrantKind| {
        let grant = Grant { created_at: now, ..desk.grant(kind, kind.name()) };
        let secret = SecretHash(desk.chance.secret());
        accounts.put_grant(&grant, Some(secret)).await.unwrap();
        (grant.id, secret)
    };
    let (mine, here) = grant(ada, GrantKind::Session).await;
    let (_, elsewhere) = grant(ada, GrantKind::Session).await;
    let (_, token) = grant(ada, GrantKind::Token).await;
    let (_, key) = grant(ada, GrantKind::Local).await;
    let (_, of_ben) = grant(ben, GrantKind::Session).await;
    let opens = async |secret| accounts.open_grant(secret, now).await.unwrap().is_some();
    let taken = credential(ada, "ben", "x").0;
    assert!(!credentials.put_credential(&taken, Some(mine)).await.unwrap());
    assert!(opens(elsewhere).await, "where nothing was done, nothing ends");
    let new = credential(ada, "Ada", "new").0;
    assert!(credentials.put_credential(&new, Some(mine)).await.unwrap());
    assert!(opens(here).await && opens(token).await && opens(key).await && opens(of_ben).await);
    assert!(!opens(elsewhere).await);
    assert!(credentials.put_credential(&new, None).await.unwrap());
    assert!(!opens(here).await && opens(token).await);
}

async fn a_hash_is_renewed_only_where_it_is_the_one_of_before(
    ada: &Desk,
    credentials: &dyn Credentials,
) {
    let hash = |text: &str| PasswordHash(text.to_owned());
    let (new, newer) = (hash("new"), hash("newer"));
    assert!(!credentials.rehash(ada.person, &newer, &new).await.unwrap());
    assert!(credentials.rehash(ada.person, &new, &newer).await.unwrap());
    let found = credentials.credential_of(ada.person).await.unwrap().unwrap();
    assert_eq!((found.hash, found.login.shown()), (newer, "Ada"));
}

async fn a_code_works_once(ada: &Desk, ben: &Desk, credentials: &dyn Credentials) {
    let left = async || credentials.codes_left(ada.person).await.unwrap();
    assert!(credentials.put_codes(ada.person, &[code(1), code(2), code(3)]).await.unwrap());
    assert_eq!(left().await, 3);
    assert!(!credentials.take_code(ben.person, code(1)).await.unwrap(), "it is not theirs");
    let (one, other) = tokio::join!(
        credentials.take_code(ada.person, code(1)),
        credentials.take_code(ada.person, code(1))
    );
    assert!(one.unwrap() != other.unwrap(), "of several at once one gets through");
    assert!(!credentials.take_code(ada.person, code(1)).await.unwrap());
    assert_eq!(left().await, 2);
    assert!(credentials.put_codes(ada.person, &[code(4)]).await.unwrap());
    assert_eq!(left().await, 1, "new ones replace old ones");
    assert!(!credentials.take_code(ada.person, code(2)).await.unwrap());
}

async fn without_a_password_there_is_no_name_and_no_code(
    ada: &Desk,
    accounts: &dyn Accounts,
    credentials: &dyn Credentials,
) {
    let grant = ada.grant(GrantKind::Session, "here");
    accounts.put_grant(&grant, None).await.unwrap();
    assert!(credentials.remove_credential(ada.person, Some(grant.id)).await.unwrap());
    let sessions = accounts.grants(ada.person, grant.created_at).await.unwrap();
    assert!(sessions.contains(&grant), "the session that stays");
    assert!(credentials.credential_by(&login("ada")).await.unwrap().is_none());
    assert_eq!(credentials.codes_left(ada.person).await.unwrap(), 0);
    assert!(!credentials.take_code(ada.person, code(4)).await.unwrap());
    assert!(!credentials.put_codes(ada.person, &[code(5)]).await.unwrap());
    assert_eq!(credentials.codes_left(ada.person).await.unwrap(), 0);
    assert!(!credentials.remove_credential(ada.person, None).await.unwrap());
    let sessions = accounts.grants(ada.person, grant.created_at).await.unwrap();
    assert!(sessions.contains(&grant), "where there was nothing, nothing ends");
}

async fn tries_close_for_longer_and_longer(ada: &Desk, credentials: &dyn Credentials) {
    let start = ada.clock.now_ms();
    let at = async |ms: i64| credentials.count_try(key(1), start + ms, RULE).await.unwrap();
    assert_eq!((at(0).await, at(0).await), (Try::Open, Try::Open));
    for early in [0, 9] {
        assert_eq!(at(early).await, Try::Closed { until: start + 10 }, "nothing more is counted");
    }
    assert_eq!(at(10).await, Try::Open);
    assert_eq!(at(29).await, Try::Closed { until: start + 30 });
    assert_eq!(at(-1).await, Try::Open, "a clock that was put back keeps nobody out");
    credentials.forgive(key(1)).await.unwrap();
    assert_eq!((at(40).await, at(40).await), (Try::Open, Try::Open), "it begins anew");
    assert_eq!(at(41).await, Try::Closed { until: start + 50 });
    assert_eq!(at(1_039).await, Try::Open, "a pause that has passed");
    assert_eq!(at(2_038).await, Try::Open, "counted still");
    assert_eq!(at(2_039).await, Try::Closed { until: start + 2_068 });
    assert_eq!((at(3_038).await, at(3_038).await), (Try::Open, Try::Open), "after a day forgotten");
    assert_eq!(at(3_039).await, Try::Closed { until: start + 3_048 });
    credentials.forgive(key(1)).await.unwrap();
}

async fn several_tries_at_once_count_as_one_after_the_other(
    ada: &Desk,
    credentials: &dyn Credentials,
) {
    let now = ada.clock.now_ms();
    let at_once = || credentials.count_try(key(2), now, RULE);
    let (a, b, c, d) = tokio::join!(at_once(), at_once(), at_once(), at_once());
    let all = [a, b, c, d].map(Result::unwrap);
    assert_eq!(all.iter().filter(|one| **one == Try::Open).count(), 2, "{all:?}");
    credentials.forgive(key(2)).await.unwrap();
}

async fn what_is_tried_least_goes_when_there_are_too_many(
    ada: &Desk,
    credentials: &dyn Credentials,
) {
    let now = ada.clock.now_ms();
    let at = async |number: u8, ms: i64| {
        credentials.count_try(key(number), now + ms, RULE).await.unwrap()
    };
    let closes = async |number: u8, ms: i64| matches!(at(number, ms).await, Try::Closed { .. });
    assert_eq!((at(10, 0).await, at(10, 0).await), (Try::Open, Try::Open));
    for number in 11..=13 {
        assert_eq!(at(number, i64::from(number) - 10).await, Try::Open);
    }
    assert_eq!(at(14, 4).await, Try::Open, "the fifth key takes the place of the one tried once");
    assert!(closes(10, 5).await, "what was tried most is kept");
    assert_eq!(at(11, 5).await, Try::Open, "forgotten, it took the place of the next");
    assert!(!closes(11, 5).await && closes(11, 6).await);
    assert_eq!(at(13, 6).await, Try::Open, "kept: tried later than the one that went");
    assert!(closes(13, 7).await, "this was its second");
    for number in 10..=14 {
        credentials.forgive(key(number)).await.unwrap();
    }
}
