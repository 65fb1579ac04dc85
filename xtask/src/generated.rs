//! Snapshots and other machine-written files: reviewed, referenced, never left half-blessed.
//!
//! Whether their content is up to date is the business of the tests that write them: with `CI=true`
//! a difference fails, with `cargo xtask bless` it is written.

use crate::repo::Repo;
use crate::verdict::Verdict;

/// Endings of snapshots that wait for a decision.
const PENDING: [&str; 2] = [".snap.new", ".pending-snap"];

/// Checks every snapshot of `repo`.
pub fn check(repo: &Repo) -> Verdict {
    let mut verdict = Verdict::default();
    for path in repo.paths().filter(|path| PENDING.iter().any(|ending| path.ends_with(ending))) {
        verdict.fail(format!("{path} waits for a decision: look at it, then bless or repair"));
    }
    for (path, text) in repo.texts(".snap") {
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        let source = source.map(|value| value.trim_matches('"'));
        verdict.require(source.is_some_and(|source| repo.has(source)), || {
            format!("{path} belongs to no test: {} is gone", source.unwrap_or("its source"))
        });
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_of_a_living_test_passes() {
        let snapshot = "---\nsource: crates/a/tests/it/api.rs\n---\n{}";
        let files = [("crates/a/tests/it/api.rs", ""), ("crates/a/tests/it/x.snap", snapshot)];
        assert!(check(&Repo::planted(&files)).holds());
    }

    #[test]
    fn a_snapshot_without_its_test_and_an_undecided_one_are_found() {
        let orphan = ("a/x.snap", "---\nsource: a/gone.rs\n---\n");
        assert_eq!(check(&Repo::planted(&[orphan])).broken.len(), 1);
        assert_eq!(check(&Repo::planted(&[("a/x.snap.new", "")])).broken.len(), 1);
    }
}
