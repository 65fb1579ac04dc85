//! The command line of the chores: `check`, `ci`, `laws`.

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::console;
use xtask::repo::Repo;
use xtask::steps::{self, CHECK, CI, Desk};

const HELP: &str = "\
cargo xtask check    everything that must be green before a commit lands
cargo xtask ci       check without the tests, plus browser and outside judges; nothing is skipped
cargo xtask laws     only the laws of the repository: arrows, tidiness, documents, licences";

fn main() -> ExitCode {
    match run(env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            console::say(format!("{cause:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Option<&str>) -> Result<()> {
    let desk = Desk { repo: Repo::of_this_tool()?, chromium: env::var_os("MINDSHELF_CHROMIUM") };
    match chore {
        Some("check") => steps::run_all(CHECK, &desk),
        Some("ci") => steps::run_all(CI, &desk),
        Some("laws") => steps::run_all(steps::LAWS_ALONE, &desk),
        _ => bail!("{HELP}"),
    }
}
