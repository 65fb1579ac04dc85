//! Knows what the columns of CSV files and the members of JSON rows mean, by their names.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::detect::Format;
use super::html::{Within, decode_entities};
use super::limits;
use super::node::Entry;
use super::out::Out;
use super::tags::{self, Separator, cut, flag, guess};
use super::times;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Url,
    Title,
    Description,
    /// A description in HTML entities.
    Excerpt,
    Notes,
    Tags,
    /// One folder path.
    Folder,
    /// Our own cell of several paths.
    Collections,
    Created,
    Modified,
    ArchivedAt,
    Archived,
    Favourite,
    Unread,
    Private,
    Public,
    /// `unread` or `archive`.
    Status,
    /// Readwise Reader's shelf.
    Location,
    /// Our own cell of unknown fields, a JSON object.
    Raw,
    /// Left out: it repeats other columns or is the page itself.
    Dropped,
    /// Kept under its own name.
    Other,
}

/// What the column of that name holds in that format.
pub(super) fn meaning(name: &str, format: Format) -> Column {
    let name = normal(name);
    if format == Format::WallabagV1Json && name.bytes().all(|b| b.is_ascii_digit()) {
        return Column::Dropped;
    }
    match name.as_str() {
        "url" | "uri" | "href" | "link" | "address" | "website" | "page_url" | "article_url" => {
            Column::Url
        }
        "description" if format == Format::PinboardJson => Column::Title,
        "extended" => Column::Description,
        "title" | "name" | "page_title" | "article_title" => Column::Title,
        "description" | "excerpt" | "selection" | "summary" => Column::Description,
        "article_excerpt" => Column::Excerpt,
        "note" | "notes" | "comment" | "comments" | "document_note" => Column::Notes,
        "tags" | "tag" | "labels" | "keywords" | "document_tags" => Column::Tags,
        "collections" if format == Format::MindshelfCsv => Column::Collections,
        "folder" | "collection" | "collections" | "folders" | "path" => Column::Folder,
        "created" | "created_at" | "time_added" | "timestamp" | "saved_date" | "saved_at"
        | "date_added" | "add_date" | "added" | "added_at" | "time" | "date" => Column::Created,
        "modified" | "modified_at" | "updated" | "updated_at" | "last_modified" => Column::Modified,
        "archived_at" | "date_archived" => Column::ArchivedAt,
        "archived" | "archive" | "is_archived" => Column::Archived,
        "is_read" if format == Format::WallabagV1Json => Column::Archived,
        "favorite" | "favourite" | "starred" | "is_starred" | "is_fav" | "favorited"
        | "is_favorite" => Column::Favourite,
        "unread" | "toread" | "to_read" | "in_queue" | "is_unread" => Column::Unread,
        "private" | "is_private" => Column::Private,
        "shared" | "public" | "is_public" => Column::Public,
        "status" | "state" => Column::Status,
        "location" if format == Format::ReadwiseCsv => Column::Location,
        "raw" if format == Format::MindshelfCsv => Column::Raw,
        "content" | "headers" if format == Format::WallabagV2Json => Column::Dropped,
        "content" if format == Format::WallabagV1Json => Column::Dropped,
        _ => Column::Other,
    }
}

/// A name in lower case with single `_` between its words.
pub(super) fn normal(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}').to_lowercase();
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

/// A row while its columns come in.
pub(super) struct Row {
    pub(super) entry: Entry,
    format: Format,
    is_archived: bool,
    refusal: Option<String>,
    paths: Vec<Vec<String>>,
}

impl Row {
    pub(super) fn new(row: u64, format: Format) -> Self {
        let entry = Entry { row, ..Entry::default() };
        Self { entry, format, is_archived: false, refusal: None, paths: Vec::new() }
    }

    /// Adds tags that came as a list.
    pub(super) fn tags(&mut self, tags: impl Iterator<Item = String>) {
        self.entry.tags.extend(tags);
    }

    /// Takes one value in; an empty one says nothing.
    pub(super) fn take(&mut self, column: Column, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let is_kept = match column {
            Column::Url => fill(&mut self.entry.url, value),
            Column::Title => fill(&mut self.entry.title, value),
            Column::Description => fill(&mut self.entry.description, value),
            Column::Excerpt => {
                fill(&mut self.entry.description, &decode_entities(value, Within::Text))
            }
            Column::Notes => fill(&mut self.entry.notes, value),
            Column::Tags => {
                let tags = self.cut_tags(value);
                self.entry.tags.extend(tags);
                true
            }
            Column::Folder => self.folder(value),
            Column::Collections => {
                self.paths = tags::cut_unescaped(value, '\n').into_iter().map(tags::path).collect();
                true
            }
            Column::Created => moment(&mut self.entry.created_at, value),
            Column::Modified => moment(&mut self.entry.modified_at, value),
            Column::ArchivedAt => moment(&mut self.entry.archived_at, value),
            Column::Archived => flagged(&mut self.is_archived, value),
            Column::Favourite => flagged(&mut self.entry.favourite, value),
            Column::Unread => flagged(&mut self.entry.unread, value),
            Column::Private => self.privacy(flag(value)),
            Column::Public => self.privacy(flag(value).map(|is_public| !is_public)),
            Column::Status => self.status(value),
            Column::Location => self.location(value),
            Column::Raw => self.raw(value),
            Column::Dropped => true,
            Column::Other => false,
        };
        if !is_kept {
            self.entry.raw.insert(normal(name), value.to_owned());
        }
    }

    fn cut_tags(&self, value: &str) -> Vec<String> {
        match self.format {
            Format::MindshelfCsv => tags::unescape_list(value, ','),
            Format::PocketCsv => cut(value, Separator::Bar),
            Format::PinboardJson => cut(value, Separator::Space),
            Format::RaindropCsv | Format::WallabagV1Json => cut(value, Separator::Comma),
            _ => guess(value),
        }
    }

    /// Takes a folder path in; Instapaper's column may hold a state instead.
    fn folder(&mut self, value: &str) -> bool {
        if self.format == Format::InstapaperCsv {
            match value {
                "Unread" => self.entry.unread = true,
                "Archive" => self.is_archived = true,
                "Starred" => self.entry.favourite = true,
                _ => self.paths.push(vec![value.to_owned()]),
            }
            return true;
        }
        if self.format == Format::RaindropCsv && value == "Unsorted" {
            return true;
        }
        let path = value.split('/').map(str::trim).filter(|name| !name.is_empty());
        self.paths.push(path.map(str::to_owned).collect());
        true
    }

    fn privacy(&mut self, value: Option<bool>) -> bool {
        self.entry.private = value.or(self.entry.private);
        value.is_some()
    }

    fn status(&mut self, value: &str) -> bool {
        match value.to_ascii_lowercase().as_str() {
            "unread" | "0" => self.entry.unread = true,
            "archive" | "archived" | "1" => self.is_archived = true,
            _ => return false,
        }
        true
    }

    fn location(&mut self, value: &str) -> bool {
        match value.to_ascii_lowercase().as_str() {
            "new" | "later" | "shortlist" => self.entry.unread = true,
            "archive" => self.is_archived = true,
            "feed" => {
                self.refusal = Some("it came from a feed and was never saved".to_owned());
            }
            _ => return false,
        }
        true
    }

    fn raw(&mut self, value: &str) -> bool {
        let Ok(fields) = serde_json::from_str::<std::collections::BTreeMap<String, String>>(value)
        else {
            return false;
        };
        self.entry.raw.extend(fields);
        true
    }

    /// Hands the row over.
    pub(super) fn finish(mut self, out: &mut Out<'_>) {
        if let Some(reason) = self.refusal {
            out.refuse(self.entry.row, &self.entry.url, &self.entry.title, reason);
            return;
        }
        if self.is_archived && self.entry.archived_at.is_none() {
            let known = self.entry.modified_at.or(self.entry.created_at);
            self.entry.archived_at = known.or(Some(out.options.now_ms));
        }
        if let Some(reason) = crowded(&self.paths) {
            out.refuse(self.entry.row, &self.entry.url, &self.entry.title, reason);
            return;
        }
        for path in self.paths.iter().filter(|path| !path.is_empty()) {
            let place = out.place_at(path);
            self.entry.places.push(place);
        }
        out.bookmark(self.entry);
    }
}

/// Why a row's folder paths are too many or too deep, if they are.
pub(super) fn crowded(paths: &[Vec<String>]) -> Option<String> {
    let (count, most) = (paths.len(), limits::PLACES_MAX);
    if count > most {
        return Some(format!("the row names {count} folders; {most} are allowed"));
    }
    let (depth, most) = (paths.iter().map(Vec::len).max()?, limits::PATH_DEPTH_MAX);
    (depth > most).then(|| format!("the folder path is {depth} deep; {most} are allowed"))
}

/// Fills an empty field; says whether the value found its place.
fn fill(field: &mut String, value: &str) -> bool {
    let is_free = field.is_empty();
    if is_free {
        value.clone_into(field);
    }
    is_free || field == value
}

fn moment(field: &mut Option<i64>, value: &str) -> bool {
    let read = times::from_text(value);
    *field = read.or(*field);
    read.is_some() || value == "0"
}

fn flagged(field: &mut bool, value: &str) -> bool {
    let read = flag(value);
    *field = read.unwrap_or(*field);
    read.is_some()
}
