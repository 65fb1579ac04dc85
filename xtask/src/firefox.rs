//! The extension in a real Firefox, beside the real server; never done without.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::judges;
use crate::steps::{Desk, succeed};

/// Names of a Firefox that takes an extension which Mozilla did not sign, and so can be started again
/// with it: of the long support, and of developers.
const USUAL_NAMES: [&str; 2] = ["firefox-esr", "firefox-developer-edition"];
/// The story: a script for Node that drives the browser by its own wire, and ends what it started.
const STORY: &str = "extension/test/firefox/story.mjs";

/// Walks the extension through the browser: its last line is printed, and all it said when something
/// does not hold.
pub fn story(desk: &Desk) -> Result<()> {
    let firefox = firefox()?;
    let server = judges::built(desk)?;
    let mut node = Command::new("node");
    node.arg(desk.repo.root().join(STORY)).arg(server).arg(&firefox);
    let answer = node.output().context("cannot run Node: install version 20 or later")?;
    let told = String::from_utf8_lossy(&answer.stdout);
    let complaint = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "the extension in Firefox:\n{told}{complaint}");
    console::say(format!("  {}", told.lines().next_back().unwrap_or_default()));
    Ok(())
}

/// An installed one, else one that is installed now.
fn firefox() -> Result<PathBuf> {
    if let Some(found) = installed() {
        return Ok(found);
    }
    succeed(Command::new("apt-get").arg("update"))?;
    succeed(Command::new("apt-get").args(["install", "--yes", "firefox-esr"]))?;
    installed().context("no Firefox was found, and installing it did not help")
}

fn installed() -> Option<PathBuf> {
    USUAL_NAMES.iter().map(PathBuf::from).find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|answer| answer.status.success())
    })
}
