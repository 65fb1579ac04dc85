//! Crates that are built in more than one version; the list of them may only shrink.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::repo::Repo;
use crate::verdict::Verdict;

/// Where the tolerated duplicates are listed, a name and a count a line.
pub const LIST: &str = "xtask/duplicates.txt";

/// Crate names with the number of their versions.
type Counts = BTreeMap<String, usize>;

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
}

/// Compares the lock file with the list: more is a violation, and so is a list that lags behind.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let (found, listed) = (locked(repo)?, listed(repo)?);
    for (name, count) in &found {
        let allowed = listed.get(name).copied().unwrap_or(1);
        verdict.require(*count <= allowed, || {
            format!("{name} is built in {count} versions, {LIST} allows {allowed}")
        });
    }
    for (name, allowed) in &listed {
        let count = found.get(name).copied().unwrap_or(1);
        verdict.require(count >= *allowed, || {
            format!("{LIST} allows {allowed} versions of {name}, now {count}: shrink it by bless")
        });
    }
    verdict.note(format!("{} crates are built in more than one version", found.len()));
    Ok(verdict)
}

/// The list as it may be now: never longer than it was, never more than there is.
pub fn shrunk(repo: &Repo) -> Result<String> {
    let (found, listed) = (locked(repo)?, listed(repo)?);
    let kept = listed.iter().filter_map(|(name, allowed)| {
        let count = found.get(name)?;
        Some(format!("{name} {}\n", count.min(allowed)))
    });
    Ok(kept.collect())
}

fn locked(repo: &Repo) -> Result<Counts> {
    let text = repo.text("Cargo.lock").context("Cargo.lock is missing")?;
    let lock: Lock = toml::from_str(text).context("cannot read Cargo.lock")?;
    let mut counts = Counts::new();
    for package in lock.package {
        *counts.entry(package.name).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    Ok(counts)
}

fn listed(repo: &Repo) -> Result<Counts> {
    let mut counts = Counts::new();
    for line in repo.text(LIST).unwrap_or_default().lines() {
        let (name, count) = line.split_once(' ').with_context(|| format!("{LIST}: {line}"))?;
        counts.insert(name.to_owned(), count.parse().with_context(|| format!("{LIST}: {line}"))?);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository whose lock holds `a` in two versions, `b` in one, and this list.
    fn with_list(list: &str) -> Repo {
        let lock = "[[package]]\nname = 'a'\n[[package]]\nname = 'a'\n[[package]]\nname = 'b'\n";
        Repo::planted(&[("Cargo.lock", lock), (LIST, list)])
    }

    #[test]
    fn a_listed_duplicate_passes_and_an_unlisted_one_is_found() {
        assert!(check(&with_list("a 2\n")).unwrap().holds());
        assert_eq!(check(&with_list("")).unwrap().broken.len(), 1);
    }

    #[test]
    fn a_list_that_allows_more_than_there_is_must_shrink() {
        let lagging = with_list("a 3\nb 2\n");
        assert_eq!(check(&lagging).unwrap().broken.len(), 2);
        assert_eq!(shrunk(&lagging).unwrap(), "a 2\n");
    }

    #[test]
    fn blessing_never_lengthens_the_list() {
        assert_eq!(shrunk(&with_list("")).unwrap(), "");
    }
}
