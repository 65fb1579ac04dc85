//! Whoever takes too long, at each step of the way, on a clock that runs when all wait.

use super::net::{MUTE, Net, SILENT, Says, Then, failed, led, page};
use crate::caps::Caps;
use crate::rules::Rules;
use shelf_ports::outbound::{Answer, Ask, Outbound, Trouble, Unanswered};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

/// Caps that let everything take an hour.
fn patient() -> Caps {
    let (dns, connect, first_byte, posted) = (HOUR, HOUR, HOUR, HOUR);
    let (total, wait) = (HOUR, HOUR);
    Caps { dns, connect, first_byte, posted, total, wait, ..Caps::default() }
}

/// What becomes of `ask` within a second more than `cap`, and not before a second less.
async fn ends_at(
    cap: Duration,
    net: &Arc<Net>,
    caps: Caps,
    ask: Ask,
) -> Result<Answer, Unanswered> {
    let door = net.door(Rules::default(), caps);
    let mut sending = door.send(ask);
    assert!(timeout(cap.saturating_sub(SECOND), &mut sending).await.is_err());
    timeout(2 * SECOND, sending).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_step_has_its_time() {
    let usual = Caps::default();
    let net = Net::with(|_| Then::Stays.saying(b""));
    net.name("unresolved.example", &[]);
    net.name("unconnected.example", &[&[SILENT]]);
    net.name("mute.example", &[&[MUTE]]);
    for (cap, caps, url) in [
        (usual.dns, Caps { dns: usual.dns, ..patient() }, "http://unresolved.example/"),
        (
            usual.connect,
            Caps { connect: usual.connect, ..patient() },
            "http://unconnected.example/",
        ),
        (
            usual.first_byte,
            Caps { first_byte: usual.first_byte, ..patient() },
            "http://good.example/",
        ),
        (usual.connect, Caps { connect: usual.connect, ..patient() }, "https://mute.example/"),
        (usual.total, Caps { total: usual.total, ..patient() }, "https://mute.example/"),
        (usual.total, Caps { total: usual.total, ..patient() }, "http://good.example/"),
        (usual.total, Caps { total: usual.total, ..patient() }, "http://unresolved.example/"),
    ] {
        let answer = ends_at(cap, &net, caps, page(url)).await;
        assert_eq!(answer, failed(Trouble::TooSlow), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n";
    let net = Net::with(move |_| Then::Drips.saying(head));
    let usual = Caps::default();
    let answer = ends_at(usual.total, &net, usual, page("http://good.example/")).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
}

#[tokio::test(start_paused = true)]
async fn headers_that_drip_are_given_up() {
    let net = Net::with(move |_| Then::Drips.saying(b"HTTP/1.1 200 OK\r\nx: "));
    let usual = Caps::default();
    let answer = ends_at(usual.first_byte, &net, usual, page("http://good.example/")).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
}

#[tokio::test(start_paused = true)]
async fn all_hops_together_have_the_time_of_one() {
    let net = Net::with(|_| Says { after: 8 * SECOND, ..led(302, "/").into() });
    let usual = Caps::default();
    let answer = ends_at(usual.total, &net, usual, page("http://good.example/")).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
    assert_eq!(net.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_may_wait_less_but_not_longer() {
    let net = Net::with(|_| Then::Stays.saying(b""));
    let post = || Ask::post("http://good.example/", Vec::new());
    let caps = Caps { total: 30 * SECOND, ..patient() };
    let answer = ends_at(15 * SECOND, &net, caps, post().within(15 * SECOND)).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
    let answer = ends_at(30 * SECOND, &net, caps, post().within(HOUR)).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
    let caps = Caps { posted: Caps::default().posted, ..patient() };
    let answer = ends_at(15 * SECOND, &net, caps, post()).await;
    assert_eq!(answer, failed(Trouble::TooSlow), "who takes something in has longer");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_ends_its_connection() {
    let net = Net::with(|_| Then::Stays.saying(b""));
    let door = net.door(Rules::default(), patient());
    assert!(timeout(SECOND, door.send(page("http://good.example/"))).await.is_err());
    assert_eq!(net.asked().len(), 1);
    timeout(SECOND, net.left.acquire()).await.unwrap().unwrap().forget();
    // And so does one whose body is wanted no more.
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n";
    let net = Net::with(move |_| Then::Stays.saying(head));
    assert!(net.fetch("http://good.example/").await.is_err());
    timeout(SECOND, net.left.acquire()).await.unwrap().unwrap().forget();
}
