//! Edit a bookmark: its fields and its tags; different fields of two edits never collide.

use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::change::Head;
use shelf_domain::id::{ActId, ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::turn::{Status, Turn};
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;

pub use shelf_domain::edit::{Edit, Version};

/// Which bookmark, and what to put. With `edit.version` it is refused `stale` where the bookmark
/// has changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditBookmark {
    /// The bookmark.
    pub id: ItemId,
    /// What to put.
    pub edit: Edit,
}

/// The bookmark after the edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The bookmark as it is now.
    pub bookmark: Bookmark,
    /// `Noop` where it was so already.
    pub status: Status,
    /// Where the log stood after the edit.
    pub head: Head,
    /// The gesture, for undo.
    pub act: Option<ActId>,
}

/// Edits a bookmark; refused `already_saved`, naming the other, where the new address is taken.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn edit_bookmark(ctx: &Ctx, scope: Scope, ask: EditBookmark) -> Result<Edited, Failure> {
    let EditBookmark { id, edit } = ask;
    let edit = edit.checked(&Kind::Bookmark)?;
    let reads = edit.reads(id);
    let decide = move |turn: &mut Turn| {
        let outcome = turn.edit(id, &Kind::Bookmark, &edit)?;
        Ok(turn.done(vec![outcome]))
    };
    let written = ctx.write(scope, None, reads, Box::new(decide)).await?;
    let status = written.done.outcomes.first().map_or(Status::Noop, |outcome| outcome.status);
    let bookmark = get_bookmark(ctx, scope, written.done.item().unwrap_or(id)).await?.bookmark;
    Ok(Edited { bookmark, status, head: written.head, act: written.done.act })
}
