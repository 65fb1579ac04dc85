//! Saves by several hands while gateways are killed and the database throws everybody out: what was
//! acknowledged is there, once, and the log has no gap.

use crate::deployment::Deployment;
use serde_json::{Value, json};
use shelf_client::{Client, ClientFailure};
use shelf_testkit::ground::connect;
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How many people save at each gateway.
const HANDS: usize = 3;
/// Harms that are done, one after the other.
const HARMS: usize = 12;
/// The time between two of them.
const PAUSE: Duration = Duration::from_millis(300);

async fn pause() {
    drop(timeout(PAUSE, pending::<()>()).await);
}

/// Saves one page after the other until it is over; the addresses that were acknowledged.
fn hand(
    (client, library): (Client, String),
    name: String,
    over: Arc<AtomicBool>,
) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        let mut at = 0;
        while !over.load(Ordering::Relaxed) {
            let url = format!("https://storm.example/{name}/{at}");
            let ask =
                json!({ "url": url, "title": format!("Page {name} {at}"), "tags": ["storm"] });
            let saved = client.post::<Value>(&format!("{library}/bookmarks"), &ask).await;
            match saved {
                Ok(_) => acknowledged.push(url),
                Err(ClientFailure::Unreachable { .. }) => pause().await,
                Err(_) => tokio::task::yield_now().await,
            }
            at += 1;
        }
        acknowledged
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_whatever_is_killed() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway"), ("k", "keeper")]).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut hands = Vec::new();
    for gateway in ["a", "b"] {
        for at in 0..HANDS {
            let owner = shelf.owner(gateway).await;
            hands.push(hand(owner, format!("{gateway}{at}"), Arc::clone(&over)));
        }
    }
    let admin = connect(shelf.admin_url()).await;
    for harm in 0..HARMS {
        pause().await;
        match harm % 4 {
            3 => {
                shelf.records.cut();
                pause().await;
                shelf.records.mend();
            }
            2 if harm == HARMS / 2 => shelf.kill("b"),
            _ => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
                admin.execute(sql, &[]).await.unwrap();
            }
        }
    }
    pause().await;
    over.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for hand in hands {
        acknowledged.extend(hand.await.unwrap());
    }
    let (client, library) = shelf.owner("a").await;
    let (seqs, urls) = whole_log(&client, &library).await;
    eprintln!("{} saves were acknowledged, {} are in the log", acknowledged.len(), urls.len());
    assert!(acknowledged.len() > HANDS * HARMS, "the storm let next to nothing through");
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "the log has a gap");
    let there: BTreeSet<&String> = urls.iter().collect();
    assert_eq!(there.len(), urls.len(), "a page is there twice");
    let lost: Vec<_> = acknowledged.iter().filter(|url| !there.contains(url)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    shelf.end().await;
}

/// The seq of every row, and the address of every bookmark that a row made.
async fn whole_log(client: &Client, library: &str) -> (Vec<u64>, Vec<String>) {
    let (mut seqs, mut urls, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let path = format!("{library}/changes?limit=1000{cursor}");
        let pulled: Value = client.get(&path).await.unwrap();
        for change in pulled["changes"].as_array().unwrap() {
            seqs.push(change["seq"].as_u64().unwrap());
            let url = change["set"]["url"].as_str();
            urls.extend(url.filter(|_| change["number"].is_u64()).map(str::to_owned));
        }
        if pulled["has_more"] != json!(true) {
            return (seqs, urls);
        }
        cursor = format!("&cursor={}", pulled["next_cursor"].as_str().unwrap());
    }
}
