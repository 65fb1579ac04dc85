//! The command line of the chores.

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::repo::Repo;
use xtask::steps::{CHECK, CI, Desk, JUDGES, LAWS_ALONE, run_all};
use xtask::{bless, browser, console, engines, extension, firefox, long};

const HELP: &str = "\
cargo xtask check    everything that must be green before a commit lands
cargo xtask ci       check without the tests, plus documentation, licences, browser and judges
cargo xtask judges   only the outside judges of the REST interface
cargo xtask browser  only the stories a real browser walks, and the outside judges beside them
cargo xtask extension only the tests and types of the extension of browsers, by Node and npm
cargo xtask firefox  only the extension in a real Firefox, beside the real server
cargo xtask engines  only the engines of others: installed, started, killed, paused and stopped
cargo xtask pictures the pictures of the README, taken afresh by that browser
cargo xtask laws     only the laws of the repository: arrows, tidiness, documents, licences
cargo xtask bless    rewrite snapshots and generated files from what the code says now
cargo xtask long     proofs that take minutes, or those that are named; their output is kept in docs/long/";

fn main() -> ExitCode {
    let asked: Vec<String> = env::args().skip(1).collect();
    match run(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            console::say(format!("{cause:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(asked: &[String]) -> Result<()> {
    let desk = Desk { repo: Repo::of_this_tool()?, chromium: env::var_os("MINDSHELF_CHROMIUM") };
    match asked.first().map(String::as_str) {
        Some("check") => run_all(CHECK, &desk),
        Some("ci") => run_all(CI, &desk),
        Some("laws") => run_all(LAWS_ALONE, &desk),
        Some("judges") => run_all(JUDGES, &desk),
        Some("browser") => browser::stories(&desk),
        Some("extension") => extension::prove(&desk),
        Some("firefox") => firefox::story(&desk),
        Some("engines") => engines::prove(&desk),
        Some(engines::INSIDE) => engines::prove_inside(&desk),
        Some("pictures") => browser::pictures(&desk),
        Some("bless") => bless::bless(&desk),
        Some("long") => long::run(&desk, asked.get(1..).unwrap_or_default()),
        _ => bail!("{HELP}"),
    }
}
