//! Answers that are too large, packed to burst, broken, or not what they say.

use super::net::{GOOD, Net, Then, failed, html, page, refused, whole};
use crate::caps::Caps;
use crate::rules::Rules;
use flate2::Compression;
use flate2::write::GzEncoder;
use shelf_ports::outbound::{Answer, Ask, Bounds, Method, Outbound, Refusal, Trouble, Unanswered};
use std::io::Write;
use std::time::Duration;

const HTML: &str = "content-type: text/html";
const PACKED: &str = "content-encoding: gzip";

/// Three million zeroes, packed by Brotli into fourteen bytes.
const BROTLI: &[u8] = b"\x9b\xff\xff/\xf8'\0\xe2\xb1@ \xf7\xfe\x05";
/// A frame of Zstandard that repeats one zero 128 KiB long.
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd\xa0\0\0\x02\0\x03\0\x10\0";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(bytes).unwrap();
    packing.finish().unwrap()
}

async fn said(bytes: Vec<u8>) -> Result<Answer, Unanswered> {
    Net::with(move |_| bytes.clone()).fetch("http://good.example/").await
}

#[tokio::test]
async fn a_packed_page_is_unpacked() {
    let text = "<p>A page that is packed.</p>".repeat(900);
    for coding in [PACKED, "Content-Encoding: X-GZIP"] {
        let answer = said(whole(200, &[HTML, coding], &gzip(text.as_bytes()))).await.unwrap();
        assert_eq!(answer.body, text.as_bytes());
    }
    // In two members, which is one layer.
    let two = [gzip(b"<p>one"), gzip(b"<p>two")].concat();
    assert_eq!(said(whole(200, &[HTML, PACKED], &two)).await.unwrap().body, b"<p>one<p>two");
    assert_eq!(said(whole(200, &[HTML, PACKED], b"")).await.unwrap().body, b"");
    // What is small may be packed well.
    let spaces = " ".repeat(60 << 10);
    let packed = gzip(spaces.as_bytes());
    assert_eq!(said(whole(200, &[HTML, PACKED], &packed)).await.unwrap().body.len(), 60 << 10);
}

#[tokio::test]
async fn a_bomb_is_dropped_before_it_bursts() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert_eq!(said(whole(200, &[HTML, PACKED], &bomb)).await, refused(Refusal::Bomb));
    // Many members, each of them small.
    let many = gzip(&vec![b' '; 64 << 10]).repeat(1000);
    assert_eq!(said(whole(200, &[HTML, PACKED], &many)).await, refused(Refusal::Bomb));
}

#[tokio::test]
async fn what_unpacks_to_more_than_is_read_is_refused() {
    let text = (0..40_000).map(|at| at.to_string()).collect::<Vec<_>>().join(" ");
    let packed = whole(200, &[HTML, PACKED], &gzip(text.as_bytes()));
    let net = Net::with(move |_| packed.clone());
    let door = |body_bytes| net.door(Rules::default(), Caps { body_bytes, ..Caps::default() });
    let ask = || page("http://good.example/");
    assert!(door(text.len()).send(ask()).await.is_ok());
    assert_eq!(door(text.len() - 1).send(ask()).await, refused(Refusal::Body));
    // The one who asks may want less.
    let tighter = Bounds { body_bytes: text.len() - 1, ..Bounds::LOOSE };
    let ask = Ask { bounds: tighter, ..ask() };
    assert_eq!(door(text.len()).send(ask).await, refused(Refusal::Body));
}

#[tokio::test]
async fn a_coding_nobody_asked_for_is_not_read_and_two_layers_are_not_either() {
    for (coding, body) in [
        ("content-encoding: br", BROTLI),
        ("content-encoding: zstd", ZSTANDARD),
        ("content-encoding: deflate", b"\x78\x9c\x03\0\0\0\0\x01"),
        ("content-encoding: compress", b"\x1f\x9d"),
        ("content-encoding: gzip, gzip", b""),
        ("content-encoding: gzip, br", b""),
        ("content-encoding: gzip\r\ncontent-encoding: gzip", b""),
        ("content-encoding: identity\r\ncontent-encoding: br", b""),
        ("content-encoding: \u{1F4A3}", b""),
    ] {
        let answer = said(whole(200, &[HTML, coding], body)).await;
        assert_eq!(answer, refused(Refusal::Coding), "{coding}");
    }
    // A second layer that nothing says is no page any more.
    let twice = gzip(&gzip(b"<p>deep"));
    assert_eq!(said(whole(200, &[HTML, PACKED], &twice)).await, refused(Refusal::Disguised));
}

#[tokio::test]
async fn what_is_not_packed_as_it_says_is_broken() {
    let whole_one = gzip("<p>A page.</p>".repeat(90).as_bytes());
    let cut = &whole_one[..whole_one.len() - 9];
    let mut damaged = whole_one.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    for body in [cut, &damaged, b"<p>not packed</p>", b"\x1f\x8b\x08"] {
        let answer = said(whole(200, &[HTML, PACKED], body)).await;
        assert_eq!(answer, failed(Trouble::Broken));
    }
}

#[tokio::test]
async fn a_body_without_end_is_dropped_where_the_bound_is() {
    let head = format!("HTTP/1.1 200 OK\r\n{HTML}\r\n");
    for (framing, piece) in [
        ("transfer-encoding: chunked\r\n\r\n", format!("2000\r\n{}\r\n", " ".repeat(0x2000))),
        ("transfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n".to_owned()),
        ("content-length: 10000000000\r\n\r\n", " ".repeat(0x2000)),
        ("\r\n", " ".repeat(0x2000)),
    ] {
        let start = format!("{head}{framing}");
        let piece = piece.into_bytes();
        let net = Net::with(move |_| Then::Repeats(piece.clone()).saying(start.as_bytes()));
        let caps = Caps { wire_bytes: 256 << 10, ..Caps::default() };
        let answer = net.door(Rules::default(), caps).send(page("http://good.example/")).await;
        assert_eq!(answer, refused(Refusal::Body), "{framing}");
    }
}

#[tokio::test]
async fn trailers_without_end_are_dropped() {
    let start = format!("HTTP/1.1 200 OK\r\n{HTML}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n");
    let net = Net::with(move |_| Then::Repeats(b"x: y\r\n".to_vec()).saying(start.as_bytes()));
    assert_eq!(net.fetch("http://good.example/").await, failed(Trouble::Broken));
}

#[tokio::test]
async fn the_last_byte_that_is_read_is_read_and_one_more_is_not() {
    let caps = Caps::default();
    for (bytes, more) in [(caps.wire_bytes, false), (caps.wire_bytes + 1, true)] {
        let answer = said(whole(200, &[HTML], &vec![b' '; bytes])).await;
        assert_eq!(answer.is_err_and(|answer| answer == Refusal::Body.into()), more, "{bytes}");
    }
    let net = Net::with(|_| html("0123456789"));
    let door = net.door(Rules::default(), Caps::default());
    let bounded = |wire_bytes| {
        let bounds = Bounds { wire_bytes, ..Bounds::LOOSE };
        door.send(Ask { bounds, ..page("http://good.example/") })
    };
    assert!(bounded(10).await.is_ok());
    assert_eq!(bounded(9).await, refused(Refusal::Body));
}

#[tokio::test]
async fn a_length_that_is_not_true_is_found() {
    let with = |length: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\n{HTML}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
    };
    assert_eq!(said(with("100", "<p>short")).await, failed(Trouble::Broken));
    // What comes after it is not of this answer.
    assert_eq!(said(with("3", "<p>HTTP/1.1 200 OK")).await.unwrap().body, b"<p>");
    for length in ["-1", "x", "3, 4", "3\r\ncontent-length: 4", "99999999999999999999999"] {
        assert_eq!(said(with(length, "<p>")).await, failed(Trouble::Broken), "{length}");
    }
    let chunked = |body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\n{HTML}\r\ntransfer-encoding: chunked\r\n\r\n");
        [head.as_bytes(), body.as_bytes()].concat()
    };
    assert_eq!(said(chunked("3\r\n<p>\r\n0\r\n\r\n")).await.unwrap().body, b"<p>");
    for body in ["3\r\n<p>\r\n", "z\r\n<p>", "-1\r\n", "ffffffffffffffffff\r\n<p>"] {
        assert_eq!(said(chunked(body)).await, failed(Trouble::Broken), "{body}");
    }
}

#[tokio::test]
async fn headers_without_end_are_dropped() {
    for piece in ["x: y\r\n".to_owned(), "x".to_owned(), format!("x: {}\r\n", "y".repeat(9000))] {
        let piece = piece.into_bytes();
        let net = Net::with(move |_| Then::Repeats(piece.clone()).saying(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(net.fetch("http://good.example/").await, refused(Refusal::Head));
    }
    let large = |bytes: usize| {
        let line = format!("x-large: {}", "y".repeat(bytes));
        whole(200, &[HTML, &line], b"<p>")
    };
    assert!(said(large(60 << 10)).await.is_ok());
    assert_eq!(said(large(70 << 10)).await, refused(Refusal::Head));
}

#[tokio::test]
async fn an_answer_that_only_ever_announces_one_ends() {
    let net = Net::with(|_| Then::Repeats(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()).saying(b""));
    let caps = Caps { first_byte: Duration::from_millis(50), ..Caps::default() };
    let answer = net.door(Rules::default(), caps).send(page("http://good.example/")).await;
    assert_eq!(answer, failed(Trouble::TooSlow));
}

#[tokio::test]
async fn only_the_types_that_are_wanted_are_read() {
    for header in ["content-type: TEXT/html ; charset=latin1", "content-type: text/plain"] {
        assert!(said(whole(200, &[header], b"<p>")).await.is_ok(), "{header}");
    }
    for headers in [
        &["content-type: application/octet-stream"][..],
        &["content-type: text/htmlx"],
        &["content-type: image/png"],
        &["content-type: "],
        &["content-type: text/html", "content-type: image/png"],
        &[],
    ] {
        assert_eq!(said(whole(200, headers, b"<p>")).await, refused(Refusal::Type), "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_a_program_is_dropped() {
    let program = [b"MZ\x90\0\x03\0\0\0".as_slice(), &[0; 4000]].concat();
    assert_eq!(said(whole(200, &[HTML], &program)).await, refused(Refusal::Disguised));
    let packed = whole(200, &[HTML, PACKED], &gzip(b"\x7fELF\x02\x01\x01\0"));
    assert_eq!(said(packed).await, refused(Refusal::Disguised));
    // It is dropped when its first kilobyte is there, not when all of it is.
    let start = [&whole(200, &[HTML], b"")[..0], &whole(200, &[HTML], &program)[..2000]].concat();
    let net = Net::with(move |_| Then::Stays.saying(&start));
    assert_eq!(net.fetch("http://good.example/").await, refused(Refusal::Disguised));
}

#[tokio::test]
async fn what_is_no_answer_is_broken() {
    for bytes in ["", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 xyz\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n"] {
        assert_eq!(said(bytes.into()).await, failed(Trouble::Broken), "{bytes}");
    }
}

#[tokio::test]
async fn a_body_nobody_wants_is_not_waited_for() {
    // Of an error, of a request for headers, and where only the status counts.
    let endless = |status: u16| {
        move |_: &str| {
            let head = format!("HTTP/1.1 {status} X\r\n{HTML}\r\ncontent-length: 9\r\n\r\n");
            Then::Stays.saying(head.as_bytes())
        }
    };
    let door = |status| Net::with(endless(status)).door(Rules::default(), Caps::default());
    for status in [304, 401, 404, 500] {
        let answer = door(status).send(page("http://good.example/")).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
    }
    let head = Ask { method: Method::Head, ..page("http://good.example/") };
    assert_eq!(door(200).send(head).await.unwrap().status, 200);
    let post = Ask::post("http://good.example/", b"{}".to_vec());
    assert!(door(200).send(post).await.unwrap().is_yes());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let net = Net::with(|_| html("hello"));
    net.name("secure.example", &[&[GOOD]]);
    net.site(&format!("{GOOD}:443"), |_| html("secure"));
    assert_eq!(net.fetch("https://secure.example./").await.unwrap().body, b"secure");
    assert_eq!(net.fetch("https://good.example/").await, failed(Trouble::Untrusted));
    assert_eq!(net.fetch(&format!("https://{GOOD}/")).await, failed(Trouble::Untrusted));
    assert_eq!(net.asked().len(), 1);
    assert!(net.asked()[0].contains("\r\nhost: secure.example.\r\n"));
}
