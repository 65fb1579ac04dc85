//! Names that change their mind, ends that are not where they should be, and what is allowed.

use super::net::{GOOD, Net, failed, html, led, page, refused};
use crate::caps::Caps;
use crate::rules::Rules;
use shelf_ports::outbound::{Outbound, Refusal, Trouble};

const PRIVATE: &str = "10.1.2.3";

fn allowing(texts: &[&str]) -> Rules {
    let allow = texts.iter().map(|text| text.parse().unwrap()).collect();
    Rules { allow, ..Rules::default() }
}

#[tokio::test]
async fn a_page_is_fetched_from_the_address_that_was_judged() {
    let net = Net::with(|_| html("hello"));
    let answer = net.fetch("http://good.example/a?b=c#d").await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.hops), (200, &b"hello"[..], 0));
    assert_eq!(answer.url, "http://good.example/a?b=c#d");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(net.dialled(), [format!("{GOOD}:80")]);
    let asked = net.asked().remove(0);
    assert!(asked.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{asked}");
    for line in ["host: good.example", "accept: text/html, text/plain", "accept-encoding: gzip"] {
        assert!(asked.contains(&format!("\r\n{line}\r\n")), "{line}: {asked}");
    }
    assert!(asked.contains("\r\nuser-agent: MindShelf/"), "{asked}");
    assert!(!asked.contains("cookie") && !asked.contains("authorization"), "{asked}");
}

#[tokio::test]
async fn a_name_that_answers_otherwise_the_second_time_is_asked_once() {
    let net = Net::with(|_| html("hello"));
    net.name("flip.example", &[&[GOOD], &["127.0.0.1"]]);
    assert!(net.fetch("http://flip.example/").await.is_ok());
    assert_eq!(net.looked_up(), ["flip.example"]);
    assert_eq!(net.dialled(), [format!("{GOOD}:80")]);
    // The next request resolves anew, and judges anew.
    assert_eq!(net.fetch("http://flip.example/").await, refused(Refusal::Place));
    assert_eq!(net.dialled().len(), 1);
}

#[tokio::test]
async fn a_name_that_turns_inside_between_two_hops_is_refused() {
    let net = Net::with(|_| led(302, "/again"));
    net.name("flip.example", &[&[GOOD], &["169.254.169.254"]]);
    assert_eq!(net.fetch("http://flip.example/").await, refused(Refusal::Place));
    assert_eq!((net.looked_up().len(), net.dialled().len()), (2, 1));
}

#[tokio::test]
async fn one_inner_address_among_many_refuses_the_name() {
    let net = Net::with(|_| html("hello"));
    for inner in [PRIVATE, "::1", "64:ff9b::a01:203", "224.0.0.1"] {
        net.name("mixed.example", &[&[GOOD, "93.184.216.35", inner]]);
        assert_eq!(net.fetch("http://mixed.example/").await, refused(Refusal::Place), "{inner}");
    }
    assert!(net.dialled().is_empty());
}

#[tokio::test]
async fn the_next_address_is_tried_where_nobody_answers() {
    let net = Net::with(|_| html("hello"));
    net.name("two.example", &[&["93.184.216.99", GOOD]]);
    assert!(net.fetch("http://two.example/").await.is_ok());
    assert_eq!(net.dialled(), ["93.184.216.99:80".to_owned(), format!("{GOOD}:80")]);
    net.name("many.example", &[&["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4", GOOD]]);
    assert_eq!(net.fetch("http://many.example/").await, failed(Trouble::Unreachable));
    net.name("none.example", &[&[]]);
    assert_eq!(net.fetch("http://none.example/").await, failed(Trouble::NoSuchName));
    assert_eq!(net.fetch("http://unknown.example/").await, failed(Trouble::NoSuchName));
}

#[tokio::test]
async fn a_connection_that_ends_elsewhere_carries_nothing() {
    let net = Net::with(|_| html("hello"));
    for elsewhere in ["127.0.0.1:80", "93.184.216.99:80", "93.184.216.34:81"] {
        *net.diverted.lock().unwrap() = Some(elsewhere.parse().unwrap());
        assert_eq!(net.fetch("http://good.example/").await, refused(Refusal::Place), "{elsewhere}");
    }
    assert!(net.asked().is_empty());
}

#[tokio::test]
async fn this_machine_by_its_public_address_is_not_asked() {
    let net = Net::with(|_| html("hello"));
    *net.local.lock().unwrap() = Some(format!("{GOOD}:50000").parse().unwrap());
    assert_eq!(net.fetch("http://good.example/").await, refused(Refusal::Place));
    assert!(net.asked().is_empty());
}

#[tokio::test]
async fn what_is_allowed_is_reached_although_it_is_private_and_nothing_beside_it() {
    let net = Net::with(|_| html("hello"));
    net.name("wiki.lan", &[&[PRIVATE]]);
    net.name("other.lan", &[&["10.2.0.1"]]);
    net.site(&format!("{PRIVATE}:80"), |_| html("wiki"));
    net.site(&format!("{PRIVATE}:5000"), |_| html("disk"));
    let all = net.door(allowing(&["10.1.0.0/16"]), Caps::default());
    assert!(all.send(page("http://wiki.lan/")).await.is_ok());
    assert_eq!(all.send(page("http://other.lan/")).await, refused(Refusal::Place));
    assert_eq!(all.send(page("http://wiki.lan:5000/")).await, refused(Refusal::Port));
    let one = net.door(allowing(&["wiki.lan:5000"]), Caps::default());
    assert!(one.send(page("http://WIKI.lan.:5000/")).await.is_ok());
    assert_eq!(one.send(page("http://wiki.lan/")).await, refused(Refusal::Place));
    let literal = format!("http://{PRIVATE}:5000/");
    assert_eq!(one.send(page(&literal)).await, refused(Refusal::Port));
}

#[tokio::test]
async fn metadata_and_this_server_are_never_reached_whatever_is_allowed() {
    let net = Net::with(|_| html("hello"));
    net.name("meta.lan", &[&["169.254.169.254"]]);
    net.name("self.lan", &[&["127.0.0.1"]]);
    net.site("169.254.169.254:80", |_| html("secret"));
    net.site("127.0.0.1:80", |_| html("secret"));
    net.site("10.0.0.5:80", |_| html("secret"));
    let mut rules = allowing(&["0.0.0.0/0", "::/0", "meta.lan:80", "self.lan:80"]);
    rules.own = vec!["0.0.0.0:80".parse().unwrap(), "10.0.0.5:80".parse().unwrap()];
    let door = net.door(rules, Caps::default());
    for url in [
        "http://meta.lan/",
        "http://169.254.169.254/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://self.lan/",
        "http://127.0.0.1/",
        "http://10.0.0.5/",
        "http://[::ffff:10.0.0.5]/",
    ] {
        assert_eq!(door.send(page(url)).await, refused(Refusal::Place), "{url}");
    }
    assert!(net.dialled().is_empty());
    // Listening on every address, this machine is known by the two ends of the connection.
    net.site("10.0.0.6:80", |_| html("secret"));
    *net.local.lock().unwrap() = Some("10.0.0.6:50000".parse().unwrap());
    assert_eq!(door.send(page("http://10.0.0.6/")).await, refused(Refusal::Place));
    assert!(net.asked().is_empty());
}

#[tokio::test]
async fn switched_off_nothing_is_even_looked_up() {
    let net = Net::with(|_| html("hello"));
    let door = net.door(Rules { on: false, ..Rules::default() }, Caps::default());
    assert_eq!(door.send(page("http://good.example/")).await, refused(Refusal::Off));
    assert!(net.looked_up().is_empty());
}

#[tokio::test]
async fn a_header_that_steers_the_connection_or_smuggles_a_line_is_refused() {
    let net = Net::with(|_| html("hello"));
    let door = net.door(Rules::default(), Caps::default());
    for (name, value) in [
        ("Host", "127.0.0.1"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "5"),
        ("Connection", "upgrade"),
        ("upgrade", "h2c"),
        ("Proxy-Authorization", "x"),
        ("user-agent", "another"),
        ("x", "a\r\nhost: 127.0.0.1"),
        ("x\r\ny", "a"),
        ("x", "\0"),
    ] {
        let ask = page("http://good.example/").header(name, value);
        assert_eq!(door.send(ask).await, refused(Refusal::Header), "{name:?}");
    }
    let many =
        (0..65).fold(page("http://good.example/"), |ask, at| ask.header(format!("x{at}"), ""));
    assert_eq!(door.send(many).await, refused(Refusal::Header));
    assert!(net.dialled().is_empty());
}

#[tokio::test]
async fn no_failure_and_no_debug_print_says_where_it_was_or_what_was_said() {
    let net = Net::with(|_| "SSH-2.0-secret\r\n\r\n".as_bytes().to_vec());
    let ask = page("http://good.example/token").header("authorization", "Bearer secret");
    assert!(!format!("{ask:?}").contains("secret") && !format!("{ask:?}").contains("token"));
    let failure = net.fetch("http://good.example/token").await.unwrap_err();
    let words = format!("{failure} {failure:?}");
    for word in ["secret", "SSH", "token", "good.example", GOOD] {
        assert!(!words.contains(word), "{words}");
    }
}
