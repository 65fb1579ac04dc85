//! How a comment is shown to one person: with the name of who wrote it, and what they may do with it.

use crate::ctx::Ctx;
use shelf_domain::comment::Comment;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// A comment as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRow {
    /// The comment.
    pub comment: Comment,
    /// What its author is called; none where nobody knows, or they are gone.
    pub author_name: Option<String>,
    /// Whether the one who asks wrote it.
    pub is_own: bool,
    /// Whether they may change its text.
    pub may_edit: bool,
    /// Whether they may put it into the trash.
    pub may_remove: bool,
}

impl CommentRow {
    /// `comments` as the person of `ctx` sees them.
    pub(super) async fn all(ctx: &Ctx, comments: Vec<Comment>) -> Result<Vec<Self>, Failure> {
        let authors: BTreeSet<PersonId> =
            comments.iter().filter_map(|comment| comment.author).collect();
        let mut names = BTreeMap::new();
        for author in authors {
            if let Some(person) = ctx.stores.accounts.person(author).await? {
                names.insert(author, person.name);
            }
        }
        let shown = |comment: Comment| Self {
            author_name: comment.author.and_then(|author| names.get(&author).cloned()),
            is_own: comment.author == Some(ctx.person),
            may_edit: comment.may_edit(ctx.person, ctx.right),
            may_remove: comment.may_remove(ctx.person, ctx.right),
            comment,
        };
        Ok(comments.into_iter().map(shown).collect())
    }
}

/// Refused `forbidden` where `may` is false.
pub(super) fn must(may: bool, detail: &str) -> Result<(), Refused> {
    if may { Ok(()) } else { Err(Refused::new(Code::Forbidden, "", detail)) }
}
