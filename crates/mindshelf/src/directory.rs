//! The data directory: made for its owner alone, used by one process, and who that is.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Held by the process that uses the directory.
const LOCK: &str = "lock";
/// Says how to reach the server that runs on the directory.
const SERVER: &str = "server.json";
/// How often, and how many times, a directory in use is tried again.
const TRIES: (Duration, u32) = (Duration::from_millis(50), 100);

/// A data directory nobody else uses; let go on drop.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    _lock: File,
}

/// How to reach a running server: its address and the key for the owner's commands.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) pid: u32,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Directory {
    /// Takes `path` for this process, making it where there is none.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        match Self::try_take(path)? {
            Some(directory) => Ok(directory),
            None => bail!(in_use(path)),
        }
    }

    /// Takes `path`, waiting a few seconds for a command that is about to end.
    pub(crate) async fn wait(path: &Path) -> Result<Self> {
        for _ in 0..TRIES.1 {
            if let Some(directory) = Self::try_take(path)? {
                return Ok(directory);
            }
            tokio::time::sleep(TRIES.0).await;
        }
        bail!(in_use(path))
    }

    /// Takes `path`, unless another process has it.
    pub(crate) fn try_take(path: &Path) -> Result<Option<Self>> {
        make(path)?;
        let file = path.join(LOCK);
        let lock = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&file)
            .with_context(|| format!("cannot open {}", file.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", file.display()))
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells commands how to reach the server of this process.
    pub(crate) fn announce(&self, running: &Running) -> Result<()> {
        let text = serde_json::to_string(running).context("cannot write the server's address")?;
        write_private(&self.path.join(SERVER), &text)
    }

    /// Takes the announcement back.
    pub(crate) fn withdraw(&self) {
        // Where it stays, commands find nobody there and open the directory themselves.
        drop(std::fs::remove_file(self.path.join(SERVER)));
    }
}

/// The server that says it runs on `path`; it may have died since.
pub(crate) fn announced(path: &Path) -> Option<Running> {
    let text = std::fs::read_to_string(path.join(SERVER)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Replaces `path` by `text`, readable for its owner alone from the first moment.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let named = || format!("cannot write {}", path.display());
    // Its whole name goes before: what is called alike may be somebody's.
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    drop(std::fs::remove_file(&fresh));
    let mut file = private(OpenOptions::new().write(true).create_new(true))
        .open(&fresh)
        .with_context(named)?;
    file.write_all(text.as_bytes()).with_context(named)?;
    file.sync_all().with_context(named)?;
    std::fs::rename(&fresh, path).with_context(named)
}

pub(crate) fn make(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| {
        format!("cannot make the data directory {}; choose another by --data", path.display())
    })
}

/// For files that are their owner's alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn in_use(path: &Path) -> String {
    format!(
        "the data directory {} is in use by another process; stop it or choose another by --data",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_uses_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = Directory::take(dir.path()).unwrap();
        let second = Directory::take(dir.path()).unwrap_err();
        assert!(second.to_string().contains("in use"), "{second}");
        drop(first);
        Directory::take(dir.path()).unwrap();
    }

    #[test]
    fn what_is_called_alike_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (theirs, ours) = (dir.path().join("shelf.new"), dir.path().join("shelf.keys"));
        std::fs::write(&theirs, "a letter").unwrap();
        write_private(&ours, "keys").unwrap();
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "a letter");
        assert_eq!(std::fs::read_to_string(&ours).unwrap(), "keys");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside");
    }

    #[cfg(unix)]
    #[test]
    fn what_holds_a_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("data");
        let directory = Directory::take(&inner).unwrap();
        let running = Running { address: "http://x".into(), key: "k".into(), pid: 1 };
        directory.announce(&running).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&inner), 0o700);
        assert_eq!(mode(&inner.join(SERVER)), 0o600);
        assert_eq!(announced(&inner).unwrap().key, "k");
        directory.withdraw();
        assert!(announced(&inner).is_none());
    }
}
