//! Renders CSV (RFC 4180) with one bookmark a row.
//!
//! Values are written exactly as they are: a title that begins with `=` stays one, because an
//! export that changes what it exports is none. Spreadsheets must import the columns as text.

use std::io::{self, Write};

use super::{ExportBookmark, ExportFolder, ExportLibrary, rfc3339};
use std::collections::HashMap;

/// The names of the columns.
pub const HEADER: [&str; 13] = [
    "url",
    "title",
    "description",
    "notes",
    "tags",
    "collections",
    "created_at",
    "modified_at",
    "archived_at",
    "favourite",
    "unread",
    "private",
    "raw",
];

/// Deepest folder path a row spells out; deeper folders are named by their last ones.
const DEPTH_MAX: usize = 10_000;

/// Writes the header and a row for each bookmark. Folders appear only as the paths of bookmarks.
pub fn write(library: &ExportLibrary, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = writer(&mut *out);
    writer.write_record(HEADER)?;
    writer.flush()?;
    drop(writer);
    write_rows(library, out)
}

/// Writes the rows alone, for a file that is written page by page.
pub fn write_rows(library: &ExportLibrary, out: &mut dyn Write) -> io::Result<()> {
    let folders: HashMap<&str, &ExportFolder> =
        library.folders.iter().map(|folder| (folder.id.as_str(), folder)).collect();
    let mut writer = writer(out);
    for bookmark in &library.bookmarks {
        writer.write_record(row(bookmark, &folders)?)?;
    }
    writer.flush()
}

fn writer(out: &mut dyn Write) -> ::csv::Writer<&mut dyn Write> {
    ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out)
}

fn row(
    bookmark: &ExportBookmark,
    folders: &HashMap<&str, &ExportFolder>,
) -> io::Result<[String; HEADER.len()]> {
    let moment = |ms: Option<i64>| ms.and_then(rfc3339).unwrap_or_default();
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string()).unwrap_or_default();
    let tags: Vec<String> = bookmark.tags.iter().map(|tag| escape(tag, ',')).collect();
    let paths = bookmark.places.iter().filter_map(|place| place.folder.as_deref());
    let paths: Vec<String> = paths.map(|folder| path(folder, folders)).collect();
    let raw =
        if bookmark.raw.is_empty() { String::new() } else { serde_json::to_string(&bookmark.raw)? };
    Ok([
        bookmark.url.clone(),
        bookmark.title.clone(),
        bookmark.description.clone(),
        bookmark.notes.clone(),
        tags.join(","),
        paths.join("\n"),
        moment(bookmark.created_at),
        moment(bookmark.modified_at),
        moment(bookmark.archived_at),
        flag(bookmark.favourite.then_some(true)),
        flag(bookmark.unread.then_some(true)),
        flag(bookmark.private),
        raw,
    ])
}

/// The path `A/B` that leads to a folder.
fn path(folder: &str, folders: &HashMap<&str, &ExportFolder>) -> String {
    let mut names = Vec::new();
    let mut next = folders.get(folder);
    while let Some(folder) = next
        && names.len() < DEPTH_MAX
    {
        names.push(escape(&folder.name, '/'));
        next = folder.parent.as_deref().and_then(|parent| folders.get(parent));
    }
    names.reverse();
    names.join("/")
}

/// Puts a backslash before what would otherwise separate.
fn escape(text: &str, separator: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' {
            out.push_str("\\n");
            continue;
        }
        if c == separator || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
