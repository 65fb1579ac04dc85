//! Snapshot: the folded library as one file, for a replica to begin from.
//!
//! It is made in short reads while the library is written to: it says the position before the
//! first of them, and folding a row that an item holds already changes nothing.

mod file;

use crate::cursor::Cursor;
use crate::doors::Doors;
use file::{Mark, Writing};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, Scope};
use shelf_domain::kind::{Register, field};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::stamp::Seq;
use shelf_domain::value::Value;
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use shelf_ports::replicas::Stretch;
use shelf_ports::{Failure, Fault};
use std::fs::File;
use std::io;

/// How long a snapshot is kept, milliseconds: a day.
const KEPT_MS: i64 = 86_400_000;
/// How many rows a library may have gone on, until it is made anew.
const BEHIND_MAX: usize = 1_000;
/// Items that are read at once.
const PART: usize = 1_000;
/// How often it is made anew, because something was purged meanwhile.
const TRIES: usize = 3;

/// A snapshot that is kept.
#[derive(Debug)]
pub struct Snapshot {
    /// A file that holds it, from [`Snapshot::BEGIN`] on.
    pub file: File,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of them.
    pub digest: [u8; 32],
}

impl Snapshot {
    /// Where it begins in its file.
    pub const BEGIN: u64 = file::MARK_BYTES as u64;
}

/// The one a library has.
fn key(scope: Scope) -> BlobKey {
    BlobKey { kind: BlobKind::Snapshot, scope, id: ActId::from_bytes([0; 16]) }
}

/// The snapshot of the library: the one that is kept, or another where that is old, far behind, or
/// holds what was purged since.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn snapshot(doors: &Doors, scope: Scope) -> Result<Snapshot, Failure> {
    if let Some(kept) = kept(doors, scope).await? {
        return Ok(kept);
    }
    for _ in 0..TRIES {
        let head = doors.library.head(scope).await?;
        let file = make(doors, scope, &head).await?;
        let copy = file.try_clone().map_err(fault)?;
        doors.blobs.put(&key(scope), copy).await?;
        if purged_since(doors, scope, head.seq).await? == Some(false) {
            return opened(file)
                .await?
                .map(|(_, made)| made)
                .ok_or_else(|| fault(io::ErrorKind::InvalidData.into()).into());
        }
        doors.blobs.remove(&key(scope)).await?;
    }
    let detail = "too much is removed for good at this moment";
    Err(Refused::new(Code::Unavailable, "", detail).into())
}

/// Removes snapshots that were kept for a day; how many.
pub async fn forget_snapshots(blobs: &dyn Blobs, now: i64) -> Result<u64, Fault> {
    blobs.forget(BlobKind::Snapshot, now - KEPT_MS).await
}

/// Removes the snapshot of a library; for whoever removes something of it for good.
pub async fn forget_snapshots_of(blobs: &dyn Blobs, scope: Scope) -> Result<u64, Fault> {
    blobs.forget_library(BlobKind::Snapshot, scope).await
}

fn fault(error: io::Error) -> Fault {
    Fault::of_file("keeping a snapshot", error)
}

/// Does `work` where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(fault),
        Err(join) => Err(Fault::new("keeping a snapshot", join)),
    }
}

/// What the mark of `file` says, and the snapshot in it; `None` where it has none of ours.
async fn opened(mut file: File) -> Result<Option<(Mark, Snapshot)>, Fault> {
    blocking(move || {
        let Some(mark) = Mark::read(&mut file)? else { return Ok(None) };
        let bytes = file.metadata()?.len().saturating_sub(Snapshot::BEGIN);
        let digest = mark.digest;
        Ok(Some((mark, Snapshot { file, bytes, digest })))
    })
    .await
}

/// The snapshot that is kept, if it is still good.
async fn kept(doors: &Doors, scope: Scope) -> Result<Option<Snapshot>, Fault> {
    let Some(file) = doors.blobs.open(&key(scope)).await? else { return Ok(None) };
    let Some((mark, kept)) = opened(file).await? else { return Ok(None) };
    let head = doors.library.head(scope).await?;
    let is_young = mark.made_at + KEPT_MS > doors.clock.now_ms();
    let leads_on = mark.epoch == head.epoch && (head.floor..=head.seq).contains(&mark.seq);
    if !is_young || !leads_on || purged_since(doors, scope, mark.seq).await? != Some(false) {
        return Ok(None);
    }
    Ok(Some(kept))
}

/// Whether something was purged after `seq`; `None` where the library has gone on too far to say.
async fn purged_since(doors: &Doors, scope: Scope, seq: Seq) -> Result<Option<bool>, Fault> {
    let rows = doors.library.changes(scope, seq, BEHIND_MAX + 1).await?;
    if rows.len() > BEHIND_MAX {
        return Ok(None);
    }
    let purged = Register::from(field::PURGED);
    let purges = |row: &Change| {
        let put = row.set.get(&purged).and_then(Option::as_ref);
        put.and_then(Value::as_bool) == Some(true)
    };
    Ok(Some(rows.iter().any(purges)))
}

/// Makes a snapshot of a library that stands at `head`.
async fn make(doors: &Doors, scope: Scope, head: &Head) -> Result<File, Fault> {
    let draft = doors.blobs.draft().await?;
    let cursor = Cursor { epoch: head.epoch, seq: head.seq }.text(scope.library);
    let (begun, library) = (head.clone(), scope.library);
    let mut writing = blocking(move || Writing::begin(draft, library, &begun, &cursor)).await?;
    let mut stretch = Stretch { limit: PART, ..Stretch::default() };
    let mut settled = head.seq;
    loop {
        let told = doors.replicas.stretch(scope, &stretch).await?;
        settled = settled.max(told.head.seq);
        let Some(last) = told.items.last() else { break };
        stretch.after = Some(last.id);
        writing = blocking(move || writing.items(&told.items)).await?;
    }
    let mut after = None;
    loop {
        let pairs = doors.replicas.aliases(scope, after, PART).await?;
        let Some((last, _)) = pairs.last() else { break };
        after = Some(*last);
        writing = blocking(move || writing.aliases(&pairs)).await?;
    }
    // Ids may have joined after the last item was read.
    let settled = settled.max(doors.library.head(scope).await?.seq);
    let (epoch, seq, made_at) = (head.epoch, head.seq, doors.clock.now_ms());
    blocking(move || writing.end(settled, |digest| Mark { epoch, seq, made_at, digest })).await
}
