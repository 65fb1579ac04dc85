//! Rounds: when a delivery is tried, how often, and when an endpoint is given up.

use crate::office::Office;
use shelf_courier::{ATTEMPTS_MAX, Manager, given_up};
use shelf_domain::audit::Deed;
use shelf_domain::right::Right;
use shelf_ports::audit::Audit;
use shelf_ports::chance::Clock;
use shelf_ports::library::Library;
use shelf_ports::projection::Projection;
use shelf_ports::webhooks::{Delivery, DeliveryState, EndpointState, Replay};
use std::sync::atomic::Ordering;

/// Longer than any wait of the schedule, milliseconds.
const TWO_DAYS: u32 = 2 * 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_library_without_endpoints_is_always_followed() {
    let office = Office::open().await;
    office.desk.save_url(&*office.store, "https://a.example/").await;
    let follower = shelf_courier::TellFollower::new(office.courier.clone());
    let head = office.store.head(office.desk.scope).await.unwrap().seq;
    assert_eq!(follower.position(office.desk.scope).await.unwrap(), head);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_nothing_gets_through_to_is_given_up_after_all_tries() {
    let office = Office::open().await;
    let silent = office.endpoint("https://silent.example/", &[]).await;
    office.receivers.status.store(503, Ordering::SeqCst);
    office.desk.save_url(&*office.store, "https://a.example/").await;
    office.follow().await;
    for attempts in 1..ATTEMPTS_MAX {
        let now = Some(office.clock.now_ms());
        office.until(silent, |all| all[0].attempts == attempts && all[0].tried_at == now).await;
        assert_eq!(office.state_of(silent).await.state, EndpointState::Active);
        office.rest(TWO_DAYS);
    }
    office.until(silent, |all| all[0].state == DeliveryState::Failed).await;
    assert_eq!(office.deliveries(silent).await[0].attempts, ATTEMPTS_MAX);
    assert_eq!(office.state_of(silent).await.state, EndpointState::Failing);
    let ids: std::collections::BTreeSet<String> =
        office.sent().iter().map(|event| event["id"].to_string()).collect();
    assert_eq!((office.sent().len(), ids.len()), (10, 1), "one message, ten times");
    let told = office.store.records_after(office.desk.scope.tenant, 0, 100).await.unwrap();
    let last = &told.last().unwrap().record;
    assert_eq!((last.deed, last.detail.as_str()), (Deed::EndpointGivenUp, "failing"));
    assert_eq!(last.subject, Some(silent.to_bytes()));
    assert_eq!(given_up(&office.courier, &office.manager()).await.unwrap(), 1);
    let reader = Manager { right: Right::Write, ..office.manager() };
    assert_eq!(given_up(&office.courier, &reader).await.unwrap(), 0, "it is not theirs to know");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_couriers_over_one_store_one_sends_each_message() {
    const HOOKS: usize = 10;
    const SAVES: usize = 12;
    let office = Office::open().await;
    let other = office.another();
    let mut hooks = Vec::new();
    for number in 0..HOOKS {
        hooks.push(office.endpoint(&format!("https://hooks.example/{number}"), &[]).await);
    }
    for number in 0..SAVES {
        office.desk.save_url(&*office.store, &format!("https://a.example/{number}")).await;
    }
    office.follow().await;
    other.courier.watched.stir();
    for hook in hooks {
        let taken = |all: &[Delivery]| {
            all.len() == SAVES && all.iter().all(|one| one.state == DeliveryState::Delivered)
        };
        office.until(hook, taken).await;
    }
    let ids: std::collections::BTreeSet<String> =
        office.sent().iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), HOOKS * SAVES, "each message");
    assert_eq!(office.sent().len(), HOOKS * SAVES, "and each by one of them");
    other.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_that_is_never_taken_ends_no_endpoint_that_takes_others() {
    let office = Office::open().await;
    let picky = office.endpoint("https://picky.example/", &[]).await;
    office.receivers.status.store(422, Ordering::SeqCst);
    office.desk.save_url(&*office.store, "https://poison.example/").await;
    office.follow().await;
    office.until(picky, |all| all[0].tried_at.is_some()).await;
    // Something else gets through between the tries.
    office.receivers.status.store(200, Ordering::SeqCst);
    let poison = office.deliveries(picky).await[0].id;
    office.clock.advance(1);
    office.desk.save_url(&*office.store, "https://good.example/").await;
    office.follow().await;
    office.rest(3_600_000);
    office.until(picky, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
    office.receivers.status.store(422, Ordering::SeqCst);
    // A moment later, so that its tries are told from the one that was taken.
    office.clock.advance(1);
    let again = office.courier.webhooks.replay(office.desk.scope, picky, Replay::One(poison), 0);
    again.await.unwrap();
    office.courier.watched.stir();
    let of = |all: &[Delivery]| all.iter().find(|one| one.id == poison).unwrap().clone();
    for attempts in 1..ATTEMPTS_MAX {
        let now = Some(office.clock.now_ms());
        let tried = |one: Delivery| one.attempts == attempts && one.tried_at == now;
        office.until(picky, |all| tried(of(all))).await;
        office.rest(TWO_DAYS);
    }
    office.until(picky, |all| of(all).state == DeliveryState::Failed).await;
    assert_eq!(office.state_of(picky).await.state, EndpointState::Active);
    office.close().await;
}
