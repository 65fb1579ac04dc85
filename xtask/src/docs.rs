//! The documents, held to the tree: paths exist, crates are mapped, decisions are listed.

use std::collections::BTreeSet;

use crate::repo::{Repo, has_ending};
use crate::verdict::Verdict;

/// The code map.
const MAP: &str = "docs/ARCHITECTURE.md";
/// Lines the code map may have at most.
const MAP_LINES_MAX: usize = 300;
/// Lines a decision may have at most: a page.
const DECISION_LINES_MAX: usize = 70;
/// What every decision says.
const DECISION_PARTS: [&str; 4] = ["## Context", "## Choice", "## Price", "## When to revisit"];

/// Checks every document of `repo`.
pub fn check(repo: &Repo) -> Verdict {
    let mut verdict = Verdict::default();
    for (path, text) in repo.texts(".md").filter(|(path, _)| is_ours(path)) {
        check_paths(repo, path, text, &mut verdict);
        check_links(repo, path, text, &mut verdict);
    }
    check_map(repo, &mut verdict);
    check_decisions(repo, &mut verdict);
    verdict
}

fn is_ours(path: &str) -> bool {
    path.starts_with("docs/") || !path.contains('/')
}

/// Every path in backticks exists.
fn check_paths(repo: &Repo, document: &str, text: &str, verdict: &mut Verdict) {
    let tops: BTreeSet<&str> = repo.paths().filter_map(|path| path.split('/').next()).collect();
    for word in in_backticks(text).filter(|word| names_a_path(word, &tops)) {
        let path = word.trim_end_matches('/');
        let beside = beside(document, path);
        let ending = format!("/{path}");
        let exists = repo.has(path)
            || repo.has(&beside)
            || repo.has(&format!("crates/{path}"))
            || (!path.contains('/') && repo.paths().any(|known| known.ends_with(&ending)));
        verdict.require(exists, || format!("{document}: `{word}` does not exist"));
    }
}

/// Every link to a file of the repository leads there.
fn check_links(repo: &Repo, document: &str, text: &str, verdict: &mut Verdict) {
    for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
        let path = target.split('#').next().unwrap_or_default();
        let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
        verdict.require(elsewhere || repo.has(&beside(document, path)), || {
            format!("{document}: the link to {target} leads nowhere")
        });
    }
}

/// The map names every crate under its own heading and is short enough to be read.
fn check_map(repo: &Repo, verdict: &mut Verdict) {
    let Some(map) = repo.text(MAP) else {
        verdict.fail(format!("{MAP} is missing"));
        return;
    };
    let lines = map.lines().count();
    verdict.require(lines <= MAP_LINES_MAX, || {
        format!("{MAP} has {lines} lines, at most {MAP_LINES_MAX}")
    });
    for name in repo.paths().filter_map(member) {
        let heading = format!("### `{name}`");
        let section = map.split("\n### ").find(|part| part.starts_with(&heading[4..]));
        verdict.require(section.is_some(), || format!("{MAP}: no section `{heading}`"));
        let says = section.is_none_or(|section| section.contains("**Architecture Invariant"));
        verdict.require(says, || format!("{MAP}: {name} states no Architecture Invariant"));
    }
}

/// The name of the member whose manifest `path` is.
fn member(path: &str) -> Option<&str> {
    path.strip_suffix("/Cargo.toml").map(|folder| folder.rsplit('/').next().unwrap_or(folder))
}

/// Every decision is a page, says four things and is listed in the map.
fn check_decisions(repo: &Repo, verdict: &mut Verdict) {
    let map = repo.text(MAP).unwrap_or_default();
    let decisions = repo.texts(".md").filter(|(path, _)| path.starts_with("docs/adr/"));
    for (due, (path, text)) in (1..).zip(decisions) {
        let file = path.trim_start_matches("docs/adr/");
        verdict.require(file.starts_with(&format!("{due:04}-")), || {
            format!("{path}: the next decision has the number {due:04}")
        });
        for part in DECISION_PARTS.iter().filter(|part| !text.contains(**part)) {
            verdict.fail(format!("{path}: the part `{part}` is missing"));
        }
        verdict.require(text.lines().count() <= DECISION_LINES_MAX, || {
            format!("{path}: a decision is a page, at most {DECISION_LINES_MAX} lines")
        });
        verdict.require(map.contains(&format!("adr/{file}")), || {
            format!("{MAP} does not list {path}")
        });
    }
}

/// What stands in backticks outside fenced blocks.
fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    let open = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    open.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// True for words that can only mean a file or folder of this repository.
fn names_a_path(word: &str, tops: &BTreeSet<&str>) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !word.chars().all(plain) || word.starts_with('/') || word.starts_with('-') {
        return false;
    }
    let document_or_code = has_ending(word, &["md", "rs"]);
    match word.split_once('/') {
        Some((first, _)) => tops.contains(first) || document_or_code,
        None => document_or_code && word.len() > 3,
    }
}

/// `path` as seen from the folder of `document`, `..` resolved.
fn beside(document: &str, path: &str) -> String {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPED: &str = "# Map\n\n### `a`\n**Architecture Invariant:** none.\n";

    /// The violations in a repository with one crate `a`, its map, and these files.
    fn broken_in(map: &str, more: &[(&str, &str)]) -> Vec<String> {
        let mut files = vec![(MAP, map), ("crates/a/Cargo.toml", ""), ("crates/a/src/lib.rs", "")];
        files.extend(more);
        check(&Repo::planted(&files)).broken
    }

    #[test]
    fn a_true_document_passes() {
        let text =
            "See `crates/a/src/lib.rs`, `a/src`, `ARCHITECTURE.md`, `/v1/me`, `x/y`, `lib.rs`.";
        assert_eq!(broken_in(MAPPED, &[("docs/B.md", text)]), Vec::<String>::new());
    }

    #[test]
    fn a_path_that_does_not_exist_is_found_unless_it_is_in_a_block() {
        assert_eq!(broken_in(MAPPED, &[("README.md", "see `crates/b`")]).len(), 1);
        assert_eq!(broken_in(MAPPED, &[("README.md", "see `GONE.md`")]).len(), 1);
        assert!(broken_in(MAPPED, &[("README.md", "```\n`crates/b`\n```\n")]).is_empty());
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(broken_in(MAPPED, &[("docs/B.md", "[c](C.md#part)")]).len(), 1);
        let good = "[map](ARCHITECTURE.md) [root](../README.md) [web](https://example.org)";
        assert!(broken_in(MAPPED, &[("docs/B.md", good), ("README.md", "")]).is_empty());
    }

    #[test]
    fn a_crate_without_a_section_or_an_invariant_is_found() {
        assert_eq!(broken_in("# Map\n", &[]).len(), 1);
        assert_eq!(broken_in("# Map\n\n### `a`\nWords.\n", &[]).len(), 1);
    }

    #[test]
    fn a_decision_must_be_numbered_complete_and_listed() {
        let text = DECISION_PARTS.join("\n\n");
        let map = format!("{MAPPED}\n[one](adr/0001-one.md)");
        assert_eq!(broken_in(&map, &[("docs/adr/0001-one.md", &text)]), Vec::<String>::new());
        let unlisted = broken_in(MAPPED, &[("docs/adr/0001-one.md", &text)]);
        assert!(unlisted.iter().any(|line| line.contains("does not list")), "{unlisted:?}");
        assert!(!broken_in(&map, &[("docs/adr/0001-one.md", "## Context")]).is_empty());
        assert!(!broken_in(&map, &[("docs/adr/0002-one.md", &text)]).is_empty());
    }
}
