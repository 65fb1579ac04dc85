//! Pull: the rows of a log after a cursor.

use crate::cursor::Cursor;
use crate::doors::Doors;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::Scope;
use shelf_domain::kind::Register;
use shelf_domain::refusal::Refused;
use shelf_domain::stamp::Seq;
use shelf_domain::value::{Plain, Value};
use shelf_ports::Failure;

/// Most rows of one answer.
pub const LIMIT_MAX: usize = 1_000;
/// Where an answer ends early, in bytes of values; one row may go beyond it.
pub(crate) const BYTES_MAX: usize = 4 << 20;

/// From where, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The cursor of the answer before; `None` is the beginning.
    pub cursor: Option<String>,
    /// Rows, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// Rows in order, and where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The rows.
    pub changes: Vec<Change>,
    /// The seq they come after.
    pub from: Seq,
    /// The seq of the last one; `from` where there are none.
    pub to: Seq,
    /// What to ask with next.
    pub next_cursor: String,
    /// Whether there is more to be had at once.
    pub has_more: bool,
    /// Where the log stood.
    pub head: Head,
}

/// Gives the rows after the cursor; refused `cursor_expired` where the log does not lead on.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn pull(doors: &Doors, scope: Scope, ask: Pull) -> Result<Pulled, Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("an answer has 1 to {LIMIT_MAX} rows");
        return Err(Refused::invalid("limit", detail).into());
    }
    // The head is read first: rows that come in between are given, and only looked at again.
    let head = doors.library.head(scope).await?;
    let from = match &ask.cursor {
        Some(text) => Cursor::read(text, scope.library)?.check(&head)?.seq,
        None => 0,
    };
    let mut changes = doors.library.changes(scope, from, ask.limit).await?;
    changes.truncate(fitting(&changes));
    let to = changes.last().map_or(from, |last| last.seq);
    let next_cursor = Cursor { epoch: head.epoch, seq: to }.text(scope.library);
    Ok(Pulled { from, to, next_cursor, has_more: to < head.seq, head, changes })
}

/// How many of `changes` make one answer: at least one, and no more than fit.
fn fitting(changes: &[Change]) -> usize {
    let mut bytes = 0;
    let fits = changes.iter().take_while(|change| {
        let before = bytes;
        bytes += weight(change);
        before < BYTES_MAX
    });
    fits.count()
}

fn weight(change: &Change) -> usize {
    let puts = change.set.iter().chain(&change.also);
    puts.map(|(register, value)| value_bytes(register, value.as_ref())).sum()
}

/// About how much a register takes on the wire.
pub(crate) fn value_bytes(register: &Register, value: Option<&Value>) -> usize {
    let value = match value {
        Some(Value::Plain(Plain::Text(text))) => text.len(),
        Some(Value::Sealed(bytes)) => bytes.len(),
        _ => 8,
    };
    register.as_str().len() + value
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::change::Puts;
    use shelf_domain::id::{ActId, DeviceId, ItemId};
    use shelf_domain::kind::{Kind, field};
    use shelf_domain::stamp::Hlc;

    /// A row that puts a text of so many bytes.
    fn row(bytes: usize) -> Change {
        let text = Some(Value::from("x".repeat(bytes)));
        Change {
            seq: 1,
            at: 1,
            device: DeviceId::SEQUENCER,
            n: 1,
            hlc: Hlc::at(1),
            base: 0,
            act: ActId::from_bytes([1; 16]),
            item: ItemId::from_bytes([1; 16]),
            kind: Kind::Bookmark,
            number: None,
            joined: None,
            set: Puts::from([(Register::from(field::NOTES), text)]),
            also: Puts::new(),
            also_hlc: None,
        }
    }

    #[test]
    fn an_answer_ends_with_the_row_that_fills_it_and_has_at_least_one() {
        assert_eq!(fitting(&[row(BYTES_MAX), row(1)]), 1, "it leads on whatever a row weighs");
        assert_eq!(fitting(&[row(1), row(BYTES_MAX), row(1)]), 2);
        assert_eq!(fitting(&[row(1), row(1), row(1)]), 3);
        assert_eq!(fitting(&[]), 0);
    }
}
