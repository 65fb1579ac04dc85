//! `cargo xtask long`: proofs that take minutes, with what they said kept in `docs/long/`.

use std::fs;

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
        arguments: &["test", "--package", "mindshelf", "--test", "simulation", "--", "--nocapture"],
        // As many seeds as ten minutes hold, and no more than these.
        environment: &[("MINDSHELF_SEEDS", "100000"), ("MINDSHELF_SEED_SECONDS", "600")],
    },
    Proof {
        name: "storm",
        arguments: &["test", "--package", "mindshelf", "--test", "storm", "--", "--nocapture"],
        environment: &[("MINDSHELF_LONG", "1")],
    },
    Proof {
        name: "chaos",
        arguments: &["test", "--package", "mindshelf", "--test", "chaos", "--", "--nocapture"],
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

/// Runs every proof and writes its output; all are run even when one fails.
pub fn run(desk: &Desk) -> Result<()> {
    fs::create_dir_all(desk.repo.root().join(FOLDER)).context("cannot make the folder")?;
    let mut failed = Vec::new();
    for proof in PROOFS {
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
    let text = format!("$ {asked}\n{}\n{}\n", said.trim(), answer.status);
    let file = desk.repo.root().join(FOLDER).join(format!("{}.txt", proof.name));
    fs::write(file, text).context("cannot write the output")?;
    ensure!(answer.status.success(), "{asked}: {}", String::from_utf8_lossy(&answer.stderr));
    Ok(())
}

/// The repository's place on this machine, which is no business of the reader.
fn root_of(desk: &Desk) -> String {
    desk.repo.root().display().to_string()
}
