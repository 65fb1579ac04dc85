//! Limits: counted by all processes together on Redis, and soon told where it does not answer.

use crate::lists::{is_up, port_of};
use shelf_cluster::redis::{Redis, RedisLimits};
use shelf_domain::rate::{Cost, Quota};
use shelf_ports::limits::{BucketKey, Draw, Limits};
use shelf_testkit::ground::engine;
use shelf_testkit::{Wire, exams};
use std::time::Duration;
use tokio::time::timeout;

const NOW: i64 = 1_790_000_000_000;
/// How long the server may take to be reached, and a fault to be told.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A process that counts at the end of the wire.
async fn process(wire: &Wire) -> (RedisLimits, Redis) {
    let redis = Redis::open(&format!("redis://127.0.0.1:{}", wire.port)).await.unwrap();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    (RedisLimits::new(redis.clone()), redis)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_sit_their_exam() {
    let Some(address) = engine("REDIS") else { return };
    let wire = Wire::to(port_of(&address)).await;
    exams::limits::exam(&process(&wire).await.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_a_bucket_and_a_server_that_is_away_is_a_fault_soon() {
    let Some(address) = engine("REDIS") else { return };
    let wire = Wire::to(port_of(&address)).await;
    let ((here, redis), (there, _)) = (process(&wire).await, process(&wire).await);
    let draw = Draw { key: BucketKey([91; 16]), quota: Quota::new(3, 60), cost: Cost::units(1) };
    let draws = [draw];
    assert_eq!(here.take(&draws, NOW).await.unwrap().standings[0].left, 2);
    assert_eq!(there.take(&draws, NOW).await.unwrap().standings[0].left, 1);
    assert_eq!(here.take(&draws, NOW).await.unwrap().standings[0].left, 0);
    assert!(there.take(&draws, NOW).await.unwrap().short.is_some(), "the other one took it");

    wire.hold();
    let hanging = timeout(WAIT_MAX, here.take(&draws, NOW)).await.unwrap();
    assert!(hanging.unwrap_err().is_away(), "nobody waits for a server that hangs");
    wire.cut();
    timeout(WAIT_MAX, is_up(&redis, false)).await.unwrap();
    assert!(here.take(&draws, NOW).await.unwrap_err().is_away());
    wire.mend();
    timeout(WAIT_MAX, is_up(&redis, true)).await.unwrap();
    assert!(here.take(&draws, NOW + 1_000).await.unwrap().short.is_none(), "back by itself");
}
