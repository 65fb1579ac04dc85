//! List the texts of which two versions stand beside each other.

use crate::ctx::Ctx;
use crate::history::names::{self, Writers};
use shelf_domain::change::Head;
use shelf_domain::comment::Comment;
use shelf_domain::conflict::Conflict;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::view::name_of;
use shelf_ports::Failure;

/// Most items of one page.
pub const LIMIT_MAX: usize = 200;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListConflicts {
    /// The last item of the page before.
    pub after: Option<ItemId>,
    /// Items, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// Two versions of one text, as they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRow {
    /// Both versions; the bookmark it is about goes by the id it has now.
    pub conflict: Conflict,
    /// What the bookmark it is about is called.
    pub title: String,
    /// What the one who asks calls the device of the shown version, or the name of who else wrote it.
    pub shown_by: Option<String>,
    /// The same of the other version.
    pub other_by: Option<String>,
    /// Whether it is for the one who asks to settle, as far as they may write.
    pub may_settle: bool,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictsPage {
    /// The rows, those of one item together.
    pub rows: Vec<ConflictRow>,
    /// The item after which the next page begins, if there is one.
    pub next: Option<ItemId>,
    /// Where the log stood.
    pub head: Head,
}

/// One page of all that stand in the library.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_conflicts(
    ctx: &Ctx,
    scope: Scope,
    ask: ListConflicts,
) -> Result<ConflictsPage, Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("a page has 1 to {LIMIT_MAX} rows");
        return Err(Refused::invalid("limit", detail).into());
    }
    let found = ctx.stores.views.conflicts(scope, ask.after, ask.limit).await?;
    let (rows, head) = rows(ctx, scope, found.conflicts).await?;
    Ok(ConflictsPage { rows, next: found.next, head })
}

/// Those of `items` alone: of a bookmark, and of comments on it.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn conflicts_of(
    ctx: &Ctx,
    scope: Scope,
    items: Vec<ItemId>,
) -> Result<ConflictsPage, Failure> {
    let reads = Reads::none().items(items.iter().copied());
    let shelf = ctx.stores.library.read(scope, reads).await?;
    let items = items.iter().filter_map(|id| shelf.item(*id));
    let (rows, head) = rows(ctx, scope, items.flat_map(Conflict::all_of).collect()).await?;
    Ok(ConflictsPage { rows, next: None, head })
}

/// `conflicts` with the names of what they speak of.
async fn rows(
    ctx: &Ctx,
    scope: Scope,
    conflicts: Vec<Conflict>,
) -> Result<(Vec<ConflictRow>, Head), Failure> {
    if conflicts.is_empty() {
        return Ok((Vec::new(), ctx.stores.library.head(scope).await?));
    }
    let wrote = |one: &Conflict| [one.shown.device, one.other.device];
    let writers = Writers::of(ctx, conflicts.iter().flat_map(wrote).collect()).await?;
    let named = conflicts.iter().flat_map(|conflict| [conflict.about, conflict.item]).collect();
    let (shelf, me) = (names::items(ctx, scope, named).await?, (ctx.person, ctx.right));
    let of_another = |id| {
        let item = shelf.item(id);
        item.is_some_and(|item| Comment::is_of_another(&shelf, item, me))
    };
    let shown = |conflict: Conflict| ConflictRow {
        title: shelf.item(conflict.about).map(name_of).unwrap_or_default(),
        shown_by: writers.called(conflict.shown.device),
        other_by: writers.called(conflict.other.device),
        may_settle: !of_another(conflict.item),
        conflict: Conflict { about: shelf.resolve(conflict.about), ..conflict },
    };
    Ok((conflicts.into_iter().map(shown).collect(), shelf.head.clone()))
}
