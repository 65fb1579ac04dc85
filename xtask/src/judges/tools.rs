//! The programs of the judges: pinned versions, installed once into the user's cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::steps::{Desk, succeed};

/// What is installed from Python's registry, every version said.
const PYTHON: &str = "xtask/judges/requirements.txt";
/// What clients of other servers need, which does not go together with that.
const APPS: &str = "xtask/judges/apps.txt";
/// What is installed from Node's registry, and its lock.
const NODE: [&str; 2] = ["xtask/judges/package.json", "xtask/judges/package-lock.json"];
/// The file that says that a folder was installed to its end.
const DONE: &str = "installed";

/// The judges' programs, ready to run.
#[derive(Debug)]
pub(super) struct Tools {
    python: PathBuf,
    apps: PathBuf,
    node: PathBuf,
}

impl Tools {
    /// Installs what is not there yet.
    pub(super) fn ready(desk: &Desk) -> Result<Self> {
        let python = from_python(desk, "python", PYTHON)?;
        let apps = from_python(desk, "apps", APPS)?;
        Ok(Self { python, apps, node: from_node(desk)? })
    }

    /// A program of the Python judges.
    pub(super) fn python(&self, name: &str) -> Command {
        Command::new(self.python.join("bin").join(name))
    }

    /// A program beside the clients of other servers.
    pub(super) fn app(&self, name: &str) -> Command {
        Command::new(self.apps.join("bin").join(name))
    }

    /// A script of ours for Node, which is told where its modules are.
    pub(super) fn script(&self, path: &Path) -> Command {
        let mut command = Command::new("node");
        command.arg(path).arg(self.node.join("node_modules"));
        command
    }

    /// A program of the Node judges; it tells nobody that it runs.
    pub(super) fn node(&self, name: &str) -> Command {
        let mut command = Command::new(self.node.join("node_modules/.bin").join(name));
        command.envs([("REDOCLY_TELEMETRY", "off"), ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")]);
        command
    }
}

/// The folder with what the file `wanted` says, from Python's registry.
fn from_python(desk: &Desk, name: &str, wanted: &str) -> Result<PathBuf> {
    installed(desk, name, &[wanted], |folder| {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        succeed(pip.arg(desk.repo.root().join(wanted)))
    })
}

/// The folder with what the lock says, from Node's registry.
pub(super) fn from_node(desk: &Desk) -> Result<PathBuf> {
    installed(desk, "node", &NODE, |folder| {
        for path in NODE.map(Path::new) {
            let name = path.file_name().context("a file has a name")?;
            fs::copy(desk.repo.root().join(path), folder.join(name))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        succeed(npm.current_dir(folder))
    })
}

/// The folder that `install` fills from the files `wanted`; filled anew when they change.
fn installed(
    desk: &Desk,
    name: &str,
    wanted: &[&str],
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let mut digest = Sha256::new();
    for path in wanted {
        digest.update(desk.repo.text(path).with_context(|| format!("{path} is missing"))?);
    }
    let digest = hex::encode(digest.finalize());
    let folder = cache()?.join(format!("{name}-{}", digest.get(..12).unwrap_or(&digest)));
    if folder.join(DONE).exists() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove what is half installed")?;
    }
    fs::create_dir_all(&folder).context("cannot make a folder for the judges")?;
    install(&folder).with_context(|| format!("cannot install the judges of {name}"))?;
    fs::write(folder.join(DONE), "").context("cannot say that the judges are there")?;
    Ok(folder)
}

/// The user's cache.
fn cache() -> Result<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    Ok(cache.context("there is neither XDG_CACHE_HOME nor HOME")?.join("mindshelf/judges"))
}
