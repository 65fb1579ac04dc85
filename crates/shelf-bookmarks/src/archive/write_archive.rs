//! Write everything of a person as one archive, streamed in chunks.

use super::files_out::must_be_readable;
use super::manifest::{
    ArchivedFile, BOOKMARKS, FORMAT, LIBRARIES, MANIFEST, Manifest, SIGNATURE, VERSION,
};
use super::pack::Pack;
use crate::ctx::Ctx;
use crate::export::export_library::give;
use crate::export::{ExportFormat, export_library, rfc3339};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shelf_domain::id::{ActId, Scope};
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::imports::LedgerRow;
use shelf_ports::{Failure, Fault};
use std::io;
use tokio::sync::mpsc;

/// Pieces of a library that may wait to be packed.
const WAITING_MAX: usize = 2;
/// Most events of activity of one library: those of the last time, where there are more.
const EVENTS_MAX: usize = 500_000;
/// Most imports of one library: the latest, where there are more.
const IMPORTS_MAX: usize = 10_000;
/// Lines written at once.
const LINES: usize = 2_000;
/// Rows of the log read at once.
const ROWS: usize = 1_000;

/// A file of an archive that is there already.
#[derive(Clone, Debug)]
pub struct OwnFile {
    /// Where it is to be.
    pub path: String,
    /// What it is, for people.
    pub what: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Signs the bytes of the manifest.
pub type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// Which files of bookmarks are in an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contents {
    /// All of them.
    #[default]
    All,
    /// None, but what is known of each.
    Without,
}

/// What to write.
#[derive(Clone, Debug)]
pub struct WriteArchive {
    /// How this server is reached.
    pub server: String,
    /// What the person is called.
    pub name: String,
    /// The public key that goes with the signature, base64.
    pub key: String,
    /// What is known of the account.
    pub files: Vec<OwnFile>,
    /// The libraries.
    pub libraries: Vec<LibraryInfo>,
    /// Whether the files of their bookmarks are in it.
    pub contents: Contents,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Files, the manifest and its signature not counted.
    pub files: usize,
    /// Bytes, unpacked.
    pub bytes: u64,
}

/// Writes the archive of whoever asks into `chunks`, whose receiver sets the pace; when it is
/// dropped the writing ends early. The trash is not in it. At any time a page of bookmarks is in
/// memory, and of all others only where they stand. Refused `invalid`, before anything is written,
/// where more files are kept with bookmarks than are read out of one archive.
#[tracing::instrument(skip_all)]
pub async fn write_archive(
    ctx: &Ctx,
    ask: WriteArchive,
    sign: Sign,
    chunks: mpsc::Sender<Vec<u8>>,
) -> Result<Archived, Failure> {
    if ask.contents == Contents::All {
        must_be_readable(ctx, &ask.libraries).await?;
    }
    let mut writing = Writing { pack: Pack::default(), chunks, files: Vec::new(), open: None };
    for file in ask.files {
        writing.begin(&file.path, &file.what).await?;
        writing.write(file.bytes).await?;
        writing.end();
    }
    for library in &ask.libraries {
        let (folder, scope) = (format!("{LIBRARIES}{}/", library.id), library.scope());
        for format in ExportFormat::ALL {
            let path = match format {
                ExportFormat::Jsonl => format!("{folder}{BOOKMARKS}"),
                other => format!("{folder}bookmarks.{}", other.name()),
            };
            writing.begin(&path, &format!("{}: {}", library.name, told(format))).await?;
            writing.library(ctx, scope, format).await?;
            writing.end();
        }
        let what = format!("{}: what you opened, and when", library.name);
        writing.begin(&format!("{folder}activity.jsonl"), &what).await?;
        writing.activity(ctx, scope).await?;
        writing.end();
        let what = format!("{}: files that were imported, and what became of rows", library.name);
        writing.begin(&format!("{folder}imports.jsonl"), &what).await?;
        writing.imports(ctx, scope).await?;
        writing.end();
        let what = format!("{}: every change, as the log has it", library.name);
        writing.begin(&format!("{folder}history.jsonl"), &what).await?;
        writing.history(ctx, scope).await?;
        writing.end();
        let kept = writing.files(ctx, library, &folder).await?;
        if ask.contents == Contents::All {
            writing.contents(ctx, scope, &folder, kept).await?;
        }
    }
    let made_at = rfc3339(ctx.stores.clock.now_ms()).unwrap_or_default();
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        server: ask.server,
        person: ctx.person.to_string(),
        name: ask.name,
        made_at,
        key: ask.key,
        files: std::mem::take(&mut writing.files),
    };
    writing.manifest(&manifest, &sign).await?;
    let bytes = manifest.files.iter().map(|file| file.bytes).sum();
    Ok(Archived { files: manifest.files.len(), bytes })
}

/// What a format is for, in words.
fn told(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Jsonl => "all of it, to be taken in again",
        ExportFormat::Html => "its bookmarks, for any browser",
        ExportFormat::Csv => "its bookmarks, for a sheet",
    }
}

/// A row of the ledger of an import.
#[derive(Serialize)]
struct Row<'a> {
    import: ActId,
    row: &'a LedgerRow,
}

/// The archive while it is written.
pub(super) struct Writing {
    pub(super) pack: Pack,
    chunks: mpsc::Sender<Vec<u8>>,
    files: Vec<ArchivedFile>,
    open: Option<(ArchivedFile, Sha256)>,
}

impl Writing {
    pub(super) async fn begin(&mut self, path: &str, what: &str) -> Result<(), Failure> {
        let head = self.pack.begin(path).map_err(packing)?;
        self.begun(path, what, head).await
    }

    pub(super) async fn begun(
        &mut self,
        path: &str,
        what: &str,
        head: Vec<u8>,
    ) -> Result<(), Failure> {
        let (path, what) = (path.to_owned(), what.to_owned());
        let file = ArchivedFile { path, what, bytes: 0, sha256: String::new() };
        self.open = Some((file, Sha256::new()));
        self.give(head).await
    }

    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        if let Some((file, hash)) = &mut self.open {
            file.bytes += bytes.len() as u64;
            hash.update(&bytes);
        }
        let mut pack = std::mem::take(&mut self.pack);
        // Packing a page takes milliseconds, which others need not wait for.
        let packed = tokio::task::spawn_blocking(move || {
            let out = pack.write(&bytes);
            (pack, out)
        });
        let (pack, out) = packed.await.map_err(|join| Fault::new("packing an archive", join))?;
        self.pack = pack;
        self.give(out.map_err(packing)?).await
    }

    pub(super) fn end(&mut self) {
        if let Some((mut file, hash)) = self.open.take() {
            file.sha256 = hex::encode(hash.finalize());
            self.files.push(file);
        }
    }

    async fn library(
        &mut self,
        ctx: &Ctx,
        scope: Scope,
        format: ExportFormat,
    ) -> Result<(), Failure> {
        let (sender, mut portions) = mpsc::channel(WAITING_MAX);
        let packing = async move {
            while let Some(portion) = portions.recv().await {
                self.write(portion).await?;
            }
            Ok::<(), Failure>(())
        };
        let (exported, packed) = tokio::join!(export_library(ctx, scope, format, sender), packing);
        packed?;
        exported.map(drop)
    }

    async fn activity(&mut self, ctx: &Ctx, scope: Scope) -> Result<(), Failure> {
        let events = ctx.stores.activity.recent(scope, ctx.person, EVENTS_MAX).await?;
        for some in events.chunks(LINES) {
            self.write(lines(some)?).await?;
        }
        Ok(())
    }

    async fn imports(&mut self, ctx: &Ctx, scope: Scope) -> Result<(), Failure> {
        for job in ctx.stores.imports.jobs(scope, IMPORTS_MAX).await? {
            let id = job.id;
            self.write(lines(&[job])?).await?;
            let mut after = 0;
            loop {
                let rows = ctx.stores.imports.rows(scope, id, None, after, LINES).await?;
                let Some(last) = rows.last() else { break };
                after = last.row;
                let rows: Vec<_> = rows.iter().map(|row| Row { import: id, row }).collect();
                self.write(lines(&rows)?).await?;
            }
        }
        Ok(())
    }

    async fn history(&mut self, ctx: &Ctx, scope: Scope) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let rows = ctx.stores.library.changes(scope, after, ROWS).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.seq;
            self.write(lines(&rows)?).await?;
        }
    }

    /// Writes what all files are, and that this server says so.
    async fn manifest(&mut self, manifest: &Manifest, sign: &Sign) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(manifest).map_err(writing_json)?;
        let signature = sign(&bytes);
        for (path, bytes) in [(MANIFEST, bytes), (SIGNATURE, signature)] {
            self.begin(path, "").await?;
            self.write(bytes).await?;
            self.end();
        }
        let list = std::mem::take(&mut self.pack).finish().map_err(packing)?;
        self.give(list).await
    }

    async fn give(&mut self, out: Vec<u8>) -> Result<(), Failure> {
        if out.is_empty() || give(&self.chunks, out).await? {
            return Ok(());
        }
        Err(Fault::new("writing an archive", "nobody reads it any more").into())
    }
}

pub(super) fn lines<T: Serialize>(all: &[T]) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for one in all {
        serde_json::to_writer(&mut bytes, one).map_err(writing_json)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

pub(super) fn packing(error: io::Error) -> Failure {
    Fault::of_file("packing an archive", error).into()
}

fn writing_json(error: serde_json::Error) -> Fault {
    Fault::new("writing an archive", error)
}
