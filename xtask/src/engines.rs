//! The engines of others that tests use: installed, started, hurt and stopped again.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::browser::ran;
use crate::console;
use crate::steps::{Desk, cargo, succeed};

/// Starts and stops the engines.
const SCRIPT: &str = "scripts/engines";
/// The chore that runs while they live.
pub const INSIDE: &str = "hurt-engines";
/// What is killed and paused: every server, and of the three of a cluster the first.
const HURT: [&str; 10] = [
    "postgres",
    "postgres18",
    "pgbouncer",
    "redis",
    "nats",
    "nats3:1",
    "s3",
    "qdrant",
    "clickhouse",
    "neo4j",
];

/// Makes a missing engine a failure.
const REQUIRED: (&str, &str) = ("MINDSHELF_TEST_REQUIRE", "all");
/// The crate whose tests need engines.
const TESTED: &str = "shelf-cluster";

/// Every engine installs, starts, serves the tests of the adapters and survives being hurt;
/// whatever happens, all are stopped.
pub fn prove(desk: &Desk) -> Result<()> {
    succeed(script(desk).arg("install"))?;
    let own = env::current_exe().context("cannot find this program")?;
    succeed(script(desk).args(["run", "--"]).arg(own).arg(INSIDE))
}

/// Kills and pauses each engine of `scripts/engines run`, and asks the doctor each time.
pub fn hurt(desk: &Desk) -> Result<()> {
    ensure!(
        env::var_os("MINDSHELF_ENGINES_STATE").is_some(),
        "no engines are running for this: use cargo xtask engines"
    );
    test(desk)?;
    for target in HURT {
        for (harm, remedy) in [("kill", "restart"), ("pause", "resume")] {
            succeed(script(desk).args([harm, target]))?;
            ensure!(!well(desk, target)?, "{target} seems well after {harm}");
            succeed(script(desk).args([remedy, target]))?;
            ensure!(well(desk, target)?, "{target} is still ill after {remedy}");
        }
    }
    Ok(())
}

/// Runs the tests of the adapters; at least one must run, and none may skip itself.
///
fn test(desk: &Desk) -> Result<()> {
    let test = ["test", "--locked", "-p", TESTED, "--test", "it", "--", "--show-output"];
    let mut command = cargo(desk, &test);
    let answer = command.env(REQUIRED.0, REQUIRED.1).output();
    let answer = answer.context("cannot run the tests of the adapters")?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let said = String::from_utf8_lossy(&answer.stderr);
    console::say(format!("{text}{said}").trim_end());
    ensure!(answer.status.success(), "the tests of the adapters ended with {}", answer.status);
    ensure!(!format!("{text}{said}").contains("SKIPPED"), "a test of the adapters was skipped");
    ensure!(ran(&text) > 0, "no test of the adapters ran");
    Ok(())
}

/// What the doctor thinks of the engine of `target`.
fn well(desk: &Desk, target: &str) -> Result<bool> {
    let name = target.split(':').next().unwrap_or(target);
    let answer = script(desk).args(["doctor", name]).output();
    Ok(answer.context("cannot ask the doctor")?.status.success())
}

fn script(desk: &Desk) -> Command {
    let mut command = Command::new(desk.repo.root().join(SCRIPT));
    command.current_dir(desk.repo.root());
    command
}
