//! Settle two versions of one text: keep one of them, or one made of both.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::comment::Comment;
use shelf_domain::id::Scope;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

pub use shelf_domain::conflict::{Keep, Resolve};

/// Settles two versions as one act, which undo takes back. What was written after `ask.seen` was not
/// looked at: it stands, or becomes a second version again. Of a comment, who wrote it decides, or
/// whoever manages the library.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn resolve_conflict(ctx: &Ctx, scope: Scope, ask: Resolve) -> Result<Changed, Failure> {
    ctx.to_write()?;
    let reads = Reads::none().items([ask.item]);
    let shelf = ctx.stores.library.read(scope, reads.clone()).await?;
    let me = (ctx.person, ctx.right);
    if shelf.item(ask.item).is_some_and(|item| Comment::is_of_another(&shelf, item, me)) {
        let detail = "who wrote a comment decides what it says";
        return Err(Refused::new(Code::Forbidden, "", detail).into());
    }
    let decide = move |turn: &mut Turn| {
        let outcome = turn.resolve(&ask)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
