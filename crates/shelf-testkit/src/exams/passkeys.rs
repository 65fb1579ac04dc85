//! The exam of passkeys: whose they are, answers that work once, and counters that went back.

use crate::desk::Desk;
use shelf_domain::id::{DeviceId, PasskeyId};
use shelf_ports::accounts::{Accounts, GrantKind};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::passkeys::{Added, Answered, Passkey, Passkeys, Removed, Use, Used};

/// As many as one may have here.
const MOST: usize = 3;

/// Sits the whole exam of [`Passkeys`]; `accounts` are of the same store.
pub async fn exam(accounts: &dyn Accounts, passkeys: &dyn Passkeys) {
    let ada = Desk::new(accounts, 671).await;
    ada.clock.advance(1_000);
    let ben = Desk::new(accounts, 672).await;
    what_was_added_is_found_as_it_was(&ada, passkeys).await;
    no_id_of_an_authenticator_is_there_twice(&ada, &ben, passkeys).await;
    of_several_who_bring_one_at_once_one_gets_it(&ada, &ben, passkeys).await;
    nobody_has_more_than_they_may(&ada, passkeys).await;
    a_challenge_is_answered_once(&ada, passkeys).await;
    of_several_answers_at_once_one_is_the_first(&ada, passkeys).await;
    an_answer_is_forgotten_when_it_could_not_be_given_any_more(&ada, passkeys).await;
    a_use_is_kept_and_a_counter_that_went_back_marks(&ada, passkeys).await;
    one_is_renamed_and_removed_by_its_person_alone(&ada, &ben, passkeys).await;
    removing_one_ends_other_sessions_and_nothing_else(&ada, &ben, accounts, passkeys).await;
    of_several_that_are_removed_at_once_as_many_stay_as_are_needed(&ben, passkeys).await;
    let last = passkey(&ada, "last");
    assert_eq!(add(&ada, passkeys, &last).await, Added::Fresh);
}

fn passkey(desk: &Desk, name: &str) -> Passkey {
    desk.clock.advance(1);
    Passkey {
        id: PasskeyId::from_bytes(desk.new_device().to_bytes()),
        person: desk.person,
        credential: desk.chance.secret().to_vec(),
        handle: vec![7; 32],
        key: vec![0xa5, 0, 0xff],
        name: name.to_owned(),
        created_at: desk.clock.now_ms(),
        used_at: None,
        count: 0,
        synced: true,
        backed_up: false,
        copied_at: None,
    }
}

/// An answer to a challenge nobody answered before.
fn answered(desk: &Desk) -> Answered {
    let at = desk.clock.now_ms();
    Answered { challenge: desk.chance.secret(), until: at + 100, at }
}

async fn add(desk: &Desk, passkeys: &dyn Passkeys, passkey: &Passkey) -> Added {
    passkeys.add_passkey(passkey, answered(desk), MOST).await.unwrap()
}

async fn used(desk: &Desk, passkeys: &dyn Passkeys, id: PasskeyId, count: u32) -> Used {
    let used = Use { id, answered: answered(desk), count, backed_up: true };
    passkeys.use_passkey(&used).await.unwrap()
}

async fn what_was_added_is_found_as_it_was(ada: &Desk, passkeys: &dyn Passkeys) {
    assert!(passkeys.passkeys_of(ada.person).await.unwrap().is_empty());
    let one = Passkey { count: u32::MAX, used_at: Some(3), ..passkey(ada, "\u{e4} phone") };
    assert!(passkeys.passkey_by(&one.credential).await.unwrap().is_none());
    assert_eq!(add(ada, passkeys, &one).await, Added::Fresh);
    let two = Passkey { synced: false, copied_at: Some(4), ..passkey(ada, "") };
    assert_eq!(add(ada, passkeys, &two).await, Added::Fresh);
    assert_eq!(passkeys.passkey_by(&one.credential).await.unwrap(), Some(one.clone()));
    assert_eq!(passkeys.passkeys_of(ada.person).await.unwrap(), [one, two]);
}

async fn no_id_of_an_authenticator_is_there_twice(ada: &Desk, ben: &Desk, passkeys: &dyn Passkeys) {
    let known = passkeys.passkeys_of(ada.person).await.unwrap().remove(0);
    for desk in [ben, ada] {
        let again = Passkey { credential: known.credential.clone(), ..passkey(desk, "again") };
        assert_eq!(add(desk, passkeys, &again).await, Added::Taken);
    }
    assert!(passkeys.passkeys_of(ben.person).await.unwrap().is_empty(), "nothing was done");
    assert_eq!(passkeys.passkey_by(&known.credential).await.unwrap(), Some(known));
}

async fn of_several_who_bring_one_at_once_one_gets_it(
    ada: &Desk,
    ben: &Desk,
    passkeys: &dyn Passkeys,
) {
    let ours = passkey(ada, "ours");
    let theirs = Passkey { credential: ours.credential.clone(), ..passkey(ben, "theirs") };
    let (one, other) = tokio::join!(add(ada, passkeys, &ours), add(ben, passkeys, &theirs));
    let mut both = [one, other];
    both.sort_by_key(|added| *added == Added::Taken);
    assert_eq!(both, [Added::Fresh, Added::Taken]);
    let found = passkeys.passkey_by(&ours.credential).await.unwrap().unwrap();
    assert_eq!(found, if one == Added::Fresh { ours } else { theirs });
    let gone = passkeys.remove_passkey(found.person, found.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
}

async fn nobody_has_more_than_they_may(ada: &Desk, passkeys: &dyn Passkeys) {
    assert_eq!(add(ada, passkeys, &passkey(ada, "third")).await, Added::Fresh);
    assert_eq!(add(ada, passkeys, &passkey(ada, "fourth")).await, Added::Full);
    let names = passkeys.passkeys_of(ada.person).await.unwrap();
    assert_eq!(names.len(), MOST);
    let third = names.last().unwrap();
    assert_eq!(third.name, "third");
    let gone = passkeys.remove_passkey(ada.person, third.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
}

async fn a_challenge_is_answered_once(ada: &Desk, passkeys: &dyn Passkeys) {
    let (one, answered) = (passkey(ada, "one"), answered(ada));
    assert_eq!(passkeys.add_passkey(&one, answered, MOST).await.unwrap(), Added::Fresh);
    let other = passkey(ada, "other");
    assert_eq!(passkeys.add_passkey(&other, answered, MOST).await.unwrap(), Added::Again);
    let replayed = Use { id: one.id, answered, count: 1, backed_up: false };
    assert_eq!(passkeys.use_passkey(&replayed).await.unwrap(), Used::Again);
    let found = passkeys.passkey_by(&one.credential).await.unwrap().unwrap();
    assert_eq!((found.used_at, found.count), (None, 0), "nothing was noted");
    assert!(passkeys.passkey_by(&other.credential).await.unwrap().is_none());
    let gone = passkeys.remove_passkey(ada.person, one.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
}

async fn of_several_answers_at_once_one_is_the_first(ada: &Desk, passkeys: &dyn Passkeys) {
    let one = passkey(ada, "raced");
    assert_eq!(add(ada, passkeys, &one).await, Added::Fresh);
    let answer = Use { id: one.id, answered: answered(ada), count: 0, backed_up: false };
    let (a, b, c) = tokio::join!(
        passkeys.use_passkey(&answer),
        passkeys.use_passkey(&answer),
        passkeys.use_passkey(&answer)
    );
    let all = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(all.iter().filter(|used| **used == Used::Fresh).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|used| **used == Used::Again).count(), 2, "{all:?}");
    let gone = passkeys.remove_passkey(ada.person, one.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
    assert_eq!(used(ada, passkeys, one.id, 0).await, Used::Unknown);
}

async fn an_answer_is_forgotten_when_it_could_not_be_given_any_more(
    ada: &Desk,
    passkeys: &dyn Passkeys,
) {
    let one = passkeys.passkeys_of(ada.person).await.unwrap().remove(0);
    let first = answered(ada);
    let answer = |answered| Use { id: one.id, answered, count: u32::MAX, backed_up: false };
    // Its counter cannot rise any more, so what is looked at is only whether it was answered.
    assert_eq!(passkeys.use_passkey(&answer(first)).await.unwrap(), Used::Copied);
    let later = Answered { at: first.until - 1, until: first.until + 100, ..first };
    assert_eq!(passkeys.use_passkey(&answer(later)).await.unwrap(), Used::Again);
    let after = Answered { at: first.until, until: first.until + 100, ..first };
    assert_eq!(passkeys.use_passkey(&answer(after)).await.unwrap(), Used::Copied);
}

async fn a_use_is_kept_and_a_counter_that_went_back_marks(ada: &Desk, passkeys: &dyn Passkeys) {
    let one = passkey(ada, "counts");
    assert_eq!(add(ada, passkeys, &one).await, Added::Fresh);
    let found = async || passkeys.passkey_by(&one.credential).await.unwrap().unwrap();
    assert_eq!(used(ada, passkeys, one.id, 0).await, Used::Fresh, "it does not count");
    assert_eq!(used(ada, passkeys, one.id, 0).await, Used::Fresh);
    ada.clock.advance(5);
    assert_eq!(used(ada, passkeys, one.id, 9).await, Used::Fresh);
    let kept = found().await;
    assert_eq!((kept.used_at, kept.count), (Some(ada.clock.now_ms()), 9));
    assert!(kept.backed_up && kept.copied_at.is_none());
    ada.clock.advance(5);
    assert_eq!(used(ada, passkeys, one.id, 9).await, Used::Copied);
    let marked = found().await;
    assert_eq!(marked.copied_at, Some(ada.clock.now_ms()));
    assert_eq!((marked.used_at, marked.count), (kept.used_at, 9), "nothing else was noted");
    ada.clock.advance(5);
    assert_eq!(used(ada, passkeys, one.id, 10).await, Used::Copied, "it stays marked");
    assert_eq!(found().await, marked);
    let gone = passkeys.remove_passkey(ada.person, one.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
}

async fn one_is_renamed_and_removed_by_its_person_alone(
    ada: &Desk,
    ben: &Desk,
    passkeys: &dyn Passkeys,
) {
    let one = passkey(ada, "mine");
    assert_eq!(add(ada, passkeys, &one).await, Added::Fresh);
    assert!(!passkeys.rename_passkey(ben.person, one.id, "stolen").await.unwrap());
    let gone = passkeys.remove_passkey(ben.person, one.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Unknown);
    assert!(passkeys.rename_passkey(ada.person, one.id, "phone").await.unwrap());
    let found = passkeys.passkey_by(&one.credential).await.unwrap();
    assert_eq!(found, Some(Passkey { name: "phone".to_owned(), ..one.clone() }));
    let gone = passkeys.remove_passkey(ada.person, one.id, 0, None).await.unwrap();
    assert_eq!(gone, Removed::Gone);
    assert!(!passkeys.rename_passkey(ada.person, one.id, "gone").await.unwrap());
    let again = passkeys.remove_passkey(ada.person, one.id, 0, None).await.unwrap();
    assert_eq!(again, Removed::Unknown);
}

async fn removing_one_ends_other_sessions_and_nothing_else(
    ada: &Desk,
    ben: &Desk,
    accounts: &dyn Accounts,
    passkeys: &dyn Passkeys,
) {
    let grant = async |desk: &Desk, kind: GrantKind| -> DeviceId {
        let grant = desk.grant(kind, kind.name());
        accounts.put_grant(&grant, None).await.unwrap();
        grant.id
    };
    let (here, there) =
        (grant(ada, GrantKind::Session).await, grant(ada, GrantKind::Session).await);
    let token = grant(ada, GrantKind::Token).await;
    let bens = grant(ben, GrantKind::Session).await;
    let one = passkey(ada, "lost");
    assert_eq!(add(ada, passkeys, &one).await, Added::Fresh);
    let many = passkeys.passkeys_of(ada.person).await.unwrap().len();
    let kept = passkeys.remove_passkey(ada.person, one.id, many, Some(here)).await.unwrap();
    assert_eq!(kept, Removed::Needed);
    let left = async |desk: &Desk| -> Vec<DeviceId> {
        let grants = accounts.grants(desk.person, desk.clock.now_ms()).await.unwrap();
        grants.into_iter().map(|grant| grant.id).collect()
    };
    assert!(left(ada).await.contains(&there), "nothing was done");
    let gone = passkeys.remove_passkey(ada.person, one.id, many - 1, Some(here)).await.unwrap();
    assert_eq!(gone, Removed::Gone);
    let after = left(ada).await;
    assert!(after.contains(&here) && after.contains(&token) && !after.contains(&there));
    assert!(left(ben).await.contains(&bens));
}

async fn of_several_that_are_removed_at_once_as_many_stay_as_are_needed(
    ben: &Desk,
    passkeys: &dyn Passkeys,
) {
    let (one, other) = (passkey(ben, "one"), passkey(ben, "other"));
    for each in [&one, &other] {
        assert_eq!(add(ben, passkeys, each).await, Added::Fresh);
    }
    let (a, b) = tokio::join!(
        passkeys.remove_passkey(ben.person, one.id, 1, None),
        passkeys.remove_passkey(ben.person, other.id, 1, None)
    );
    let both = [a.unwrap(), b.unwrap()];
    assert!(both.contains(&Removed::Gone) && both.contains(&Removed::Needed), "{both:?}");
    assert_eq!(passkeys.passkeys_of(ben.person).await.unwrap().len(), 1);
}
