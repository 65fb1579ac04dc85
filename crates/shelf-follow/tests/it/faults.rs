//! Crashes, lost hints, engines that fail and libraries that cannot be taken in.

use crate::fakes::{Disk, Listed, Logs, Running, library};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn a_crash_between_effect_and_answer_changes_nothing_twice() {
    let logs = Arc::new(Logs::default());
    let disk = Arc::new(Mutex::new(Disk::default()));
    logs.append(library(1), 1_700);
    for _ in 0..5 {
        let silent = AtomicU32::new(1);
        let listed = Listed { disk: disk.clone(), silent, ..Listed::default() };
        let running = Running::start(&logs, Arc::new(listed));
        tokio::time::advance(Duration::from_millis(1)).await;
        running.kill();
    }
    let running =
        Running::start(&logs, Arc::new(Listed { disk: disk.clone(), ..Listed::default() }));
    assert!(running.follower.caught_up(library(1), 1_700, SOON).await.unwrap());
    running.stop().await;
    let disk = disk.lock().unwrap();
    assert_eq!(disk.taken[&library(1)], (1..=1_700).collect::<Vec<u64>>());
    assert!(disk.batches.iter().all(|size| *size <= 500), "batches are bounded");
}

#[tokio::test(start_paused = true)]
async fn with_hints_cut_followers_still_arrive() {
    let logs = Arc::new(Logs::default());
    logs.hints_cut.store(true, Ordering::SeqCst);
    let listed = Arc::new(Listed::default());
    let running = Running::start(&logs, listed.clone());
    tokio::time::advance(Duration::from_millis(1)).await;
    for _ in 0..20 {
        logs.append(library(1), 3);
        logs.append(library(2), 1);
        tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_secs(3)).await;
    }
    running.stop().await;
    let disk = listed.disk.lock().unwrap();
    assert_eq!((disk.position[&library(1)], disk.position[&library(2)]), (60, 20));
}

#[tokio::test(start_paused = true)]
async fn a_poison_library_is_parked_and_the_others_go_on() {
    let logs = Arc::new(Logs::default());
    let poison = [library(1)].into();
    let listed = Arc::new(Listed { poison, ..Listed::default() });
    let running = Running::start(&logs, listed);
    logs.append(library(1), 5);
    logs.append(library(2), 5);
    assert!(running.follower.caught_up(library(2), 5, SOON).await.unwrap());
    assert!(!running.follower.caught_up(library(1), 1, Duration::from_mins(5)).await.unwrap());
    logs.append(library(2), 5);
    assert!(running.follower.caught_up(library(2), 10, SOON).await.unwrap());
    logs.now.store(7_000, Ordering::SeqCst);
    let report = running.follower.report().await;
    assert_eq!(report.parked.len(), 1);
    assert_eq!(report.parked[0].problem, "taking in a batch failed: planted");
    assert_eq!((report.lag_changes, report.lag_seconds), (5, 7.0));
    assert!(report.retries < 40, "a parked library is tried rarely: {}", report.retries);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_comes_back_is_followed_again() {
    let logs = Arc::new(Logs::default());
    logs.deaf.store(3, Ordering::SeqCst);
    let failing = AtomicU32::new(4);
    let listed = Arc::new(Listed { failing, ..Listed::default() });
    logs.append(library(1), 42);
    let running = Running::start(&logs, listed);
    assert!(running.follower.caught_up(library(1), 42, SOON).await.unwrap());
    let report = running.follower.report().await;
    assert_eq!((report.lag_changes, report.retries), (0, 7));
    assert!(report.parked.is_empty());
    running.stop().await;
}
