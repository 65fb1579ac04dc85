//! Redirects that lead where nobody should be led, and those that are followed as browsers do.

use super::net::{GOOD, Net, html, led, page, refused, whole};
use crate::caps::Caps;
use crate::rules::Rules;
use shelf_ports::outbound::{Ask, Method, Outbound, Redirects, Refusal};
use std::sync::Arc;

const OTHER: &str = "93.184.216.77";

/// An internet where `/` leads to `location` with `status`, and every other path is a page.
fn leading(status: u16, location: &str) -> Arc<Net> {
    let location = location.to_owned();
    let net = Net::with(move |request| {
        if request.split(' ').nth(1) == Some("/") { led(status, &location) } else { html("there") }
    });
    net.name("other.example", &[&[OTHER]]);
    net.site(&format!("{OTHER}:80"), |_| html("other"));
    net.name("inner.example", &[&["192.168.1.1"]]);
    for host in ["secure.example", "shop.example"] {
        net.name(host, &[&[OTHER]]);
    }
    net.site(&format!("{OTHER}:443"), |request| match request.split(' ').nth(1) {
        Some("/down") => led(302, "http://good.example/page"),
        Some("/shop") => led(302, "https://shop.example/page"),
        _ => html("secure"),
    });
    net
}

#[tokio::test]
async fn every_hop_goes_through_all_rules() {
    for (location, refusal) in [
        ("http://127.0.0.1/", Refusal::Place),
        ("http://2130706433/", Refusal::Place),
        ("//169.254.169.254/latest/", Refusal::Place),
        ("\\\\10.0.0.1\\", Refusal::Place),
        ("http://[::ffff:192.168.0.1]/", Refusal::Place),
        ("http://inner.example/", Refusal::Place),
        ("//inner.example/x", Refusal::Place),
        ("http://metadata.google.internal/", Refusal::Name),
        ("file:///etc/passwd", Refusal::Scheme),
        ("ftp://other.example/", Refusal::Scheme),
        ("gopher://other.example/", Refusal::Scheme),
        ("data:text/html,x", Refusal::Scheme),
        ("javascript:alert(1)", Refusal::Scheme),
        ("http://user:secret@other.example/", Refusal::Userinfo),
        ("//good.example@other.example/", Refusal::Userinfo),
        ("http://other.example:22/", Refusal::Port),
        ("http://good.example:8080/", Refusal::Port),
        ("http://", Refusal::Unreadable),
        ("http://[::1", Refusal::Unreadable),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let net = leading(status, location);
            let answer = net.fetch("http://good.example/").await;
            assert_eq!(answer, refused(refusal), "{status} {location}");
            assert_eq!(net.dialled().len(), 1, "{location}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_followed_wherever_it_may_lead() {
    for (location, url) in [
        ("/page", "http://good.example/page"),
        ("page?a=b", "http://good.example/page?a=b"),
        ("../../page", "http://good.example/page"),
        ("//other.example/x", "http://other.example/x"),
        ("http://other.example", "http://other.example/"),
        ("https://secure.example/x", "https://secure.example/x"),
        ("/caf\u{e9}", "http://good.example/caf%C3%A9"),
    ] {
        let answer = leading(302, location).fetch("http://good.example/").await.unwrap();
        assert_eq!((answer.url.as_str(), answer.hops, answer.status), (url, 1, 200), "{location}");
    }
}

#[tokio::test]
async fn nothing_leads_from_https_to_http() {
    let net = leading(302, "/");
    assert_eq!(net.fetch("https://secure.example/down").await, refused(Refusal::Downgrade));
    assert_eq!(net.dialled(), [format!("{OTHER}:443")]);
    let answer = net.fetch("https://secure.example/shop").await.unwrap();
    assert_eq!(answer.url, "https://shop.example/page");
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let net = Net::with(|request| {
        let at: u32 = request.split(' ').nth(1).unwrap().trim_start_matches('/').parse().unwrap();
        if at == 0 { html("there") } else { led(302, &format!("/{}", at - 1)) }
    });
    assert_eq!(net.fetch("http://good.example/5").await.unwrap().hops, 5);
    assert_eq!(net.fetch("http://good.example/6").await, refused(Refusal::Hops));
    assert_eq!(net.asked().len(), 12);
}

#[tokio::test]
async fn a_loop_ends() {
    let net = leading(302, "/");
    assert_eq!(net.fetch("http://good.example/").await, refused(Refusal::Hops));
    assert_eq!(net.asked().len(), 6);
}

#[tokio::test]
async fn a_redirect_that_says_not_where_is_the_answer() {
    let net = Net::with(|_| whole(302, &["content-type: text/html"], b"where?"));
    let answer = net.fetch("http://good.example/").await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (302, &b""[..]));
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let sent = |net: &Net| net.asked().remove(1);
    let ask = || {
        page("http://good.example/")
            .header("Authorization", "Bearer secret")
            .header("cookie", "session=secret")
            .header("x-api-key", "secret")
            .header("webhook-signature", "secret")
            .header("accept-language", "de")
    };
    let net = leading(302, "/page");
    net.door(Rules::default(), Caps::default()).send(ask()).await.unwrap();
    assert_eq!(sent(&net).matches("secret").count(), 4);
    // Another host, and the same one by another scheme or port, is another origin.
    for location in
        ["http://other.example/x", "https://secure.example/x", "http://good.example:81/"]
    {
        let net = leading(302, location);
        net.site(&format!("{GOOD}:81"), |_| html("there"));
        let rules = Rules { ports: vec![81], ..Rules::default() };
        net.door(rules, Caps::default()).send(ask()).await.unwrap();
        let second = sent(&net);
        assert!(!second.contains("secret"), "{second}");
        assert!(second.contains("accept-language: de") && second.contains("user-agent: MindShelf"));
    }
}

#[tokio::test]
async fn the_method_changes_as_in_browsers() {
    let post = || Ask {
        redirects: Redirects::Follow,
        ..Ask::post("http://good.example/", b"body".to_vec()).header("content-type", "text/plain")
    };
    for (status, start, body) in [
        (301, "GET /page ", false),
        (302, "GET /page ", false),
        (303, "GET /page ", false),
        (307, "POST /page ", true),
        (308, "POST /page ", true),
    ] {
        let net = leading(status, "/page");
        net.door(Rules::default(), Caps::default()).send(post()).await.unwrap();
        let second = net.asked().remove(1);
        assert!(second.starts_with(start), "{status}: {second}");
        assert_eq!(second.ends_with("\r\n\r\nbody"), body, "{status}: {second}");
        assert_eq!(second.contains("content-type"), body, "{status}: {second}");
    }
    for status in [301, 302, 303, 307, 308] {
        let net = leading(status, "/page");
        let head = Ask { method: Method::Head, ..page("http://good.example/") };
        net.door(Rules::default(), Caps::default()).send(head).await.unwrap();
        assert!(net.asked()[1].starts_with("HEAD /page "), "{status}");
    }
}

#[tokio::test]
async fn whoever_posts_to_one_address_gets_the_redirect_as_the_answer() {
    let net = leading(307, "http://127.0.0.1/");
    let door = net.door(Rules::default(), Caps::default());
    let signed = Ask::post("http://good.example/", b"{}".to_vec())
        .header("content-type", "application/json")
        .header("webhook-id", "msg_1")
        .header("webhook-signature", "v1,abc");
    let answer = door.send(signed).await.unwrap();
    assert_eq!((answer.status, answer.is_yes(), answer.hops), (307, false, 0));
    assert_eq!(net.asked().len(), 1);
    let asked = net.asked().remove(0);
    assert!(asked.starts_with("POST / HTTP/1.1\r\n") && asked.ends_with("\r\n\r\n{}"), "{asked}");
    assert!(asked.contains("webhook-signature: v1,abc\r\n"), "{asked}");
}
