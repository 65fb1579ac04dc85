//! Renders the bookmark file every browser imports.
//!
//! What that format cannot say (milliseconds, tags with commas, the title of a place, unknown
//! fields) stands in attributes of our own that others step over, written only where needed.

use std::io::{self, Write};

use super::tree::{Step, walk};
use super::{ExportBookmark, ExportFolder, ExportLibrary, ExportPlace, rfc3339};
use crate::import::Role;

/// Deepest indentation; deeper folders stand below each other.
const INDENT_MAX: usize = 16;

const HEAD: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n\
    <!-- This is an automatically generated file.\n     It will be read and overwritten.\n     \
    DO NOT EDIT! -->\n\
    <META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n\
    <META NAME=\"generator\" CONTENT=\"MindShelf\">\n\
    <TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n\n";

/// Writes the whole library; a bookmark with several places stands in each of them.
pub fn write(library: &ExportLibrary, out: &mut dyn Write) -> io::Result<()> {
    let mut pen = Pen::begin(out)?;
    let places = library.bookmarks.iter().map(|bookmark| bookmark.places.as_slice());
    for step in walk(&library.folders, places) {
        match step {
            Step::Enter(at) => {
                let Some(folder) = library.folders.get(at) else { continue };
                pen.enter(folder, out)?;
            }
            Step::Leave => pen.leave(out)?,
            Step::Bookmark(at, place) => {
                let Some(bookmark) = library.bookmarks.get(at) else { continue };
                let place = place.and_then(|place| bookmark.places.get(place));
                pen.bookmark(bookmark, place, out)?;
            }
        }
    }
    pen.end(out)
}

/// Writes the file step by step, for one that is never held as a whole.
#[derive(Debug)]
pub(super) struct Pen {
    depth: usize,
}

impl Pen {
    /// Begins the file.
    pub(super) fn begin(out: &mut dyn Write) -> io::Result<Self> {
        out.write_all(HEAD.as_bytes())?;
        out.write_all(b"<DL><p>\n")?;
        Ok(Self { depth: 1 })
    }

    /// Opens a folder.
    pub(super) fn enter(&mut self, folder: &ExportFolder, out: &mut dyn Write) -> io::Result<()> {
        write_folder(folder, self.depth, out)?;
        self.depth += 1;
        Ok(())
    }

    /// Closes the folder opened last.
    pub(super) fn leave(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        writeln!(out, "{}</DL><p>", indent(self.depth))
    }

    /// Writes a bookmark that stands here by `place`.
    pub(super) fn bookmark(
        &self,
        bookmark: &ExportBookmark,
        place: Option<&ExportPlace>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        write_bookmark(bookmark, place, self.depth, out)
    }

    /// Ends the file.
    #[expect(clippy::unused_self, reason = "whoever ended has no pen any more")]
    pub(super) fn end(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"</DL><p>\n")
    }
}

fn indent(depth: usize) -> String {
    "    ".repeat(depth.min(INDENT_MAX))
}

fn write_folder(folder: &ExportFolder, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut attributes = String::new();
    push_moment(&mut attributes, "ADD_DATE", "MS_CREATED", folder.created_at);
    push_moment(&mut attributes, "LAST_MODIFIED", "MS_MODIFIED", folder.modified_at);
    match folder.role {
        Role::Toolbar => push(&mut attributes, "PERSONAL_TOOLBAR_FOLDER", "true"),
        Role::Unfiled => push(&mut attributes, "UNFILED_BOOKMARKS_FOLDER", "true"),
        Role::None | Role::Menu | Role::Mobile => {}
    }
    if !folder.icon.is_empty() {
        push(&mut attributes, "MS_ICON", &folder.icon);
    }
    let pad = indent(depth);
    writeln!(out, "{pad}<DT><H3{attributes}>{}</H3>", line_text(&folder.name))?;
    if !folder.description.is_empty() {
        writeln!(out, "{pad}<DD>{}", block_text(&folder.description))?;
    }
    writeln!(out, "{pad}<DL><p>")
}

fn write_bookmark(
    bookmark: &ExportBookmark,
    place: Option<&ExportPlace>,
    depth: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let attributes = attributes(bookmark)?;
    let place_title = place.map_or("", |place| place.title.as_str());
    let has_own_title = !place_title.is_empty() && place_title != bookmark.title;
    let mut title_attribute = String::new();
    if has_own_title {
        push(&mut title_attribute, "MS_TITLE", &bookmark.title);
    }
    let shown = if has_own_title { place_title } else { &bookmark.title };
    let pad = indent(depth);
    let shown = line_text(shown);
    writeln!(out, "{pad}<DT><A{attributes}{title_attribute}>{shown}</A>")?;
    if bookmark.description.is_empty() && bookmark.notes.is_empty() {
        return Ok(());
    }
    write!(out, "{pad}<DD>{}", block_text(&bookmark.description))?;
    if !bookmark.notes.is_empty() {
        write!(out, "[linkding-notes]{}[/linkding-notes]", block_text(&bookmark.notes))?;
    }
    out.write_all(b"\n")
}

fn attributes(bookmark: &ExportBookmark) -> io::Result<String> {
    let mut text = String::new();
    push(&mut text, "HREF", &bookmark.url);
    push_moment(&mut text, "ADD_DATE", "MS_CREATED", bookmark.created_at);
    push_moment(&mut text, "LAST_MODIFIED", "MS_MODIFIED", bookmark.modified_at);
    if let Some(private) = bookmark.private {
        push(&mut text, "PRIVATE", if private { "1" } else { "0" });
    }
    if bookmark.unread {
        push(&mut text, "TOREAD", "1");
    }
    if bookmark.favourite {
        push(&mut text, "FAVOURITE", "1");
    }
    if let Some(moment) = bookmark.archived_at.and_then(rfc3339) {
        push(&mut text, "ARCHIVED_AT", &moment);
    }
    if !bookmark.tags.is_empty() {
        push(&mut text, "TAGS", &bookmark.tags.join(","));
    }
    if bookmark.tags.iter().any(|tag| tag.contains(',')) {
        push(&mut text, "MS_TAGS", &serde_json::to_string(&bookmark.tags)?);
    }
    if !bookmark.raw.is_empty() {
        push(&mut text, "MS_RAW", &serde_json::to_string(&bookmark.raw)?);
    }
    Ok(text)
}

/// Writes a moment to the second, and exactly beside it when a second is not enough.
fn push_moment(text: &mut String, name: &str, exact_name: &str, ms: Option<i64>) {
    let Some(ms) = ms else { return };
    let Some(exact) = rfc3339(ms) else { return };
    push(text, name, &ms.div_euclid(1_000).to_string());
    // A count of zero or less reads as "no date", one after the year 5138 as milliseconds.
    if ms.rem_euclid(1_000) != 0 || !(1_000..100_000_000_000_000).contains(&ms) {
        push(text, exact_name, &exact);
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push(' ');
    text.push_str(name);
    text.push_str("=\"");
    for c in value.chars() {
        match c {
            '"' => text.push_str("&quot;"),
            '\n' => text.push_str("&#10;"),
            '\t' => text.push_str("&#9;"),
            _ => push_escaped(text, c),
        }
    }
    text.push('"');
}

fn push_escaped(text: &mut String, c: char) {
    match c {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        '\r' => text.push_str("&#13;"),
        _ => text.push(c),
    }
}

/// Text that must stay on one line, because Chrome reads the file line by line.
fn line_text(value: &str) -> String {
    block_text(value).replace('\n', "&#10;")
}

/// Text between tags; white space at its ends, which readers drop, is written as references.
fn block_text(value: &str) -> String {
    let inner = value.trim_matches(|c: char| c.is_ascii_whitespace());
    let lead = value.len() - value.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
    let (start, rest) = value.split_at_checked(lead).unwrap_or(("", value));
    let end = rest.strip_prefix(inner).unwrap_or_default();
    let mut text = String::with_capacity(value.len() + 8);
    push_references(&mut text, start);
    let is_marked = inner.contains("linkding-notes]");
    for c in inner.chars() {
        match c {
            '[' if is_marked => text.push_str("&#91;"),
            _ => push_escaped(&mut text, c),
        }
    }
    push_references(&mut text, end);
    text
}

fn push_references(text: &mut String, space: &str) {
    for c in space.chars() {
        text.push_str(match c {
            '\n' => "&#10;",
            '\r' => "&#13;",
            '\t' => "&#9;",
            '\u{c}' => "&#12;",
            _ => "&#32;",
        });
    }
}
