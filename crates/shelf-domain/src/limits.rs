//! The bounds of library content; beyond them a change is refused, never cut.

/// Longest address of a bookmark, in bytes.
pub const URL_BYTES_MAX: usize = 65_536;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 4_096;
/// Longest description, note or comment, in bytes.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Longest tag name, in characters.
pub const TAG_CHARS_MAX: usize = 256;
/// Longest folder or rule name, in characters.
pub const NAME_CHARS_MAX: usize = 1_024;
/// Longest value of any other field, in bytes.
pub const FIELD_BYTES_MAX: usize = 65_536;
/// Most tags on one bookmark.
pub const TAGS_MAX: usize = 1_000;
/// Most places of one bookmark.
pub const PLACES_MAX: usize = 1_000;
/// Most comments on one bookmark that the interfaces take.
pub const COMMENTS_MAX: u64 = 1_000;
/// Files that are kept with one bookmark.
pub const CAPTURES_MAX: usize = 100;
/// Longest file that is kept with a bookmark, bytes.
pub const CAPTURE_BYTES_MAX: u64 = 25 << 20;
/// Most registers one change may put.
pub const PUTS_MAX: usize = 1_200;
/// Longest register name, in bytes.
pub const REGISTER_BYTES_MAX: usize = 256;
/// Deepest folder nesting.
pub const DEPTH_MAX: usize = 4_096;
/// Most changes one push may carry, and most items one turn of an import writes.
pub const BATCH_MAX: usize = 500;
/// Most items that leave a library together: they go in one transaction.
pub const SHARED_MAX: usize = 10_000;
/// Days an item stays in the trash before the keeper purges it.
pub const TRASH_DAYS: i64 = 30;
