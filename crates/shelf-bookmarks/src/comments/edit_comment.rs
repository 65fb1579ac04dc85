//! Change what a comment says: for who wrote it.

use super::get_comment::get_comment;
use super::shown::must;
use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::edit::{Edit, Version};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Which comment, and what it shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditComment {
    /// The comment.
    pub id: ItemId,
    /// What it shall say; what is not said stays.
    pub body: Option<String>,
    /// Refuse `stale` where it is no longer at this version.
    pub version: Option<Version>,
}

/// Edits a comment; refused `forbidden` for whoever did not write it.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn edit_comment(ctx: &Ctx, scope: Scope, ask: EditComment) -> Result<Changed, Failure> {
    ctx.to_write()?;
    let (row, _) = get_comment(ctx, scope, ask.id).await?;
    must(row.may_edit, "only who wrote a comment changes it")?;
    if row.comment.trashed_at.is_some() {
        return Err(Refused::not_found(format!("comment {}", ask.id)).into());
    }
    let mut edit = Edit { version: ask.version, ..Edit::default() };
    if let Some(body) = ask.body {
        edit = edit.put(field::BODY, Some(Value::from(body)));
    }
    let (id, edit) = (ask.id, edit.checked(&Kind::Note)?);
    let reads = edit.reads(id);
    let decide = move |turn: &mut Turn| {
        let outcome = turn.edit(id, &Kind::Note, &edit)?;
        Ok(turn.done(vec![outcome]))
    };
    // Who wrote a comment never changes, so reading it before the turn is safe.
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
