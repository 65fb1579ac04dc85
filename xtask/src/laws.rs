//! The list of laws: one table, walked by `check`, by `ci` and by `cargo test`.

use anyhow::Result;

use crate::cargo::{self, Reach};
use crate::repo::Repo;
use crate::verdict::Verdict;
use crate::{
    arrows, asvs, docs, duplicates, features, generated, licences, manifests, parsers, privacy,
};
use crate::{third_party, tidy, unused};

/// One law: its name and the function that judges the repository by it.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// One word, used in reports.
    pub name: &'static str,
    /// Judges the repository.
    judge: fn(&Repo) -> Result<Verdict>,
}

impl Law {
    /// Judges the repository; what could not be judged is broken.
    pub fn judged(&self, repo: &Repo) -> Verdict {
        (self.judge)(repo).unwrap_or_else(|cause| {
            let mut verdict = Verdict::default();
            verdict.fail(format!("{cause:#}"));
            verdict
        })
    }
}

/// Every law, in the order in which they are reported.
pub const LAWS: &[Law] = &[
    Law { name: "arrows", judge: arrows_hold },
    Law { name: "manifests", judge: manifests::check },
    Law { name: "unused", judge: unused::check },
    Law { name: "tidy", judge: |repo| Ok(tidy::check(repo)) },
    Law { name: "docs", judge: |repo| Ok(docs::check(repo)) },
    Law { name: "licences", judge: |repo| licences_of(repo, Reach::ThisMachine) },
    Law { name: "duplicates", judge: duplicates::check },
    Law { name: "features", judge: features_stay_off },
    Law { name: "third party", judge: third_party::check },
    Law { name: "generated", judge: |repo| Ok(generated::check(repo)) },
    Law { name: "privacy", judge: privacy::check },
    Law { name: "parsers", judge: parsers::check },
    Law { name: "asvs", judge: asvs::check },
];

/// The licences of what is built for one machine or for all.
pub fn licences_of(repo: &Repo, reach: Reach) -> Result<Verdict> {
    let built = cargo::metadata(repo.root(), reach)?;
    Ok(licences::check(&licences::Policy::of(repo)?, &built))
}

fn features_stay_off(repo: &Repo) -> Result<Verdict> {
    let built = cargo::metadata(repo.root(), Reach::ThisMachine)?;
    Ok(features::check(&features::Rules::of(repo)?, &built))
}

fn arrows_hold(repo: &Repo) -> Result<Verdict> {
    let members = cargo::metadata(repo.root(), Reach::Members)?;
    Ok(arrows::check(&arrows::Rules::of(repo)?, &members))
}
