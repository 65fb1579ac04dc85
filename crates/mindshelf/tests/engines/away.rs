//! Engines go away and come back: what still works, what is marked, what is refused, and that
//! nothing acknowledged is lost (docs/OPERATIONS.md, "When an engine is away").

use crate::deployment::{Deployment, RECOVERY_MAX, found, until};
use crate::hand::Hand;
use crate::program::Server;
use serde_json::{Value, json};
use shelf_client::{Client, Http, Method, Request, Transport};
use std::sync::Arc;

/// Saves a page; the id it got.
async fn save((client, library): &(Client, String), name: &str) -> Option<String> {
    let ask = json!({ "url": format!("https://away.example/{name}"), "title": name });
    let saved: Value = client.post(&format!("{library}/bookmarks"), &ask).await.ok()?;
    Some(saved["item"]["id"].as_str().unwrap().to_owned())
}

/// Status and `Retry-After` of an answer to `target`, however it is.
async fn asked(address: &str, target: &str) -> (u16, bool) {
    let http: Arc<dyn Transport> = Arc::new(Http::new(address).unwrap());
    let answer = http.send(Request::new(Method::GET, target)).await.unwrap();
    (answer.status, answer.headers.contains_key("retry-after"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_all_is_refused_and_comes_back_by_itself() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway"), ("c", "keeper")]).await;
    let (here, there) = (shelf.owner("a").await, shelf.owner("b").await);
    let kept = save(&here, "before").await.unwrap();
    let address = shelf.process("a").server.address.clone();

    shelf.records.cut();
    assert_eq!(save(&here, "meanwhile").await, None, "nothing is acknowledged from memory");
    assert_eq!(asked(&address, "/v1/me").await, (401, false), "who shows nothing is not signed in");
    let (status, retry) = asked(&address, "/readyz").await;
    assert_eq!((status, retry), (503, false));
    assert_eq!(asked(&address, "/healthz").await.0, 200, "the process itself lives");
    let refused = here.0.get::<Value>("/v1/me").await.unwrap_err();
    assert_eq!(refused.code(), Some("unavailable"), "{refused}");

    shelf.records.mend();
    let saves = async || save(&here, "after").await;
    let (_, back) = until("saves go on", saves).await;
    eprintln!("saves went on {back:?} after the database was back");
    let seen: Value = there.0.get(&format!("{}/bookmarks/{kept}", there.1)).await.unwrap();
    assert_eq!(seen["title"], "before");
    let finds = async || found(&there, "after").await.ok()?.pop();
    until("what was saved afterwards is found elsewhere", finds).await;
    let ready = async || (asked(&address, "/readyz").await.0 == 200).then_some(());
    until("it is ready again", ready).await;
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_bus_everything_works_and_only_word_of_it_is_late() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway")]).await;
    let (here, there) = (shelf.owner("a").await, shelf.owner("b").await);
    let address = shelf.process("b").server.address.clone();

    shelf.bus.cut();
    let marked = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!(["bus"])).then_some(health)
    };
    let (health, _) = until("the bus is told to be away", marked).await;
    assert_eq!(health["status"], "ok", "it is ready all the same");
    assert_eq!(asked(&address, "/readyz").await.0, 200);
    save(&here, "quiet").await.unwrap();
    let finds = async || found(&there, "quiet").await.unwrap().pop();
    let (_, after) = until("it is found elsewhere without a hint", finds).await;
    eprintln!("without the bus the other gateway found it after {after:?}");
    assert!(after < RECOVERY_MAX);

    shelf.bus.mend();
    let whole = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    let ((), back) = until("the bus is back", whole).await;
    eprintln!("the bus was back after {back:?}");
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_cache_everything_works() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway")]).await;
    let (here, there) = (shelf.owner("a").await, shelf.owner("b").await);
    shelf.cache.cut();
    let marked = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!(["cache", "limits"])).then_some(health)
    };
    let (health, _) = until("the cache is told to be away", marked).await;
    assert_eq!(health["status"], "ok", "it is ready all the same");
    save(&here, "quiet").await.unwrap();
    assert_eq!(counted(&there).await, 1, "what is counted is true");
    shelf.cache.mend();
    let whole = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    let ((), back) = until("the cache is back", whole).await;
    eprintln!("the cache was back after {back:?}");
    save(&here, "again").await.unwrap();
    assert_eq!(counted(&there).await, 2);
    shelf.end().await;
}

/// How many bookmarks the library is told to have.
async fn counted((client, _): &(Client, String)) -> u64 {
    let me: Value = client.get("/v1/me").await.unwrap();
    me["libraries"][0]["counts"]["bookmarks"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_hangs_requests_end_in_time() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway")]).await;
    let here = shelf.owner("a").await;
    shelf.records.hold();
    let refused = here.0.get::<Value>("/v1/me").await.unwrap_err();
    assert_eq!(refused.code(), Some("unavailable"), "{refused}");
    shelf.records.mend();
    let saves = async || save(&here, "after").await;
    until("saves go on", saves).await;
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_bucket_only_files_are_refused() {
    let Some(mut shelf) = Deployment::prepare_with_bucket().await else { return };
    shelf.start(&[("a", "gateway")]).await;
    let here = shelf.owner("a").await;
    let Server { address, link, .. } = &shelf.process("a").server;
    let hand = Hand::signed_in(address, link).await;
    let csrf = hand.csrf().await;
    let send = async || {
        let file = json!({ "url": "https://away.example/sent", "title": "sent" }).to_string();
        hand.sent("/import?name=pages.jsonl", &csrf, file).await
    };
    let blobs = shelf.blobs.as_ref().unwrap();
    blobs.cut();
    let health = shelf.process("a").health().await;
    assert_eq!((&health["status"], &health["degraded"]), (&json!("ok"), &json!(["blobs"])));
    let refused = send().await;
    assert_eq!(
        (refused.status().as_u16(), refused.headers().contains_key("retry-after")),
        (503, true)
    );
    save(&here, "quiet").await.unwrap();
    let (client, library) = &here;
    let row = json!({ "url": "https://away.example/row", "title": "row" }).to_string();
    let ask = Request::new(Method::POST, format!("{library}/imports")).bytes(row);
    let taken = client.send(ask).await.unwrap();
    assert_eq!(taken.status, 202, "what is imported at once needs no bucket");

    blobs.mend();
    let taken = async || (send().await.status().as_u16() == 201).then_some(());
    let ((), back) = until("files are taken again", taken).await;
    eprintln!("files were taken again {back:?} after the bucket was back");
    let whole = async || {
        let health = shelf.process("a").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    until("the bucket is back", whole).await;
    shelf.end().await;
}
