//! The bounds every reader holds: what is longer is refused with its reason, never cut.

/// Bytes of the beginning of a file that [`detect`](super::detect) wants to see.
pub const HEAD_BYTES: usize = 65_536;
/// Largest file of a kind that has to be read as a whole (HTML, browser JSON, jsonlz4), in bytes.
pub const WHOLE_FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Longest single row of a streamed kind (a JSON line, a JSON element, a CSV record), in bytes.
pub const ROW_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest address, in bytes.
pub const URL_BYTES_MAX: usize = 65_536;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 4_096;
/// Longest description or notes, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_048_576;
/// Most tags on one bookmark.
pub const TAGS_MAX: usize = 1_000;
/// Longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 256;
/// Longest folder name, in characters.
pub const FOLDER_NAME_CHARS_MAX: usize = 1_024;
/// Most places one row may name.
pub const PLACES_MAX: usize = 1_000;
/// Deepest folder path one row may name.
pub const PATH_DEPTH_MAX: usize = 10_000;
/// Most unknown fields kept of one row.
pub const RAW_FIELDS_MAX: usize = 64;
/// Longest name of an unknown field, in bytes.
pub const RAW_NAME_BYTES_MAX: usize = 128;
/// Longest unknown field kept, in bytes; longer ones are named in the field `left_out`.
pub const RAW_VALUE_BYTES_MAX: usize = 8_192;
/// Most bytes of a refused row's address or title that the ledger repeats.
pub const ECHO_BYTES_MAX: usize = 200;
