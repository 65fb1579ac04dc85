//! Processes of sync alone: a device syncs by one, hears from it what is written at a gateway, and goes
//! on by another one when the first is gone.

use crate::deployment::{Deployment, RECOVERY_MAX};
use crate::program::{mindshelf, said};
use serde_json::{Value, json};
use shelf_client::{Client, ClientFailure, Http};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tokio::time::timeout;

/// The replica of a device, by the command line.
fn device(dir: &Path, server: &str, token: &str, what: &[&str]) -> Command {
    let mut command = mindshelf(dir);
    command.args(["--server", server, "--token", token, "sync"]).args(what);
    command
}

/// The addresses of the bookmarks in the library.
async fn kept((client, library): &(Client, String)) -> Vec<String> {
    let page: Value = client.get(&format!("{library}/bookmarks?limit=100")).await.unwrap();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_syncs_by_a_process_of_sync_and_goes_on_by_another() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("s", "sync")]).await;
    let here = shelf.owner("a").await;
    let save = async |url: &str| {
        let path = format!("{}/bookmarks", here.1);
        here.0.post::<Value>(&path, &json!({ "url": url })).await.unwrap();
    };
    save("https://example.org/before").await;
    let made: Value = here.0.post("/v1/tokens", &json!({ "name": "device" })).await.unwrap();
    let token = made["token"].as_str().unwrap();

    let first = shelf.process("s").server.address.clone();
    let dir = tempfile::tempdir().unwrap();
    said(&mut device(dir.path(), &first, token, &[]));
    let listed = said(&mut device(dir.path(), &first, token, &["--offline", "list"]));
    assert!(listed.contains("https://example.org/before"), "{listed}");
    said(&mut device(dir.path(), &first, token, &["add", "https://example.org/pushed"]));
    assert!(kept(&here).await.contains(&"https://example.org/pushed".to_owned()));

    // What is written at the gateway is told by the process of sync.
    let there = Client::new(Arc::new(Http::new(&first).unwrap()), token).unwrap();
    let library = there.library_called(None).await.unwrap();
    let head = library.pull(None, 1_000).await.unwrap();
    let mut news = library.news(Some(&head.next_cursor)).await.unwrap();
    save("https://example.org/told").await;
    timeout(RECOVERY_MAX, news.wait()).await.expect("nothing was told").unwrap();

    // It answers what devices need and nothing else.
    let asked = there.get::<Value>(&format!("{}/bookmarks", here.1)).await;
    assert!(matches!(asked, Err(ClientFailure::Refused { status: 404, .. })), "{asked:?}");
    let health = shelf.process("s").health().await;
    assert_eq!((&health["status"], &health["degraded"]), (&json!("ok"), &json!([])));

    shelf.kill("s");
    assert!(timeout(RECOVERY_MAX, news.wait()).await.expect("nothing was heard").is_err());
    let offline = ["--offline", "add", "https://example.org/meanwhile"];
    said(&mut device(dir.path(), &first, token, &offline));
    save("https://example.org/after").await;
    shelf.start(&[("t", "sync")]).await;
    let second = shelf.process("t").server.address.clone();
    said(&mut device(dir.path(), &second, token, &[]));
    let listed = said(&mut device(dir.path(), &second, token, &["--offline", "list"]));
    for url in ["told", "after", "meanwhile"] {
        assert!(listed.contains(&format!("https://example.org/{url}")), "{url}: {listed}");
    }
    assert!(kept(&here).await.contains(&"https://example.org/meanwhile".to_owned()));
    shelf.end().await;
}
