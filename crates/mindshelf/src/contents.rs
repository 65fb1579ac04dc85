//! The content of files that are kept with bookmarks, told and taken in beside the records: for
//! backups, and for a shelf that moves.

use crate::blobs::{Blobs as Places, Bucket};
use crate::records::Records;
use crate::system::SystemChance;
use anyhow::Result;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shelf_domain::id::{CaptureId, Scope};
use shelf_ports::Fault;
use shelf_ports::archive::{Archive, Batch, Content, Entry, Taking};
use shelf_ports::blobs::{BlobKind, Blobs};
use shelf_ports::captures::{Captures, content_of};
use shelf_vault::{RootKey, RootVault, SealedBlobs};
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

/// The bytes of a part; the last one of a file is shorter. A multiple of three needs no padding.
const PART_BYTES: u64 = 96 << 10;
/// Items with files that are looked at together.
const AT_ONCE: usize = 500;

/// Everything in `records`, with the content of files that lie in the bucket or below `dir`.
pub(crate) async fn archive_of(
    records: &Records,
    dir: &Path,
    bucket: Option<&Bucket>,
    root: RootKey,
) -> Result<Arc<dyn Archive>> {
    let blobs = Places::beside(dir, bucket).await?;
    let vault = Arc::new(RootVault::new(root, records.keys(), Arc::new(SystemChance)));
    let blobs = Arc::new(SealedBlobs::new(blobs.port(), vault));
    Ok(Arc::new(WithContents::new(records.archive(), blobs)))
}

/// Removes all files: what sealed them is lost. How many there were.
pub(crate) async fn forget_all(records: &Records, blobs: &dyn Blobs) -> Result<u64, Fault> {
    let captures = records.captures();
    for library in records.accounts().all_libraries().await? {
        forget_of(&*captures, library.scope()).await?;
    }
    blobs.forget(BlobKind::Capture, i64::MAX).await
}

async fn forget_of(captures: &dyn Captures, scope: Scope) -> Result<(), Fault> {
    loop {
        let items = captures.captured_items(scope, None, AT_ONCE).await?;
        if items.is_empty() {
            return Ok(());
        }
        for item in items {
            for capture in captures.captures_of(scope, item).await? {
                captures.let_go(scope, capture.id).await?;
            }
        }
        for id in captures.left_over(scope, i64::MAX, usize::from(u16::MAX)).await? {
            captures.forget(scope, id).await?;
        }
    }
}

/// Records, and the content of the files they know of.
#[derive(Debug)]
struct WithContents {
    records: Arc<dyn Archive>,
    blobs: Arc<dyn Blobs>,
    /// The file whose parts come in.
    coming: Mutex<Option<Coming>>,
}

/// A file that is not there whole yet.
#[derive(Debug)]
struct Coming {
    capture: CaptureId,
    next: u32,
    file: File,
}

fn fault(error: std::io::Error) -> Fault {
    Fault::of_file("carrying a file", error)
}

impl WithContents {
    fn new(records: Arc<dyn Archive>, blobs: Arc<dyn Blobs>) -> Self {
        Self { records, blobs, coming: Mutex::default() }
    }

    /// Takes in a part; with the last one, the file is kept.
    async fn part(&self, scope: Option<Scope>, content: Content) -> Result<(), Fault> {
        let wrong = |what: &'static str| Fault::new("taking in a file", what);
        let scope = scope.ok_or_else(|| wrong("it is of no library"))?;
        let bytes = STANDARD.decode(&content.base64).map_err(|_| wrong("it is damaged"))?;
        let mut coming = self.coming.lock().await;
        if content.part == 0 {
            let file = File::from_std(self.blobs.draft().await?);
            *coming = Some(Coming { capture: content.capture, next: 0, file });
        }
        let one = coming.as_mut();
        let one = one.filter(|one| one.capture == content.capture && one.next == content.part);
        let one = one.ok_or_else(|| wrong("a part of it is missing"))?;
        one.file.write_all(&bytes).await.map_err(fault)?;
        one.next += 1;
        if !content.is_last {
            return Ok(());
        }
        let Some(Coming { mut file, .. }) = coming.take() else { return Ok(()) };
        file.flush().await.map_err(fault)?;
        self.blobs.put(&content_of(scope, content.capture), file.into_std().await).await
    }
}

#[async_trait]
impl Archive for WithContents {
    async fn tell(&self, to: &mut dyn Taking) -> Result<(), Fault> {
        let mut telling = Telling { to, blobs: &*self.blobs };
        self.records.tell(&mut telling).await
    }

    async fn take(&self, batch: Batch) -> Result<(), Fault> {
        let Batch { scope, entries } = batch;
        let mut others = Vec::new();
        for entry in entries {
            match entry {
                Entry::Content(content) => self.part(scope, content).await?,
                other => others.push(other),
            }
        }
        if others.is_empty() {
            return Ok(());
        }
        self.records.take(Batch { scope, entries: others }).await
    }
}

/// Tells each file of the records with its content after it, however its row was batched.
struct Telling<'a, 'b> {
    to: &'a mut dyn Taking,
    blobs: &'b dyn Blobs,
}

impl Telling<'_, '_> {
    async fn content(&mut self, scope: Scope, capture: CaptureId) -> Result<(), Fault> {
        let Some(file) = self.blobs.open(&content_of(scope, capture)).await? else {
            // It was removed since its row was read, or is lost: what is restored lacks it too.
            tracing::warn!(library = %scope.library, "the content of a file is not there");
            return Ok(());
        };
        let mut file = File::from_std(file);
        for part in 0.. {
            let mut bytes = Vec::new();
            let mut some = AsyncReadExt::take(&mut file, PART_BYTES);
            some.read_to_end(&mut bytes).await.map_err(fault)?;
            let is_last = (bytes.len() as u64) < PART_BYTES;
            let content = Content { capture, part, is_last, base64: STANDARD.encode(&bytes) };
            let entries = vec![Entry::Content(content)];
            self.to.take(Batch { scope: Some(scope), entries }).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Taking for Telling<'_, '_> {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        let Batch { scope, entries } = batch;
        let mut waiting = Vec::new();
        for entry in entries {
            let capture = match &entry {
                Entry::Capture(capture) => Some(capture.id),
                _ => None,
            };
            waiting.push(entry);
            if let (Some(capture), Some(scope)) = (capture, scope) {
                let entries = std::mem::take(&mut waiting);
                self.to.take(Batch { scope: Some(scope), entries }).await?;
                self.content(scope, capture).await?;
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        self.to.take(Batch { scope, entries: waiting }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{carry, digest};
    use shelf_embedded::{DirectoryBlobs, Embedded};
    use shelf_ports::captures::{Capture, CaptureKind, Claim};
    use shelf_testkit::{Desk, FakeVault};
    use std::io::{Read, Write};
    use tempfile::TempDir;

    struct Side {
        store: Embedded,
        blobs: Arc<dyn Blobs>,
        all: WithContents,
        _dir: TempDir,
    }

    fn side() -> Side {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        let plain = Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap());
        let blobs: Arc<dyn Blobs> = Arc::new(SealedBlobs::new(plain, Arc::new(FakeVault)));
        let all = WithContents::new(Arc::new(store.clone()), blobs.clone());
        Side { store, blobs, all, _dir: dir }
    }

    async fn keep(side: &Side, desk: &Desk, number: u8, content: &[u8]) -> CaptureId {
        let id = CaptureId::from_bytes([number; 16]);
        let capture = Capture {
            id,
            item: desk.new_item(),
            kind: CaptureKind::Upload,
            name: format!("{number}.bin"),
            content_type: "application/octet-stream".to_owned(),
            bytes: content.len() as u64,
            sha256: String::new(),
            made_at: 1,
            made_by: desk.device,
        };
        let claim = side.store.begin(desk.scope, &capture, None).await.unwrap();
        assert_eq!(claim, Claim::Begun);
        let mut file = side.blobs.draft().await.unwrap();
        file.write_all(content).unwrap();
        side.blobs.put(&content_of(desk.scope, id), file).await.unwrap();
        assert!(Captures::settle(&side.store, desk.scope, id).await.unwrap());
        id
    }

    async fn kept(side: &Side, scope: Scope, id: CaptureId) -> Option<Vec<u8>> {
        let file = side.blobs.open(&content_of(scope, id)).await.unwrap()?;
        Some(std::io::BufReader::new(file).bytes().map(Result::unwrap).collect())
    }

    #[tokio::test]
    async fn files_move_with_their_content_and_twice_is_once() {
        let (from, to) = (side(), side());
        let (ada, ben) = (Desk::new(&from.store, 1).await, Desk::new(&from.store, 2).await);
        let part = usize::try_from(PART_BYTES).unwrap();
        let contents: [Vec<u8>; 4] = [vec![1], vec![2; part], vec![3; 2 * part + 1], vec![4; 9]];
        let mut ids = Vec::new();
        for (content, number) in contents.iter().zip(1..) {
            let desk = if number == 4 { &ben } else { &ada };
            ids.push((desk.scope, keep(&from, desk, number, content).await));
        }
        // One whose content is lost is told without it.
        let lost = keep(&from, &ada, 5, b"lost").await;
        from.blobs.remove(&content_of(ada.scope, lost)).await.unwrap();
        for _ in 0..2 {
            let told = carry(&from.all, &to.all, &|_| ()).await.unwrap();
            assert_eq!(told, digest(&to.all).await.unwrap());
        }
        for ((scope, id), content) in ids.into_iter().zip(contents) {
            assert_eq!(kept(&to, scope, id).await, Some(content));
            let known = Captures::capture(&to.store, scope, id).await.unwrap();
            assert_eq!(known, Captures::capture(&from.store, scope, id).await.unwrap());
        }
        assert_eq!(kept(&to, ada.scope, lost).await, None);
    }

    #[tokio::test]
    async fn a_file_with_a_part_missing_is_not_kept() {
        let to = side();
        let desk = Desk::new(&to.store, 1).await;
        let capture = CaptureId::from_bytes([1; 16]);
        let part = |part, is_last| {
            let content = Content { capture, part, is_last, base64: STANDARD.encode("abc") };
            Batch { scope: Some(desk.scope), entries: vec![Entry::Content(content)] }
        };
        to.all.take(part(0, false)).await.unwrap();
        assert!(to.all.take(part(2, true)).await.is_err());
        assert_eq!(kept(&to, desk.scope, capture).await, None);
        assert!(to.all.take(part(1, true)).await.is_ok(), "and goes on where it was");
        assert_eq!(kept(&to, desk.scope, capture).await, Some(b"abcabc".to_vec()));
    }

    #[tokio::test]
    async fn files_that_nothing_opens_any_more_are_forgotten() {
        let side = side();
        let desk = Desk::new(&side.store, 1).await;
        let id = keep(&side, &desk, 1, b"sealed").await;
        let records = Records::Embedded(side.store.clone());
        assert_eq!(forget_all(&records, &*side.blobs).await.unwrap(), 1);
        assert_eq!(Captures::capture(&side.store, desk.scope, id).await.unwrap(), None);
        assert_eq!(kept(&side, desk.scope, id).await, None);
        assert_eq!(side.store.captured_items(desk.scope, None, 9).await.unwrap(), []);
    }
}
