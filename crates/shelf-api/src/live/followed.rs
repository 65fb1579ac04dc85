//! One library that a socket follows: how far the other side has come, and what to tell it next.

use crate::problem::Problem;
use crate::routes::sync::{HeadOut, PulledOut, expired};
use serde_json::{Value, json};
use shelf_domain::change::Head;
use shelf_domain::id::Scope;
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Seq;
use shelf_ports::{Failure, Fault};
use shelf_sync::{Cursor, Doors, Pull, pull};

/// Most rows of one message.
const ROWS_MAX: usize = 200;
/// Rows behind, beyond which the other side is told to pull.
const BEHIND_MAX: Seq = 1_000;

/// One library that is followed.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    scope: Scope,
    /// How far the other side has come.
    cursor: Cursor,
    /// The position it was told to pull to; then nothing else is told until it has.
    poked: Option<Seq>,
}

impl Followed {
    /// Begins after `cursor`, or at the head; and what to tell. Nothing is followed where the log
    /// does not lead on from there.
    pub(super) async fn begin(
        doors: &Doors,
        scope: Scope,
        cursor: Option<&str>,
    ) -> Result<(Option<Self>, Value), Problem> {
        let head = doors.library.head(scope).await?;
        let at = match cursor {
            None => Cursor { epoch: head.epoch, seq: head.seq },
            Some(text) => match Cursor::read(text, scope.library).and_then(|it| it.check(&head)) {
                Ok(cursor) => cursor,
                Err(refused) if refused.code == Code::CursorExpired => {
                    return Ok((None, reset(doors, scope, text, refused.into()).await?));
                }
                Err(refused) => return Err(refused.into()),
            },
        };
        let told = json!({
            "type": "following", "library": scope.library, "cursor": at.text(scope.library),
            "head": HeadOut::from(head),
        });
        Ok((Some(Self { scope, cursor: at, poked: None }), told))
    }

    /// Whether there is something to tell.
    pub(super) async fn has_moved(&self, doors: &Doors) -> Result<bool, Fault> {
        let head = doors.library.head(self.scope).await?;
        Ok(self.is_behind(&head))
    }

    fn is_behind(&self, head: &Head) -> bool {
        let known = self.poked.unwrap_or(self.cursor.seq);
        (head.epoch, head.seq) != (self.cursor.epoch, known)
    }

    /// What to tell next: rows that follow on, that there are too many of them, or that the other
    /// side starts again.
    pub(super) async fn next(&mut self, doors: &Doors) -> Result<Option<Value>, Problem> {
        let head = doors.library.head(self.scope).await?;
        let library = self.scope.library;
        let leads_on = self.cursor.expired(&head).is_none();
        let behind = head.seq.saturating_sub(self.cursor.seq);
        if leads_on && (self.poked.is_some() || behind > BEHIND_MAX) {
            self.poked = Some(head.seq);
            let poke = json!({ "type": "poke", "library": library, "seq": head.seq });
            return Ok(Some(poke));
        }
        let text = self.cursor.text(library);
        let ask = Pull { cursor: Some(text.clone()), limit: ROWS_MAX };
        let pulled = match pull(doors, self.scope, ask).await {
            Ok(pulled) => pulled,
            Err(Failure::Refused(refused)) if refused.code == Code::CursorExpired => {
                return Ok(Some(reset(doors, self.scope, &text, refused.into()).await?));
            }
            Err(failure) => return Err(failure.into()),
        };
        if pulled.changes.is_empty() {
            return Ok(None);
        }
        self.cursor = Cursor { epoch: pulled.head.epoch, seq: pulled.to };
        // What came out of a log goes into JSON.
        let mut told = serde_json::to_value(PulledOut::from(pulled)).unwrap_or_default();
        told["type"] = "changes".into();
        told["library"] = library.to_string().into();
        Ok(Some(told))
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
