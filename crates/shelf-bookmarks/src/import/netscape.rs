//! Reads Netscape bookmark files in all their damage, as events, never as a tree.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use super::html::{Token, Tokens, Within, decode_entities};
use super::node::{Entry, Folder, PlaceRef, Role};
use super::out::Out;
use super::tags::{Separator, cut, flag};
use super::times;

/// Where linkding (and our own export) keep notes inside a description.
const NOTES_OPEN: &str = "[linkding-notes]";
const NOTES_CLOSE: &str = "[/linkding-notes]";
/// The tag by which linkding says that a bookmark is archived.
const ARCHIVED_TAG: &str = "linkding:bookmarks.archived";
/// How our own export names itself.
const OWN_MARK: &str = "content=\"mindshelf";
/// Attributes in which a zero says that there is no date.
const DATES: [&str; 4] = ["add_date", "last_modified", "last_visit", "archived_at"];
/// Bytes of the head searched for that name.
const OWN_MARK_BYTES: usize = 1_024;

/// Reads a decoded file.
pub(super) fn read(text: &str, out: &mut Out<'_>) {
    let mut reader = Reader::new(text, out);
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Text(text) => reader.text(text),
            Token::Open { name, source } => reader.open(name, source, tokens.attributes()),
            Token::Close { name, source } => reader.close(name, source),
        }
        if reader.out.is_stopped() {
            return;
        }
        // Inside a title or description a comment is what somebody wrote.
        tokens.keep_comments(reader.capture != Capture::Nothing);
    }
    reader.flush();
    if tokens.is_cut() {
        reader
            .out
            .notice("the file ends in the middle of a tag; what stood there is lost, export again");
    }
}

/// What the text now passing by belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capture {
    Nothing,
    LinkTitle,
    LinkNote,
    FolderName,
    FolderNote,
}

/// A bookmark while its title and note still come in.
#[derive(Default)]
struct Link {
    entry: Entry,
    /// A single tag that may be several with spaces between.
    spaced_tags: Option<String>,
    /// Attributes only our own export writes.
    own: BTreeMap<String, String>,
}

struct Reader<'r, 'a> {
    out: &'r mut Out<'a>,
    /// The folder of each open list.
    lists: Vec<Option<u32>>,
    link: Option<Link>,
    folder: Option<Folder>,
    capture: Capture,
    /// Raw text of the capture, entities undecoded.
    raw: String,
    follows_dt: bool,
    is_own: bool,
    /// Tags without a comma are cut at spaces: a file of Shaarli's lineage that holds no comma.
    may_cut_at_spaces: bool,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn new(text: &str, out: &'r mut Out<'a>) -> Self {
        let head = text.get(..text.floor_char_boundary(OWN_MARK_BYTES)).unwrap_or_default();
        let is_own = head.to_ascii_lowercase().contains(OWN_MARK);
        Self {
            out,
            lists: Vec::new(),
            link: None,
            folder: None,
            capture: Capture::Nothing,
            raw: String::new(),
            follows_dt: false,
            is_own,
            may_cut_at_spaces: !is_own && !has_comma_in_tags(text),
        }
    }

    fn text(&mut self, text: &str) {
        if self.capture != Capture::Nothing {
            self.raw.push_str(text);
        } else if self.follows_dt && !text.trim().is_empty() {
            self.follows_dt = false;
        }
    }

    fn open(&mut self, name: &str, source: &str, attributes: &[(&str, &str)]) {
        let mut small = [0_u8; 8];
        match lower(name, &mut small) {
            b"a" => self.open_link(source, attributes),
            b"h3" | b"h2" | b"h4" | b"h5" | b"h6" => self.open_folder(attributes),
            b"dl" => self.open_list(),
            b"dt" => {
                self.flush();
                self.follows_dt = true;
            }
            b"hr" => self.flush(),
            b"dd" => self.open_note(),
            b"h1" | b"title" => self.flush(),
            b"br" if matches!(self.capture, Capture::LinkNote | Capture::FolderNote) => {
                self.raw.push('\n');
            }
            b"html" | b"head" | b"body" | b"meta" => {}
            _ => self.keep_source(source),
        }
    }

    fn close(&mut self, name: &str, source: &str) {
        let mut small = [0_u8; 8];
        match lower(name, &mut small) {
            b"a" if self.capture == Capture::LinkTitle => self.finish_capture(),
            b"h3" | b"h2" | b"h4" | b"h5" | b"h6" if self.capture == Capture::FolderName => {
                self.finish_capture();
            }
            b"dd" => self.finish_capture(),
            b"dl" => {
                self.flush();
                self.lists.pop();
            }
            b"html" | b"head" | b"body" | b"dt" | b"hr" | b"br" => {}
            _ => self.keep_source(source),
        }
    }

    /// Markup inside a title or description is somebody's text.
    fn keep_source(&mut self, source: &str) {
        if self.capture != Capture::Nothing {
            self.raw.push_str(source);
        }
    }

    fn here(&self) -> Option<u32> {
        self.lists.last().copied().flatten()
    }

    fn open_list(&mut self) {
        self.finish_capture();
        let inside = match &self.folder {
            Some(folder) => Some(folder.node),
            None => self.here(),
        };
        self.flush();
        self.lists.push(inside);
    }

    fn open_note(&mut self) {
        self.finish_capture();
        self.capture = match (&self.link, &self.folder) {
            (Some(_), _) => Capture::LinkNote,
            (None, Some(_)) => Capture::FolderNote,
            (None, None) => Capture::Nothing,
        };
    }

    fn open_link(&mut self, source: &str, attributes: &[(&str, &str)]) {
        let has_address = attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case("href"));
        let is_in_line = matches!(self.capture, Capture::LinkNote | Capture::FolderNote)
            && self.raw.rsplit('\n').next().is_some_and(|line| !line.trim().is_empty());
        if is_in_line || (!has_address && !self.follows_dt) {
            self.keep_source(source);
            return;
        }
        self.flush();
        let mut link = Link::default();
        link.entry.row = self.out.rows() + 1;
        for (name, value) in attributes {
            self.link_attribute(&mut link, name, value);
        }
        settle_own(&mut link);
        let folder = self.here();
        let order = self.out.order_in(folder);
        link.entry.places.push(PlaceRef { folder, title: String::new(), order });
        self.link = Some(link);
        self.capture = Capture::LinkTitle;
    }

    fn link_attribute(&self, link: &mut Link, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        if name == "icon" {
            return;
        }
        let value = decode_entities(value, Within::Attribute);
        if self.is_own && name.starts_with("ms_") {
            link.own.insert(name, value.into_owned());
            return;
        }
        let entry = &mut link.entry;
        let moment = || times::from_text(&value);
        let kept = match name.as_str() {
            "href" => {
                entry.url = value.into_owned();
                return;
            }
            "description" => {
                value.trim().clone_into(&mut entry.description);
                return;
            }
            "tags" => {
                entry.tags = cut(&value, Separator::Comma);
                let is_single = entry.tags.len() == 1;
                if is_single && self.may_cut_at_spaces {
                    link.spaced_tags = Some(value.into_owned());
                }
                return;
            }
            "add_date" => set(&mut entry.created_at, moment()),
            "last_modified" => set(&mut entry.modified_at, moment()),
            "archived_at" => set(&mut entry.archived_at, moment()),
            "private" => set(&mut entry.private, flag(&value)),
            "toread" => assign(&mut entry.unread, flag(&value)),
            "favourite" => assign(&mut entry.favourite, flag(&value)),
            _ => false,
        };
        let is_no_date = value == "0" && DATES.contains(&name.as_str());
        if !kept && !is_no_date {
            entry.raw.insert(name, value.into_owned());
        }
    }

    fn open_folder(&mut self, attributes: &[(&str, &str)]) {
        self.flush();
        let parent = self.here();
        let mut folder = Folder { node: self.out.folder_number(), parent, ..Folder::default() };
        folder.order = self.out.order_in(parent);
        for (name, value) in attributes {
            let value = decode_entities(value, Within::Attribute);
            match name.to_ascii_lowercase().as_str() {
                "add_date" if folder.created_at.is_none() => {
                    folder.created_at = times::from_text(&value);
                }
                "last_modified" => folder.modified_at = times::from_text(&value),
                "ms_created" => folder.created_at = times::from_text(&value),
                "ms_modified" => folder.modified_at = times::from_text(&value),
                "ms_icon" => folder.icon = value.into_owned(),
                "personal_toolbar_folder" => folder.role = Role::Toolbar,
                "unfiled_bookmarks_folder" => folder.role = Role::Unfiled,
                _ => {}
            }
        }
        self.folder = Some(folder);
        self.capture = Capture::FolderName;
    }

    fn finish_capture(&mut self) {
        let capture = std::mem::replace(&mut self.capture, Capture::Nothing);
        self.follows_dt = false;
        if capture == Capture::Nothing {
            return;
        }
        let raw = self.raw.trim_ascii();
        match (capture, &mut self.link, &mut self.folder) {
            (Capture::LinkTitle, Some(link), _) => link.entry.title = decoded(raw),
            (Capture::LinkNote, Some(link), _) => take_note(&mut link.entry, raw),
            (Capture::FolderName, _, Some(folder)) => folder.name = decoded(raw),
            (Capture::FolderNote, _, Some(folder)) => folder.description = decoded(raw),
            _ => {}
        }
        self.raw.clear();
    }

    /// Hands over what is complete.
    fn flush(&mut self) {
        self.finish_capture();
        if let Some(link) = self.link.take() {
            self.out.bookmark(finished(link));
        }
        if let Some(folder) = self.folder.take() {
            self.out.folder(folder);
        }
    }
}

fn decoded(raw: &str) -> String {
    decode_entities(raw, Within::Text).into_owned()
}

/// Takes a value over; says whether there was one.
fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let is_known = value.is_some();
    if is_known {
        *field = value;
    }
    is_known
}

fn assign(field: &mut bool, value: Option<bool>) -> bool {
    *field = value.unwrap_or(*field);
    value.is_some()
}

fn take_note(entry: &mut Entry, raw: &str) {
    let (text, notes) = match raw.split_once(NOTES_OPEN) {
        Some((text, rest)) => (text, Some(rest.split_once(NOTES_CLOSE).map_or(rest, |(n, _)| n))),
        None => (raw, None),
    };
    if let Some(notes) = notes {
        entry.notes = decoded(notes.trim_ascii());
    }
    let text = decoded(text.trim_ascii());
    if entry.description.is_empty() {
        entry.description = text;
    } else if !text.is_empty() && !entry.description.contains(&text) {
        entry.description.push('\n');
        entry.description.push_str(&text);
    }
}

/// Takes over what our own export adds beside what other programs know.
fn settle_own(link: &mut Link) {
    let Link { entry, own, .. } = link;
    if let Some(moment) = own.get("ms_created").and_then(|text| times::from_text(text)) {
        entry.created_at = Some(moment);
    }
    if let Some(moment) = own.get("ms_modified").and_then(|text| times::from_text(text)) {
        entry.modified_at = Some(moment);
    }
    if let Some(tags) = own.get("ms_tags").and_then(|text| serde_json::from_str(text).ok()) {
        entry.tags = tags;
    }
    let fields: Option<BTreeMap<String, String>> =
        own.get("ms_raw").and_then(|text| serde_json::from_str(text).ok());
    entry.raw.extend(fields.unwrap_or_default());
}

fn finished(link: Link) -> Entry {
    let Link { mut entry, spaced_tags, mut own } = link;
    if let Some(title) = own.remove("ms_title") {
        let shown = std::mem::replace(&mut entry.title, title);
        if let Some(place) = entry.places.first_mut() {
            place.title = shown;
        }
    }
    // Shaarli's lineage always writes PRIVATE; browsers, whose tags may hold spaces, never do.
    if let Some(tags) = spaced_tags
        && entry.private.is_some()
    {
        entry.tags = cut(&tags, Separator::Space);
    }
    let before = entry.tags.len();
    entry.tags.retain(|tag| tag != ARCHIVED_TAG);
    if entry.tags.len() < before && entry.archived_at.is_none() {
        entry.archived_at = entry.modified_at.or(entry.created_at);
    }
    entry
}

/// Whether any TAGS attribute of the file holds a comma.
fn has_comma_in_tags(text: &str) -> bool {
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next_token() {
        if matches!(token, Token::Open { .. })
            && tokens
                .attributes()
                .iter()
                .any(|(n, v)| n.eq_ignore_ascii_case("tags") && v.contains(','))
        {
            return true;
        }
    }
    false
}

/// The name in lower case when it is short enough to matter.
fn lower<'b>(name: &str, small: &'b mut [u8; 8]) -> &'b [u8] {
    let Some(room) = small.get_mut(..name.len()) else { return b"" };
    room.copy_from_slice(name.as_bytes());
    room.make_ascii_lowercase();
    room
}
