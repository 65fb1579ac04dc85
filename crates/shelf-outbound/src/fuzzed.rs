//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::address::{is_metadata, is_public};
use crate::rules::{Allowed, Rules};
use crate::sniff::agrees;
use crate::target::Target as Hop;
use crate::unpack::{Coding, Growth, Unpacker};
use std::net::SocketAddr;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    (
        "outbound address",
        address,
        &[
            b"https://example.org/a\n../b?c",
            b"http://0x7f.0.0.1/\n//169.254.169.254/",
            b"http://[::ffff:10.0.0.1]:443/\nhttps://metadata.google.internal./",
            "http://\u{ff11}\u{ff12}\u{ff17}.1/\nhttp://a@b/".as_bytes(),
        ],
    ),
    (
        "outbound allowed",
        allowed,
        &[b"10.1.0.0/16", b"NAS.home.:5000", b"[fd00::7]:8080", b"192.168.1.7"],
    ),
    ("outbound body", body, &[PACKED, b"<!doctype html>", b"%PDF-1.7"]),
];

/// Eight bytes of text in gzip, stored.
const PACKED: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x10\x36\x05\0\0\0";
/// How far bodies may grow here.
const GROWTH: Growth = Growth { body_bytes: 1 << 20, ratio: 100 };

/// What somebody typed and, in the next line, where an answer leads from there.
fn address(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (typed, location) = text.split_once('\n').unwrap_or((&text, ""));
    let rules = Rules::default();
    let Ok(first) = Hop::typed(typed, &rules) else { return };
    judged(&first, &rules);
    if let Ok(next) = first.led(location, &rules) {
        judged(&next, &rules);
        assert!(next.secure || !first.secure, "never from https to http");
    }
}

/// What holds of every hop that may be made.
fn judged(hop: &Hop, rules: &Rules) {
    assert!(hop.url.username().is_empty() && hop.url.password().is_none());
    assert!(hop.port == 80 || hop.port == 443);
    // What is read may be written longer than what is read at most.
    if let Ok(again) = Hop::typed(hop.url.as_str(), rules) {
        assert!(again.url == hop.url && again.host == hop.host, "{}", hop.url);
    }
    let Some(ip) = hop.address() else { return };
    if rules.judge_place(&hop.host, SocketAddr::new(ip, hop.port)).is_ok() {
        assert!(is_public(ip) && !is_metadata(ip), "{ip}");
    }
}

fn allowed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(Allowed::Place(host, port)) = text.parse::<Allowed>() {
        let again = format!("{host}:{port}").parse::<Allowed>();
        assert_eq!(again, Ok(Allowed::Place(host, port)));
    }
}

fn body(bytes: &[u8]) {
    for coding in [Coding::Plain, Coding::Gzip] {
        let mut unpacker = Unpacker::new(coding, GROWTH);
        let whole = bytes.chunks(7).try_for_each(|piece| unpacker.take(piece));
        assert!(unpacker.so_far().len() <= GROWTH.body_bytes, "no further than it may");
        if let (Ok(()), Ok(body)) = (whole, unpacker.finish()) {
            assert!(body.len() <= GROWTH.body_bytes);
            let _ = agrees("text/html", &body);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
