//! Turn a folder into a library of its own, which is mounted where the folder was.
//!
//! What is under the folder is carried into the new library in turns; then, in one turn of the old
//! one, it leaves. Until that last turn the old library is as it was. Begun again after a stop at
//! any point the job ends the same: the id of the new library follows from the folder, and what is
//! carried twice changes nothing.

use super::carry::{carry, take_back_rest};
use super::list_collections::list_collections;
use crate::answer::Changed;
use crate::captures::{copy_files, sweep_files};
use crate::ctx::Ctx;
use shelf_domain::id::{ActId, ItemId, LibraryId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::limits;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_domain::share::Leaving;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Turn;
use shelf_domain::view::Collection;
use shelf_ports::replicas::Stretch;
use shelf_ports::{Failure, Fault};
use std::collections::{BTreeMap, BTreeSet};

/// How often what changed meanwhile is taken along before the caller is asked to come again.
const TRIES_MAX: usize = 8;
/// Items or rows looked through at once.
const AT_ONCE: usize = 1_000;

/// A folder that can be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToShare {
    /// The folder.
    pub folder: ItemId,
    /// Its name, which the library begins with.
    pub name: String,
    /// The library it becomes; the one that is mounted there, where one is.
    pub library: LibraryId,
    /// Whether a library is mounted there already: then there is nothing to do.
    pub is_mounted: bool,
    /// How many bookmarks stand in it and in all under it; one may count more than once.
    pub bookmarks: u64,
    /// How many bookmarks that are marked private would go along, for whoever may read the library
    /// it becomes; none where there is nothing to do.
    pub private: u64,
}

/// What sharing a folder did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedFolder {
    /// The act of the old library; `None` where it was done before.
    pub act: Option<ActId>,
    /// Bookmarks that live in the new library alone.
    pub moved: usize,
    /// Bookmarks that stand elsewhere too, and so live on in both.
    pub copied: usize,
    /// How many of both are marked private: whoever may read the new library sees these too.
    pub private: usize,
}

impl SharedFolder {
    /// It was done before.
    const BEFORE: Self = Self { act: None, moved: 0, copied: 0, private: 0 };
}

/// What sharing the folder `id` would come to; for who manages the library. Refused `too_large`
/// where more is under it than leaves in one turn.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn to_share(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<ToShare, Failure> {
    if ctx.right < Right::Manage {
        let detail = "only who manages a library shares its folders";
        return Err(Refused::new(Code::Forbidden, "", detail).into());
    }
    let shelf = ctx.stores.library.read(scope, Reads::none().items([id])).await?;
    let known = shelf.item(id).filter(|item| item.kind == Kind::Collection && !item.is_purged());
    let Some(item) = known else {
        return Err(Refused::not_found(format!("collection {id}")).into());
    };
    item.here()?;
    let Collection { name, mount, .. } = Collection::of(item);
    let put = item.registers.get(&Register::from(field::MOUNT)).map_or(0, |held| held.seq);
    let library = mount.unwrap_or_else(|| LibraryId::of_folder(scope.library, item.id, put));
    let bookmarks = bookmarks_under(ctx, scope, item.id).await?;
    let is_mounted = mount.is_some();
    let private = if is_mounted { 0 } else { private_under(ctx, scope, item.id).await? };
    Ok(ToShare { folder: item.id, name, library, is_mounted, bookmarks, private })
}

/// How many bookmarks that are marked private would be carried with `folder`.
async fn private_under(ctx: &Ctx, scope: Scope, folder: ItemId) -> Result<u64, Failure> {
    let reads = Reads::none().items([folder]).under(folder);
    let shelf = ctx.stores.library.read(scope, reads).await?;
    Ok(shelf.leaving(folder).map_or(0, |leaving| private_in(&shelf, &leaving)) as u64)
}

fn private_in(shelf: &Shelf, leaving: &Leaving) -> usize {
    let items = leaving.carried.iter().filter_map(|id| shelf.item(*id));
    items.filter(|item| item.kind == Kind::Bookmark && item.flag(field::PRIVATE)).count()
}

/// How many places are in `folder` and under it; refused where that is more than leaves in one
/// turn, or where the folder is in the trash.
async fn bookmarks_under(ctx: &Ctx, scope: Scope, folder: ItemId) -> Result<u64, Failure> {
    let branches = list_collections(ctx, scope).await?;
    let Some(at) = branches.iter().position(|branch| branch.collection.id == folder) else {
        let detail = "the folder is in the trash; take it out first";
        return Err(Refused::invalid("collection", detail).into());
    };
    let Some(branch) = branches.get(at) else { return Ok(0) };
    let beneath = branches.iter().skip(at + 1).take_while(|below| below.depth > branch.depth);
    let items = branch.under.saturating_mul(2).saturating_add(beneath.count() as u64);
    must_fit(usize::try_from(items).unwrap_or(usize::MAX))?;
    Ok(branch.under)
}

fn must_fit(items: usize) -> Result<(), Refused> {
    if items <= limits::SHARED_MAX {
        return Ok(());
    }
    let most = limits::SHARED_MAX;
    let detail =
        format!("under this folder are {items} items, and {most} go together; share parts of it");
    Err(Refused::new(Code::TooLarge, "collection", detail))
}

/// Carries what is under the folder into the library `into`, which is there and is the one that
/// `ask` names, and lets it leave. Refused `busy` where others write to the library all the time.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn share_folder(
    ctx: &Ctx,
    scope: Scope,
    ask: &ToShare,
    into: Scope,
) -> Result<SharedFolder, Failure> {
    if ask.is_mounted {
        return Ok(SharedFolder::BEFORE);
    }
    let mut attached = Attached::default();
    for _ in 0..TRIES_MAX {
        let Some((shelf, leaving)) = planned(ctx, scope, ask.folder, &mut attached).await? else {
            continue;
        };
        // Another request may have done it meanwhile, or put another library there.
        match shelf.item(ask.folder).and_then(|folder| Collection::of(folder).mount) {
            Some(mount) if mount == into.library => return Ok(SharedFolder::BEFORE),
            Some(_) => {
                let detail = "another library was mounted there meanwhile";
                return Err(Refused::invalid("collection", detail).into());
            }
            None => {}
        }
        let shared = counted(&shelf, &leaving);
        must_have_room(ctx, into, &shelf, &leaving).await?;
        carry(ctx, into, &shelf, &leaving).await?;
        take_back_rest(ctx, scope, into, &leaving).await?;
        copy_files(ctx, scope, into, &in_both(&shelf, &leaving)).await?;
        let at = shelf.head.seq;
        if let Some(changed) = leave(ctx, scope, (at, leaving), into.library).await? {
            // The files of what left follow it; where that ends early, the keeper goes on.
            sweep_files(&ctx.stores, scope).await?;
            return Ok(SharedFolder { act: changed.act, ..shared });
        }
    }
    let detail = "others write to this library all the time; ask again in a moment";
    Err(Refused::new(Code::Busy, "", detail).into())
}

/// The bookmarks that are carried and stay as well.
fn in_both(shelf: &Shelf, leaving: &Leaving) -> Vec<ItemId> {
    let goes: BTreeSet<ItemId> = leaving.goes.iter().copied().collect();
    let items = leaving.carried.iter().filter(|id| !goes.contains(id));
    let items = items.filter_map(|id| shelf.item(*id));
    items.filter(|item| item.kind == Kind::Bookmark).map(|item| item.id).collect()
}

fn counted(shelf: &Shelf, leaving: &Leaving) -> SharedFolder {
    let bookmarks = |ids: &[ItemId]| {
        let items = ids.iter().filter_map(|id| shelf.item(*id));
        items.filter(|item| item.kind == Kind::Bookmark).count()
    };
    let moved = bookmarks(&leaving.goes);
    let (copied, private) = (bookmarks(&leaving.carried) - moved, private_in(shelf, leaving));
    SharedFolder { act: None, moved, copied, private }
}

/// Bookmarks that live on in both libraries are as many more: refused `quota` beyond what there is
/// room for. What moves was counted before; what an earlier try carried is counted twice until it
/// goes, and must not stand in the way of that.
async fn must_have_room(
    ctx: &Ctx,
    into: Scope,
    shelf: &Shelf,
    leaving: &Leaving,
) -> Result<(), Failure> {
    let Some(mut room) = ctx.stores.rooms.bookmarks(into).await? else { return Ok(()) };
    let is_bookmark =
        |id: &&ItemId| shelf.item(**id).is_some_and(|item| item.kind == Kind::Bookmark);
    let bookmarks: Vec<ItemId> = leaving.carried.iter().filter(is_bookmark).copied().collect();
    let goes: BTreeSet<ItemId> = leaving.goes.iter().copied().collect();
    let there = Reads::none().items(bookmarks.iter().copied());
    let there = ctx.stores.library.read(into, there).await?;
    let (mut more, mut twice) = (0_usize, 0_usize);
    for id in &bookmarks {
        match (goes.contains(id), there.item(*id).is_some_and(Item::is_living)) {
            (true, true) => twice += 1,
            (false, false) => more += 1,
            _ => {}
        }
    }
    for _ in twice..more {
        room = room.take()?;
    }
    Ok(())
}

/// What leaves with `folder`, and what has to be seen of it, as of one position of the log; `None`
/// where that went on meanwhile.
async fn planned(
    ctx: &Ctx,
    scope: Scope,
    folder: ItemId,
    attached: &mut Attached,
) -> Result<Option<(Shelf, Leaving)>, Failure> {
    let library = &ctx.stores.library;
    let mut shelf = library.read(scope, Reads::none().items([folder]).under(folder)).await?;
    attached.follow(ctx, scope, &shelf).await?;
    let of_these = attached.of(&shelf);
    if !of_these.is_empty() {
        let more = library.read(scope, Reads::none().items(of_these)).await?;
        if more.head.seq != shelf.head.seq {
            return Ok(None);
        }
        let more: Vec<Item> = more.items().filter(|item| is_attached(item)).cloned().collect();
        for item in more {
            shelf.insert(item);
        }
    }
    let leaving = shelf.leaving(folder);
    let leaving = leaving.ok_or_else(|| Refused::not_found(format!("collection {folder}")))?;
    must_fit(leaving.goes.len())?;
    Ok(Some((shelf, leaving)))
}

/// The last turn: everything goes at once, if the log still stands at `seq`. `None` where it does
/// not.
async fn leave(
    ctx: &Ctx,
    scope: Scope,
    (seq, leaving): (Seq, Leaving),
    library: LibraryId,
) -> Result<Option<Changed>, Failure> {
    let named = leaving.goes.iter().copied().chain([leaving.folder]);
    let reads = Reads::none().items(named);
    let decide = move |turn: &mut Turn| {
        if turn.shelf.head.seq != seq {
            return Err(Refused::new(Code::Stale, "", "the library has changed since"));
        }
        turn.leave(&leaving, library)
    };
    match ctx.write(scope, None, reads, Box::new(decide)).await {
        Ok(written) => Ok(Some(written.into())),
        Err(Failure::Refused(refused)) if refused.code == Code::Stale => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_attached(item: &Item) -> bool {
    matches!(item.kind, Kind::Note | Kind::Highlight)
}

/// The notes and highlights of a library, each with the bookmark it is of. They stand in no tree
/// and no list, so they are found by going through the library once and following its log then.
#[derive(Debug, Default)]
struct Attached {
    seq: Option<Seq>,
    bookmarks: BTreeMap<ItemId, ItemId>,
}

impl Attached {
    /// Comes as far as `shelf` was read.
    async fn follow(&mut self, ctx: &Ctx, scope: Scope, shelf: &Shelf) -> Result<(), Fault> {
        let numbers = &shelf.head.numbers;
        if !numbers.contains_key(&Kind::Note) && !numbers.contains_key(&Kind::Highlight) {
            return Ok(());
        }
        let mut seq = match self.seq {
            Some(seq) => seq,
            None => self.walk(ctx, scope, shelf.head.seq).await?,
        };
        while seq < shelf.head.seq {
            let rows = ctx.stores.library.changes(scope, seq, AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            seq = last.seq;
            for row in rows.iter().filter(|row| matches!(row.kind, Kind::Note | Kind::Highlight)) {
                let put = row.set.get(&Register::from(field::BOOKMARK)).and_then(Option::as_ref);
                let bookmark = put.and_then(|put| put.as_text()?.parse::<ItemId>().ok());
                if let Some(bookmark) = bookmark {
                    self.bookmarks.insert(row.item, bookmark);
                }
            }
        }
        self.seq = Some(seq);
        Ok(())
    }

    /// Goes through the whole library; from which position on the log has to be followed.
    async fn walk(&mut self, ctx: &Ctx, scope: Scope, from: Seq) -> Result<Seq, Fault> {
        let mut stretch = Stretch { limit: AT_ONCE, ..Stretch::default() };
        loop {
            let found = ctx.stores.replicas.stretch(scope, &stretch).await?;
            let Some(last) = found.items.last() else { return Ok(from) };
            stretch.after = Some(last.id);
            for item in found.items.iter().filter(|item| is_attached(item)) {
                if let Some(bookmark) = item.reference(field::BOOKMARK) {
                    self.bookmarks.insert(item.id, bookmark);
                }
            }
        }
    }

    /// Those of the bookmarks in `shelf`.
    fn of(&self, shelf: &Shelf) -> Vec<ItemId> {
        let here = |bookmark: ItemId| shelf.item(bookmark).is_some();
        self.bookmarks.iter().filter(|(_, of)| here(**of)).map(|(id, _)| *id).collect()
    }
}
