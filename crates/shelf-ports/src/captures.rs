//! Files that are kept with bookmarks: what is known of each, while its content is among the blobs.

use crate::Fault;
use crate::blobs::{BlobKey, BlobKind};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{ActId, CaptureId, DeviceId, ItemId, Scope};
use std::fmt;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureKind {
    /// A file somebody brought.
    Upload,
    /// The page of the bookmark, as a program of theirs saved it.
    Snapshot,
}

impl CaptureKind {
    /// The word for it in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A file that is kept with a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Its id.
    pub id: CaptureId,
    /// The bookmark, by the id it had when the file came.
    pub item: ItemId,
    /// What it is.
    pub kind: CaptureKind,
    /// Its name, for people: one name, no path.
    pub name: String,
    /// Its media type, as whoever brought it said.
    pub content_type: String,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
    /// When it came, milliseconds.
    pub made_at: i64,
    /// The grant it came by.
    pub made_by: DeviceId,
}

/// What a page of ours would run, or be dressed by, if it named a file of such a type: parts of the types
/// of scripts (WHATWG MIME Sniffing, 4.6), and that of style sheets.
const RUN: [&str; 5] = ["javascript", "ecmascript", "jscript", "livescript", "text/css"];

impl Capture {
    /// The media type its content goes out with. A script or a style sheet is but bytes: our pages may
    /// load those from here, and one that somebody brought is not ours.
    pub fn type_out(&self) -> &str {
        let is_run = RUN.iter().any(|part| self.content_type.contains(part));
        if is_run { "application/octet-stream" } else { &self.content_type }
    }
}

/// Where the content of the capture `id` is among the blobs.
pub fn content_of(scope: Scope, id: CaptureId) -> BlobKey {
    BlobKey { kind: BlobKind::Capture, scope, id: ActId::from_bytes(id.to_bytes()) }
}

/// Whether a file may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what found no room was not begun"]
pub enum Claim {
    /// Its row is kept, and with it the room for its content.
    Begun,
    /// There is no room for it, and nothing was kept.
    Full {
        /// How many bytes the files of the tenant have, with those that come and go.
        held: u64,
    },
}

/// What is known of files that are kept with bookmarks.
///
/// A row comes before its content and goes after it: so there is no content without a row, whatever
/// is cut off. The contract, each line a case of the exam:
///
/// * A row that was begun is in no list before it is settled, and in none after it was let go.
/// * Both are effects once: to settle what is settled, or was let go or forgotten, says `false`.
/// * Lists are in the order of ids, that of a whole library in parts. A bookmark has the files of every bookmark that joined it.
/// * What was let go, and what was begun before a moment and never settled, is told until it is
///   forgotten; once it was told, nothing settles it.
/// * The files of all libraries of a tenant, with those that come and go, have no more bytes than
///   whoever begins one says: to look and to begin are one effect, so that of two at once that
///   only one has room for, one is begun. A file that is begun again is counted once.
/// * Another library has none of it.
#[async_trait]
pub trait Captures: fmt::Debug + Send + Sync {
    /// Keeps the row of a file whose content comes next, unless the files of the tenant had more than
    /// `most` bytes then. One that was let go stays so until it is forgotten: its content is being
    /// removed.
    async fn begin(
        &self,
        scope: Scope,
        capture: &Capture,
        most: Option<u64>,
    ) -> Result<Claim, Fault>;

    /// The content is there; whether the row waited for it.
    async fn settle(&self, scope: Scope, id: CaptureId) -> Result<bool, Fault>;

    /// The file `id`; `None` where there is none whose content is there.
    async fn capture(&self, scope: Scope, id: CaptureId) -> Result<Option<Capture>, Fault>;

    /// The files of `item`, which is an id a bookmark goes by, and of all that joined it; oldest first.
    async fn captures_of(&self, scope: Scope, item: ItemId) -> Result<Vec<Capture>, Fault>;

    /// The next files of the library after `after`, by id, whose content is there; at most `limit`.
    async fn captures_after(
        &self,
        scope: Scope,
        after: Option<CaptureId>,
        limit: usize,
    ) -> Result<Vec<Capture>, Fault>;

    /// The next items after `after`, by id, that files name; at most `limit`.
    async fn captured_items(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault>;

    /// Lets the file go: its content is removed next. Whether it was there.
    async fn let_go(&self, scope: Scope, id: CaptureId) -> Result<bool, Fault>;

    /// At most `limit` files whose content is to be removed: those that were let go, and those that
    /// were begun before `before`, milliseconds, and never settled. The latter are let go by this, as
    /// one effect: else one that is settled meanwhile would lose its content.
    async fn left_over(
        &self,
        scope: Scope,
        before: i64,
        limit: usize,
    ) -> Result<Vec<CaptureId>, Fault>;

    /// Removes the row of a file whose content is gone, and which was let go or never settled.
    async fn forget(&self, scope: Scope, id: CaptureId) -> Result<(), Fault>;
}
