//! Renders a library as JSON Lines, Netscape HTML or CSV from plain views of it.
//!
//! What each format carries is written in `docs/FORMATS.md`; JSON Lines carries everything.

pub mod jsonl;
pub mod netscape;
pub mod csv;
mod tree;
mod comments;
mod html_pages;
pub mod export_library;

use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use crate::import::Role;
pub use export_library::{ExportFormat, Exported, export_library};

/// A folder as an export shows it. Times are milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportFolder {
    /// Any text that names this folder within the export.
    pub id: String,
    /// The folder it lies in; `None`, or an id that is not exported, is the top.
    pub parent: Option<String>,
    /// Name.
    pub name: String,
    /// Description; empty when there is none.
    pub description: String,
    /// Icon; empty when there is none.
    pub icon: String,
    /// Query of a smart folder; empty when it is none.
    pub query: String,
    /// Id of the library that is mounted there; empty when there is none. What is in it is not in
    /// the export.
    pub mount: String,
    /// What a browser uses it for.
    pub role: Role,
    /// Position among its siblings, folders and bookmarks counted together.
    pub order: u64,
    /// Creation.
    pub created_at: Option<i64>,
    /// Last change.
    pub modified_at: Option<i64>,
}

/// One spot where a bookmark stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportPlace {
    /// The folder's id; `None` = at the top of the tree.
    pub folder: Option<String>,
    /// Position among its siblings, folders and bookmarks counted together.
    pub order: u64,
    /// Title at this spot when it differs from the bookmark's; else empty.
    pub title: String,
}

/// A bookmark as an export shows it. Times are milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportBookmark {
    /// Address.
    pub url: String,
    /// Title; may be empty.
    pub title: String,
    /// Description; may be empty.
    pub description: String,
    /// Private notes; may be empty.
    pub notes: String,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Where it stands; empty = nowhere (unsorted).
    pub places: Vec<ExportPlace>,
    /// When it was saved.
    pub created_at: Option<i64>,
    /// When it was last changed.
    pub modified_at: Option<i64>,
    /// When it was archived; `None` = it is not.
    pub archived_at: Option<i64>,
    /// Marked as a favourite.
    pub favourite: bool,
    /// Still to be read.
    pub unread: bool,
    /// Private or public; `None` when nobody said.
    pub private: Option<bool>,
    /// Fields that came from elsewhere and have no home, by name.
    pub raw: BTreeMap<String, String>,
}

/// A tag that carries more than its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportTag {
    /// Name.
    pub name: String,
    /// Colour; empty when there is none.
    pub colour: String,
}

/// What somebody said of a bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportComment {
    /// Its id.
    pub id: String,
    /// Address of the bookmark.
    pub url: String,
    /// What it says.
    pub body: String,
    /// When it was written, milliseconds since 1970 UTC.
    pub created_at: i64,
    /// What its author is called; empty where nobody knows.
    pub author: String,
}

/// All that is exported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportLibrary {
    /// Folders in any order.
    pub folders: Vec<ExportFolder>,
    /// Tags with properties.
    pub tags: Vec<ExportTag>,
    /// Bookmarks in the order in which they shall be written where no folder orders them.
    pub bookmarks: Vec<ExportBookmark>,
}

/// A moment as RFC 3339 in UTC; `None` outside the years 0 to 9999.
pub(crate) fn rfc3339(ms: i64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?;
    moment.format(&Rfc3339).ok()
}
