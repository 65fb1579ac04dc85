//! The history of one item: per row, what became of which field, by whom and when.

use super::names::{self, Writer, Writers};
use crate::ctx::Ctx;
use shelf_domain::diff::changes_of;
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// Most rows of one page.
pub const LIMIT_MAX: usize = 200;

/// Which item, from where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemHistory {
    /// The item.
    pub item: ItemId,
    /// Only rows before this one; the latest, where it is not said.
    pub before: Option<Seq>,
    /// Rows, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

pub use shelf_domain::diff::FieldChange;

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its position in the log; the version to restore.
    pub seq: Seq,
    /// Server time, milliseconds.
    pub at: i64,
    /// Who wrote it.
    pub device: DeviceId,
    /// What its owner calls that device or grant.
    pub device_name: Option<String>,
    /// Who did it; unknown where they were erased.
    pub person: Option<Writer>,
    /// The gesture, for undo.
    pub act: ActId,
    /// The item the row is about: the one asked for, or one of its places.
    pub item: ItemId,
    /// What that item is.
    pub kind: Kind,
    /// Whether the row created it.
    pub created: bool,
    /// The item that joined through this row.
    pub joined: Option<ItemId>,
    /// What it did; empty where the texts were purged.
    pub changes: Vec<FieldChange>,
}

/// One page of an item's history, latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The rows.
    pub rows: Vec<HistoryRow>,
    /// What to ask for next, if there is more.
    pub next: Option<Seq>,
}

/// The history of an item and, for a bookmark, of its places.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn item_history(
    ctx: &Ctx,
    scope: Scope,
    ask: ItemHistory,
) -> Result<HistoryPage, Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("a page has 1 to {LIMIT_MAX} rows");
        return Err(Refused::invalid("limit", detail).into());
    }
    // What a field held before follows only from the beginning, so all rows are folded.
    let shelf = ctx.stores.library.read(scope, Reads::none().places([ask.item])).await?;
    let places = shelf.places_of(ask.item).into_iter().map(|place| place.id);
    let reads = Reads::none().places([ask.item]).history(places.chain([ask.item]));
    let shelf = ctx.stores.library.read(scope, reads).await?;
    let Some(item) = shelf.item(ask.item) else {
        return Err(Refused::not_found(format!("item {}", ask.item)).into());
    };
    let mut rows = told(&shelf, item);
    rows.retain(|row| ask.before.is_none_or(|before| row.seq < before));
    rows.reverse();
    let more = rows.len() > ask.limit;
    rows.truncate(ask.limit);
    let next = rows.last().map(|row| row.seq).filter(|_| more);
    let writers = Writers::of(ctx, rows.iter().map(|row| row.device).collect()).await?;
    let mentioned =
        rows.iter().flat_map(|row| &row.changes).flat_map(FieldChange::mentioned).collect();
    let shelf = names::items(ctx, scope, mentioned).await?;
    for row in &mut rows {
        row.device_name = writers.device_name(row.device);
        row.person = writers.person(row.device);
        for change in &mut row.changes {
            change.name = mentioned_last(change).and_then(|id| names::of(&shelf, id));
        }
    }
    Ok(HistoryPage { rows, next })
}

/// Folds the rows of `item` and its places from the beginning and tells what each did.
fn told(shelf: &Shelf, item: &Item) -> Vec<HistoryRow> {
    let mut about: BTreeSet<ItemId> = BTreeSet::from([item.id]);
    if item.kind == Kind::Bookmark {
        about.extend(shelf.places_of(item.id).iter().map(|place| place.id));
    }
    let mut folded: BTreeMap<ItemId, Item> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in shelf.history.values() {
        let of = shelf.resolve(row.item);
        if !about.contains(&of) {
            continue;
        }
        let created = !folded.contains_key(&of);
        let state = folded.entry(of).or_insert_with(|| Item::new(of, row.kind.clone(), 0, row.seq));
        let changes = changes_of(state, row);
        state.fold(row);
        rows.push(HistoryRow {
            seq: row.seq,
            at: row.at,
            device: row.device,
            device_name: None,
            person: None,
            act: row.act,
            item: of,
            kind: row.kind.clone(),
            created: created && row.joined.is_none(),
            joined: row.joined,
            changes,
        });
    }
    rows
}

fn mentioned_last(change: &FieldChange) -> Option<ItemId> {
    change.mentioned().pop()
}
