//! Several processes are one shelf: what one does the others know, and each can go.

use crate::deployment::{Deployment, found, until};
use crate::hand::Hand;
use crate::program::mindshelf;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::Stdio;

/// Rows of a file that takes a while.
const ROWS: usize = 20_000;

fn file() -> String {
    let mut file = String::new();
    for row in 0..ROWS {
        let url = format!("https://example.org/{row}");
        writeln!(file, "{}", json!({ "url": url, "title": format!("Page {row}") })).unwrap();
    }
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_are_one_shelf() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway"), ("c", "keeper"), ("d", "keeper")]).await;
    let (here, there) = (shelf.owner("a").await, shelf.owner("b").await);
    assert_eq!(here.1, there.1, "of several first starts one made the library");

    let bookmarks = format!("{}/bookmarks", here.1);
    let ask = json!({ "url": "https://example.org/kite", "title": "How to build a kite" });
    let saved: Value = here.0.post(&bookmarks, &ask).await.unwrap();
    let path = format!("{bookmarks}/{}", saved["item"]["id"].as_str().unwrap());
    let seen: Value = there.0.get(&path).await.unwrap();
    assert_eq!(seen["title"], "How to build a kite", "what is saved is there at once");
    let finds = async || found(&there, "kite").await.unwrap().pop();
    let (title, after) = until("the other gateway finds it", finds).await;
    assert_eq!(title, "How to build a kite");
    eprintln!("the other gateway found it after {after:?}");

    for name in ["a", "b", "c", "d"] {
        let health = shelf.process(name).health().await;
        assert_eq!((&health["status"], &health["degraded"]), (&json!("ok"), &json!([])), "{name}");
    }
    let keeper = shelf.process("c").server.address.clone();
    let client = shelf_client::Http::new(&keeper).unwrap();
    let ask = shelf_client::Request::new(shelf_client::Method::GET, "/v1/me");
    let answer = shelf_client::Transport::send(&client, ask).await.unwrap();
    assert_eq!(answer.status, 404, "a keeper is no gateway");
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_that_dies_or_stops_is_replaced_within_seconds() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("c", "keeper")]).await;
    let held = async || shelf.lease("keeper").await.filter(|(_, held)| *held);
    let ((first, _), _) = until("somebody is the keeper", held).await;
    shelf.start(&[("d", "keeper")]).await;
    assert_eq!(shelf.lease("keeper").await, Some((first, true)), "the first one stays the keeper");
    shelf.kill("c");
    let next = async || shelf.lease("keeper").await.filter(|(fence, _)| *fence > first);
    let ((second, held), after) = until("another one is the keeper", next).await;
    assert!(held);
    eprintln!("after a crash another keeper followed within {after:?}");
    shelf.start(&[("e", "keeper")]).await;
    assert!(shelf.stop("d"), "it stops cleanly");
    let next = async || shelf.lease("keeper").await.filter(|(fence, _)| *fence > second);
    let (_, after) = until("another one is the keeper", next).await;
    eprintln!("after a stop another keeper followed within {after:?}");
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_gateway_dies_is_settled_and_can_be_undone_elsewhere() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway"), ("c", "keeper")]).await;
    let (there, library) = shelf.owner("b").await;
    let imports = format!("{library}/imports");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pages.jsonl");
    std::fs::write(&path, file()).unwrap();
    let mut import = mindshelf(shelf.process("a").data());
    let import = import.arg("import").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    let mut import = import.spawn().unwrap();
    let works = async || {
        let jobs: Value = there.get(&imports).await.unwrap();
        let job = jobs["items"][0].clone();
        assert_ne!(job["state"], "done", "the file is too small to be interrupted");
        job["parsed"].as_u64().is_some_and(|parsed| parsed > 0).then_some(job)
    };
    let (job, _) = until("the import is under way", works).await;
    shelf.kill("a");
    assert!(!import.wait().unwrap().success(), "whoever waited is told");
    let path = format!("{imports}/{}", job["id"].as_str().unwrap());
    let settled = async || {
        let job: Value = there.get(&path).await.unwrap();
        (job["state"] != "running").then_some(job)
    };
    let (job, after) = until("the import is settled", settled).await;
    eprintln!("an import was settled {after:?} after its gateway died");
    assert_eq!(job["state"], "failed");
    assert!(job["problem"].as_str().unwrap().contains("importing the file again"), "{job}");
    let counted = async || {
        let me: Value = there.get("/v1/me").await.unwrap();
        me["libraries"][0]["counts"]["bookmarks"].as_u64()
    };
    assert_eq!(counted().await, job["stored"].as_u64(), "what came in, as the log has it");
    let undone: Value = there.post(&format!("{path}/undo"), &json!({})).await.unwrap();
    assert_eq!(undone["state"], "undone");
    assert_eq!(counted().await, Some(0));
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_sent_to_one_gateway_is_imported_at_another() {
    let Some(mut shelf) = Deployment::prepare_with_bucket().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway")]).await;
    let link = shelf.process("a").server.link.clone();
    let here = Hand::signed_in(&shelf.process("a").server.address, &link).await;
    let there = here.at(&shelf.process("b").server.address);
    let csrf = here.csrf().await;
    let sent = here.sent("/import?name=pages.jsonl", &csrf, file()).await;
    let rehearsal = sent.headers()["x-location"].to_str().unwrap().to_owned();
    let shown = async || there.page(&rehearsal).await.contains("Bring in 20,000").then_some(());
    until("the other gateway shows what would come in", shown).await;
    shelf.kill("a");

    let run = format!("{rehearsal}/run");
    let began = there.sent(&run, &csrf, String::new()).await;
    let import = began.headers()["location"].to_str().unwrap().to_owned();
    let said = "20,000 parsed = 20,000 stored";
    let done = async || there.page(&import).await.contains(said).then_some(());
    let ((), after) = until("all of it came in", done).await;
    eprintln!("what the other gateway took came in within {after:?}");
    let again = there.sent(&run, &csrf, String::new()).await;
    assert_eq!(again.status(), 404, "the file is gone after its import");
    shelf.end().await;
}
