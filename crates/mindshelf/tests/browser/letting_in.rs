//! Programs of others: let in from the browser, as a device, and told what happens.

use crate::walk::Walk;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

/// What the program's proof must hash to; the verifier of RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// How long a connection may say nothing: browsers open some to have them.
const SILENCE_MAX: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_program_is_let_in_from_the_browser_and_put_out_in_the_settings() {
    let Some(walk) = Walk::among_links().await else { return };
    let (back, asked) = a_program_waits();
    let scopes = "bookmarks:read,bookmarks:write";
    let register = ["program", "register", "--name", "Reading list", "--redirect", &back];
    let id = walk.server.said(&[&register[..], &["--scope", scopes]].concat());
    let ask = format!(
        "/oauth/authorize?response_type=code&client_id={id}&redirect_uri={back}&state=abc\
         &scope=bookmarks:read+bookmarks:write&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    walk.open(&ask).await;
    walk.sees("Let Reading list in?").await;
    walk.look("consent").await;
    walk.turn("", "Let it in").await;
    walk.sees("You can go on in the program").await;
    let asked = asked.join().unwrap();
    for part in ["code=", "state=abc", "iss=http"] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    walk.judge.expects("400");
    walk.open(&ask.replace(&id, "0193f0a0-0000-7000-8000-0000000000ff")).await;
    walk.sees("Nothing was let in").await;
    walk.look("not-let-in").await;
    walk.end().await;
}

#[tokio::test]
async fn a_device_is_let_in_by_its_code() {
    let Some(walk) = Walk::among_links().await else { return };
    let (mut login, code) = walk.server.login("the laptop");
    walk.open("/device").await;
    walk.write("Code", "BCDF-GHJK").await;
    walk.judge.expects("404");
    walk.turn("", "Go on").await;
    walk.sees("No device waits under this code").await;
    walk.look("device").await;
    walk.rewrite("Code", &code.to_lowercase()).await;
    walk.turn("", "Go on").await;
    walk.sees("the laptop").await;
    walk.look("device-consent").await;
    walk.turn("", "Let it in").await;
    walk.sees("It is in").await;
    assert!(login.wait().unwrap().success(), "the device goes on by itself");
    walk.open("/settings").await;
    walk.sees("MindShelf on the command line").await;
    walk.look("settings-programs").await;
    walk.turn("#apps", "Shut out").await;
    walk.misses("MindShelf on the command line").await;
    walk.end().await;
}

#[tokio::test]
async fn an_address_is_told_what_happens_and_can_be_paused() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/webhooks").await;
    walk.sees("Nobody is told").await;
    walk.look("webhooks-none").await;
    walk.write("Address", "http://127.0.0.1:9/hook").await;
    walk.write("What is it for?", "The reading list").await;
    walk.turn("main", "Add").await;
    walk.sees("whsec_").await;
    walk.look("webhook-secret").await;
    // Nothing on this machine is told, unless whoever runs the server named it.
    walk.turn("main", "Send a test").await;
    walk.sees_in_the_end("Failed").await;
    walk.open("/webhooks").await;
    walk.sees("The reading list").await;
    walk.look("webhooks").await;
    walk.turn("main", "Open").await;
    walk.look("webhook").await;
    walk.turn("main", "Pause").await;
    walk.sees("Paused").await;
    walk.end().await;
}

/// A program that listens on this machine: where, and what it is asked once it is.
fn a_program_waits() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let back = format!("http://{}/back", listener.local_addr().unwrap());
    let asked = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(SILENCE_MAX)).unwrap();
            let mut line = String::new();
            let read = BufReader::new(&stream).read_line(&mut line);
            if read.is_ok() && line.starts_with("GET /back") {
                let page = "<!doctype html><title>Done</title><link rel=icon href=data:,><p>You can go on in the program.";
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len()).unwrap();
                return line;
            }
        }
        String::new()
    };
    (back, std::thread::spawn(asked))
}
