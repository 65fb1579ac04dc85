//! Undo an act: a new act that puts back what it changed and trashes what it made.

use super::take_back::all_touched;
use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ActId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::library::Touched;

/// Undoes `act`, in turns of 500 items. What others changed since is answered in `left`; undoing
/// the answer's own act does it again.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn undo_act(ctx: &Ctx, scope: Scope, act: ActId) -> Result<Changed, Failure> {
    let done = all_touched(ctx, scope, Touched::By(act), move |row| row.act == act).await?;
    done.ok_or_else(|| Refused::not_found(format!("act {act}")).into())
}
