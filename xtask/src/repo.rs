//! The repository as the laws see it: every file Git would keep, read once, held in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Folders that are never part of the repository; used where Git cannot be asked.
const NEVER_OURS: [&str; 3] = [".git", "target", "mindshelf-data"];

/// The files of the repository by path, `/`-separated and relative to the root.
#[derive(Debug)]
pub struct Repo {
    root: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Repo {
    /// Reads the repository that this tool was built in.
    pub fn of_this_tool() -> Result<Self> {
        let manifest_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::open(manifest_folder.parent().context("xtask has no folder above it")?)
    }

    /// Reads the repository at `root`: what Git tracks or would offer to track.
    pub fn open(root: &Path) -> Result<Self> {
        let paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            let full = root.join(&path);
            if full.is_file() {
                let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
                files.insert(path, bytes);
            }
        }
        Ok(Self { root: root.to_owned(), files })
    }

    /// A made-up repository, for testing a law with a planted violation.
    pub fn planted(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Self { root: PathBuf::new(), files: files.collect() }
    }

    /// Where the repository lies on disk.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every path, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every path with its bytes, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Every file that is text, with that text; `ending` such as `.rs` narrows it.
    pub fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files()
            .filter(move |(path, _)| path.ends_with(ending))
            .filter_map(|(path, bytes)| Some((path, str::from_utf8(bytes).ok()?)))
    }

    /// The text of one file; `None` when it is absent or not text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).and_then(|bytes| str::from_utf8(bytes).ok())
    }

    /// The paths that were added, removed or changed between `self` and `later`.
    pub fn changed_since(&self, later: &Self) -> Vec<String> {
        let gone = self.files.iter().filter(|(path, bytes)| later.files.get(*path) != Some(bytes));
        let new = later.files.keys().filter(|path| !self.files.contains_key(*path));
        gone.map(|(path, _)| path).chain(new).cloned().collect()
    }

    /// True when `path` is a file of the repository, or a folder that holds one.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        self.files.contains_key(path) || self.paths().any(|known| known.starts_with(&inside))
    }
}

/// True when `path` ends in one of `endings`, given without their dot.
pub fn has_ending(path: &str, endings: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// What Git tracks or would offer to track; `None` where there is no Git or no history.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let answer = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|answer| answer.status.success())?;
    let text = String::from_utf8(answer.stdout).ok()?;
    Some(text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// Every file below `root` outside the folders that are never ours.
fn walked(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if NEVER_OURS.contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Some(relative) = path.strip_prefix(root)?.to_str() {
                found.push(relative.replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_it_holds_a_file() {
        let repo = Repo::planted(&[("docs/adr/0001.md", "")]);
        assert!(repo.has("docs/adr"));
        assert!(repo.has("docs/adr/"));
        assert!(!repo.has("docs/ad"));
    }

    #[test]
    fn what_was_added_removed_or_changed_is_named() {
        let before = Repo::planted(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = Repo::planted(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(before.changed_since(&after), ["b", "c", "d"]);
    }
}
