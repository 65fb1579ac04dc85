//! Several processes share the work of following: each has its part of all libraries, and one that
//! comes or goes changes the parts of the others.

use crate::deployment::{Deployment, found, until};
use crate::program::{mindshelf, ran, said};
use serde_json::{Value, json};
use shelf_client::{Client, Http};
use shelf_cluster::postgres::Postgres;
use shelf_identity::{CreateToken, Doors, create_token};
use shelf_ports::usage::AnyRoom;
use shelf_testkit::desk::Desk;
use shelf_testkit::{FakeClock, SeededChance};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// People with a library each: enough for every third of the groups.
const PEOPLE: u64 = 40;

/// One person at one gateway, and the library's path.
type Reader = (Client, String);

/// New people, every second of them at the other gateway.
async fn readers(shelf: &Deployment) -> Vec<Reader> {
    let store = Arc::new(Postgres::open(shelf.records_url()).await.unwrap());
    let doors = Doors {
        accounts: store.clone(),
        tenants: store.clone(),
        audit: store.clone(),
        rooms: Arc::new(AnyRoom),
        clock: Arc::new(FakeClock::default()),
        chance: Arc::new(SeededChance::new(40)),
    };
    let mut readers = Vec::new();
    for number in 0..PEOPLE {
        let desk = Desk::new(&*store, 9_000 + number).await;
        let ask = CreateToken::called("test");
        let token = create_token(&doors, desk.person.into(), ask).await.unwrap().secret;
        let gateway = if number % 2 == 0 { "a" } else { "b" };
        let http = Http::new(&shelf.process(gateway).server.address).unwrap();
        let client = Client::new(Arc::new(http), token.expose()).unwrap();
        readers.push((client, format!("/v1/libraries/{}", desk.scope.library)));
    }
    readers
}

/// Each saves a page called `name`.
async fn save(readers: &[Reader], name: &str) {
    for (client, library) in readers {
        let ask = json!({ "url": format!("https://shares.example/{name}"), "title": name });
        let _saved: Value = client.post(&format!("{library}/bookmarks"), &ask).await.unwrap();
    }
}

/// How long it takes until each finds `name`.
async fn all_find(readers: &[Reader], name: &str) -> Duration {
    let mut missing: Vec<&Reader> = readers.iter().collect();
    let all = async || {
        let mut left = Vec::new();
        for reader in &missing {
            if found(reader, name).await.unwrap() != [name] {
                left.push(*reader);
            }
        }
        missing = left;
        missing.is_empty().then_some(())
    };
    until("everybody finds what they saved", all).await.1
}

/// How long it takes until the processes that follow have `shares`.
async fn have(shelf: &Deployment, shares: &[i64]) -> Duration {
    let fair = async || (shelf.shares().await == shares).then_some(());
    until("the shares are fair", fair).await.1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_follow_share_the_libraries_out() {
    let Some(mut shelf) = Deployment::prepare_shared().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway"), ("c", "bookmarks")]).await;
    let readers = readers(&shelf).await;
    have(&shelf, &[64]).await;
    save(&readers, "kite").await;
    let after = all_find(&readers, "kite").await;
    eprintln!("with one that follows, {PEOPLE} people found what they saved after {after:?}");

    shelf.start(&[("d", "bookmarks"), ("e", "bookmarks")]).await;
    let after = have(&shelf, &[21, 21, 22]).await;
    eprintln!("two that joined had their shares {after:?} after they were ready");
    save(&readers, "lantern").await;
    let after = all_find(&readers, "lantern").await;
    eprintln!("with three that follow, {PEOPLE} people found what they saved after {after:?}");

    said(mindshelf(shelf.process("c").data()).arg("rebuild"));
    all_find(&readers, "lantern").await;

    let died = Instant::now();
    shelf.kill("d");
    save(&readers, "harbour").await;
    all_find(&readers, "harbour").await;
    let found = died.elapsed();
    have(&shelf, &[32, 32]).await;
    let fair = died.elapsed();
    eprintln!("one that died was replaced after {fair:?}, all was found after {found:?}");

    let stopped = Instant::now();
    assert!(shelf.stop("e"), "it stops cleanly");
    assert_eq!(shelf.shares().await.len(), 1, "it gave its leases back");
    save(&readers, "meadow").await;
    all_find(&readers, "meadow").await;
    let found = stopped.elapsed();
    have(&shelf, &[64]).await;
    let fair = stopped.elapsed();
    eprintln!("one that stopped was replaced after {fair:?}, all was found after {found:?}");

    // It has advice, too: the engines of tests are not durable.
    let told = ran(mindshelf(shelf.process("c").data()).args(["doctor", "--json"]));
    let health: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(health["followers"][0]["groups"], 64, "{health}");
    shelf.end().await;
}
