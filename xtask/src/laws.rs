//! The list of laws: one table, walked by `check`, by `ci` and by `cargo test`.

use anyhow::Result;

use crate::cargo::{self, Reach};
use crate::repo::Repo;
use crate::verdict::Verdict;
use crate::{arrows, manifests, tidy};

/// One law: its name and the function that judges the repository by it.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// One word, used in reports and on the command line.
    pub name: &'static str,
    /// Judges the repository.
    pub judge: fn(&Repo) -> Result<Verdict>,
}

/// Every law, in the order in which they are reported.
pub const LAWS: &[Law] = &[
    Law { name: "arrows", judge: arrows_hold },
    Law { name: "manifests", judge: manifests::check },
    Law { name: "tidy", judge: |repo| Ok(tidy::check(repo)) },
];

fn arrows_hold(repo: &Repo) -> Result<Verdict> {
    let members = cargo::metadata(repo.root(), Reach::Members)?;
    Ok(arrows::check(&arrows::Rules::of(repo)?, &members))
}
