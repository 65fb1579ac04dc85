//! Push: what a paired device did while it was away.

use crate::doors::Doors;
use crate::holding::Holding;
use shelf_domain::change::{Head, Pushed};
use shelf_domain::id::{ActId, DeviceId, PersonId, Scope};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::limits;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Author, Outcome, Turn, reads_of};
use shelf_ports::Failure;
use shelf_ports::accounts::GrantKind;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A device's queue, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The paired device whose counter the changes carry.
    pub device: DeviceId,
    /// The changes, at most [`limits::BATCH_MAX`], counters rising by one.
    pub changes: Vec<Pushed>,
    /// Gestures whose deletions the person has confirmed, or that undo: they never wait.
    pub confirmed: BTreeSet<ActId>,
}

/// What the device is told about one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The change's counter.
    pub n: u64,
    /// What became of it; a refusal uses up its counter and holds nothing up.
    pub told: Result<Outcome, Refused>,
}

/// What the device is told about its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushAnswer {
    /// One for each change that was looked at, in order.
    pub answers: Vec<Told>,
    /// Why the rest was not looked at: `gap` or `device_reused`.
    pub stopped: Option<Refused>,
    /// Where the log stands.
    pub head: Head,
}

/// Takes the changes of a device that belongs to `person`. The same push again has the same
/// answers and no effect. New bookmarks beyond the tenant's quota are refused one by one; all else
/// is taken.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn push(
    doors: &Doors,
    scope: Scope,
    person: PersonId,
    ask: Push,
) -> Result<PushAnswer, Failure> {
    if ask.changes.len() > limits::BATCH_MAX {
        let detail = format!("push at most {} changes at once", limits::BATCH_MAX);
        return Err(Refused::new(Code::TooLarge, "changes", detail).into());
    }
    if ask.confirmed.len() > limits::BATCH_MAX {
        let detail = format!("confirm at most {} gestures at once", limits::BATCH_MAX);
        return Err(Refused::new(Code::TooLarge, "confirmed", detail).into());
    }
    must_own(doors, person, ask.device).await?;
    let holding = Holding::of(doors, scope, &ask).await?;
    let reads = reads(doors, scope, &ask.changes).await?;
    let (device, waits) = (ask.device, holding.clone());
    let author = Author { device, now: doors.clock.now_ms(), seed: doors.chance.seed() };
    let room = doors.rooms.bookmarks(scope).await?;
    let told = Arc::new(Mutex::new((Vec::new(), None)));
    let tell = Arc::clone(&told);
    let decide = move |turn: &mut Turn| {
        turn.signed_by(person);
        if let Some(room) = room {
            turn.keep_within(room);
        }
        // A decision may run again, and then only its last run counts.
        let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
        *tell = take(turn, &ask.changes, &holding);
        let outcomes = tell.0.iter().filter_map(|told| told.told.clone().ok()).collect();
        Ok(turn.done(outcomes))
    };
    let written = doors.library.write(scope, author, None, reads, Box::new(decide)).await?;
    let (answers, stopped) =
        std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    waits.settle(doors, scope, device, &answers).await?;
    Ok(PushAnswer { answers, stopped, head: written.head })
}

fn take(turn: &mut Turn, changes: &[Pushed], holding: &Holding) -> (Vec<Told>, Option<Refused>) {
    let mut answers = Vec::with_capacity(changes.len());
    for change in changes {
        match holding.take(turn, change) {
            Ok(told) => answers.push(Told { n: change.n, told }),
            Err(stopped) => return (answers, Some(stopped)),
        }
    }
    (answers, None)
}

/// Refused `forbidden` where `device` is not paired with `person`, or no longer.
pub(crate) async fn must_own(
    doors: &Doors,
    person: PersonId,
    device: DeviceId,
) -> Result<(), Failure> {
    let grants = doors.accounts.grants(person, doors.clock.now_ms()).await?;
    if grants.iter().any(|grant| grant.id == device && grant.kind == GrantKind::Device) {
        return Ok(());
    }
    let detail = "this device is not paired with you: pair it first";
    Err(Refused::new(Code::Forbidden, "device", detail).into())
}

/// What the batch has to see. A tag that comes back from the trash may meet another of its name;
/// which name, only the tag itself says.
pub(crate) async fn reads(
    doors: &Doors,
    scope: Scope,
    changes: &[Pushed],
) -> Result<Reads, Failure> {
    let reads = reads_of(changes);
    let trashed = Register::from(field::TRASHED_AT);
    let back: Vec<_> = changes
        .iter()
        .filter(|change| change.kind == Kind::Tag && change.set.contains_key(&trashed))
        .map(|change| change.item)
        .collect();
    if back.is_empty() {
        return Ok(reads);
    }
    let shelf = doors.library.read(scope, Reads::none().items(back.iter().copied())).await?;
    let names = back.iter().filter_map(|id| shelf.item(*id)).map(|tag| tag.text(field::NAME));
    Ok(reads.tags(names))
}
