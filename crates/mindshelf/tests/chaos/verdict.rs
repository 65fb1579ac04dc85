//! What a run came to: figures, and that no promise was broken.

use shelf_testkit::Harm;
use shelf_testkit::history::{End, Event, Tally, check};

/// How many writes a run must get acknowledged, for what it shows to be worth something.
const ACKNOWLEDGED_MIN: usize = 40;
/// How many violations are shown.
const SHOWN_MAX: usize = 8;

/// What a run came to, in one line. It fails where a promise was broken, and where the run was spared
/// what it should have stood.
pub(crate) fn of(seed: u64, (events, end): &(Vec<Event>, End), harm: Harm, harms: &str) -> String {
    let violations = check(events, end);
    let shown: Vec<String> = violations.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
    let tally = Tally::of(events);
    let said = format!(
        "seed {seed}: {tally}; {} rows; {harm}; {harms}; {} violations",
        end.log.len(),
        violations.len()
    );
    assert!(violations.is_empty(), "{said}\n{}", shown.join("\n"));
    assert!(harm.is_of_every_kind(), "it was spared: {said}");
    assert!(tally.unknown > 0, "nobody was ever in doubt: {said}");
    assert!(tally.acknowledged >= ACKNOWLEDGED_MIN, "next to nothing got through: {said}");
    let (replicas, last) = (end.replicas.len(), end.log.last().map(|row| row.seq));
    assert!(replicas > 0 && last.is_some(), "somebody pulled: {said}");
    said
}

/// The seeds to run: the one that is named in the environment, else `first`, or as many from it as
/// the long form has.
pub(crate) fn seeds(first: u64, long: u64) -> Vec<u64> {
    let named = |name: &str| std::env::vars().find(|(known, _)| known == name).map(|(_, to)| to);
    if let Some(seed) = named("MINDSHELF_TEST_SEED") {
        return vec![seed.parse().unwrap()];
    }
    let is_long = named("MINDSHELF_LONG").as_deref() == Some("1");
    (first..).take(if is_long { usize::try_from(long).unwrap() } else { 1 }).collect()
}

/// The port in an address of a server.
pub(crate) fn port_of(address: &str) -> u16 {
    let port = address.rsplit(':').next().unwrap_or_default();
    port.trim_end_matches('/').parse().unwrap()
}
