//! Reads bookmark files of other programs and our own into a plain run of nodes.
//!
//! No reader touches a library: it is given bytes and hands over folders, tags, bookmarks and
//! refused rows, parents before children, each row exactly once. [`import_file`](import_file()) is
//! the use case that writes them. Every reader is linear in the
//! size of the file, never recurses with its nesting and never panics on its content. What each
//! format carries is written in `docs/FORMATS.md`.

pub mod limits;
pub mod node;
mod detect;
mod out;
mod text;
mod times;
mod tags;
mod html;
mod netscape;
mod pocket_html;
mod json;
mod browser_json;
mod chrome;
mod firefox;
mod column;
mod csv_rows;
mod json_rows;
mod mindshelf;
pub mod import_file;
mod folders;
mod steps;
mod rehearse;
mod bring_files;
mod source;
pub mod receive;
pub mod waiting;
pub mod undo_import;
pub mod settle_imports;

use std::io::{self, Read};

pub use detect::{Format, Refusal, detect};
pub use import_file::{Begun, ImportFile, Source, begin_import, import_file, run_import};
pub use node::{CommentNode, Entry, Folder, Node, PlaceRef, RefusedRow, Role, TagNode};
pub use out::Sink;
pub use receive::{Received, receive};
pub use settle_imports::{ImportsNow, imports_now, settle_imports};
pub use undo_import::undo_import;
pub use waiting::{
    FileBytes, file_bytes, forget_files, forget_waiting, import_waiting, rehearse_import,
    waiting_file,
};

/// What the person who imports decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Now, milliseconds since 1970 UTC: the date of an archived row that names none.
    pub now_ms: i64,
    /// Whether a row is private that does not say so.
    pub missing_private: Option<bool>,
    /// Address against which addresses without scheme are completed, such as that of the Shaarli
    /// the file came from; without it they are refused.
    pub base_url: Option<String>,
}

/// What came out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows found: always `bookmarks + refused`.
    pub parsed: u64,
    /// Bookmarks handed over.
    pub bookmarks: u64,
    /// Rows refused with a reason.
    pub refused: u64,
    /// Folders handed over.
    pub folders: u64,
    /// Tags with properties handed over.
    pub tags: u64,
    /// Notices handed over.
    pub notices: u64,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is none that can be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The source of the bytes failed.
    #[error("the file could not be read")]
    Io(#[from] io::Error),
}

/// Reads a file of a known format and hands over its nodes in document order.
/// Rows of JSON Lines, CSV and JSON arrays are streamed; other kinds are read as a whole first.
pub fn read(
    input: &mut dyn Read,
    format: Format,
    options: &Options,
    sink: Sink<'_>,
) -> Result<Summary, ReadError> {
    let mut out = out::Out::new(options, sink);
    match format {
        Format::NetscapeHtml => netscape::read(&text::decode_html(&whole(input)?), &mut out),
        Format::PocketHtml => pocket_html::read(&text::decode_html(&whole(input)?), &mut out),
        Format::ChromeJson => chrome::read(&whole_utf8(input)?, &mut out),
        Format::FirefoxJson => firefox::read(&whole_utf8(input)?, &mut out),
        Format::FirefoxJsonlz4 => firefox::read(&firefox::unpack(&whole(input)?)?, &mut out),
        Format::ReadabilityJson => {
            json_rows::read_member(&whole_utf8(input)?, format, &mut out)?;
        }
        Format::MindshelfJsonl => mindshelf::read(&mut *text::utf8_reader(input)?, &mut out)?,
        Format::MindshelfCsv
        | Format::PocketCsv
        | Format::RaindropCsv
        | Format::InstapaperCsv
        | Format::ReadwiseCsv
        | Format::Csv => csv_rows::read(text::utf8_reader(input)?, format, &mut out)?,
        Format::PinboardJson
        | Format::DeliciousJson
        | Format::ElcuratorJson
        | Format::WallabagV1Json
        | Format::WallabagV2Json
        | Format::Json => json_rows::read(&mut *text::utf8_reader(input)?, format, &mut out)?,
    }
    Ok(out.into_summary())
}

/// Detects the format of a file in memory and collects its nodes.
pub fn read_bytes(bytes: &[u8], options: &Options) -> Result<(Format, Vec<Node>), ReadError> {
    let head = bytes.get(..limits::HEAD_BYTES).unwrap_or(bytes);
    let format = detect(head, bytes.len() as u64)?;
    let mut nodes = Vec::new();
    read(&mut &*bytes, format, options, &mut |node| {
        nodes.push(node);
        std::ops::ControlFlow::Continue(())
    })?;
    Ok((format, nodes))
}

fn whole(input: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    let most = limits::WHOLE_FILE_BYTES_MAX;
    let bytes = text::read_whole(input)?;
    bytes.ok_or_else(|| Refusal::new(format!("the file is larger than {most} bytes")).into())
}

fn whole_utf8(input: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    whole(&mut text::utf8_reader(input)?)
}
