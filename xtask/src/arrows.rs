//! The arrows: which crate may name which, and which outside crates stay behind a fence.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cargo::{Dependency, Metadata, Package};
use crate::repo::Repo;
use crate::verdict::Verdict;

/// Where the rules are written.
pub const RULES: &str = "xtask/arrows.toml";

/// The rules as written in [`RULES`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For each member the members it may name; `all` stands for every one but itself.
    members: BTreeMap<String, Vec<String>>,
    /// For each member the members that its tests may name as well.
    #[serde(default)]
    tests: BTreeMap<String, Vec<String>>,
    /// Members that may only be named for tests.
    only_for_tests: BTreeSet<String>,
    /// For the purest members, the only outside crates they may name.
    closed: BTreeMap<String, BTreeSet<String>>,
    /// Outside crates that only a few members may name.
    fence: Vec<Fence>,
}

/// One fence: outside crates that only the named members may see.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fence {
    /// The outside crates behind the fence.
    crates: BTreeSet<String>,
    /// The members that may depend on them.
    only: BTreeSet<String>,
    /// The members whose tests may see them as well.
    #[serde(default)]
    tests_of: BTreeSet<String>,
    /// Why the fence stands; shown with every violation.
    reason: String,
}

impl Rules {
    /// Reads the rules of `repo`.
    pub fn of(repo: &Repo) -> Result<Self> {
        let text = repo.text(RULES).with_context(|| format!("{RULES} is missing"))?;
        toml::from_str(text).with_context(|| format!("cannot read {RULES}"))
    }
}

/// Compares what the members declare with the rules.
pub fn check(rules: &Rules, members: &Metadata) -> Verdict {
    let mut verdict = Verdict::default();
    let names: BTreeSet<&str> = members.packages.iter().map(|p| p.name.as_str()).collect();
    for package in &members.packages {
        for dependency in &package.dependencies {
            if names.contains(dependency.name.as_str()) {
                check_arrow(rules, package, dependency, &mut verdict);
            } else {
                check_outside(rules, package, dependency, &mut verdict);
            }
        }
        verdict.require(rules.members.contains_key(&package.name), || {
            format!("{} has no row in {RULES}: say what it may depend on", package.name)
        });
    }
    for named in rules.members.keys().filter(|name| !names.contains(name.as_str())) {
        verdict.fail(format!("{RULES} speaks of {named}, which is no member: remove the row"));
    }
    verdict
}

fn check_arrow(rules: &Rules, from: &Package, to: &Dependency, verdict: &mut Verdict) {
    if rules.only_for_tests.contains(&to.name) {
        verdict.require(to.is_dev(), || {
            format!("{} names {} outside its tests: make it a dev-dependency", from.name, to.name)
        });
        return;
    }
    let allowed = rules.members.get(&from.name).map(Vec::as_slice).unwrap_or_default();
    let tests = rules.tests.get(&from.name).filter(|_| to.is_dev());
    let mut allowed = allowed.iter().chain(tests.into_iter().flatten());
    verdict.require(allowed.any(|name| *name == to.name || name == "all"), || {
        format!("{} → {} is no arrow of {RULES}", from.name, to.name)
    });
}

fn check_outside(rules: &Rules, from: &Package, to: &Dependency, verdict: &mut Verdict) {
    for fence in rules.fence.iter().filter(|fence| fence.crates.contains(&to.name)) {
        let tests_may = to.is_dev() && fence.tests_of.contains(&from.name);
        verdict.require(tests_may || fence.only.contains(&from.name), || {
            format!("{} names {}, which is fenced: {}", from.name, to.name, fence.reason)
        });
    }
    if let Some(allowed) = rules.closed.get(&from.name) {
        verdict.require(to.is_dev() || allowed.contains(&to.name), || {
            format!("{} is closed and does not list {} in {RULES}", from.name, to.name)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOY: &str = r#"
        only_for_tests = ["kit"]
        [members]
        words = []
        store = ["words"]
        web = ["words"]
        kit = ["words"]
        shell = ["all"]
        [tests]
        web = ["store"]
        [closed]
        words = ["serde"]
        [[fence]]
        crates = ["sql"]
        only = ["store"]
        tests_of = ["shell"]
        reason = "one crate speaks to the database"
    "#;

    /// A workspace of these members, none of which depends on anything yet.
    fn workspace(names: &[&str]) -> Metadata {
        let member = |name: &&str| Package {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            version: "0.1.0".to_owned(),
            source: None,
            license: None,
            dependencies: Vec::new(),
        };
        Metadata { packages: names.iter().map(member).collect(), ..Metadata::default() }
    }

    /// The violations found when `from` depends on `to` in a toy workspace.
    fn broken_by(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let mut toy = workspace(&["words", "store", "web", "kit", "shell"]);
        let from = toy.packages.iter_mut().find(|package| package.name == from).unwrap();
        let kind = kind.map(str::to_owned);
        from.dependencies.push(Dependency { name: to.to_owned(), kind });
        check(&toml::from_str(TOY).unwrap(), &toy).broken
    }

    #[test]
    fn an_allowed_arrow_passes() {
        assert!(broken_by("store", "words", None).is_empty());
        assert!(broken_by("shell", "store", None).is_empty());
    }

    #[test]
    fn a_planted_arrow_is_found() {
        assert_eq!(broken_by("web", "store", None).len(), 1);
        assert_eq!(broken_by("words", "store", Some("dev")).len(), 1);
    }

    #[test]
    fn an_arrow_of_tests_is_one_of_tests_alone() {
        assert!(broken_by("web", "store", Some("dev")).is_empty());
        assert_eq!(broken_by("web", "store", None).len(), 1);
    }

    #[test]
    fn the_test_kit_outside_tests_is_found_even_in_the_shell() {
        assert_eq!(broken_by("shell", "kit", None).len(), 1);
        assert!(broken_by("web", "kit", Some("dev")).is_empty());
    }

    #[test]
    fn a_fenced_crate_outside_its_fence_is_found() {
        assert!(broken_by("store", "sql", None).is_empty());
        assert!(broken_by("shell", "sql", Some("dev")).is_empty());
        let found = broken_by("shell", "sql", None);
        assert!(found.iter().any(|line| line.contains("one crate speaks")), "{found:?}");
    }

    #[test]
    fn a_closed_crate_names_only_what_it_lists() {
        assert!(broken_by("words", "serde", None).is_empty());
        assert_eq!(broken_by("words", "tokio", None).len(), 1);
    }

    #[test]
    fn a_member_without_a_row_and_a_row_without_a_member_are_found() {
        let mut rules: Rules = toml::from_str(TOY).unwrap();
        rules.members.remove("web");
        rules.members.insert("ghost".to_owned(), Vec::new());
        let found = check(&rules, &workspace(&["web"])).broken;
        assert!(found.iter().any(|line| line.starts_with("web has no row")), "{found:?}");
        assert!(found.iter().any(|line| line.contains("speaks of ghost")), "{found:?}");
    }
}
