//! One library that sockets of this process follow: where its log stands, and its latest rows as the
//! messages that tell them, read once and written once for all of them.
//!
//! What is kept is bounded and goes after a moment: it is the log that holds the rows. Whoever wants
//! others than these reads the log, or is told to pull.

use super::frame::{Frame, frames};
use shelf_domain::change::Head;
use shelf_domain::id::Scope;
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_sync::{Cursor, Doors};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Most rows of one read of the log.
pub(super) const ROWS_MAX: usize = 200;
/// Rows behind, beyond which the other side is told to pull.
pub(super) const BEHIND_MAX: Seq = 1_000;
/// Most messages that are kept.
const FRAMES_MAX: usize = 256;
/// Most bytes of them; the latest one may go beyond it.
const BYTES_MAX: usize = 1 << 20;
/// How long a message is kept: whoever takes none for as long is cut off.
const KEPT: Duration = Duration::from_secs(10);

/// One library that is followed here.
#[derive(Debug)]
pub(super) struct Line {
    scope: Scope,
    kept: Mutex<Kept>,
    /// Who follows, by number, and what wakes them.
    bells: Mutex<HashMap<u64, Arc<Notify>>>,
    /// Held by whoever reads, so that rows are read once.
    turn: tokio::sync::Mutex<()>,
    /// How many reads were begun.
    begun: AtomicU64,
    /// The number of the last read that was done, and where it found the log.
    found: Mutex<Option<(u64, Head)>>,
}

/// How far the log was read, and the messages that lead there.
#[derive(Debug, Default)]
struct Kept {
    /// `None`, before it was read.
    at: Option<Cursor>,
    /// Each after the one before, up to `at`.
    frames: VecDeque<(Instant, Frame)>,
    bytes: usize,
}

impl Line {
    /// The line of `scope`, of which nothing was read yet.
    pub(super) fn new(scope: Scope) -> Self {
        let (kept, bells, turn) =
            (Mutex::default(), Mutex::default(), tokio::sync::Mutex::default());
        Self { scope, kept, bells, turn, begun: AtomicU64::new(0), found: Mutex::default() }
    }

    /// The library.
    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    /// How far it was read.
    pub(super) fn at(&self) -> Option<Cursor> {
        self.kept().at
    }

    /// How far it was read, and the message that goes on from `cursor`, if there is one.
    pub(super) fn after(&self, cursor: Cursor) -> (Option<Cursor>, Option<Frame>) {
        let kept = self.kept();
        let frame = kept.after(cursor);
        (kept.at, frame)
    }

    /// Has `bell` wake whoever has this number when the log was read on.
    pub(super) fn join(&self, number: u64, bell: Arc<Notify>) {
        self.bells().insert(number, bell);
    }

    /// Wakes that one no more; whether there is nobody left.
    pub(super) fn leave(&self, number: u64) -> bool {
        let mut bells = self.bells();
        bells.remove(&number);
        bells.is_empty()
    }

    /// Reads on to the head of the log and wakes whoever follows, if there was something. Where the log
    /// stood, and how many were woken. Of many at once one or two read, for all of them.
    pub(super) async fn read(&self, doors: &Doors) -> Result<(Head, usize), Fault> {
        let before = self.begun.load(Ordering::SeqCst);
        let turn = self.turn.lock().await;
        // A read that was begun since saw all that there was to see.
        if let Some((number, head)) = self.found().clone()
            && number > before
        {
            return Ok((head, 0));
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let head = doors.library.head(self.scope).await?;
        let mut woken = 0;
        while let Some(at) = self.goes_on_from(&head) {
            if (at.epoch, at.seq) == (head.epoch, head.seq) {
                break;
            }
            let rows = doors.library.changes(self.scope, at.seq, ROWS_MAX).await?;
            if rows.is_empty() {
                self.kept().begin(&head);
                woken = self.ring();
                break;
            }
            self.kept().take(frames(self.scope.library, at, &rows, &head));
            // At once: the next page may fail, and these rows are there to be told all the same.
            woken = self.ring();
            if self.at().is_some_and(|at| at.seq >= head.seq) {
                break;
            }
        }
        *self.found() = Some((number, head.clone()));
        drop(turn);
        Ok((head, woken))
    }

    /// Where to read on from; `None` where the log does not lead on from there, or has too many rows:
    /// then it begins at the head, and whoever is not there is told so.
    fn goes_on_from(&self, head: &Head) -> Option<Cursor> {
        let before = self.at();
        if let Some(at) = before
            && at.expired(head).is_none()
            && head.seq.saturating_sub(at.seq) <= BEHIND_MAX
        {
            return Some(at);
        }
        self.kept().begin(head);
        if before.is_some() {
            self.ring();
        }
        None
    }

    /// Lets go of messages that were kept long enough.
    pub(super) fn forget(&self, now: Instant) {
        let mut kept = self.kept();
        while kept.frames.front().is_some_and(|(since, _)| now.duration_since(*since) > KEPT) {
            kept.drop_first();
        }
        if kept.frames.is_empty() {
            kept.frames = VecDeque::new();
        }
    }

    fn ring(&self) -> usize {
        let bells = self.bells();
        for bell in bells.values() {
            bell.notify_one();
        }
        bells.len()
    }

    fn found(&self) -> MutexGuard<'_, Option<(u64, Head)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bells(&self) -> MutexGuard<'_, HashMap<u64, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn begin(&mut self, head: &Head) {
        let at = Some(Cursor { epoch: head.epoch, seq: head.seq });
        *self = Self { at, ..Self::default() };
    }

    fn after(&self, cursor: Cursor) -> Option<Frame> {
        let at = self.at?;
        let index = self.frames.partition_point(|(_, frame)| frame.from < cursor.seq);
        let (_, frame) = self.frames.get(index)?;
        (at.epoch == cursor.epoch && frame.from == cursor.seq).then(|| frame.clone())
    }

    fn take(&mut self, frames: Vec<Frame>) {
        let now = Instant::now();
        for frame in frames {
            self.bytes += frame.text.len();
            if let Some(at) = &mut self.at {
                at.seq = frame.to;
            }
            self.frames.push_back((now, frame));
        }
        while self.frames.len() > FRAMES_MAX || (self.bytes > BYTES_MAX && self.frames.len() > 1) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, frame)) = self.frames.pop_front() {
            self.bytes = self.bytes.saturating_sub(frame.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::ws::Utf8Bytes;
    use shelf_domain::id::{LibraryId, TenantId};

    fn frame(from: Seq, to: Seq, bytes: usize) -> Frame {
        Frame { from, to, text: Utf8Bytes::from("x".repeat(bytes)) }
    }

    fn kept(frames: Vec<Frame>) -> Kept {
        let mut kept = Kept::default();
        kept.begin(&Head::default());
        kept.take(frames);
        kept
    }

    fn cursor(seq: Seq) -> Cursor {
        Cursor { epoch: 0, seq }
    }

    #[test]
    fn a_message_goes_on_from_the_place_where_the_one_before_ended() {
        let kept = kept(vec![frame(0, 3, 10), frame(3, 4, 10), frame(4, 9, 10)]);
        assert_eq!(kept.at, Some(cursor(9)));
        let to = |seq| kept.after(cursor(seq)).map(|frame| frame.to);
        assert_eq!([to(0), to(3), to(4), to(9)], [Some(3), Some(4), Some(9), None]);
        assert_eq!([to(1), to(5), to(10)], [None; 3], "in the midst of one nothing goes on");
        assert!(kept.after(Cursor { epoch: 1, seq: 3 }).is_none(), "of another life of the log");
    }

    #[test]
    fn what_is_kept_is_bounded_in_messages_and_in_bytes() {
        let many = (0..1_000).map(|seq| frame(seq, seq + 1, 1)).collect();
        let many = kept(many);
        assert_eq!((many.frames.len(), many.bytes), (FRAMES_MAX, FRAMES_MAX));
        assert!(many.after(cursor(0)).is_none() && many.after(cursor(999)).is_some());
        let large = (0..10).map(|seq| frame(seq, seq + 1, BYTES_MAX / 2)).collect();
        let large = kept(large);
        assert_eq!(large.frames.len(), 2);
        let larger = kept(vec![frame(0, 1, BYTES_MAX * 2)]);
        assert_eq!(larger.frames.len(), 1, "the latest one is told whatever its size");
    }

    #[test]
    fn what_was_kept_long_enough_goes() {
        let (tenant, library) = (TenantId::from_bytes([1; 16]), LibraryId::from_bytes([2; 16]));
        let line = Line::new(Scope { tenant, library });
        line.kept().begin(&Head::default());
        line.kept().take(vec![frame(0, 1, 10)]);
        line.forget(Instant::now());
        assert!(line.after(cursor(0)).1.is_some());
        line.forget(Instant::now() + KEPT + Duration::from_secs(1));
        assert_eq!(line.after(cursor(0)), (Some(cursor(1)), None));
    }
}
