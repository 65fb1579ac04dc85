//! The engines of others that tests use: installed, started, hurt and stopped again.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::steps::{Desk, succeed};

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

/// Every engine installs, starts and survives being hurt; whatever happens, all are stopped.
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
