//! Several processes share the libraries out: fairly, anew when one comes or goes, and whole.

use crate::fakes::{Disk, Listed, Logs, Running, library};
use crate::table::{Table, Way};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Enough of them that every share has some.
const LIBRARIES: u8 = 200;
/// Until a process that came or stopped changed the shares of all.
const SETTLED: Duration = Duration::from_secs(12);
/// Until a process that died is replaced: its term, and a look of the others.
const REPLACED: Duration = Duration::from_secs(22);

/// Processes on one log, one projection and one table of leases.
#[derive(Default)]
struct Shelf {
    logs: Arc<Logs>,
    disk: Arc<Mutex<Disk>>,
    table: Arc<Table>,
}

impl Shelf {
    fn start(&self, holder: &str) -> (Running, Arc<Way>) {
        let way = Way::to(&self.table);
        let listed = Arc::new(Listed { disk: self.disk.clone(), ..Listed::default() });
        (Running::share(&self.logs, listed, way.clone(), holder), way)
    }

    /// One more change in each library.
    fn write(&self) {
        for number in 0..LIBRARIES {
            self.logs.append(library(number), 1);
        }
    }

    /// Whether each library is followed up to `seq`, each change once and in order.
    fn is_followed(&self, seq: u64) -> bool {
        let disk = self.disk.lock().unwrap();
        let right: Vec<u64> = (1..=seq).collect();
        (0..LIBRARIES).all(|number| disk.taken.get(&library(number)) == Some(&right))
    }
}

async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

/// How many groups each of them follows.
async fn groups(of: &[&Running]) -> Vec<usize> {
    let mut groups = Vec::new();
    for running in of {
        groups.push(running.follower.report().await.groups);
    }
    groups.sort_unstable();
    groups
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_gets_a_share_and_whoever_goes_is_replaced() {
    let shelf = Shelf::default();
    shelf.write();
    let (a, _) = shelf.start("a");
    pass(Duration::from_millis(1)).await;
    assert_eq!(groups(&[&a]).await, [64], "who is alone follows all at once");
    assert!(shelf.is_followed(1));
    let ((b, _), (c, _)) = (shelf.start("b"), shelf.start("c"));
    pass(SETTLED).await;
    assert_eq!(groups(&[&a, &b, &c]).await, [21, 21, 22]);
    shelf.write();
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(2));

    b.kill();
    shelf.write();
    pass(REPLACED).await;
    assert_eq!(groups(&[&a, &c]).await, [32, 32]);
    assert!(shelf.is_followed(3), "what was written when nobody followed it, too");
    c.stop().await;
    shelf.write();
    pass(SETTLED).await;
    assert_eq!(groups(&[&a]).await, [64]);
    assert!(shelf.is_followed(4));
    a.stop().await;
    assert_eq!(shelf.table.rows(), 1, "all was given back but the presence of who died");
    let (d, _) = shelf.start("d");
    pass(Duration::from_millis(1)).await;
    d.stop().await;
    assert_eq!(shelf.table.rows(), 0, "and whoever comes forgets the dead");
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_reach_the_leases_lets_go_and_others_follow() {
    let shelf = Shelf::default();
    let ((a, way), (b, _)) = (shelf.start("a"), shelf.start("b"));
    pass(SETTLED).await;
    assert_eq!(groups(&[&a, &b]).await, [32, 32]);
    way.is_cut.store(true, Ordering::SeqCst);
    pass(REPLACED).await;
    assert_eq!(groups(&[&a, &b]).await, [0, 64]);
    shelf.write();
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(1));
    way.is_cut.store(false, Ordering::SeqCst);
    pass(SETTLED).await;
    assert_eq!(groups(&[&a, &b]).await, [32, 32]);
    shelf.write();
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(2));
}

#[tokio::test(start_paused = true)]
async fn more_processes_than_groups_stand_by() {
    let shelf = Shelf::default();
    let all: Vec<_> = (0..70).map(|number| shelf.start(&format!("{number:02}")).0).collect();
    pass(SETTLED).await;
    let all: Vec<&Running> = all.iter().collect();
    assert_eq!(groups(&all).await, [[0; 6].as_slice(), &[1; 64]].concat());
}

#[tokio::test(start_paused = true)]
async fn shares_that_stand_cost_two_statements_a_look() {
    let shelf = Shelf::default();
    let _all = [shelf.start("a"), shelf.start("b"), shelf.start("c")];
    pass(SETTLED).await;
    let before = shelf.table.asked.load(Ordering::SeqCst);
    pass(Duration::from_secs(50)).await;
    let asked = shelf.table.asked.load(Ordering::SeqCst) - before;
    assert_eq!(asked, 3 * 10 * 2);
}

#[tokio::test(start_paused = true)]
async fn two_that_follow_the_same_libraries_take_each_change_in_once() {
    let shelf = Shelf::default();
    for number in 0..LIBRARIES {
        shelf.logs.append(library(number), 1_200);
    }
    let listed = || Arc::new(Listed { disk: shelf.disk.clone(), ..Listed::default() });
    let both = [Running::start(&shelf.logs, listed()), Running::start(&shelf.logs, listed())];
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(1_200));
    let [a, b] = both;
    a.stop().await;
    b.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_library_that_was_reset_meanwhile_is_followed_from_its_beginning() {
    let shelf = Shelf::default();
    shelf.write();
    let listed = Arc::new(Listed { disk: shelf.disk.clone(), ..Listed::default() });
    let running = Running::start(&shelf.logs, listed.clone());
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(1));
    listed.resets.store(u32::from(LIBRARIES), Ordering::SeqCst);
    shelf.write();
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(2), "no change is left out");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_process_rebuilds_libraries_that_another_one_follows() {
    let shelf = Shelf::default();
    shelf.write();
    let ((a, _), (b, _)) = (shelf.start("a"), shelf.start("b"));
    pass(SETTLED).await;
    for number in 0..LIBRARIES {
        b.follower.rebuild(library(number)).await.unwrap();
    }
    assert!(!shelf.is_followed(1));
    pass(Duration::from_secs(3)).await;
    assert!(shelf.is_followed(1));
    assert_eq!(b.follower.report().await.lag_changes, 0);
    a.stop().await;
    b.stop().await;
}
