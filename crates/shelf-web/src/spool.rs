//! Files that were sent and not imported yet: kept by the id of their dry run, for a day.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use axum::body::Body;
use futures::StreamExt;
use shelf_domain::{
    id::ActId,
    refusal::{Code, Refused},
};
use shelf_ports::Fault;
use tokio::io::AsyncWriteExt;

use crate::trouble::Trouble;

/// Most bytes of a file.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 30;
/// How long a file waits for its import.
const KEEP_MS: i64 = 24 * 60 * 60 * 1_000;

/// The directory of waiting files.
#[derive(Debug, Clone)]
pub(crate) struct Spool<'a>(pub(crate) &'a Path);

impl Spool<'_> {
    fn path(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.upload"))
    }

    /// Writes `body` to a file called `draft`; refused beyond [`FILE_BYTES_MAX`].
    pub(crate) async fn take(&self, draft: &str, body: Body) -> Result<(), Trouble> {
        let fault = |error| Trouble::from(Fault::new("keeping a file that was sent", error));
        tokio::fs::create_dir_all(self.0).await.map_err(fault)?;
        let mut file = tokio::fs::File::create(self.path(draft)).await.map_err(fault)?;
        let (mut chunks, mut sum) = (body.into_data_stream(), 0_u64);
        while let Some(chunk) = chunks.next().await {
            let broken = |_| Refused::invalid("file", "the file did not arrive whole");
            let chunk = chunk.map_err(broken)?;
            sum += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if sum > FILE_BYTES_MAX {
                drop(file);
                self.forget(draft);
                let detail = format!("at most {FILE_BYTES_MAX} bytes are read");
                return Err(Refused::new(Code::TooLarge, "file", detail).into());
            }
            file.write_all(&chunk).await.map_err(fault)?;
        }
        file.flush().await.map_err(fault)
    }

    /// Opens the waiting file `id`.
    pub(crate) fn open(&self, id: &str) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Gives a draft the id of its dry run.
    pub(crate) fn name(&self, draft: &str, id: ActId) -> io::Result<()> {
        std::fs::rename(self.path(draft), self.path(&id.to_string()))
    }

    /// Removes a waiting file; none is no error.
    pub(crate) fn forget(&self, id: &str) {
        drop(std::fs::remove_file(self.path(id)));
    }

    /// Removes files that have waited for a day.
    pub(crate) fn sweep(&self, now_ms: i64) {
        let Ok(entries) = std::fs::read_dir(self.0) else { return };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|known| known.modified()).ok();
            let age = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(millis);
            if age.is_some_and(|at| now_ms - at > KEEP_MS) {
                drop(std::fs::remove_file(entry.path()));
            }
        }
    }
}

fn millis(since: Duration) -> i64 {
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
