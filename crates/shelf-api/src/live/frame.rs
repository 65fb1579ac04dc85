//! Rows of a log as the messages that tell them.

use crate::routes::sync::HeadOut;
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::LibraryId;
use shelf_domain::stamp::Seq;
use shelf_sync::Cursor;

/// Bytes of rows with which a message ends; one row may go beyond it. A socket keeps room for the
/// largest message it was sent.
const BYTES_MAX: usize = 8 << 10;

/// A message that tells rows. Cloning shares its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The seq its rows come after.
    pub(super) from: Seq,
    /// The seq of the last one.
    pub(super) to: Seq,
    /// The message.
    pub(super) text: Utf8Bytes,
}

/// What it says.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    library: LibraryId,
    changes: &'a [Box<RawValue>],
    from: Seq,
    to: Seq,
    next_cursor: String,
    has_more: bool,
    head: &'a HeadOut,
}

/// The messages that tell `rows`, which come after `after` in a log that stood at `head`: each goes on
/// from the one before, and all rows are told.
pub(super) fn frames(
    library: LibraryId,
    after: Cursor,
    rows: &[Change],
    head: &Head,
) -> Vec<Frame> {
    let stands = HeadOut::from(head.clone());
    let (mut frames, mut changes) = (Vec::new(), Vec::new());
    let (mut from, mut bytes) = (after.seq, 0);
    for (index, row) in rows.iter().enumerate() {
        // What came out of a log goes into JSON.
        let change = to_raw_value(row).unwrap_or_default();
        bytes += change.get().len();
        changes.push(change);
        if bytes < BYTES_MAX && index + 1 < rows.len() {
            continue;
        }
        let to = row.seq;
        let told = Told {
            kind: "changes",
            library,
            changes: &changes,
            from,
            to,
            next_cursor: Cursor { epoch: head.epoch, seq: to }.text(library),
            has_more: to < head.seq,
            head: &stands,
        };
        let text = serde_json::to_string(&told).unwrap_or_default();
        frames.push(Frame { from, to, text: Utf8Bytes::from(text) });
        changes.clear();
        (from, bytes) = (to, 0);
    }
    frames
}
