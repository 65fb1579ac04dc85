//! Held: deletions of devices that wait for a person, who lets them be done or not.

use crate::doors::Doors;
use crate::push::{Told, reads};
use shelf_domain::change::{Head, Pushed};
use shelf_domain::id::{DeviceId, ItemId, PersonId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Author, Turn};
use shelf_domain::view::name_of;
use shelf_ports::Failure;
use shelf_ports::replicas::{HeldChange, HeldLine};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How long something waits, milliseconds: thirty days.
pub const WAITS_MS: i64 = 30 * 86_400_000;
/// Most items of one answer.
pub const LIMIT_MAX: usize = 500;

/// What waits of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOf {
    /// The device, how much of it waits, and since when.
    pub line: HeldLine,
    /// What its owner calls it; unknown of devices of others, and of those that were removed.
    pub name: Option<String>,
}

/// One deletion that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldItem {
    /// The counter of the change.
    pub n: u64,
    /// What would be deleted.
    pub item: ItemId,
    /// What that is.
    pub kind: Kind,
    /// What it goes by now; nothing, where it is gone already.
    pub title: String,
}

/// What became of deletions that were confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// One for each that was decided.
    pub answers: Vec<Told>,
    /// Whether more of what was confirmed is to be decided.
    pub more: bool,
    /// Where the log stands.
    pub head: Head,
}

/// Lists what waits, device by device; names are of devices of `person`.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_held(
    doors: &Doors,
    scope: Scope,
    person: PersonId,
) -> Result<Vec<HeldOf>, Failure> {
    let lines = doors.replicas.held_lines(scope).await?;
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let grants = doors.accounts.grants(person, doors.clock.now_ms()).await?;
    let named = |line: HeldLine| {
        let grant = grants.iter().find(|grant| grant.id == line.device);
        HeldOf { line, name: grant.map(|grant| grant.name.clone()) }
    };
    Ok(lines.into_iter().map(named).collect())
}

/// Lists what waits of `device`, with counters above `after`.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn held_items(
    doors: &Doors,
    scope: Scope,
    device: DeviceId,
    after: u64,
    limit: usize,
) -> Result<Vec<HeldItem>, Failure> {
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("an answer has 1 to {LIMIT_MAX} items");
        return Err(Refused::invalid("limit", detail).into());
    }
    let held = doors.replicas.held(scope, device, after, limit).await?;
    let ids = held.iter().map(|held| held.change.item);
    let shelf = doors.library.read(scope, Reads::none().items(ids)).await?;
    let item = |HeldChange { change, .. }: HeldChange| {
        let known = shelf.item(change.item);
        let (title, item) =
            known.map_or((String::new(), change.item), |item| (name_of(item), item.id));
        HeldItem { n: change.n, item, kind: change.kind, title }
    };
    Ok(held.into_iter().map(item).collect())
}

/// Decides what waits of `device` up to the counter `through`, at most [`BATCH_MAX`] at once, each
/// as it would have been decided when it came. What was decided by another meanwhile stays so.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn confirm_held(
    doors: &Doors,
    scope: Scope,
    device: DeviceId,
    through: u64,
) -> Result<Confirmed, Failure> {
    let mut held = doors.replicas.held(scope, device, 0, BATCH_MAX + 1).await?;
    held.retain(|held| held.change.n <= through);
    let more = held.len() > BATCH_MAX;
    held.truncate(BATCH_MAX);
    if held.is_empty() {
        let head = doors.library.head(scope).await?;
        return Ok(Confirmed { answers: Vec::new(), more, head });
    }
    let changes: Vec<Pushed> = held.into_iter().map(|held| held.change).collect();
    let counters: Vec<u64> = changes.iter().map(|change| change.n).collect();
    let reads = reads(doors, scope, &changes).await?;
    let author = Author { device, now: doors.clock.now_ms(), seed: doors.chance.seed() };
    // What waited may make a note, too: that is by whom the device is, whatever it says.
    let owner = doors.accounts.people_of(&BTreeSet::from([device])).await?.remove(&device);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let decide = move |turn: &mut Turn| {
        if let Some(owner) = &owner {
            turn.signed_by(owner.id);
        }
        // A decision may run again, and then only its last run counts.
        let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = changes.iter().map(|one| Told { n: one.n, told: turn.confirm(one) });
        *tell = decided.collect::<Vec<Told>>();
        let outcomes = tell.iter().filter_map(|told| told.told.clone().ok()).collect();
        Ok(turn.done(outcomes))
    };
    let written = doors.library.write(scope, author, None, reads, Box::new(decide)).await?;
    doors.replicas.let_go(scope, device, &counters).await?;
    let answers = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Confirmed { answers, more, head: written.head })
}

/// Drops what waits of `device` up to the counter `through`; how many there were.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn refuse_held(
    doors: &Doors,
    scope: Scope,
    device: DeviceId,
    through: u64,
) -> Result<u64, Failure> {
    let mut dropped = 0;
    loop {
        let mut held = doors.replicas.held(scope, device, 0, BATCH_MAX).await?;
        held.retain(|held| held.change.n <= through);
        if held.is_empty() {
            return Ok(dropped);
        }
        let counters: Vec<u64> = held.iter().map(|held| held.change.n).collect();
        doors.replicas.let_go(scope, device, &counters).await?;
        dropped += counters.len() as u64;
    }
}
