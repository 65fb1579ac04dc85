//! The laws of the repository as tests: what `cargo xtask laws` prints, `cargo test` refuses.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use xtask::laws::LAWS;
use xtask::repo::Repo;

#[test]
fn every_law_holds_in_this_repository() {
    let repo = Repo::of_this_tool().unwrap();
    let verdicts = LAWS.iter().map(|law| (law.name, law.judged(&repo)));
    let broken: Vec<String> = verdicts
        .filter(|(_, verdict)| !verdict.holds())
        .map(|(name, verdict)| format!("{name}\n{verdict}"))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
