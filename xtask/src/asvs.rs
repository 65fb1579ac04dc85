//! The list of what holds of the standard for verifying applications: each test it names is there.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::repo::Repo;
use crate::verdict::Verdict;

/// The list.
const LIST: &str = "docs/asvs.toml";
/// What every test begins with; what stands behind is its name.
const FUNCTION: &str = "fn ";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    requirement: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    /// Its number in the standard.
    id: String,
    /// What it asks for, in our words.
    what: String,
    status: Status,
    /// What is missing, or why it is as it is.
    #[serde(default)]
    why: String,
    /// The tests that hold it.
    #[serde(default)]
    tests: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Held,
    Partly,
    Open,
    Elsewhere,
    None,
}

/// Compares the list with the tests there are.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let text = repo.text(LIST).with_context(|| format!("{LIST} is missing"))?;
    let list: List = toml::from_str(text).with_context(|| format!("cannot read {LIST}"))?;
    let tests: BTreeSet<&str> = repo.texts(".rs").flat_map(|(_, text)| tests_of(text)).collect();
    let mut seen = BTreeSet::new();
    for one in &list.requirement {
        let at = format!("{LIST}: {}", one.id);
        verdict.require(seen.insert(&one.id), || format!("{at} is listed twice"));
        verdict.require(!one.what.is_empty(), || format!("{at} says not what it asks for"));
        let is_tried = matches!(one.status, Status::Held | Status::Partly);
        verdict.require(is_tried != one.tests.is_empty(), || {
            format!("{at}: what holds names its tests, and nothing else does")
        });
        let is_told = one.status != Status::Held;
        verdict.require(is_told != one.why.is_empty(), || {
            format!("{at}: what does not hold whole says why, and nothing else does")
        });
        for test in one.tests.iter().filter(|test| !tests.contains(test.as_str())) {
            verdict.fail(format!("{at}: there is no test {test}"));
        }
    }
    let held = list.requirement.iter().filter(|one| one.status == Status::Held).count();
    verdict.note(format!("{held} of {} requirements in {LIST} hold whole", list.requirement.len()));
    Ok(verdict)
}

/// The names of tests in a file: functions below an attribute that makes them one.
fn tests_of(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
            return None;
        }
        let (_, named) = line.split_once(FUNCTION)?;
        let was_test = std::mem::take(&mut is_test);
        let name = named.split(['(', '<']).next()?;
        was_test.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "//! T.\n#[cfg(test)]\nmod tests {\n    #[tokio::test(flavor = \"x\")]\n    \
        async fn it_holds() {}\n    fn no_test() {}\n}\n";

    /// The violations where one test is there and this is the list.
    fn broken(list: &str) -> Vec<String> {
        check(&Repo::planted(&[("crates/a/src/lib.rs", TEST), (LIST, list)])).unwrap().broken
    }

    fn row(rest: &str) -> String {
        format!("[[requirement]]\nid = '1.2.3'\nwhat = 'w'\n{rest}\n")
    }

    #[test]
    fn what_is_tried_or_says_why_not_passes() {
        assert_eq!(broken(&row("status = 'held'\ntests = ['it_holds']")), Vec::<String>::new());
        assert_eq!(broken(&row("status = 'open'\nwhy = 'w'")), Vec::<String>::new());
        let partly = row("status = 'partly'\nwhy = 'w'\ntests = ['it_holds']");
        assert_eq!(broken(&partly), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        assert_eq!(broken(&row("status = 'held'\ntests = ['it_held']")).len(), 1);
        assert_eq!(broken(&row("status = 'held'\ntests = ['no_test']")).len(), 1);
    }

    #[test]
    fn what_holds_without_a_test_and_what_is_open_without_a_reason_are_found() {
        assert_eq!(broken(&row("status = 'held'")).len(), 1);
        assert_eq!(broken(&row("status = 'open'")).len(), 1);
        assert_eq!(broken(&row("status = 'open'\nwhy = 'w'\ntests = ['it_holds']")).len(), 1);
        let twice = row("status = 'open'\nwhy = 'w'").repeat(2);
        assert_eq!(broken(&twice).len(), 1);
    }
}
