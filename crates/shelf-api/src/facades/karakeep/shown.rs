//! How a bookmark and a list stand in Karakeep's interface.

use crate::facades::call::Call;
use crate::facades::rows::{Bookmark, Collection, Moment, TagRef};
use crate::wire::Id;
use serde::Serialize;
use serde_json::{Value, json};

/// Longest name of a list there, in characters.
const NAME_CHARS_MAX: usize = 100;
/// The picture of a list that has none of its own.
const ICON: &str = "\u{1f4d4}";

/// A list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListOut {
    id: Id,
    name: String,
    description: Option<String>,
    icon: String,
    parent_id: Option<Id>,
    #[serde(rename = "type")]
    kind: &'static str,
    query: Option<String>,
    public: bool,
    has_collaborators: bool,
    user_role: &'static str,
}

impl From<Collection> for ListOut {
    fn from(row: Collection) -> Self {
        let Collection { id, name, parent, description, icon, .. } = row;
        Self {
            id: Id(id),
            name: name_of(&name),
            description: Some(description).filter(|text| !text.is_empty()),
            icon: if icon.is_empty() { ICON.to_owned() } else { icon },
            parent_id: parent.map(Id),
            kind: "manual",
            query: None,
            public: false,
            has_collaborators: false,
            user_role: "owner",
        }
    }
}

/// The name of a collection, as long as one of a list may be.
pub(super) fn name_of(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// The icon an app sends, where it is one of somebody's own.
pub(super) fn icon_of(sent: Option<String>) -> Option<String> {
    sent.filter(|icon| icon != ICON)
}

/// A tag on a bookmark.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TagOut {
    id: Id,
    name: String,
    attached_by: &'static str,
}

impl From<TagRef> for TagOut {
    fn from(tag: TagRef) -> Self {
        Self { id: Id(tag.id), name: tag.name, attached_by: "human" }
    }
}

/// A bookmark.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BookmarkOut {
    id: Id,
    created_at: Moment,
    modified_at: Moment,
    title: String,
    archived: bool,
    favourited: bool,
    tagging_status: &'static str,
    summarization_status: &'static str,
    embedding_status: Option<&'static str>,
    note: String,
    summary: Option<String>,
    user_id: String,
    tags: Vec<TagOut>,
    content: Value,
    assets: [Value; 0],
}

impl BookmarkOut {
    /// A bookmark as it is shown to whoever calls.
    pub(super) fn of(row: Bookmark, call: &Call) -> Self {
        Self {
            id: Id(row.id),
            created_at: row.created_at.unwrap_or(Moment(0)),
            modified_at: row.changed_at,
            archived: row.archived_at.is_some(),
            favourited: row.favourite,
            tagging_status: "success",
            summarization_status: "success",
            embedding_status: None,
            note: row.notes,
            summary: None,
            // Libraries are shared, not bookmarks: all that somebody sees is shown as theirs.
            user_id: call.person.id.clone(),
            tags: row.tags.into_iter().map(TagOut::from).collect(),
            content: json!({
                "type": "link",
                "url": row.url,
                "title": row.title,
                "description": row.description,
            }),
            // An empty one is said as well: floccus takes null for another than the browser's.
            title: row.title,
            assets: [],
        }
    }
}

/// A bookmark that was asked to be saved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedOut {
    /// The bookmark.
    #[serde(flatten)]
    pub bookmark: BookmarkOut,
    /// Whether it was there before.
    pub already_exists: bool,
}

/// One page of bookmarks; `nextCursor` is there on the last one too.
pub(super) fn page(call: &Call, rows: Vec<Bookmark>, next: Option<String>) -> Value {
    let rows: Vec<BookmarkOut> = rows.into_iter().map(|row| BookmarkOut::of(row, call)).collect();
    json!({ "bookmarks": rows, "nextCursor": next })
}
