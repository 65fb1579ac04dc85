//! The simulation: a real server, real devices in files, and a network between them, in one thread
//! and led by a seed. Time, chance, losses and crashes are decided by it, so that the same seed gives
//! the same trace, and a failure is repeated by its number.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "seeds and traces are told")]

#[path = "../../../shelf-replica/tests/it/deeds.rs"]
mod deeds;
mod dice;
mod trace;
mod wire;
mod life;
mod machine;
mod ledger;
mod world;
mod network;
mod faults;
mod promises;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use world::World;

/// Seeds, unless `MINDSHELF_SEEDS` says how many or `MINDSHELF_SEED` says which.
const SEEDS: u64 = 20;
/// Seeds that failed once.
const KEPT: [u64; 1] = [357];
/// Seeds that are played twice.
const TWICE: u64 = 3;
/// What happens in a world, until all come to rest.
const STEPS: usize = 110;
/// Worlds at once.
const AT_ONCE: usize = 2;

/// What happened in the world of one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Played {
    hash: String,
    lines: u64,
}

/// Plays the world of `seed`, brings it to rest and checks every promise.
fn play(seed: u64) -> Played {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.step();
    }
    world.rest();
    world.check();
    Played { hash: world.trace.hash(), lines: world.trace.lines() }
}

#[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Plays seeds, several worlds at once, until there are no more or time is up; how many, and how
/// much happened in them.
#[expect(clippy::disallowed_methods, reason = "a long run ends by the clock; no world sees it")]
fn play_all(seeds: &[u64], time: Option<Duration>) -> (u64, u64) {
    let (next, played, lines) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let until = time.map(|time| Instant::now() + time);
    let work = || {
        while until.is_none_or(|until| Instant::now() < until) {
            let at = usize::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
            let Some(seed) = seeds.get(at) else { return };
            lines.fetch_add(play(*seed).lines, Ordering::SeqCst);
            played.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    (played.into_inner(), lines.into_inner())
}

#[test]
fn every_promise_holds_whatever_the_network_and_the_clocks_do() {
    let seeds: Vec<u64> = match number("MINDSHELF_SEED") {
        Some(seed) => vec![seed],
        None => KEPT.into_iter().chain(1..=number("MINDSHELF_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let time = number("MINDSHELF_SEED_SECONDS").map(Duration::from_secs);
    let (played, lines) = play_all(&seeds, time);
    assert!(played > 0, "nothing was played");
    println!("{played} seeds, {lines} decisions and messages: 0 promises broken");
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_one_another() {
    let first: Vec<Played> = (1..=TWICE).map(play).collect();
    let again: Vec<Played> = (1..=TWICE).map(play).collect();
    assert_eq!(first, again, "what differs was decided by something else than the seed");
    assert!(first.windows(2).all(|pair| pair[0] != pair[1]));
}
