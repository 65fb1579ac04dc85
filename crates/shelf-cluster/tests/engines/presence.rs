//! Presence: said on Redis for all processes together, and soon told where it does not answer.

use crate::lists::{is_up, port_of};
use shelf_cluster::redis::{Redis, RedisPresence};
use shelf_domain::id::{LibraryId, PersonId, Scope, TenantId};
use shelf_ports::presence::{Doing, PRESENT_MS, Presence, Seat, SessionId};
use shelf_testkit::ground::engine;
use shelf_testkit::{Wire, exams};
use std::time::Duration;
use tokio::time::timeout;

const NOW: i64 = 1_790_000_000_000;
/// How long the server may take to be reached, and a fault to be told.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A process that asks at the end of the wire.
async fn process(wire: &Wire) -> (RedisPresence, Redis) {
    let redis = Redis::open(&format!("redis://127.0.0.1:{}", wire.port)).await.unwrap();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    (RedisPresence::new(redis.clone()), redis)
}

/// What tells this run from others on the same server.
fn run() -> [u8; 8] {
    u64::from(std::process::id()).to_be_bytes()
}

/// A library of this run.
fn scope(number: u8) -> Scope {
    let mut library = [number; 16];
    library[..8].copy_from_slice(&run());
    Scope { tenant: TenantId::from_bytes([6; 16]), library: LibraryId::from_bytes(library) }
}

/// Where Ada is.
fn ada() -> Seat {
    let person = PersonId::from_bytes([5; 16]);
    Seat { session: SessionId([1; 16]), person, item: None, doing: Doing::Writing }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_sits_its_exam() {
    let Some(address) = engine("REDIS") else { return };
    let wire = Wire::to(port_of(&address)).await;
    exams::presence::exam(&process(&wire).await.0, run()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_see_each_others_people_and_a_server_that_is_away_is_a_fault_soon() {
    let Some(address) = engine("REDIS") else { return };
    let wire = Wire::to(port_of(&address)).await;
    let ((here, redis), (there, _)) = (process(&wire).await, process(&wire).await);
    let (scope, ada) = (scope(99), ada());
    here.here(scope, &ada, NOW).await.unwrap();
    assert_eq!(there.present(scope, NOW).await.unwrap(), [ada]);

    wire.hold();
    let hanging = timeout(WAIT_MAX, here.present(scope, NOW)).await.unwrap();
    assert!(hanging.unwrap_err().is_away(), "nobody waits for a server that hangs");
    wire.cut();
    timeout(WAIT_MAX, is_up(&redis, false)).await.unwrap();
    assert!(here.here(scope, &ada, NOW).await.unwrap_err().is_away());
    wire.mend();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    assert!(here.here(scope, &ada, NOW).await.is_ok(), "back by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_whose_clocks_differ_mean_the_same_half_minute() {
    let Some(address) = engine("REDIS") else { return };
    let wire = Wire::to(port_of(&address)).await;
    let ((here, _), (there, _)) = (process(&wire).await, process(&wire).await);
    let (scope, ada) = (scope(98), ada());
    let fast = NOW + 2 * PRESENT_MS;
    here.here(scope, &ada, NOW).await.unwrap();
    assert_eq!(there.present(scope, fast).await.unwrap(), [ada], "a minute fast");
    assert!(there.present(scope, fast + PRESENT_MS).await.unwrap().is_empty(), "she went");
    there.here(scope, &ada, fast).await.unwrap();
    assert_eq!(here.present(scope, NOW).await.unwrap(), [ada]);
    let soon = NOW + PRESENT_MS + 20_000;
    assert!(here.present(scope, soon).await.unwrap().is_empty(), "and stays for no longer");
}
