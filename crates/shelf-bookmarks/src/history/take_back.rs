//! One gesture over many turns that takes back rows of many items: the engine of undo.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::change::Change;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::limits;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::library::Touched;

/// Takes back the rows `picked` of all items `touched`, [`limits::BATCH_MAX`] items a turn.
pub(super) async fn all_touched(
    ctx: &Ctx,
    scope: Scope,
    touched: Touched,
    picked: impl Fn(&Change) -> bool + Clone + Send + Sync + 'static,
) -> Result<Option<Changed>, Failure> {
    let (mut all, mut after) = (None, None);
    loop {
        let ids = ctx.stores.library.touched(scope, touched, after, limits::BATCH_MAX).await?;
        after = ids.last().copied();
        if ids.is_empty() {
            return Ok(all);
        }
        all = Some(these(ctx, scope, ids, picked.clone(), all).await?);
    }
}

/// Takes back the rows `picked` of `ids` in one turn, as part of the gesture `before` began.
pub(super) async fn these(
    ctx: &Ctx,
    scope: Scope,
    ids: Vec<ItemId>,
    picked: impl Fn(&Change) -> bool + Send + Sync + 'static,
    before: Option<Changed>,
) -> Result<Changed, Failure> {
    let history = Reads::none().history(ids.iter().copied());
    let shelf = ctx.stores.library.read(scope, history.clone()).await?;
    let reads = with_mentioned(history, &shelf);
    let act = before.as_ref().and_then(|before| before.act);
    let decide = move |turn: &mut Turn| {
        if let Some(act) = act {
            turn.continue_act(act);
        }
        let this = turn.act();
        turn.take_back(&ids, |row| row.act != this && picked(row))
    };
    let written = ctx.write(scope, None, reads, Box::new(decide)).await?;
    Ok(match before {
        Some(before) => before.and(written),
        None => written.into(),
    })
}

/// Whatever value is put back may meet another owner of its address or name, or name a folder or
/// tag. Rows never change, so the values that can come back are known before the turn.
fn with_mentioned(mut reads: Reads, shelf: &Shelf) -> Reads {
    for row in shelf.history.values() {
        for (register, value, _) in row.puts() {
            reads.items.extend(register.as_tag());
            let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
            match register.as_str() {
                field::URL => reads = reads.url(text),
                field::NAME if row.kind == Kind::Tag => reads = reads.tags([text]),
                field::PARENT => reads = reads.above(text.parse().ok()),
                field::BOOKMARK => reads.items.extend(text.parse::<ItemId>().ok()),
                _ => {}
            }
        }
    }
    reads
}
