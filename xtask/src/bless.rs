//! `cargo xtask bless`: takes what the code says now as what outsiders are promised.

use std::fs;

use anyhow::{Context, Result};

use crate::duplicates;
use crate::steps::{Desk, cargo, succeed};

/// Formats, rewrites every snapshot and generated file, and shrinks the list of duplicates.
///
/// A test that guards a generated file writes it when `MINDSHELF_BLESS` is `1` and compares
/// otherwise; snapshots follow `INSTA_UPDATE`. Look at the difference before committing it.
pub fn bless(desk: &Desk) -> Result<()> {
    succeed(&mut cargo(desk, &["fmt", "--all"]))?;
    let list = desk.repo.root().join(duplicates::LIST);
    fs::write(list, duplicates::shrunk(&desk.repo)?).context("cannot write the duplicates")?;
    let mut tests = cargo(desk, &["test", "--workspace", "--no-fail-fast"]);
    succeed(tests.env("MINDSHELF_BLESS", "1").env("INSTA_UPDATE", "always").env_remove("CI"))
}
