//! What may be built in: licences, banned crates and sources, by the policy of `deny.toml`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cargo::Metadata;
use crate::repo::Repo;
use crate::verdict::Verdict;

/// Where the policy is written.
const POLICY: &str = "deny.toml";

/// The part of the policy that is held here.
#[derive(Debug, Deserialize)]
pub struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl Policy {
    /// Reads the policy of `repo`.
    pub fn of(repo: &Repo) -> Result<Self> {
        let text = repo.text(POLICY).with_context(|| format!("{POLICY} is missing"))?;
        toml::from_str(text).with_context(|| format!("cannot read {POLICY}"))
    }

    /// True when the SPDX expression `licence` can be met with allowed licences alone.
    pub fn allows(&self, licence: &str) -> bool {
        let spaced = licence.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut reader = Reader { words: &words, allowed: &self.licenses.allow, torn: false };
        reader.any_of() && reader.words.is_empty() && !reader.torn
    }
}

/// Checks every outside package that is built.
pub fn check(policy: &Policy, built: &Metadata) -> Verdict {
    let mut verdict = Verdict::default();
    let banned: BTreeSet<&str> = policy.bans.deny.iter().map(|ban| ban.name.as_str()).collect();
    for package in &built.packages {
        let Some(source) = &package.source else { continue };
        let title = format!("{} {}", package.name, package.version);
        verdict.require(!banned.contains(package.name.as_str()), || {
            format!("{title} is banned by {POLICY}")
        });
        verdict.require(source.starts_with("registry+"), || {
            format!("{title} comes from {source}, not from the registry")
        });
        let licence = package.license.as_deref().unwrap_or("none stated");
        verdict.require(policy.allows(licence), || {
            format!("{title} has the licence `{licence}`, which {POLICY} does not allow")
        });
    }
    verdict
}

/// Reads an SPDX expression and says whether it can be met: `OR` binds looser than `AND`.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a BTreeSet<String>,
    /// True once a name or a closing parenthesis was missing.
    torn: bool,
}

impl<'a> Reader<'a> {
    fn any_of(&mut self) -> bool {
        let mut met = self.all_of();
        while self.takes("OR") {
            met |= self.all_of();
        }
        met
    }

    fn all_of(&mut self) -> bool {
        let mut met = self.one();
        while self.takes("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.takes("(") {
            let met = self.any_of();
            self.torn |= !self.takes(")");
            return met;
        }
        let Some(name) = self.next() else {
            self.torn = true;
            return false;
        };
        if self.takes("WITH") {
            let exception = self.next().unwrap_or_default();
            return self.allowed.contains(&format!("{name} WITH {exception}"));
        }
        self.allowed.contains(name)
    }

    fn takes(&mut self, word: &str) -> bool {
        let here = self.words.first() == Some(&word);
        if here {
            self.next();
        }
        here
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::Package;

    fn policy() -> Policy {
        let text = "licenses.allow = ['MIT', 'Apache-2.0', 'ISC', 'Apache-2.0 WITH LLVM-exception']
            bans.deny = [{ name = 'openssl' }]";
        toml::from_str(text).unwrap()
    }

    fn broken_by(name: &str, source: &str, licence: Option<&str>) -> Vec<String> {
        let package = Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            source: Some(source.to_owned()),
            license: licence.map(str::to_owned),
            dependencies: Vec::new(),
        };
        check(&policy(), &Metadata { packages: vec![package], ..Metadata::default() }).broken
    }

    #[test]
    fn an_expression_is_allowed_when_allowed_licences_meet_it() {
        for met in ["MIT", "GPL-3.0 OR MIT", "Unlicense/MIT", "(MIT OR GPL-3.0) AND ISC"] {
            assert!(policy().allows(met), "{met}");
        }
        assert!(policy().allows("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
    }

    #[test]
    fn an_expression_is_refused_when_a_part_cannot_be_met() {
        for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "", "MIT OR", "(MIT", "MIT GPL-3.0"] {
            assert!(!policy().allows(unmet), "{unmet}");
        }
        assert!(!policy().allows("Apache-2.0 WITH Classpath-exception-2.0"));
    }

    #[test]
    fn a_banned_crate_a_foreign_source_and_a_missing_licence_are_found() {
        assert!(broken_by("a", "registry+x", Some("MIT")).is_empty());
        assert_eq!(broken_by("openssl", "registry+x", Some("MIT")).len(), 1);
        assert_eq!(broken_by("a", "git+x", Some("MIT")).len(), 1);
        assert_eq!(broken_by("a", "registry+x", None).len(), 1);
    }
}
