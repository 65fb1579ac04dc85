//! A disk that is full: saves are refused with what to do, nothing acknowledged is lost, reading and
//! searching go on, and all is well again when there is room.
//!
//! A limit on the size of the server's files stands for the full disk: every write beyond it is an
//! error of the file system, in the database, its journal and the search index alike.

use crate::program::{Server, client, mindshelf, told};
use serde_json::{Value, json};
use shelf_client::{Client, ClientFailure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Saves while there is room.
const SAVED: usize = 40;
/// How long followers may take to find their way back: they try again once a minute at least.
const RECOVERY_MAX: Duration = Duration::from_secs(90);

/// Starts a server that gets an error, not a signal, when a file may not grow.
fn start(data: &Path) -> Server {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mindshelf")]);
    command.env_clear().env("HOME", data).env("PATH", "/usr/bin:/bin").arg("--data").arg(data);
    command.stderr(Stdio::null());
    Server::start_as(command)
}

/// Lets no file of the server grow beyond `bytes`; whether this machine can do that.
fn limit(server: &Server, bytes: &str) -> bool {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &server.child.id().to_string(), &format!("--fsize={bytes}:unlimited")]);
    command.status().is_ok_and(|status| status.success())
}

async fn save(there: &Client, library: &str, number: usize) -> Result<String, ClientFailure> {
    let url = format!("https://example.org/{number}");
    let body = json!({ "url": url, "title": format!("Page number{number}"), "tags": ["t"] });
    let saved: Value = there.post(&format!("{library}/bookmarks"), &body).await?;
    Ok(saved["item"]["id"].as_str().unwrap().to_owned())
}

fn refused_for_room<T: std::fmt::Debug>(result: Result<T, ClientFailure>) {
    match result {
        Err(ClientFailure::Refused { status, code, title, .. }) => {
            assert_eq!((status, code.as_str()), (507, "no_room"), "{title}");
            assert!(title.contains("no room left"), "{title}");
        }
        other => unreachable!("a refusal was due, not {other:?}"),
    }
}

async fn total(there: &Client, library: &str, query: &str) -> Result<u64, ClientFailure> {
    let found: Value = there.get(&format!("{library}/search?q={query}&mode=words")).await?;
    Ok(found["total"].as_u64().unwrap())
}

/// Whether `query` comes to find `count` bookmarks.
async fn finds(there: &Client, library: &str, query: &str, count: u64) -> bool {
    let found = async {
        while total(there, library, query).await.unwrap() != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(RECOVERY_MAX, found).await.is_ok()
}

#[tokio::test]
async fn a_full_disk_refuses_saves_loses_nothing_and_is_over_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = start(dir.path());
    if !limit(&server, "unlimited") {
        let ci = std::env::vars().any(|(name, value)| name == "CI" && value == "true");
        assert!(!ci, "prlimit is needed here");
        eprintln!("skipped: there is no prlimit to make the disk full with");
        assert!(server.stop());
        return;
    }
    let (there, library) = client(dir.path()).await;
    let mut kept = Vec::new();
    for number in 0..SAVED {
        kept.push((number, save(&there, &library, number).await.unwrap()));
    }
    let all = SAVED as u64;
    assert!(finds(&there, &library, "page", all).await, "followed before the disk is full");
    assert!(limit(&server, "1"));
    for number in SAVED..SAVED + 5 {
        refused_for_room(save(&there, &library, number).await);
    }
    let at = format!("{library}/bookmarks/{}", kept[0].1);
    refused_for_room(there.delete(&at).await);
    refused_for_room(there.post::<Value>("/v1/tokens", &json!({ "name": "t" })).await);
    // Many at once share one commit: each of them is told.
    let many = (0..16).map(|number| save(&there, &library, 1_000 + number));
    futures::future::join_all(many).await.into_iter().for_each(refused_for_room);
    let file = dir.path().join("more.csv");
    std::fs::write(&file, "url,title\nhttps://example.org/imported,Imported\n").unwrap();
    let import = mindshelf(dir.path()).arg("import").arg(&file).output().unwrap();
    assert_eq!(import.status.code(), Some(1));
    let said = String::from_utf8_lossy(&import.stderr);
    assert!(said.contains("no room left") && said.contains("make room"), "{said}");
    let listed: Value = there.get(&format!("{library}/bookmarks?limit=100")).await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), SAVED, "reading goes on");
    assert_eq!(total(&there, &library, "page").await.unwrap(), all, "searching, too");

    assert!(limit(&server, "unlimited"));
    kept.push((SAVED, save(&there, &library, SAVED).await.unwrap()));
    let found = async {
        while total(&there, &library, &format!("number{SAVED}")).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    assert!(
        tokio::time::timeout(RECOVERY_MAX, found).await.is_ok(),
        "followers go on by themselves"
    );
    server.kill();

    let server = start(dir.path());
    let (there, library) = client(dir.path()).await;
    for (number, id) in &kept {
        let there: Value = there.get(&format!("{library}/bookmarks/{id}")).await.unwrap();
        assert_eq!(there["url"], format!("https://example.org/{number}"));
    }
    let health = told(mindshelf(dir.path()).args(["doctor", "--json"]));
    assert_eq!(health["damage"], json!([]), "{health}");
    assert_eq!(health["libraries"][0]["bookmarks"], kept.len(), "what was refused is not there");
    assert!(server.stop());
}
