//! The engines of others that tests use: installed, started, hurt and stopped again.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::steps::{Desk, cargo, succeed};
use crate::testing::every_one;

/// Starts and stops the engines.
const SCRIPT: &str = "scripts/engines";
/// The chore that runs while they live.
pub const INSIDE: &str = "inside-engines";
/// What is killed and paused: every server, and of the three of a cluster the first.
const HURT: [&str; 13] = [
    "postgres",
    "replica",
    "postgres18",
    "pgbouncer",
    "redis",
    "nats",
    "nats3:1",
    "s3",
    "qdrant",
    "clickhouse",
    "neo4j",
    "keycloak",
    "otlp",
];
/// Makes a missing engine a failure.
const REQUIRED: (&str, &str) = ("MINDSHELF_TEST_REQUIRE", "all");
/// Puts stories on engines of their own, their records on PostgreSQL.
const RECORDS: (&str, &str) = ("MINDSHELF_TEST_RECORDS", "postgres");
/// The test binary of the adapters.
const EXAMS: &str = "engines";

/// Every engine installs, starts, serves the tests of the adapters and survives being hurt;
/// whatever happens, all are stopped.
pub fn prove(desk: &Desk) -> Result<()> {
    succeed(script(desk).arg("install"))?;
    let own = env::current_exe().context("cannot find this program")?;
    succeed(script(desk).args(["run", "--"]).arg(own).arg(INSIDE))
}

/// What is proven while the engines of `scripts/engines run` live.
pub fn prove_inside(desk: &Desk) -> Result<()> {
    ensure!(
        env::var_os("MINDSHELF_ENGINES_STATE").is_some(),
        "no engines are running for this: use cargo xtask engines"
    );
    sit(desk)?;
    tell_again(desk)?;
    hurt(desk)
}

/// Runs the tests of the adapters; at least one must run, and none may skip itself.
///
/// The whole workspace is named so that Cargo builds what it built for the other tests.
fn sit(desk: &Desk) -> Result<()> {
    let test = ["test", "--workspace", "--locked", "--test", EXAMS, "--", "--show-output"];
    let mut command = cargo(desk, &test);
    every_one(command.env(REQUIRED.0, REQUIRED.1), "the tests of the adapters")
}

/// Runs every story again on engines of their own: PostgreSQL, Qdrant and Redis.
fn tell_again(desk: &Desk) -> Result<()> {
    let test =
        ["test", "--workspace", "--locked", "--test", "it", "stories::", "--", "--show-output"];
    let mut command = cargo(desk, &test);
    command.env(REQUIRED.0, REQUIRED.1).env(RECORDS.0, RECORDS.1);
    every_one(&mut command, "the stories on engines of their own")
}

/// Kills and pauses each engine, and asks the doctor each time.
fn hurt(desk: &Desk) -> Result<()> {
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
