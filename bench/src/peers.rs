//! Peers in the same run: the same bookmarks, the same queries, by `bench/peers/peers.py`.

use crate::corpus::Link;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Runs the peers and prints their rows; says what is missing where they cannot run.
pub(crate) fn run(links: &[Link], queries: &[String]) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (file, asked) = (dir.path().join("links.jsonl"), dir.path().join("queries.txt"));
    std::fs::write(&file, links.iter().map(|link| link.to_line() + "\n").collect::<String>())?;
    std::fs::write(&asked, queries.join("\n"))?;
    let named = std::env::var_os("BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/peers.py");
    let done = Command::new(named).arg(script).args([&file, &asked]).arg(dir.path()).output();
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            eprintln!("no peers: python3 cannot be run: {error}");
            return Ok(());
        }
    };
    print!("{}", String::from_utf8(done.stdout).context("the peers' rows")?);
    eprint!("{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
