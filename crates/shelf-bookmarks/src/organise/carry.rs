//! Carry what leaves a library into another one, in turns.

use crate::ctx::Ctx;
use shelf_domain::change::Puts;
use shelf_domain::id::{ActId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::limits;
use shelf_domain::share::Leaving;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::replicas::Stretch;
use std::collections::BTreeSet;

/// Bytes of text after which a turn takes no more items.
const TURN_BYTES: usize = 8 << 20;
/// Items looked through at once.
const AT_ONCE: usize = 1_000;

/// One item, and what it is to hold.
type Part = (ItemId, Kind, Puts, Hlc);

/// Makes the library `into` hold what `leaving` names as `shelf` shows it; again it changes
/// nothing. What is there already and differs is made the same.
pub(super) async fn carry(
    ctx: &Ctx,
    into: Scope,
    shelf: &Shelf,
    leaving: &Leaving,
) -> Result<(), Failure> {
    let mut act = None;
    let (mut parts, mut bytes) = (Vec::new(), 0);
    for item in leaving.carried.iter().filter_map(|id| shelf.item(*id)) {
        let (puts, hlc) = shelf.carried_puts(item, leaving);
        bytes += puts.values().flatten().map(weight).sum::<usize>();
        parts.push((item.id, item.kind.clone(), puts, hlc));
        if parts.len() >= limits::BATCH_MAX || bytes >= TURN_BYTES {
            act = turn(ctx, into, std::mem::take(&mut parts), act).await?;
            bytes = 0;
        }
    }
    if !parts.is_empty() {
        turn(ctx, into, parts, act).await?;
    }
    Ok(())
}

fn weight(value: &Value) -> usize {
    value.as_text().map_or(16, str::len)
}

/// One turn of the new library, part of the gesture `act` where that has begun; the gesture. Room
/// was asked for before: what moves is not more than there was.
async fn turn(
    ctx: &Ctx,
    into: Scope,
    parts: Vec<Part>,
    act: Option<ActId>,
) -> Result<Option<ActId>, Failure> {
    let reads = parts.iter().fold(Reads::none(), reads_of);
    let decide = move |turn: &mut Turn| {
        if let Some(act) = act {
            turn.continue_act(act);
        }
        let mut done = turn.done(Vec::new());
        for (id, kind, puts, hlc) in &parts {
            done.outcomes.extend(turn.carry(*id, kind, puts.clone(), *hlc)?);
        }
        Ok(done)
    };
    let library = &ctx.stores.library;
    let written = library.write(into, ctx.author(), None, reads, Box::new(decide)).await?;
    Ok(act.or(written.done.act))
}

/// What putting a part has to see: the item with its tags, and whatever its values name.
fn reads_of(reads: Reads, (id, kind, puts, _): &Part) -> Reads {
    let mut reads = reads.items([*id]);
    if *kind == Kind::Bookmark {
        reads = reads.places([*id]);
    }
    for (register, value) in puts {
        reads.items.extend(register.as_tag());
        let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
        match register.as_str() {
            field::URL => reads = reads.url(text),
            field::NAME if *kind == Kind::Tag => reads = reads.tags([text]),
            field::PARENT => reads = reads.above(text.parse().ok()),
            field::BOOKMARK => reads.items.extend(text.parse::<ItemId>().ok()),
            _ => {}
        }
    }
    reads
}

/// Puts into the trash of `into` what was carried there from `scope` before and does not leave any
/// more: it was taken out of the folder meanwhile. What somebody made there is left.
pub(super) async fn take_back_rest(
    ctx: &Ctx,
    scope: Scope,
    into: Scope,
    leaving: &Leaving,
) -> Result<(), Failure> {
    let carried: BTreeSet<ItemId> = leaving.carried.iter().copied().collect();
    let mut rest = Vec::new();
    let mut stretch = Stretch { limit: AT_ONCE, ..Stretch::default() };
    loop {
        let found = ctx.stores.replicas.stretch(into, &stretch).await?;
        let Some(last) = found.items.last() else { break };
        stretch.after = Some(last.id);
        let living = found.items.iter().filter(|item| item.is_living());
        rest.extend(living.map(|item| item.id).filter(|id| !carried.contains(id)));
    }
    for some in rest.chunks(limits::BATCH_MAX) {
        let named = Reads::none().items(some.iter().copied());
        let shelf = ctx.stores.library.read(scope, named).await?;
        let theirs = some.iter().copied().filter(|id| shelf.item(*id).is_some()).collect();
        trash(ctx, into, theirs).await?;
    }
    Ok(())
}

async fn trash(ctx: &Ctx, into: Scope, ids: Vec<ItemId>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let reads = Reads::none().items(ids.iter().copied());
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            if turn.shelf.item(*id).is_some_and(Item::is_living) {
                done.outcomes.extend(turn.trash(*id)?);
            }
        }
        Ok(done)
    };
    let library = &ctx.stores.library;
    library.write(into, ctx.author(), None, reads, Box::new(decide)).await?;
    Ok(())
}
