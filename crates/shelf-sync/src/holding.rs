//! Holding: a device that deletes much at once is not believed before a person was asked.

use crate::doors::Doors;
use crate::push::{Push, Told};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{DeviceId, Scope};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::turn::{Outcome, Status, Turn};
use shelf_ports::Fault;
use shelf_ports::replicas::HeldChange;
use std::collections::BTreeSet;

/// Over how long deletions of one device are counted together, milliseconds.
const TOGETHER_MS: i64 = 60_000;
/// Fewer than these are never held.
const FEW: u64 = 50;
/// More than these always are.
const MANY: u64 = 500;
/// Between them, they are where they are more than one in so many bookmarks.
const ONE_IN: u64 = 5;
/// Rows of the log that are looked through for what the device deleted before.
const ROWS_MAX: u64 = 1_000;
/// Most changes of a library that wait; more are refused.
pub(crate) const HELD_MAX: u64 = 5_000;

/// What becomes of the deletions of one push; all else is decided as it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Counters of changes that wait.
    waits: BTreeSet<u64>,
    /// Counters of changes for which there is no room to wait.
    full: BTreeSet<u64>,
}

impl Holding {
    /// Looks at what `ask` deletes, and keeps what is to wait: before it is answered, so that no
    /// crash loses it.
    pub(crate) async fn of(doors: &Doors, scope: Scope, ask: &Push) -> Result<Self, Fault> {
        let is_new = |change: &&Pushed| {
            deletes(&change.kind, &change.set) && !ask.confirmed.contains(&change.act)
        };
        let mut changes: Vec<&Pushed> = ask.changes.iter().filter(is_new).collect();
        if changes.is_empty() {
            return Ok(Self::default());
        }
        // What was answered before is answered again.
        let counter = doors.replicas.counter(scope, ask.device).await?;
        changes.retain(|change| change.n > counter);
        let new = changes.len() as u64;
        if new == 0 || !is_much(doors, scope, ask.device, new).await? {
            return Ok(Self::default());
        }
        let counters = changes.iter().map(|change| change.n).collect();
        let lines = doors.replicas.held_lines(scope).await?;
        if lines.iter().map(|line| line.count).sum::<u64>() + new > HELD_MAX {
            return Ok(Self { full: counters, ..Self::default() });
        }
        // What it had seen is no more than there is now.
        let (at, seq) = (doors.clock.now_ms(), doors.library.head(scope).await?.seq);
        let held = |change: &&Pushed| {
            let change = Pushed { base: change.base.min(seq), ..Pushed::clone(change) };
            HeldChange { device: ask.device, at, change }
        };
        let held: Vec<HeldChange> = changes.iter().map(held).collect();
        doors.replicas.hold(scope, &held).await?;
        tracing::warn!(count = new, "a device deletes much: its deletions wait for a person");
        Ok(Self { waits: counters, ..Self::default() })
    }

    /// Takes one change of the push.
    pub(crate) fn take(
        &self,
        turn: &mut Turn,
        change: &Pushed,
    ) -> Result<Result<Outcome, Refused>, Refused> {
        if self.waits.contains(&change.n) {
            return turn.hold(change);
        }
        if self.full.contains(&change.n) {
            let detail = format!("at most {HELD_MAX} deletions wait for a person; decide on those");
            return turn.turn_down(change, Refused::new(Code::Quota, "trashed_at", detail));
        }
        turn.push(change)
    }

    /// Lets go of what does not wait after all: another request was first, or the queue stopped.
    pub(crate) async fn settle(
        self,
        doors: &Doors,
        scope: Scope,
        device: DeviceId,
        answers: &[Told],
    ) -> Result<(), Fault> {
        let mut left = self.waits;
        for Told { n, told } in answers {
            if matches!(told, Ok(outcome) if outcome.status == Status::Held) {
                left.remove(n);
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        doors.replicas.let_go(scope, device, &Vec::from_iter(left)).await
    }
}

/// Whether a change puts something people keep into the trash. Places are none of it: what stood
/// there stays.
fn deletes(kind: &Kind, set: &Puts) -> bool {
    let trashed = Register::from(field::TRASHED_AT);
    *kind != Kind::Place && set.get(&trashed).is_some_and(Option::is_some)
}

/// Whether `new` deletions of `device`, with those of the last minute, are too many to be believed.
async fn is_much(doors: &Doors, scope: Scope, device: DeviceId, new: u64) -> Result<bool, Fault> {
    let since = doors.clock.now_ms().saturating_sub(TOGETHER_MS);
    let lines = doors.replicas.held_lines(scope).await?;
    let lately = lines.iter().filter(|line| line.device == device && line.latest >= since);
    let known = new + lately.map(|line| line.count).sum::<u64>();
    let head = doors.library.head(scope).await?;
    if let Some(missing) = FEW.checked_sub(known).filter(|missing| *missing > 0) {
        // Where the row so far back is older, there cannot be enough.
        let Some(before) = head.seq.checked_sub(missing) else { return Ok(false) };
        let row = doors.library.changes(scope, before, 1).await?;
        if row.first().is_none_or(|row| row.at < since) {
            return Ok(false);
        }
    }
    let after = head.seq.saturating_sub(ROWS_MAX);
    let limit = usize::try_from(ROWS_MAX).unwrap_or(usize::MAX);
    let rows = doors.library.changes(scope, after, limit).await?;
    let own = rows.iter().filter(|row| row.at >= since && row.device == device);
    let gone = own.filter(|row| deletes(&row.kind, &row.set)).count() as u64;
    let all = known + gone;
    if !(FEW..=MANY).contains(&all) {
        return Ok(all > MANY);
    }
    let living = doors.views.counts(scope).await?.bookmarks + gone;
    Ok(all * ONE_IN > living)
}
