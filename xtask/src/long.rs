//! `cargo xtask long`: proofs that take minutes, with what they said kept in `docs/long/`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::steps::{Desk, cargo};

/// Where the output is kept.
const FOLDER: &str = "docs/long";

/// One long proof: the file its output goes to and how Cargo is asked to run it.
struct Proof {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// Every long proof.
const PROOFS: &[Proof] = &[
    Proof {
        name: "laws",
        arguments: &["test", "--package", "shelf-domain", "--test", "it", "--", "--nocapture"],
        environment: &[
            ("MINDSHELF_CASES", "20000"),
            ("MINDSHELF_OPERATIONS", "10000000"),
            ("MINDSHELF_LONG", "1"),
        ],
    },
    Proof {
        name: "replicas",
        arguments: &["test", "--package", "shelf-replica", "--test", "it", "laws"],
        environment: &[("MINDSHELF_CASES", "2000")],
    },
    Proof {
        name: "simulation",
        arguments: &["test", "--workspace", "--test", "simulation", "--", "--nocapture"],
        // As many seeds as ten minutes hold, and no more than these.
        environment: &[("MINDSHELF_SEEDS", "100000"), ("MINDSHELF_SEED_SECONDS", "600")],
    },
    Proof {
        name: "storm",
        arguments: &["test", "--workspace", "--test", "storm", "--", "--nocapture"],
        environment: &[("MINDSHELF_LONG", "1")],
    },
    Proof {
        name: "chaos",
        arguments: &["test", "--workspace", "--test", "chaos", "--", "--nocapture"],
        environment: &[("MINDSHELF_LONG", "1")],
    },
    Proof {
        name: "fuzz",
        arguments: &[
            "test",
            "--workspace",
            "--exclude",
            "bench",
            "--exclude",
            "xtask",
            "--lib",
            "whatever_is_read_here",
            "--",
            "--nocapture",
        ],
        environment: &[("MINDSHELF_FUZZ_SECONDS", "60")],
    },
];

/// Runs the proofs of these names, or every one where none is named, and writes their output; all are
/// run even when one fails.
pub fn run(desk: &Desk, names: &[String]) -> Result<()> {
    for name in names {
        let known = PROOFS.iter().map(|proof| proof.name).collect::<Vec<_>>();
        ensure!(known.contains(&name.as_str()), "{name:?} is none of {}", known.join(", "));
    }
    let is_asked = |proof: &&Proof| names.is_empty() || names.iter().any(|it| it == proof.name);
    fs::create_dir_all(desk.repo.root().join(FOLDER)).context("cannot make the folder")?;
    let mut failed = Vec::new();
    for proof in PROOFS.iter().filter(is_asked) {
        if let Err(cause) = console::timed(proof.name, || prove(desk, proof)) {
            console::say(format!("  {cause:#}"));
            failed.push(proof.name);
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

fn prove(desk: &Desk, proof: &Proof) -> Result<()> {
    let mut command = cargo(desk, proof.arguments);
    command.envs(proof.environment.iter().copied());
    let answer = command.output().context("cannot run cargo")?;
    let set = proof.environment.iter().map(|(name, to)| format!("{name}={to}"));
    let asked: Vec<String> = set.chain(["cargo".to_owned(), proof.arguments.join(" ")]).collect();
    let asked = asked.join(" ");
    let said = String::from_utf8_lossy(&answer.stdout).replace(&root_of(desk), ".");
    let text = format!("{}\n$ {asked}\n{}\n{}\n", machine()?, said.trim(), answer.status);
    let file = desk.repo.root().join(FOLDER).join(format!("{}.txt", proof.name));
    fs::write(file, text).context("cannot write the output")?;
    ensure!(answer.status.success(), "{asked}: {}", String::from_utf8_lossy(&answer.stderr));
    Ok(())
}

/// When and on what a proof was made.
fn machine() -> Result<String> {
    let day = Command::new("date").args(["-u", "+%F"]).output().context("cannot run date")?;
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    Ok(format!(
        "{}, {} x {}, load at the end {load}",
        String::from_utf8_lossy(&day.stdout).trim(),
        std::thread::available_parallelism().map_or(1, usize::from),
        model.unwrap_or("a processor"),
    ))
}

/// The repository's place on this machine, which is no business of the reader.
fn root_of(desk: &Desk) -> String {
    desk.repo.root().display().to_string()
}
