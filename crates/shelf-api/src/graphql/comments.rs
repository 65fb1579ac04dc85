//! Comments on bookmarks, texts that were written twice at the same time, and what changes them.

use crate::cursor;
use crate::graphql::bookmarks::TextCopy;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::{ChangedPayload, Written, act_in, head_of};
use crate::graphql::scalars::{DateTime, Home};
use crate::graphql::write;
use crate::wire::Id;
use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject,
};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// Who wrote a comment.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct CommentAuthor {
    #[graphql(skip)]
    id: ItemId,
    /// What they are called; null where they are gone.
    name: Option<String>,
}

#[ComplexObject]
impl CommentAuthor {
    /// The person.
    async fn id(&self) -> ID {
        Named::Person.id(&[self.id])
    }
}

/// A comment on a bookmark.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Comment {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    bookmark: ItemId,
    /// Its version, for `ifVersion`.
    version: String,
    /// What it says; Markdown.
    body: String,
    /// Who wrote it; null where nobody knows.
    author: Option<CommentAuthor>,
    /// When it was written.
    created_at: DateTime,
    /// When its text was changed last; null where it stands as it was written.
    edited_at: Option<DateTime>,
    /// When it was put into the trash.
    trashed_at: Option<DateTime>,
    /// Whether the caller may change it: they wrote it.
    may_edit: bool,
    /// Whether the caller may put it into the trash: they wrote it, or manage the library.
    may_remove: bool,
    /// Texts that lost against a blind edit and wait for their owner.
    copies: Vec<TextCopy>,
}

impl Comment {
    /// Says in which library it is.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

/// The cursor after `comment`.
pub(crate) fn comment_cursor(comment: &Comment) -> String {
    cursor::seal("comments", &Id(comment.id))
}

#[ComplexObject]
impl Comment {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Item.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// The bookmark it is about.
    async fn bookmark(&self) -> ID {
        Named::Bookmark.id(&[self.home.library, self.bookmark])
    }
}

/// One version of a text.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Wording {
    /// The text; empty where the field was emptied.
    text: String,
    /// The token, session or device it was written with.
    device: String,
    /// What the caller calls that; of those of others, what these people are called. Null where
    /// nobody knows.
    device_name: Option<String>,
    /// When it came to stand there.
    at: DateTime,
}

/// Two versions of one text, neither of whose authors had seen the other.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Conflict {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    item: ItemId,
    #[graphql(skip)]
    bookmark: ItemId,
    /// What the item is.
    kind: String,
    /// What that is called.
    title: String,
    /// The field: `notes`, `description`, `comment` or `body`.
    field: String,
    /// The version of the item at which both stand; settling says it.
    version: String,
    /// The one that is shown.
    shown: Wording,
    /// The one that lost.
    other: Wording,
}

impl Conflict {
    /// Says in which library it is.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

/// The cursor after `conflict`.
pub(crate) fn conflict_cursor(conflict: &Conflict) -> String {
    cursor::seal("conflicts", &Id(conflict.item))
}

#[ComplexObject]
impl Conflict {
    /// The item that holds both.
    async fn item(&self) -> ID {
        Named::of_kind(&self.kind).id(&[self.home.library, self.item])
    }

    /// The bookmark it is about, or the item itself, a collection perhaps.
    async fn bookmark(&self) -> ID {
        let is_itself = self.bookmark == self.item;
        let named = if is_itself { Named::of_kind(&self.kind) } else { Named::Bookmark };
        named.id(&[self.home.library, self.bookmark])
    }
}

/// What to say of which bookmark.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct AddCommentInput {
    /// The bookmark.
    #[serde(skip_serializing)]
    bookmark: NodeId,
    /// What it says; Markdown.
    body: String,
}

/// What to change; what is absent stays.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct EditCommentInput {
    /// The comment.
    #[serde(skip_serializing)]
    id: NodeId,
    /// Only where it still has this version.
    #[serde(skip_serializing)]
    if_version: Option<String>,
    /// What it says; never empty.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    body: MaybeUndefined<String>,
}

/// Which version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// The one that is shown.
    Shown,
    /// The one that lost.
    Other,
    /// One made of both, which is said in `text`.
    Text,
}

/// How to settle two versions.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct ResolveConflictInput {
    /// The item that holds both.
    #[serde(skip_serializing)]
    item: NodeId,
    /// The field: `notes`, `description`, `comment` or `body`.
    field: String,
    /// The device of the version that lost.
    device: String,
    /// Which one stands.
    keep: Keep,
    /// The text that stands, where it is made of both.
    text: Option<String>,
    /// The version of the item that was looked at; as it is now, where it is not said.
    version: Option<String>,
}

/// What a comment that was added or edited is answered with.
#[derive(Debug, SimpleObject)]
pub(crate) struct CommentPayload {
    /// `applied`; `noop` where it was so already.
    status: String,
    /// The gesture; undo takes it.
    act: Option<ID>,
    /// A position of the log that has it, for `atLeast`.
    head: Option<u64>,
    /// The comment as it is now.
    comment: Comment,
}

impl CommentPayload {
    fn of(written: Written<Comment>, library: ItemId) -> Self {
        let home = Home::now(library);
        let Written { status, act, item: mut comment } = written;
        let head = head_of(&comment.version);
        comment.settle(home);
        Self { status, act: act_in(home, act), head, comment }
    }
}

/// What changes comments, and settles texts that were written twice.
#[derive(Debug, Default)]
pub(crate) struct CommentMutations;

#[Object]
impl CommentMutations {
    /// Comments on a bookmark, in the name of the caller.
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        input: AddCommentInput,
        idempotency_key: Option<String>,
    ) -> Result<CommentPayload> {
        let ask = write(ctx, "Mutation.addComment", idempotency_key).body(&input);
        let ask = ask.on(&input.bookmark);
        Ok(CommentPayload::of(ask.done().await?, input.bookmark.home()))
    }

    /// Changes what a comment says; for who wrote it.
    async fn edit_comment(
        &self,
        ctx: &Context<'_>,
        input: EditCommentInput,
        idempotency_key: Option<String>,
    ) -> Result<CommentPayload> {
        let ask = write(ctx, "Mutation.editComment", idempotency_key).patch(&input);
        let ask = ask.on(&input.id);
        let written = ask.if_version(input.if_version).done().await?;
        Ok(CommentPayload::of(written, input.id.home()))
    }

    /// Puts a comment into the trash; for who wrote it, and whoever manages the library.
    async fn remove_comment(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.removeComment", idempotency_key);
        Ok(ChangedPayload::on(ask, &id).await?)
    }

    /// Settles two versions of a text, as one act that undo takes back. What was written after
    /// `version` stands, or becomes a second version again.
    async fn resolve_conflict(
        &self,
        ctx: &Context<'_>,
        input: ResolveConflictInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.resolveConflict", idempotency_key).body(&input);
        Ok(ChangedPayload::on(ask, &input.item).await?)
    }
}
