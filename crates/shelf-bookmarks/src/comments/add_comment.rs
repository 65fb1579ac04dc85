//! Comment on a bookmark.

use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::limits::COMMENTS_MAX;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::library::IdempotencyKey;

/// What to say of which bookmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddComment {
    /// The bookmark.
    pub bookmark: ItemId,
    /// What it says; never blank.
    pub body: String,
}

impl AddComment {
    fn checked(self) -> Result<Self, Refused> {
        if self.body.trim().is_empty() {
            return Err(Refused::invalid(field::BODY, "this must not be empty"));
        }
        let body = Value::from(self.body.as_str());
        Kind::Note.check(&Register::from(field::BODY), Some(&body))?;
        Ok(self)
    }
}

/// Adds a comment by the person who asks, once under `key`; refused `quota` beyond [`COMMENTS_MAX`] on
/// one bookmark.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn add_comment(
    ctx: &Ctx,
    scope: Scope,
    ask: AddComment,
    key: Option<IdempotencyKey>,
) -> Result<Changed, Failure> {
    ctx.to_write()?;
    let AddComment { bookmark, body } = ask.checked()?;
    let bookmark = get_bookmark(ctx, scope, bookmark).await?.bookmark.id;
    let counts = ctx.stores.views.comment_counts(scope, &[bookmark]).await?;
    if counts.get(&bookmark).is_some_and(|count| *count >= COMMENTS_MAX) {
        let detail = format!("a bookmark has at most {COMMENTS_MAX} comments");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    let decide = move |turn: &mut Turn| {
        let outcome = turn.comment(bookmark, &body)?;
        Ok(turn.done(vec![outcome]))
    };
    let reads = Reads::none().items([bookmark]);
    Ok(ctx.write(scope, key, reads, Box::new(decide)).await?.into())
}
