//! The steps of each chore: small functions in a list, each of which runs or fails, never skips.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::console;
use crate::laws::LAWS;
use crate::repo::Repo;

/// What a step may use: the repository and the few variables a chore reads.
#[derive(Debug)]
pub struct Desk {
    /// The repository as it is on disk now.
    pub repo: Repo,
    /// `MINDSHELF_CHROMIUM`: the browser to use.
    pub chromium: Option<OsString>,
}

/// One step of a chore.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    name: &'static str,
    run: fn(&Desk) -> Result<()>,
}

/// What `cargo xtask check` runs.
pub const CHECK: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "laws", run: laws },
    Step { name: "clippy", run: clippy },
    Step { name: "tests", run: tests },
];

/// What `cargo xtask laws` runs: seconds, no compiling.
pub const LAWS_ALONE: &[Step] = &[Step { name: "laws", run: laws }];

/// What `cargo xtask ci` runs after `cargo test --workspace`.
pub const CI: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "laws", run: laws },
    Step { name: "clippy", run: clippy },
];

/// Runs every step, even after a failure, and fails if any failed.
pub fn run_all(steps: &[Step], desk: &Desk) -> Result<()> {
    let mut failed = Vec::new();
    for step in steps {
        if let Err(cause) = console::timed(step.name, || (step.run)(desk)) {
            console::say(format!("  {cause:#}"));
            failed.push(step.name);
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Runs cargo in the repository; a non-zero exit is an error.
pub fn cargo(desk: &Desk, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    succeed(command.args(arguments).current_dir(desk.repo.root()))
}

/// Runs `command`; a non-zero exit is an error.
pub fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn format(desk: &Desk) -> Result<()> {
    cargo(desk, &["fmt", "--all", "--check"])
}

fn clippy(desk: &Desk) -> Result<()> {
    cargo(desk, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn tests(desk: &Desk) -> Result<()> {
    cargo(desk, &["test", "--workspace"])
}

fn laws(desk: &Desk) -> Result<()> {
    let mut broken = 0;
    for law in LAWS {
        let verdict = (law.judge)(&desk.repo)?;
        let word = if verdict.holds() { "holds" } else { "BROKEN" };
        console::say(format!("{}: {word}\n{verdict}", law.name).trim_end());
        broken += verdict.broken.len();
    }
    if broken > 0 {
        bail!("{broken} violations");
    }
    Ok(())
}
