//! Bytes on a socket that no well-behaved client would send, against the server that runs.

use crate::program::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a test waits for what must come.
const LONG: Duration = Duration::from_mins(1);
/// What somebody else's request would be, smuggled in behind another one.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Everything that is answered to `bytes` until the server hangs up.
fn answered(server: &Server, bytes: &[u8]) -> String {
    let address = server.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    // It may hang up before it has read all.
    drop(stream.write_all(bytes));
    let mut all = Vec::new();
    drop(stream.read_to_end(&mut all));
    String::from_utf8_lossy(&all).into_owned()
}

fn statuses(told: &str) -> Vec<&str> {
    let heads = told.split("HTTP/1.1 ").skip(1);
    heads.map(|head| head.get(..3).unwrap_or_default()).collect()
}

#[test]
fn a_message_whose_end_is_in_doubt_carries_no_other_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for doubtful in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: +5\r\n",
        "content-length: 0x5\r\n",
        "content-length: -1\r\n",
        "content-length: 18446744073709551616\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\u{b}: chunked\r\n",
        "content-length\0: 5\r\n",
        "x: a\0b\r\ncontent-length: 0\r\n",
        "content-length: 5\r\n folded: yes\r\n",
    ] {
        let head = "POST /sign-in HTTP/1.1\r\nhost: localhost\r\n";
        let told = answered(&server, format!("{head}{doubtful}\r\n{SMUGGLED}").as_bytes());
        let statuses = statuses(&told);
        assert!(statuses.len() <= 1, "{doubtful:?}: {told}");
        assert!(statuses.iter().all(|status| status.starts_with('4')), "{doubtful:?}: {told}");
    }
    assert!(server.stop());
}

#[test]
fn a_length_beside_chunks_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let head = "POST /v1/none HTTP/1.1\r\nhost: localhost\r\n";
    let lengths = "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n";
    let told = answered(&server, format!("{head}{lengths}0\r\n\r\n{SMUGGLED}").as_bytes());
    // The chunks end the message; whoever stands behind may be answered, or not at all.
    let healthy = statuses(&told).iter().filter(|status| **status == "200").count();
    assert!(healthy <= 1, "{told}");
    assert!(server.stop());
}

#[test]
fn a_request_for_another_name_is_turned_away_wherever_the_name_stands() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let end = "connection: close\r\n\r\n";
    for path in ["/sign-in", "/v1/me", "/graphql", "/oauth/token", "/local/followers", "/"] {
        for (target, hosts) in [
            (path.to_owned(), "host: evil.example\r\n"),
            (path.to_owned(), "host: localhost.evil.example\r\n"),
            (path.to_owned(), "host: localhost@evil.example\r\n"),
            (path.to_owned(), "host: localhost\r\nhost: evil.example\r\n"),
            (format!("http://evil.example{path}"), "host: localhost\r\n"),
            (path.to_owned(), ""),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\n{hosts}{end}");
            let told = answered(&server, request.as_bytes());
            let status = statuses(&told).first().map_or("none", |status| status).to_owned();
            assert!(["400", "403", "421"].contains(&status.as_str()), "{request:?}: {told}");
            assert!(!told.contains("set-cookie"), "{told}");
        }
    }
    let forwarded =
        "host: localhost\r\nx-forwarded-host: evil.example\r\nforwarded: host=evil.example\r\n";
    let told = answered(&server, format!("GET /sign-in HTTP/1.1\r\n{forwarded}{end}").as_bytes());
    assert!(!told.contains("evil.example"), "what is forwarded names no host: {told}");
    assert!(server.stop());
}

#[test]
fn a_head_that_is_too_large_is_refused_and_the_server_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let one = format!("x-long: {}\r\n", "a".repeat(1 << 20));
    let many = "x-many: a\r\n".repeat(5_000);
    for more in [one, many] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
        let told = answered(&server, request.as_bytes());
        assert!(statuses(&told).iter().all(|status| *status == "431"), "{told}");
    }
    let told = answered(&server, SMUGGLED.as_bytes());
    assert_eq!(statuses(&told), ["200"]);
    assert!(server.stop());
}
