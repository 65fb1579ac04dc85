//! How many ask at a time, and what becomes of those who wait.

use super::net::{Net, Then, html, page, passed, refused};
use crate::caps::Caps;
use crate::guard::Guard;
use crate::rules::Rules;
use shelf_ports::outbound::{Answer, Outbound, Refusal, Unanswered};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);
const OTHER: &str = "93.184.216.77";

/// An internet where `good.example` never answers and `other.example` does, and a door to it.
fn half_dead(caps: Caps) -> (Arc<Net>, Arc<Guard>) {
    let net = Net::with(|_| Then::Stays.saying(b""));
    net.name("other.example", &[&[OTHER]]);
    net.site(&format!("{OTHER}:80"), |_| html("other"));
    let door = Arc::new(net.door(Rules::default(), caps));
    (net, door)
}

fn send(
    sending: &mut JoinSet<Result<Answer, Unanswered>>,
    door: &Arc<Guard>,
    url: &'static str,
    times: usize,
) {
    for _ in 0..times {
        let door = Arc::clone(door);
        sending.spawn(async move { door.send(page(url)).await });
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_is_asked_twice_at_a_time_and_keeps_nobody_from_another() {
    let (net, door) = half_dead(Caps { at_once: 3, ..Caps::default() });
    let mut sending = JoinSet::new();
    send(&mut sending, &door, "http://good.example/", 9);
    passed(SECOND).await;
    assert_eq!(net.asked().len(), 2);
    assert!(door.send(page("http://other.example/")).await.is_ok());
    assert_eq!(net.asked().len(), 3);
    // Whoever is let go makes room for the next.
    passed(10 * SECOND).await;
    assert!(net.asked().len() > 3);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_ends_and_is_not_counted_as_the_others_slowness() {
    let hour = Duration::from_hours(1);
    let (_net, door) = half_dead(Caps { first_byte: hour, total: hour, ..Caps::default() });
    let mut sending = JoinSet::new();
    send(&mut sending, &door, "http://good.example/", 3);
    let first = timeout(11 * SECOND, sending.join_next()).await.unwrap();
    assert_eq!(first.unwrap().unwrap(), refused(Refusal::Busy));
    assert_eq!(sending.len(), 2);
    // A wait that ends well leaves the whole time.
    let (net, door) = half_dead(Caps { per_host: 1, wait: hour, ..Caps::default() });
    send(&mut sending, &door, "http://good.example/", 4);
    passed(35 * SECOND).await;
    assert_eq!(net.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn all_hosts_together_are_bounded() {
    let (net, door) = half_dead(Caps { at_once: 1, ..Caps::default() });
    let mut sending = JoinSet::new();
    send(&mut sending, &door, "http://good.example/", 1);
    passed(SECOND).await;
    send(&mut sending, &door, "http://other.example/", 1);
    passed(SECOND).await;
    assert_eq!(net.asked().len(), 1);
    passed(9 * SECOND).await;
    assert_eq!(net.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn too_many_are_refused_at_once_and_those_who_leave_make_room() {
    let (_net, door) = half_dead(Caps { inside: 3, ..Caps::default() });
    let mut sending = JoinSet::new();
    send(&mut sending, &door, "http://good.example/", 3);
    passed(SECOND).await;
    assert_eq!(door.send(page("http://other.example/")).await, refused(Refusal::Busy));
    sending.shutdown().await;
    assert!(door.send(page("http://other.example/")).await.is_ok());
}
