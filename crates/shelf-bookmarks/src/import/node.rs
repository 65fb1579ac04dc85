//! What a reader hands over: folders, tags, bookmarks and refused rows, in document order.

use std::collections::BTreeMap;

/// One thing found in a file. A folder comes before everything that lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder(Folder),
    /// A tag with properties of its own.
    Tag(TagNode),
    /// A bookmark.
    Bookmark(Box<Entry>),
    /// A comment on a bookmark, whose line may come later or never.
    Comment(CommentNode),
    /// A row that cannot be imported, with the reason.
    Refused(RefusedRow),
    /// Something worth telling that is no row, such as a file that ends in the middle of a tag.
    Notice(String),
}

/// What a browser uses a folder for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Role {
    /// An ordinary folder.
    #[default]
    None,
    /// The bar under the address line.
    Toolbar,
    /// Firefox's bookmarks menu.
    Menu,
    /// "Other bookmarks".
    Unfiled,
    /// Bookmarks of the phone.
    Mobile,
}

/// One folder of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// Number of this folder within the file, from 0.
    pub node: u32,
    /// The folder it lies in; `None` at the top.
    pub parent: Option<u32>,
    /// Name as written, at most [`FOLDER_NAME_CHARS_MAX`](super::limits::FOLDER_NAME_CHARS_MAX).
    pub name: String,
    /// Description; empty when there is none.
    pub description: String,
    /// Icon (an emoji or a name); empty when there is none.
    pub icon: String,
    /// Query of a smart folder; empty when it is none.
    pub query: String,
    /// Id of the library that was mounted there; empty when there was none.
    pub mount: String,
    /// Creation, milliseconds since 1970 UTC.
    pub created_at: Option<i64>,
    /// Last change, milliseconds since 1970 UTC.
    pub modified_at: Option<i64>,
    /// What the browser uses it for.
    pub role: Role,
    /// Position among its siblings, folders and bookmarks counted together.
    pub order: u64,
}

/// A tag that carries more than its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagNode {
    /// Name as written.
    pub name: String,
    /// Colour as written; empty when there is none.
    pub colour: String,
}

/// What somebody said of a bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommentNode {
    /// The id it had where it comes from; empty where the file does not say.
    pub id: String,
    /// Address of the bookmark.
    pub url: String,
    /// What it says.
    pub body: String,
    /// When it was written, milliseconds since 1970 UTC.
    pub created_at: Option<i64>,
}

/// One spot in the tree where a bookmark stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaceRef {
    /// The folder; `None` = at the top of the tree, outside every folder.
    pub folder: Option<u32>,
    /// Title at this spot when it differs from the bookmark's; else empty.
    pub title: String,
    /// Position among its siblings, folders and bookmarks counted together.
    pub order: u64,
}

/// One bookmark of the file. Times are milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Row in the file, from 1: the line, the record or the how-manieth link.
    pub row: u64,
    /// Address as written, trimmed; it has a scheme, but may be `javascript:`, `data:`, `about:`…
    pub url: String,
    /// Title; may be empty.
    pub title: String,
    /// Description; may be empty.
    pub description: String,
    /// Private notes; may be empty.
    pub notes: String,
    /// Tags in their order, trimmed, without repetition.
    pub tags: Vec<String>,
    /// Where it stands; empty = nowhere (unsorted).
    pub places: Vec<PlaceRef>,
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
    /// Private or public; `None` when the file does not say.
    pub private: Option<bool>,
    /// Fields of the file that have no home here, by lower-case name.
    pub raw: BTreeMap<String, String>,
}

/// A row that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusedRow {
    /// Row in the file, from 1.
    pub row: u64,
    /// Address as far as it could be read, shortened for display.
    pub url: String,
    /// Title as far as it could be read, shortened for display.
    pub title: String,
    /// Why, and what to do about it where something can be done.
    pub reason: String,
}
