//! What others made and we carry: every file is listed with its origin, licence and checksum.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::licences::Policy;
use crate::repo::Repo;
use crate::verdict::Verdict;

/// The folder of foreign files.
const FOLDER: &str = "third_party/";
/// Where they are listed.
const MANIFEST: &str = "third_party/manifest.toml";

#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    package: Vec<Carried>,
}

/// One foreign package as it is listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Carried {
    /// Its name, which is its folder below `third_party/`.
    name: String,
    /// The version that was taken.
    version: String,
    /// The package it was taken from.
    origin: String,
    /// Its licence as an SPDX expression.
    licence: String,
    /// The file of the folder that holds the licence's text.
    licence_file: String,
    /// What was changed here, when anything was.
    changes: Option<String>,
    /// SHA-256 of every file by its path in the folder.
    files: BTreeMap<String, String>,
}

/// Checks that files and list agree, and that each licence is allowed and carried along.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let text = repo.text(MANIFEST).with_context(|| format!("{MANIFEST} is missing"))?;
    let manifest: Manifest =
        toml::from_str(text).with_context(|| format!("cannot read {MANIFEST}"))?;
    let policy = Policy::of(repo)?;
    let mut listed = BTreeSet::from([MANIFEST.to_owned()]);
    for package in &manifest.package {
        check_words(package, &policy, &mut verdict);
        for (file, sum) in &package.files {
            let path = format!("{FOLDER}{}/{file}", package.name);
            let found = repo.files().find(|(known, _)| *known == path);
            let found = found.map(|(_, bytes)| hex::encode(Sha256::digest(bytes)));
            verdict.require(found.as_ref() == Some(sum), || match &found {
                Some(found) => format!("{path} has the checksum {found}, listed is {sum}"),
                None => format!("{path} is listed and missing"),
            });
            listed.insert(path);
        }
    }
    for path in repo.paths().filter(|path| path.starts_with(FOLDER) && !listed.contains(*path)) {
        verdict.fail(format!("{path} is not listed in {MANIFEST}"));
    }
    Ok(verdict)
}

fn check_words(package: &Carried, policy: &Policy, verdict: &mut Verdict) {
    let name = &package.name;
    let said = [&package.version, &package.origin];
    let empty = said.iter().any(|words| words.is_empty()) || package.changes.as_deref() == Some("");
    verdict.require(!empty, || format!("{MANIFEST}: {name} leaves a word empty"));
    verdict.require(policy.allows(&package.licence), || {
        format!("{MANIFEST}: {name} has the licence `{}`, which is not allowed", package.licence)
    });
    verdict.require(package.files.contains_key(&package.licence_file), || {
        format!("{MANIFEST}: {name} does not carry its licence file {}", package.licence_file)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "licenses.allow = ['MIT']\nbans.deny = []";
    const SUM_OF_HI: &str = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";

    /// The violations when one file `LICENSE` saying `hi` is listed with this licence and sum.
    fn broken_in(licence: &str, sum: &str, extra: &[(&str, &str)]) -> Vec<String> {
        let manifest = format!(
            "[[package]]\nname = 'a'\nversion = '1'\norigin = 'o'\nlicence = '{licence}'
            licence_file = 'LICENSE'\nfiles.LICENSE = '{sum}'"
        );
        let mut files =
            vec![("deny.toml", POLICY), (MANIFEST, &manifest), ("third_party/a/LICENSE", "hi")];
        files.extend(extra);
        check(&Repo::planted(&files)).unwrap().broken
    }

    #[test]
    fn a_listed_file_with_its_checksum_passes() {
        assert_eq!(broken_in("MIT", SUM_OF_HI, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_changed_file_an_unlisted_file_and_a_licence_not_allowed_are_found() {
        assert_eq!(broken_in("MIT", "00", &[]).len(), 1);
        assert_eq!(broken_in("MIT", SUM_OF_HI, &[("third_party/a/b.js", "")]).len(), 1);
        assert_eq!(broken_in("GPL-3.0", SUM_OF_HI, &[]).len(), 1);
    }
}
