//! Put a whole library back to a moment: everything later is taken back, as an ordinary act.

use super::take_back::all_touched;
use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_ports::Failure;
use shelf_ports::library::Touched;

/// Takes back all that happened after the server time `moment` (milliseconds); `None` where
/// nothing did. Items that were purged stay away.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn restore_library(
    ctx: &Ctx,
    scope: Scope,
    moment: i64,
) -> Result<Option<Changed>, Failure> {
    all_touched(ctx, scope, Touched::Since(moment), move |row| row.at > moment).await
}
