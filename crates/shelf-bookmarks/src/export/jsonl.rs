//! Renders MindShelf JSON Lines, the format that loses nothing.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::tree::{Step, walk};
use super::{ExportBookmark, ExportComment, ExportFolder, ExportLibrary, ExportTag, rfc3339};

/// Writes folders (parents first), tags, then bookmarks, one JSON object a line.
pub fn write(library: &ExportLibrary, out: &mut dyn Write) -> io::Result<()> {
    let mut open: Vec<&str> = Vec::new();
    let places = library.bookmarks.iter().map(|bookmark| bookmark.places.as_slice());
    for step in walk(&library.folders, places) {
        match step {
            Step::Enter(at) => {
                let Some(folder) = library.folders.get(at) else { continue };
                write_folder(folder, open.last().copied(), out)?;
                open.push(&folder.id);
            }
            Step::Leave => {
                open.pop();
            }
            Step::Bookmark(..) => {}
        }
    }
    for tag in &library.tags {
        write_tag(tag, out)?;
    }
    for bookmark in &library.bookmarks {
        write_bookmark(bookmark, out)?;
    }
    Ok(())
}

/// Writes the line of one folder, which lies in the folder with the id `parent`.
pub fn write_folder(
    folder: &ExportFolder,
    parent: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let line = FolderLine {
        kind: "collection",
        id: &folder.id,
        parent,
        name: &folder.name,
        order: folder.order,
        description: &folder.description,
        icon: &folder.icon,
        query: &folder.query,
        mount: &folder.mount,
        created_at: folder.created_at.and_then(rfc3339),
        modified_at: folder.modified_at.and_then(rfc3339),
    };
    write_line(&line, out)
}

/// Writes the line of one tag.
pub fn write_tag(tag: &ExportTag, out: &mut dyn Write) -> io::Result<()> {
    write_line(&TagLine { kind: "tag", name: &tag.name, colour: &tag.colour }, out)
}

/// Writes the line of one bookmark; the lines of the folders it stands in come before it.
pub fn write_bookmark(bookmark: &ExportBookmark, out: &mut dyn Write) -> io::Result<()> {
    let places = bookmark.places.iter().map(|place| PlaceLine {
        collection: place.folder.as_deref(),
        order: place.order,
        title: &place.title,
    });
    let line = BookmarkLine {
        url: &bookmark.url,
        title: &bookmark.title,
        description: &bookmark.description,
        notes: &bookmark.notes,
        tags: &bookmark.tags,
        places: places.collect(),
        created_at: bookmark.created_at.and_then(rfc3339),
        modified_at: bookmark.modified_at.and_then(rfc3339),
        archived_at: bookmark.archived_at.and_then(rfc3339),
        favourite: bookmark.favourite,
        unread: bookmark.unread,
        private: bookmark.private,
        raw: &bookmark.raw,
    };
    write_line(&line, out)
}

/// Writes the line of one comment; that of its bookmark comes before it.
pub fn write_comment(comment: &ExportComment, out: &mut dyn Write) -> io::Result<()> {
    let line = CommentLine {
        kind: "comment",
        id: &comment.id,
        url: &comment.url,
        body: &comment.body,
        created_at: rfc3339(comment.created_at),
        author: &comment.author,
    };
    write_line(&line, out)
}

fn write_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct FolderLine<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    parent: Option<&'a str>,
    name: &'a str,
    order: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    icon: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    query: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<String>,
}

#[derive(Serialize)]
struct TagLine<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    colour: &'a str,
}

#[derive(Serialize)]
struct CommentLine<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    url: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    author: &'a str,
}

#[derive(Serialize)]
struct PlaceLine<'a> {
    collection: Option<&'a str>,
    order: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
}

#[derive(Serialize)]
struct BookmarkLine<'a> {
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    notes: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<PlaceLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    favourite: bool,
    #[serde(skip_serializing_if = "is_false")]
    unread: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: &'a BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
