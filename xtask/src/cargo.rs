//! What Cargo knows about the workspace, asked by running it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The part of `cargo metadata` the laws read.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata {
    /// The packages asked for: members only, or everything that is built.
    pub packages: Vec<Package>,
    /// Where it is built.
    #[serde(default)]
    pub target_directory: PathBuf,
    /// What is built and with which features; `None` when only the members were asked for.
    pub resolve: Option<Resolve>,
}

/// What Cargo decided to build.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// One node for each package that is built.
    pub nodes: Vec<Node>,
}

/// One package that is built.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// The id of the package.
    pub id: String,
    /// The features that the whole build switches on in it.
    pub features: Vec<String>,
}

/// One package: a member or something from outside.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// What Cargo calls it: unique in the build.
    pub id: String,
    /// Its name as written in its manifest.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from; `None` for members of this workspace.
    pub source: Option<String>,
    /// Its licence as an SPDX expression, when it states one.
    pub license: Option<String>,
    /// What it declares to depend on.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The name of the package depended on.
    pub name: String,
    /// `None` for an ordinary dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

impl Dependency {
    /// True when only tests see this dependency.
    pub fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// How far [`metadata`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The members and what they declare; needs nothing but the manifests.
    Members,
    /// Everything that is built on this machine.
    ThisMachine,
    /// Everything in the lock file, for any machine; may download.
    EveryMachine,
}

/// Asks Cargo about the workspace at `root`.
pub fn metadata(root: &Path, reach: Reach) -> Result<Metadata> {
    let mut arguments = vec!["metadata".to_owned(), "--format-version=1".to_owned()];
    match reach {
        Reach::Members => arguments.push("--no-deps".to_owned()),
        Reach::ThisMachine => arguments.push(format!("--filter-platform={}", this_machine()?)),
        Reach::EveryMachine => {}
    }
    let answer = Command::new(env!("CARGO"))
        .args(&arguments)
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    let complaint = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "cargo metadata failed: {complaint}");
    serde_json::from_slice(&answer.stdout).context("cannot read the answer of cargo metadata")
}

/// The target triple this machine builds for.
fn this_machine() -> Result<String> {
    let answer = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
