//! Lists that every page shows: kept for as long as the log does not move, by all processes
//! together where there is Redis, and never stale.

use crate::open;
use shelf_cluster::postgres::Postgres;
use shelf_cluster::redis::Redis;
use shelf_ports::views::Views;
use shelf_testkit::ground::{Ground, connect, engine};
use shelf_testkit::{Desk, Wire};
use std::time::Duration;
use tokio::time::timeout;

/// How long the server may take to be reached.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A process on the ground, with the server at the end of the wire.
async fn process(ground: &Ground, wire: &Wire) -> (Postgres, Redis) {
    let store = open(ground).await;
    let redis = Redis::open(&format!("redis://127.0.0.1:{}", wire.port)).await.unwrap();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    store.keep_lists_on(redis.clone());
    (store, redis)
}

pub(crate) async fn is_up(redis: &Redis, wanted: bool) {
    while redis.is_up() != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_shared_until_the_log_moves() {
    let Some(address) = engine("REDIS") else { return };
    let Some(ground) = Ground::one().await else { return };
    let wire = Wire::to(port_of(&address)).await;
    let (here, _) = process(&ground, &wire).await;
    let (there, redis) = process(&ground, &wire).await;
    let desk = Desk::new(&here, 31).await;
    desk.save_url(&here, "https://lists.example/1").await;
    let folder = desk.folder(&here, "Kites", None).await;
    assert_eq!(here.counts(desk.scope).await.unwrap().bookmarks, 1);
    assert_eq!(here.collections(desk.scope).await.unwrap()[0].0.id, folder);

    // What nobody may do shows who answers: the items go, and the log stays where it is.
    let all = connect(&ground.admin_url).await;
    all.batch_execute("DELETE FROM items").await.unwrap();
    assert_eq!(there.counts(desk.scope).await.unwrap().bookmarks, 1, "counted by the other one");
    assert_eq!(there.collections(desk.scope).await.unwrap()[0].0.name, "Kites");
    assert!(there.tags(desk.scope).await.unwrap().is_empty());

    desk.save_url(&here, "https://lists.example/2").await;
    assert_eq!(there.counts(desk.scope).await.unwrap().bookmarks, 1, "only the new one is there");
    let stranger = Desk::new(&here, 32).await;
    let mixed = shelf_domain::id::Scope { tenant: stranger.scope.tenant, ..desk.scope };
    assert_eq!(there.counts(mixed).await.unwrap().bookmarks, 0, "not for another tenant");

    wire.cut();
    timeout(WAIT_MAX, is_up(&redis, false)).await.unwrap();
    desk.save_url(&here, "https://lists.example/3").await;
    assert_eq!(there.counts(desk.scope).await.unwrap().bookmarks, 2, "without the server, too");
    wire.hold();
    desk.save_url(&here, "https://lists.example/4").await;
    let counted = timeout(WAIT_MAX, there.counts(desk.scope)).await.unwrap();
    assert_eq!(counted.unwrap().bookmarks, 3, "nobody waits for a server that hangs");
    wire.mend();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    ground.end().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    assert!(Redis::open("https://127.0.0.1").await.is_err());
}

pub(crate) fn port_of(url: &str) -> u16 {
    let after = url.rsplit(['@', ':']).next().unwrap();
    after.split('/').next().unwrap().parse().unwrap()
}
