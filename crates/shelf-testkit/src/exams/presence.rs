//! The exam of presence.

use shelf_domain::id::{ItemId, LibraryId, PersonId, Scope, TenantId};
use shelf_ports::presence::{
    Doing, PRESENT_MS, Presence, SEATS_MAX, SESSIONS_MAX, Seat, SessionId,
};

/// The moment the exam begins at: nothing depends on the clock of the store.
const NOW: i64 = 1_790_000_000_000;

/// Sits the whole exam of [`Presence`]; `run` tells its libraries from those of other runs.
pub async fn exam(presence: &dyn Presence, run: [u8; 8]) {
    let scope = |number: u8| scope(run, number);
    who_says_so_is_there_until_they_do_not(presence, scope(1)).await;
    a_session_is_in_one_place_of_a_library(presence, scope(2)).await;
    whoever_leaves_is_gone_at_once(presence, scope(3), scope(4)).await;
    one_person_has_so_many_sessions_and_takes_none_from_others(presence, scope(5)).await;
    a_full_library_takes_nobody_in_until_somebody_goes(presence, scope(6)).await;
}

fn scope(run: [u8; 8], number: u8) -> Scope {
    let mut id = [number; 16];
    id[..8].copy_from_slice(&run);
    Scope { tenant: TenantId::from_bytes([7; 16]), library: LibraryId::from_bytes(id) }
}

/// The seat of a session, by its number, of somebody.
fn seat(person: u8, session: u16) -> Seat {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&session.to_be_bytes());
    let person = PersonId::from_bytes([person; 16]);
    Seat { session: SessionId(id), person, item: None, doing: Doing::Reading }
}

async fn present(presence: &dyn Presence, scope: Scope, now_ms: i64) -> Vec<Seat> {
    presence.present(scope, now_ms).await.unwrap()
}

async fn who_says_so_is_there_until_they_do_not(presence: &dyn Presence, scope: Scope) {
    assert!(present(presence, scope, NOW).await.is_empty(), "nobody yet");
    let (ada, ben) = (seat(1, 1), seat(2, 2));
    presence.here(scope, &ada, NOW).await.unwrap();
    presence.here(scope, &ben, NOW + 10_000).await.unwrap();
    assert_eq!(present(presence, scope, NOW + PRESENT_MS - 1).await, [ada, ben], "by session");
    assert_eq!(present(presence, scope, NOW + PRESENT_MS).await, [ben], "thirty seconds");
    presence.here(scope, &ben, NOW + 35_000).await.unwrap();
    assert_eq!(present(presence, scope, NOW + 50_000).await, [ben], "said again");
    assert!(present(presence, scope, NOW + 65_000).await.is_empty());
}

async fn a_session_is_in_one_place_of_a_library(presence: &dyn Presence, scope: Scope) {
    let first = seat(1, 1);
    let at = Seat { item: Some(ItemId::from_bytes([9; 16])), doing: Doing::Writing, ..first };
    presence.here(scope, &first, NOW).await.unwrap();
    presence.here(scope, &at, NOW + 1).await.unwrap();
    assert_eq!(present(presence, scope, NOW + 1).await, [at], "item and all");
    let other = Seat { session: SessionId([8; 16]), ..first };
    presence.here(scope, &other, NOW + 2).await.unwrap();
    assert_eq!(present(presence, scope, NOW + 2).await, [at, other], "another is besides");
}

async fn whoever_leaves_is_gone_at_once(presence: &dyn Presence, scope: Scope, beside: Scope) {
    let (ada, ben) = (seat(1, 1), seat(2, 2));
    for seat in [ada, ben] {
        presence.here(scope, &seat, NOW).await.unwrap();
    }
    presence.here(beside, &ada, NOW).await.unwrap();
    presence.away(scope, ada.session).await.unwrap();
    presence.away(scope, ada.session).await.unwrap();
    assert_eq!(present(presence, scope, NOW).await, [ben]);
    assert_eq!(present(presence, beside, NOW).await, [ada], "of one library alone");
}

async fn one_person_has_so_many_sessions_and_takes_none_from_others(
    presence: &dyn Presence,
    scope: Scope,
) {
    let ben = seat(2, 999);
    presence.here(scope, &ben, NOW).await.unwrap();
    let many = u16::try_from(SESSIONS_MAX).unwrap() + 2;
    for number in 1..=many {
        let at = NOW + i64::from(number);
        presence.here(scope, &seat(1, number), at).await.unwrap();
    }
    let told = present(presence, scope, NOW + 100).await;
    let mut wanted: Vec<Seat> = (3..=many).map(|number| seat(1, number)).collect();
    wanted.push(ben);
    assert_eq!(told, wanted, "the latest to have said so");
}

async fn a_full_library_takes_nobody_in_until_somebody_goes(presence: &dyn Presence, scope: Scope) {
    let many = u16::try_from(SEATS_MAX).unwrap();
    for number in 0..many {
        let person = u8::try_from(number / 8).unwrap() + 1;
        presence.here(scope, &seat(person, number), NOW).await.unwrap();
    }
    assert_eq!(present(presence, scope, NOW).await.len(), SEATS_MAX);
    let late = seat(200, 999);
    presence.here(scope, &late, NOW + 1).await.unwrap();
    assert!(!present(presence, scope, NOW + 1).await.contains(&late), "there is no room");
    presence.here(scope, &seat(1, 0), NOW + 1).await.unwrap();
    assert_eq!(present(presence, scope, NOW + 1).await.len(), SEATS_MAX, "who sits may go on");
    presence.away(scope, seat(2, 9).session).await.unwrap();
    presence.here(scope, &late, NOW + 1).await.unwrap();
    assert!(present(presence, scope, NOW + 1).await.contains(&late));
}
