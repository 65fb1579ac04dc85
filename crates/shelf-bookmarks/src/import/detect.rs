//! Tells from its content what kind of file this is, or explains why it is none of ours.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::fmt;

use super::csv_rows;
use super::firefox::LZ4_MAGIC;
use super::json::{Event, Events};
use super::text::{decode_html, decode_utf8_or_1252, marked_encoding};

/// A kind of file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// What browsers and bookmark services call "export as HTML".
    NetscapeHtml,
    /// Pocket's old HTML export.
    PocketHtml,
    /// The `Bookmarks` file of Chrome and its relatives.
    ChromeJson,
    /// Firefox's backup.
    FirefoxJson,
    /// Firefox's packed backup.
    FirefoxJsonlz4,
    /// Our own JSON Lines.
    MindshelfJsonl,
    /// Our own CSV.
    MindshelfCsv,
    /// Pocket's CSV.
    PocketCsv,
    /// Raindrop's CSV.
    RaindropCsv,
    /// Instapaper's CSV.
    InstapaperCsv,
    /// Readwise Reader's CSV.
    ReadwiseCsv,
    /// Any CSV with a header that names an address column.
    Csv,
    /// Pinboard's JSON.
    PinboardJson,
    /// Delicious' JSON.
    DeliciousJson,
    /// Readability's JSON.
    ReadabilityJson,
    /// elCurator's JSON.
    ElcuratorJson,
    /// JSON of wallabag 1.
    WallabagV1Json,
    /// JSON of wallabag 2.
    WallabagV2Json,
    /// Any JSON array of objects with an address.
    Json,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::NetscapeHtml,
        Self::PocketHtml,
        Self::ChromeJson,
        Self::FirefoxJson,
        Self::FirefoxJsonlz4,
        Self::MindshelfJsonl,
        Self::MindshelfCsv,
        Self::PocketCsv,
        Self::RaindropCsv,
        Self::InstapaperCsv,
        Self::ReadwiseCsv,
        Self::Csv,
        Self::PinboardJson,
        Self::DeliciousJson,
        Self::ReadabilityJson,
        Self::ElcuratorJson,
        Self::WallabagV1Json,
        Self::WallabagV2Json,
        Self::Json,
    ];

    /// The stable name used in reports and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::NetscapeHtml => "netscape-html",
            Self::PocketHtml => "pocket-html",
            Self::ChromeJson => "chrome-json",
            Self::FirefoxJson => "firefox-json",
            Self::FirefoxJsonlz4 => "firefox-jsonlz4",
            Self::MindshelfJsonl => "mindshelf-jsonl",
            Self::MindshelfCsv => "mindshelf-csv",
            Self::PocketCsv => "pocket-csv",
            Self::RaindropCsv => "raindrop-csv",
            Self::InstapaperCsv => "instapaper-csv",
            Self::ReadwiseCsv => "readwise-csv",
            Self::Csv => "csv",
            Self::PinboardJson => "pinboard-json",
            Self::DeliciousJson => "delicious-json",
            Self::ReadabilityJson => "readability-json",
            Self::ElcuratorJson => "elcurator-json",
            Self::WallabagV1Json => "wallabag-v1-json",
            Self::WallabagV2Json => "wallabag-v2-json",
            Self::Json => "json",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a whole file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What was seen and what to do, for the person who brought the file.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    fn seen(what: &str) -> Self {
        Self::new(format!("{what}; {ACCEPTED}"))
    }
}

const ACCEPTED: &str = "accepted are bookmark files in HTML of any browser or service, Chrome's \
     Bookmarks file, Firefox backups (json, jsonlz4), MindShelf archives and JSON Lines, CSV whose \
     header names a url column (MindShelf, Pocket, Raindrop, Instapaper, Readwise), and JSON of \
     Pinboard, Delicious, Readability, elCurator and wallabag";

/// Tells what kind of file begins with `head` and is `len_bytes` long.
/// `head` should hold [`HEAD_BYTES`](super::limits::HEAD_BYTES) or the whole file if it is shorter.
pub fn detect(head: &[u8], len_bytes: u64) -> Result<Format, Refusal> {
    if len_bytes == 0 || head.is_empty() {
        return Err(Refusal::new("the file is empty"));
    }
    if head.starts_with(LZ4_MAGIC) {
        return Ok(Format::FirefoxJsonlz4);
    }
    if let Some(what) = foreign(head) {
        return Err(Refusal::seen(what));
    }
    let text = match marked_encoding(head) {
        Some(_) => decode_html(head),
        None => decode_utf8_or_1252(head),
    };
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    match text.bytes().next() {
        None => Err(Refusal::new("the file holds nothing but white space")),
        Some(b'[') => json_array(text),
        Some(b'{') => json_object(text),
        Some(b'<') => html(text).or_else(|| rows(text)).ok_or_else(|| neither(text)),
        // A header is the surer sign: the rows below it may quote any HTML.
        _ => rows(text).or_else(|| html(text)).ok_or_else(|| neither(text)),
    }
}

/// Names well-known kinds of files that hold no bookmarks we can read.
fn foreign(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "this is a zip archive: unpack it and give the files in it"),
        (b"\x1f\x8b", "this is a gzip archive: unpack it and give the file in it"),
        (b"SQLite format 3\0", "this is a database (of Firefox or Safari?), not an export of it"),
        (b"bplist00", "this is a binary property list: export the bookmarks of Safari as HTML"),
        (b"%PDF", "this is a PDF document"),
        (b"\x89PNG", "this is a picture"),
        (b"\xff\xd8\xff", "this is a picture"),
        (b"\x28\xb5\x2f\xfd", "this is a zstd archive: unpack it and give the file in it"),
    ];
    KNOWN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

fn rows(text: &str) -> Option<Format> {
    csv_rows::detect(text).ok()
}

fn html(text: &str) -> Option<Format> {
    let small = text.to_ascii_lowercase();
    if !small.contains('<') {
        return None;
    }
    if small.contains("netscape-bookmark-file") {
        return Some(Format::NetscapeHtml);
    }
    let is_pocket = small.contains("<title>pocket export") || small.contains(" time_added=");
    if is_pocket && small.contains("<li") {
        return Some(Format::PocketHtml);
    }
    let has_list = small.contains("<dt>") && (small.contains("<a ") || small.contains("<h3"));
    let is_bare = small.starts_with('<') && small.contains("<dl>") && small.contains("<p>");
    (has_list || is_bare).then_some(Format::NetscapeHtml)
}

fn neither(text: &str) -> Refusal {
    let small = text.to_ascii_lowercase();
    if small.starts_with("<?xml") || small.starts_with("<opml") || small.starts_with("<xbel") {
        return Refusal::seen("this is XML, which is not read yet");
    }
    if small.contains("<html") || small.contains("<a ") {
        return Refusal::seen("this is a web page, not an export of bookmarks");
    }
    match csv_rows::detect(text) {
        Err(refusal) => Refusal::seen(&refusal.reason),
        Ok(_) => Refusal::seen("this is no kind of file that is known"),
    }
}

/// The names of the members of the first object in `events`, as far as the head shows them.
fn member_names(events: &mut Events<'_>) -> Vec<String> {
    let mut names = Vec::new();
    while let Ok(Some(Event::Key(name))) = events.next_event() {
        names.push(name.into_owned());
        if events.skip_value().is_err() {
            break;
        }
    }
    names
}

fn json_array(text: &str) -> Result<Format, Refusal> {
    let mut events = Events::new(text.as_bytes());
    let first = (events.next_event(), events.next_event());
    match first {
        (_, Ok(Some(Event::ObjectStart))) => {}
        (_, Ok(Some(Event::ArrayEnd))) => return Ok(Format::Json),
        _ => return Err(Refusal::seen("this is a JSON array, but not one of objects")),
    }
    let names = member_names(&mut events);
    let has = |name: &str| names.iter().any(|n| n == name);
    if has("href") && (has("extended") || has("description") || has("toread")) {
        return Ok(Format::PinboardJson);
    }
    if has("0") && has("1") {
        return Ok(Format::WallabagV1Json);
    }
    if has("is_read") && has("is_fav") {
        return Ok(Format::WallabagV1Json);
    }
    if has("is_archived") && (has("is_starred") || has("url")) {
        return Ok(Format::WallabagV2Json);
    }
    if has("url") && has("is_saved") {
        return Ok(Format::ElcuratorJson);
    }
    if has("url") && has("created") && (has("others") || has("owner")) {
        return Ok(Format::DeliciousJson);
    }
    if names.iter().any(|name| csv_rows::is_address_column(name)) {
        return Ok(Format::Json);
    }
    let seen = super::out::echo(&names.join(", "));
    Err(Refusal::seen(&format!(
        "this is a JSON array of objects with {seen}, none of it an address"
    )))
}

fn json_object(text: &str) -> Result<Format, Refusal> {
    let mut events = Events::new(text.as_bytes());
    let _start = events.next_event();
    let names = member_names(&mut events);
    let has = |name: &str| names.iter().any(|n| n == name);
    if has("roots") {
        return Ok(Format::ChromeJson);
    }
    if has("children") && (has("guid") || has("typeCode") || has("type") || has("root")) {
        return Ok(Format::FirefoxJson);
    }
    if has("bookmarks") && (has("recommendations") || text.contains("article__url")) {
        return Ok(Format::ReadabilityJson);
    }
    if has("url") || has("type") {
        return Ok(Format::MindshelfJsonl);
    }
    let seen = super::out::echo(&names.join(", "));
    Err(Refusal::seen(&format!(
        "this is a JSON object with {seen}, which no known export begins with"
    )))
}
