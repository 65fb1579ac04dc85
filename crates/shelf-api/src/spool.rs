//! Files that come in: kept on disk while they are read, within a bound, and gone afterwards.

use crate::problem::{Problem, Wrong};
use axum::body::Body;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::chance::Chance;
use shelf_ports::{Fault, NoRoom};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// Where files are kept while they are read, and how large one may be.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    /// An existing directory of ours alone.
    pub dir: PathBuf,
    /// Largest file, in bytes.
    pub bytes_max: u64,
}

/// A file that came in; removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Spooled {
    /// SHA-256 of its content.
    pub digest: [u8; 32],
    file: File,
    path: PathBuf,
}

impl Spool {
    /// Takes in `body` to its end.
    pub(crate) async fn take(&self, body: Body, chance: &dyn Chance) -> Result<Spooled, Problem> {
        let path = self.dir.join(format!("incoming-{}", hex::encode(chance.seed())));
        let file = opened(&path).await.map_err(keeping)?;
        let mut spooled = Spooled { digest: [0; 32], file, path };
        let mut file = tokio::fs::File::from_std(spooled.file.try_clone().map_err(keeping)?);
        let (mut chunks, mut bytes) = (body.into_data_stream(), 0_u64);
        let mut digest = Sha256::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk
                .map_err(|_| Problem::wrong(Wrong::Timeout, "the file broke off before its end"))?;
            bytes += chunk.len() as u64;
            if bytes > self.bytes_max {
                let detail = format!("a file has at most {} bytes", self.bytes_max);
                return Err(Refused::new(Code::TooLarge, "", detail).into());
            }
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(keeping)?;
        }
        file.flush().await.map_err(keeping)?;
        if bytes == 0 {
            return Err(Refused::invalid("", "the file is empty").into());
        }
        spooled.digest = digest.finalize().into();
        Ok(spooled)
    }
}

async fn opened(path: &Path) -> io::Result<File> {
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).open(path).await?;
    Ok(file.into_std().await)
}

fn keeping(error: io::Error) -> Problem {
    let doing = "keeping an incoming file";
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            Fault::new(doing, NoRoom(error.into())).into()
        }
        _ => Fault::new(doing, error).into(),
    }
}

impl Read for Spooled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Spooled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "an incoming file could not be removed");
        }
    }
}
