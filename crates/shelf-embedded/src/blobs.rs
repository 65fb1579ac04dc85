//! Blobs as files of a directory.

use async_trait::async_trait;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::NamedTempFile;

/// Begins the names of files that are being written.
const UNFINISHED: &str = "unfinished-";

/// A directory of blobs: one directory a kind, in it one a tenant, in it one a library.
#[derive(Clone, Debug)]
pub struct DirectoryBlobs {
    root: PathBuf,
}

impl DirectoryBlobs {
    /// Uses the directory `root`, which is made if it is not there. What a crash left half
    /// written is removed: one process has the directory for itself.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The same for a process that has not got the directory for itself: what others write is left.
    pub fn beside(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned() })
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.to_string())
    }
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| Fault::of_file(doing, error)),
        Err(join) => Err(Fault::new(doing, join)),
    }
}

/// Writes beside `path` first: a name stands for a whole file, always.
fn put(root: &Path, path: &Path, mut file: &File) -> io::Result<()> {
    let mut unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(root)?;
    file.rewind()?;
    io::copy(&mut file, &mut unfinished)?;
    unfinished.as_file().sync_all()?;
    named(unfinished, path)
}

/// Gives a file its name, durably.
fn named(unfinished: NamedTempFile, path: &Path) -> io::Result<()> {
    let above = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(above)?;
    unfinished.persist(path)?;
    File::open(above)?.sync_all()
}

/// Removes files below `dir` that were last written before `before`, and directories that are
/// empty then; how many files.
fn forget(dir: &Path, before: Duration) -> io::Result<u64> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut forgotten = 0;
    for entry in entries {
        let entry = entry?;
        let known = entry.metadata()?;
        if known.is_dir() {
            forgotten += forget(&entry.path(), before)?;
            // One that is not empty stays.
            drop(fs::remove_dir(entry.path()));
        } else if known.modified()?.duration_since(UNIX_EPOCH).is_ok_and(|at| at < before) {
            fs::remove_file(entry.path())?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// The bytes of all files below `dir`; one that goes away meanwhile is none.
fn bytes_below(dir: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        match entry.metadata() {
            Ok(known) if known.is_dir() => bytes += bytes_below(&entry.path())?,
            Ok(known) => bytes += known.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// The bytes of each library that has a directory in `dir`, rising; those without any are left out.
fn bytes_by_library(dir: &Path) -> io::Result<Vec<(LibraryId, u64)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(library) = entry.file_name().to_string_lossy().parse::<LibraryId>() else {
            continue;
        };
        let bytes = bytes_below(&entry.path())?;
        if bytes > 0 {
            all.push((library, bytes));
        }
    }
    all.sort_unstable();
    Ok(all)
}

#[async_trait]
impl Blobs for DirectoryBlobs {
    async fn draft(&self) -> Result<File, Fault> {
        let root = self.root.clone();
        blocking("making room for a file", move || tempfile::tempfile_in(root)).await
    }

    async fn put(&self, key: &BlobKey, file: File) -> Result<(), Fault> {
        let (root, path) = (self.root.clone(), self.path(key));
        blocking("keeping a file", move || put(&root, &path, &file)).await
    }

    async fn open(&self, key: &BlobKey) -> Result<Option<File>, Fault> {
        let path = self.path(key);
        let open = move || match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        };
        blocking("opening a file that was kept", open).await
    }

    async fn remove(&self, key: &BlobKey) -> Result<(), Fault> {
        let path = self.path(key);
        let remove = move || match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        blocking("removing a file that was kept", remove).await
    }

    async fn bytes_by_library(
        &self,
        kind: BlobKind,
        tenant: TenantId,
    ) -> Result<Vec<(LibraryId, u64)>, Fault> {
        let dir = self.root.join(format!("{}/{tenant}", kind.name()));
        blocking("measuring files that are kept", move || bytes_by_library(&dir)).await
    }

    async fn forget(&self, kind: BlobKind, before: i64) -> Result<u64, Fault> {
        let dir = self.root.join(kind.name());
        let before = Duration::from_millis(u64::try_from(before).unwrap_or(0));
        blocking("removing old files", move || forget(&dir, before)).await
    }

    async fn forget_library(&self, kind: BlobKind, scope: Scope) -> Result<u64, Fault> {
        let Scope { tenant, library } = scope;
        let dir = self.root.join(format!("{}/{tenant}/{library}", kind.name()));
        blocking("removing the files of a library", move || {
            let forgotten = forget(&dir, Duration::MAX)?;
            for empty in [dir.as_path(), dir.parent().unwrap_or(&dir)] {
                // One that is not empty, or not there, stays as it is.
                drop(fs::remove_dir(empty));
            }
            Ok(forgotten)
        })
        .await
    }
}
