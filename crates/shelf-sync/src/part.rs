//! Part: a library held in part, by what its items are now: those that are of the part enter, those
//! that are not leave, and leaving is no deletion.

use crate::cursor::Cursor;
use crate::doors::Doors;
use crate::pull::{LIMIT_MAX, Pull, pull};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_ports::replicas::Stretch;
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Most folders of one part.
pub const FOLDERS_MAX: usize = 100;
/// Begins the names of what sources said besides.
const RAW: &str = "raw";
/// Items of one answer, where a replica begins.
const ITEMS_MAX: usize = 500;

/// What a replica holds of a library. Folders, tags and whatever is neither a bookmark nor a place
/// are always of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Bookmarks and places that stand in these folders, or beneath them.
    pub folders: BTreeSet<ItemId>,
    /// Bookmarks saved at or after this moment, milliseconds.
    pub since: Option<i64>,
    /// Without long texts and without what sources said besides.
    pub is_thin: bool,
}

/// From where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The beginning, or the last item of the answer before.
    Begin(Option<ItemId>),
    /// The cursor of the answer before.
    Cursor(String),
}

/// What came into the part, and what left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// Items of the part, whole as they are now; what is held of them is replaced.
    pub enter: Vec<Item>,
    /// Items that are not of it, or not any more; that they are gone is not said.
    pub leave: Vec<ItemId>,
    /// Ids that joined, and what.
    pub aliases: Vec<(ItemId, ItemId)>,
    /// Where a replica that begins goes on from; `None` at the end.
    pub next: Option<ItemId>,
    /// The cursor to go on with; of a beginning, that of its first answer.
    pub next_cursor: String,
    /// Whether there is more to be had at once.
    pub has_more: bool,
    /// Whether a folder moved, so that the replica begins again and keeps its queue.
    pub again: bool,
    /// Where the log stood.
    pub head: Head,
}

/// Tells what is of `part`, or what came and went since.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn part(
    doors: &Doors,
    scope: Scope,
    part: &Part,
    start: Start,
) -> Result<Parted, Failure> {
    if part.folders.len() > FOLDERS_MAX {
        let detail = format!("a part has at most {FOLDERS_MAX} folders");
        return Err(Refused::invalid("folders", detail).into());
    }
    match start {
        Start::Begin(after) => Ok(begin(doors, scope, part, after).await?),
        Start::Cursor(cursor) => follow(doors, scope, part, cursor).await,
    }
}

async fn begin(
    doors: &Doors,
    scope: Scope,
    part: &Part,
    after: Option<ItemId>,
) -> Result<Parted, Fault> {
    let stretch = Stretch { after, limit: ITEMS_MAX, ..Stretch::default() };
    let told = doors.replicas.stretch(scope, &stretch).await?;
    let next = told.items.last().map(|last| last.id).filter(|_| told.items.len() == ITEMS_MAX);
    let shelf = seen(doors, scope, &told.items).await?;
    let mut enter: Vec<Item> =
        told.items.into_iter().filter(|item| part.holds(&shelf, item)).collect();
    part.thin(&mut enter);
    let head = told.head;
    let next_cursor = Cursor { epoch: head.epoch, seq: head.seq }.text(scope.library);
    let (leave, aliases, has_more, again) = (Vec::new(), Vec::new(), next.is_some(), false);
    Ok(Parted { enter, leave, aliases, next, next_cursor, has_more, again, head })
}

async fn follow(
    doors: &Doors,
    scope: Scope,
    part: &Part,
    cursor: String,
) -> Result<Parted, Failure> {
    let ask = Pull { cursor: Some(cursor), limit: LIMIT_MAX / 2 };
    let pulled = pull(doors, scope, ask).await?;
    let again = !part.folders.is_empty() && pulled.changes.iter().any(moves_folder);
    let joined = pulled.changes.iter().filter_map(|row| Some((row.joined?, row.item)));
    let aliases: Vec<(ItemId, ItemId)> = joined.collect();
    let touched: BTreeSet<ItemId> = pulled.changes.iter().map(|row| row.item).collect();
    let bookmarks = stood_at(doors, scope, &pulled.changes).await?;
    let all = Reads::none().items(touched.into_iter().chain(bookmarks));
    let ids = all.items.clone();
    let shelf = doors.library.read(scope, all).await?;
    let known = ids.iter().filter_map(|id| shelf.item(*id).cloned());
    let mut items: Vec<Item> = known.collect();
    items.sort_by_key(|item| item.id);
    items.dedup_by_key(|item| item.id);
    let shelf = seen(doors, scope, &items).await?;
    let (mut enter, other): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| part.holds(&shelf, item));
    part.thin(&mut enter);
    let mut leave: Vec<ItemId> = other.into_iter().map(|item| item.id).collect();
    leave.extend(aliases.iter().map(|(younger, _)| *younger));
    let (next, next_cursor, has_more) = (None, pulled.next_cursor, pulled.has_more);
    let head = pulled.head;
    Ok(Parted { enter, leave, aliases, next, next_cursor, has_more, again, head })
}

/// The bookmarks of the places in `rows`: with a place its bookmark comes and goes. Those that it
/// was a place of before are among them, as they may have stood nowhere else in the part.
async fn stood_at(doors: &Doors, scope: Scope, rows: &[Change]) -> Result<BTreeSet<ItemId>, Fault> {
    let places = || rows.iter().filter(|row| row.kind == Kind::Place);
    let mut reads = Reads::none().items(places().map(|row| row.item));
    // What is put where nothing was is the first bookmark of its place.
    let other = places().filter(|row| row.number.is_none() && bookmark_in(row).is_some());
    reads.history.extend(other.map(|row| row.item));
    let shelf = doors.library.read(scope, reads).await?;
    let now = places().filter_map(|row| shelf.item(row.item)?.reference(field::BOOKMARK));
    let before = rows.iter().chain(shelf.history.values()).filter(|row| row.kind == Kind::Place);
    Ok(now.chain(before.filter_map(bookmark_in)).collect())
}

/// The bookmark that a row names; that which purges a place says what it was a place of.
fn bookmark_in(row: &Change) -> Option<ItemId> {
    let register = Register::from(field::BOOKMARK);
    let put = row.set.get(&register).or_else(|| row.also.get(&register));
    put?.as_ref()?.as_text()?.parse().ok()
}

/// What has to be seen to say whether `items` are of a part: places of bookmarks, folders above.
async fn seen(doors: &Doors, scope: Scope, items: &[Item]) -> Result<Shelf, Fault> {
    let of = |kind: Kind| items.iter().filter(move |item| item.kind == kind);
    let bookmarks = of(Kind::Bookmark).map(|item| item.id);
    let reads = Reads::none().places(bookmarks).items(of(Kind::Place).map(|item| item.id));
    let shelf = doors.library.read(scope, reads.clone()).await?;
    let parents = shelf.items().filter_map(|item| item.reference(field::PARENT));
    let reads = parents.fold(reads, |reads, parent| reads.above(Some(parent)));
    doors.library.read(scope, reads).await
}

/// Whether a row moves a folder that was there, or removes one for good, so that nothing says any
/// more what it stood in. Trash is no question of it: what stands in a folder there is of the part
/// as before.
fn moves_folder(row: &Change) -> bool {
    let moved = |name: &'static str| {
        let register = Register::from(name);
        row.set.contains_key(&register) || row.also.contains_key(&register)
    };
    let is_old = row.kind == Kind::Collection && row.number.is_none();
    is_old && (moved(field::PARENT) || moved(field::PURGED))
}

impl Part {
    /// Whether `item` is of the part, by what `shelf` shows.
    fn holds(&self, shelf: &Shelf, item: &Item) -> bool {
        match item.kind {
            // What was removed for good says no more than that, to whoever holds it.
            _ if item.is_purged() => true,
            Kind::Place => self.has(shelf, item.reference(field::PARENT)),
            Kind::Bookmark => {
                let created = item.int(field::CREATED_AT).unwrap_or(i64::MIN);
                let is_recent = self.since.is_some_and(|since| created >= since);
                is_recent
                    || shelf.places_of(item.id).into_iter().any(|place| {
                        place.is_living() && self.has(shelf, place.reference(field::PARENT))
                    })
            }
            _ => true,
        }
    }

    /// Whether `folder` is one of the part's, or beneath one.
    fn has(&self, shelf: &Shelf, folder: Option<ItemId>) -> bool {
        let Some(folder) = folder.map(|folder| shelf.resolve(folder)) else { return false };
        let above = || shelf.ancestors(folder).into_iter();
        self.folders.contains(&folder) || above().any(|folder| self.folders.contains(&folder))
    }

    /// Takes out what a thin replica does not hold.
    fn thin(&self, items: &mut [Item]) {
        if !self.is_thin {
            return;
        }
        for item in items {
            item.registers.retain(|register, _| {
                let name = register.as_str().split('/').next().unwrap_or_default();
                !field::LONG.contains(&name) && name != RAW
            });
        }
    }
}
