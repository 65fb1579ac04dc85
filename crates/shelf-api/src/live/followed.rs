//! One library that a socket follows: how far the other side has come, and what to tell it next.

use super::frame::{Frame, frames};
use super::line::{BEHIND_MAX, Line, ROWS_MAX};
use super::sharing::{Joined, Sharing};
use crate::problem::Problem;
use crate::routes::sync::{HeadOut, expired};
use serde_json::{Value, json};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;
use shelf_sync::{Cursor, Doors};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// For how long it holds that the caller may hear of it, once that was asked.
const HOLDS: Duration = Duration::from_secs(5);
/// How long at least between two times that the other side is told to pull.
const POKE_EVERY: Duration = Duration::from_secs(1);
/// How long the other side may let be what it was told to pull, while more comes.
const POKED_MAX: Duration = Duration::from_mins(5);

/// One library that is followed.
#[derive(Debug)]
pub(super) struct Followed {
    joined: Joined,
    /// How far the other side has come.
    cursor: Cursor,
    stage: Stage,
    /// When it was asked whether the caller may hear of it.
    asked: Instant,
}

/// How the other side comes by what it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// By rows that are read for it alone.
    Behind,
    /// By what all are told.
    Level,
    /// By pulling; nothing else is told until it follows again.
    Poked(Poked),
}

/// That the other side was told to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Poked {
    /// To where.
    to: Seq,
    /// When it was told so last.
    last: Instant,
    /// When it was told so first.
    first: Instant,
}

/// What there is to do for the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Something a moment later.
    Later,
    /// Tell it this.
    Tell(Frame),
    /// Tell it to pull to this position.
    Poke(Seq),
    /// Read rows for it.
    Read,
    /// Let it go: it does not pull, and more comes.
    Close,
}

/// What was read for one socket.
#[derive(Debug)]
pub(super) enum Read {
    /// Rows that follow on; the other side has them once they are told.
    Rows(Vec<Frame>),
    /// That the other side starts again; it follows no more.
    Reset(Value),
}

impl Followed {
    /// Begins after `cursor`, or at the head, for somebody who may; and what to tell. Nothing is
    /// followed where the log does not lead on from there.
    pub(super) async fn begin(
        sharing: &Sharing,
        scope: Scope,
        cursor: Option<&str>,
        bell: &Arc<Notify>,
    ) -> Result<(Option<Self>, Value), Problem> {
        let asked = Instant::now();
        let joined = sharing.join(scope, bell);
        let (head, _) = joined.line().read(sharing.doors()).await?;
        let at = match cursor {
            None => Cursor { epoch: head.epoch, seq: head.seq },
            Some(text) => match Cursor::read(text, scope.library).and_then(|it| it.check(&head)) {
                Ok(cursor) => cursor,
                Err(refused) if refused.code == Code::CursorExpired => {
                    let told = reset(sharing.doors(), scope, text, refused.into()).await?;
                    return Ok((None, told));
                }
                Err(refused) => return Err(refused.into()),
            },
        };
        let told = json!({
            "type": "following", "library": scope.library, "cursor": at.text(scope.library),
            "head": HeadOut::from(head),
        });
        let mut followed = Self { joined, cursor: at, stage: Stage::Behind, asked };
        followed.has_read(at.seq);
        Ok((Some(followed), told))
    }

    /// Which library it is.
    pub(super) fn library(&self) -> LibraryId {
        self.scope().library
    }

    /// The same, with its tenant.
    pub(super) fn scope(&self) -> Scope {
        self.line().scope()
    }

    /// What there is to do for the other side; nothing, where it has all or knows what to do.
    pub(super) fn due(&self) -> Option<Due> {
        let (at, frame) = self.line().after(self.cursor);
        let at = at.filter(|at| *at != self.cursor)?;
        let is_before = at.epoch == self.cursor.epoch && at.seq > self.cursor.seq;
        Some(match (self.stage, frame) {
            // Where its log begins anew, it is told so.
            _ if !is_before => Due::Read,
            (Stage::Poked(poked), _) => return poked.due(at.seq, Instant::now()),
            (_, Some(frame)) => Due::Tell(frame),
            // It took what it was told too slowly, or more came than a socket carries.
            (Stage::Level, None) => Due::Poke(at.seq),
            (Stage::Behind, None) if at.seq - self.cursor.seq > BEHIND_MAX => Due::Poke(at.seq),
            (Stage::Behind, None) => Due::Read,
        })
    }

    /// Whether there is something to do, and it has to be asked first whether the caller may hear it.
    pub(super) fn must_ask(&self) -> bool {
        !self.may_hear() && self.due().is_some()
    }

    /// Whether it holds that the caller may hear of it.
    pub(super) fn may_hear(&self) -> bool {
        self.asked.elapsed() < HOLDS
    }

    /// The caller may hear of it: so it was answered to what was asked at `when`.
    pub(super) fn may(&mut self, when: Instant) {
        self.asked = when;
    }

    /// The other side was told what all are told.
    pub(super) fn took(&mut self, frame: &Frame) {
        self.cursor.seq = frame.to;
        self.stage = Stage::Level;
    }

    /// The other side was told what was read for it, up to `seq`.
    pub(super) fn has_read(&mut self, seq: Seq) {
        self.cursor.seq = seq;
        if self.line().at() == Some(self.cursor) {
            self.stage = Stage::Level;
        }
    }

    /// Tells the other side to pull to `seq`: the message.
    pub(super) fn poke(&mut self, seq: Seq) -> Value {
        let now = Instant::now();
        let first = match self.stage {
            Stage::Poked(poked) => poked.first,
            Stage::Behind | Stage::Level => now,
        };
        self.stage = Stage::Poked(Poked { to: seq, last: now, first });
        json!({ "type": "poke", "library": self.library(), "seq": seq })
    }

    /// Reads rows for the other side, up to where all are told what comes next.
    pub(super) async fn read(&mut self, doors: &Doors) -> Result<Read, Problem> {
        let scope = self.line().scope();
        let (head, _) = self.line().read(doors).await?;
        if let Err(refused) = self.cursor.check(&head) {
            let text = self.cursor.text(scope.library);
            return Ok(Read::Reset(reset(doors, scope, &text, refused.into()).await?));
        }
        // Where the log began anew meanwhile, the next look says so.
        let at = self.line().at().filter(|at| at.epoch == head.epoch);
        let Some(at) = at else { return Ok(Read::Rows(Vec::new())) };
        let mut rows = doors.library.changes(scope, self.cursor.seq, ROWS_MAX).await?;
        // Beyond that it would stand in the midst of what all are told next.
        rows.retain(|row| row.seq <= at.seq);
        if rows.is_empty() {
            self.has_read(at.seq);
        }
        Ok(Read::Rows(frames(scope.library, self.cursor, &rows, &head)))
    }

    fn line(&self) -> &Line {
        self.joined.line()
    }
}

impl Poked {
    /// What there is to do `now` that the log stands at `seq`.
    fn due(self, seq: Seq, now: Instant) -> Option<Due> {
        if self.to == seq {
            return None;
        }
        if now.duration_since(self.first) >= POKED_MAX {
            return Some(Due::Close);
        }
        let is_soon = now.duration_since(self.last) < POKE_EVERY;
        Some(if is_soon { Due::Later } else { Due::Poke(seq) })
    }
}

/// That the other side starts again.
async fn reset(
    doors: &Doors,
    scope: Scope,
    cursor: &str,
    failure: Failure,
) -> Result<Value, Problem> {
    let problem = expired(doors, scope, Some(cursor), failure).await?;
    Ok(json!({ "type": "reset", "library": scope.library, "reset": problem.reset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_to_pull_is_told_so_again_and_then_let_go() {
        let first = Instant::now();
        let later = |seconds| first + Duration::from_secs(seconds);
        let poked = Poked { to: 7, last: later(100), first };
        assert_eq!(poked.due(7, later(1_000)), None, "it knows of all there is");
        assert_eq!(poked.due(8, later(100)), Some(Due::Later), "not all the time");
        assert_eq!(poked.due(8, later(102)), Some(Due::Poke(8)));
        assert_eq!(poked.due(8, later(299)), Some(Due::Poke(8)));
        assert_eq!(poked.due(8, later(300)), Some(Due::Close), "it does not pull");
    }
}
