//! The steps of each chore: small functions in a list, each of which runs or fails, never skips.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::Reach;
use crate::laws::{LAWS, licences_of};
use crate::repo::Repo;
use crate::{browser, console, engines, extension, firefox, judges};

/// What a step may use: the repository and the few variables a chore reads.
#[derive(Debug)]
pub struct Desk {
    /// The repository as it was on disk when the chore began.
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

const FORMAT: Step = Step { name: "format", run: format };
const JUDGE: Step = Step { name: "laws", run: judge };
const CLIPPY: Step = Step { name: "clippy", run: clippy };

const DOCUMENT: Step = Step { name: "outside judges of the document", run: judges::document };
const INTERFACE: Step = Step { name: "outside judges of the interface", run: judges::interface };

const RECEIVER: Step = Step { name: "outside judge of webhooks", run: judges::webhooks };
const PROGRAMS: Step = Step { name: "outside judge of OAuth", run: judges::programs };
const SIGN_ON: Step = Step { name: "outside judge of single sign-on", run: judges::single_sign_on };

const GRAPH: Step = Step { name: "outside judges of GraphQL", run: judges::graphql };
const LINKDING: Step =
    Step { name: "outside judge of linkding's interface", run: judges::linkding };
const KARAKEEP: Step =
    Step { name: "outside judge of Karakeep's interface", run: judges::karakeep };
const SYNC: Step = Step { name: "client of sync in another language", run: judges::sync };

/// What `cargo xtask judges` runs: a minute, once the binary is built.
pub const JUDGES: &[Step] =
    &[DOCUMENT, INTERFACE, RECEIVER, PROGRAMS, SIGN_ON, GRAPH, LINKDING, KARAKEEP, SYNC];

/// What `cargo xtask laws` runs: seconds, no compiling.
pub const LAWS_ALONE: &[Step] = &[JUDGE];

/// What `cargo xtask check` runs: all that must be green before a commit lands.
pub const CHECK: &[Step] = &[FORMAT, JUDGE, CLIPPY, Step { name: "tests", run: tests }];

/// What `cargo xtask ci` runs after `cargo test --workspace`.
pub const CI: &[Step] = &[
    FORMAT,
    JUDGE,
    Step { name: "licences of every machine", run: licences_of_every_machine },
    CLIPPY,
    Step { name: "documentation", run: documentation },
    Step { name: "extension", run: extension::prove },
    Step { name: "browser", run: browser::stories },
    Step { name: "extension in Firefox", run: firefox::story },
    DOCUMENT,
    INTERFACE,
    RECEIVER,
    PROGRAMS,
    SIGN_ON,
    GRAPH,
    LINKDING,
    KARAKEEP,
    SYNC,
    Step { name: "engines", run: engines::prove },
    Step { name: "untouched", run: untouched },
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

/// Cargo, to be run in the repository.
///
/// What the Cargo that runs this tool says about it is not passed on: build scripts that look at such
/// variables (`ring`) would run again, and all that stands on them be built again.
pub fn cargo(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(desk.repo.root());
    for (name, _) in env::vars_os() {
        let of_this_tool = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if name.to_str().is_some_and(|name| of_this_tool.iter().any(|it| name.starts_with(it))) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command`; a non-zero exit is an error.
pub fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn format(desk: &Desk) -> Result<()> {
    succeed(&mut cargo(desk, &["fmt", "--all", "--check"]))
}

fn clippy(desk: &Desk) -> Result<()> {
    succeed(&mut cargo(desk, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn tests(desk: &Desk) -> Result<()> {
    succeed(&mut cargo(desk, &["test", "--workspace"]))
}

/// Every link between doc comments leads somewhere.
fn documentation(desk: &Desk) -> Result<()> {
    let mut command = cargo(desk, &["doc", "--workspace", "--no-deps", "--lib", "--quiet"]);
    succeed(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn judge(desk: &Desk) -> Result<()> {
    let mut broken = 0;
    for law in LAWS {
        let verdict = law.judged(&desk.repo);
        let word = if verdict.holds() { "holds" } else { "BROKEN" };
        console::say(format!("{}: {word}\n{verdict}", law.name).trim_end());
        broken += verdict.broken.len();
    }
    ensure!(broken == 0, "{broken} violations");
    Ok(())
}

/// Dependencies of other systems are in the lock file too; their licences count as well.
fn licences_of_every_machine(desk: &Desk) -> Result<()> {
    let verdict = licences_of(&desk.repo, Reach::EveryMachine)?;
    ensure!(verdict.holds(), "\n{verdict}");
    Ok(())
}

/// No step and no test may have written into the repository.
fn untouched(desk: &Desk) -> Result<()> {
    let changed = desk.repo.changed_since(&Repo::open(desk.repo.root())?);
    if !changed.is_empty() {
        bail!("written during the run: {}", changed.join(", "));
    }
    Ok(())
}
