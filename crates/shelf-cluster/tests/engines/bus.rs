//! The bus: what one process writes wakes another one, and nothing waits for a bus that is away.

use crate::open;
use shelf_cluster::nats::Nats;
use shelf_cluster::postgres::Postgres;
use shelf_ports::news::News;
use shelf_testkit::Desk;
use shelf_testkit::ground::{Ground, engine};
use std::time::Duration;
use tokio::time::timeout;

/// How often one process writes until the other one wakes: the bus may still be connecting.
const WRITES_MAX: u32 = 100;
const WAIT: Duration = Duration::from_millis(200);

/// Whether `there` wakes by itself while `desk` writes `here`.
async fn wakes(desk: &Desk, here: &Postgres, there: &Postgres) -> bool {
    for write in 0..WRITES_MAX {
        let hint = there.hint();
        tokio::pin!(hint);
        assert!(timeout(Duration::ZERO, &mut hint).await.is_err(), "nobody wrote yet");
        desk.save_url(here, &format!("https://bus.example/{write}")).await;
        if timeout(WAIT, hint).await.is_ok() {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_write_of_one_process_wakes_another_one() {
    for server in ["NATS", "NATS3"] {
        let Some(address) = engine(server) else { continue };
        let Some(ground) = Ground::all().await.into_iter().next() else { continue };
        let (here, there) = (open(&ground).await, open(&ground).await);
        let desk = Desk::new(&here, 21).await;
        let carried = Nats::carry(here.bell(), &address).await.unwrap();
        let other = Nats::carry(there.bell(), &address).await.unwrap();
        assert!(wakes(&desk, &here, &there).await, "{server}");
        assert!(carried.is_up() && other.is_up());
        assert!(wakes(&desk, &there, &here).await, "{server}, the other way");
        ground.end().await;
    }
}

#[tokio::test]
async fn a_bus_that_is_away_keeps_nobody_waiting() {
    let Some(ground) = Ground::all().await.into_iter().next() else { return };
    let store = open(&ground).await;
    let desk = Desk::new(&store, 22).await;
    let carried = Nats::carry(store.bell(), "nats://127.0.0.1:9").await.unwrap();
    desk.save_url(&store, "https://bus.example/away").await;
    assert!(!carried.is_up());
    assert!(Nats::carry(store.bell(), "https://x").await.is_err(), "an address that is none");
    ground.end().await;
}
