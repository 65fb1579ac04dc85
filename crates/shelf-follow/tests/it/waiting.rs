//! Waiting for one's own write, rebuilding, and stopping.

use crate::fakes::{Listed, Logs, Running, library};
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_write_is_followed_and_not_before() {
    let logs = Arc::new(Logs::default());
    let running = Running::start(&logs, Arc::new(Listed::default()));
    let early = running.follower.caught_up(library(1), 1, Duration::from_millis(200)).await;
    assert!(!early.unwrap(), "nothing was written");
    logs.append(library(1), 1);
    assert!(running.follower.caught_up(library(1), 1, SOON).await.unwrap());
    assert!(running.follower.caught_up(library(1), 0, Duration::ZERO).await.unwrap());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rebuilt_projection_equals_the_followed_one() {
    let logs = Arc::new(Logs::default());
    let listed = Arc::new(Listed::default());
    let running = Running::start(&logs, listed.clone());
    logs.append(library(1), 1_234);
    assert!(running.follower.caught_up(library(1), 1_234, SOON).await.unwrap());
    let followed = listed.disk.lock().unwrap().taken[&library(1)].clone();
    running.follower.rebuild(library(1)).await.unwrap();
    assert!(running.follower.caught_up(library(1), 1_234, SOON).await.unwrap());
    assert_eq!(listed.disk.lock().unwrap().taken[&library(1)], followed);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_is_told_to_stop_ends_its_batch_and_stops() {
    let logs = Arc::new(Logs::default());
    let listed = Arc::new(Listed::default());
    let running = Running::start(&logs, listed.clone());
    logs.append(library(1), 9_000);
    running.stop().await;
    let disk = listed.disk.lock().unwrap();
    let taken = disk.taken.get(&library(1)).map_or(0, Vec::len) as u64;
    assert_eq!(taken, disk.position.get(&library(1)).copied().unwrap_or(0));
}
