//! Comments on bookmarks: list, add, read, edit, remove.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{In, Item};
use crate::cursor;
use crate::etag::Seen;
use crate::moment::Moment;
use crate::page::{Here, ListQuery, Paged, Params, limit_of};
use crate::routes::bookmarks::WrittenOut;
use crate::routes::shown::CopyOut;
use crate::wire::{Answer, ChangedOut, Id, json, located, tagged, unchanged, version};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::Changed;
use shelf_bookmarks::comments::{
    AddComment, CommentRow, EditComment, ListComments, add_comment, edit_comment, get_comment,
    list_comments, remove_comment,
};
use shelf_domain::change::Head;
use shelf_domain::id::ItemId;
use shelf_domain::turn::Status;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(read, edit, remove))
}

/// Who wrote a comment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommentAuthor)]
struct AuthorOut {
    /// The person.
    #[schema(format = Uuid)]
    id: String,
    /// What they are called; null where they are gone.
    name: Option<String>,
}

/// A comment on a bookmark.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Comment)]
struct CommentOut {
    /// Its id.
    id: Id,
    /// Its version: the text in `ETag`.
    version: String,
    /// The bookmark it is about.
    bookmark: Id,
    /// What it says.
    body: String,
    /// Who wrote it; null where nobody knows.
    author: Option<AuthorOut>,
    /// When it was written.
    created_at: Moment,
    /// When its text was changed last; null where it stands as it was written.
    edited_at: Option<Moment>,
    /// When it was put into the trash.
    trashed_at: Option<Moment>,
    /// Whether the caller may change it: they wrote it.
    may_edit: bool,
    /// Whether the caller may put it into the trash: they wrote it, or manage the library.
    may_remove: bool,
    /// Texts that lost against a blind edit and wait for their owner.
    copies: Vec<CopyOut>,
}

impl CommentOut {
    fn of(row: CommentRow, head: &Head) -> Self {
        let CommentRow { comment, author_name, may_edit, may_remove, .. } = row;
        let author = comment.author.map(|id| AuthorOut { id: id.to_string(), name: author_name });
        let copies = comment.copies.into_iter();
        Self {
            id: Id(comment.id),
            version: format!("{}-{}", head.epoch, comment.version),
            bookmark: Id(comment.bookmark),
            body: comment.body,
            author,
            created_at: Moment(comment.created_at),
            edited_at: comment.edited_at.map(Moment),
            trashed_at: comment.trashed_at.map(Moment),
            may_edit,
            may_remove,
            copies: copies
                .map(|(field, device, text)| CopyOut { field, device: device.to_string(), text })
                .collect(),
        }
    }
}

/// List the comments on a bookmark, in the order they were made.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks/{item}/comments", tag = "comments",
    operation_id = "list_comments", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<CommentOut>)))]
async fn list(
    within: In,
    Item(bookmark): Item,
    here: Here,
    Params(query): Params<ListQuery>,
) -> Answer {
    let after: Option<Id> = cursor::after("comments", query.cursor.as_deref())?;
    let after = after.map(|Id(id)| id);
    let ask = ListComments { bookmark, after, limit: limit_of(query.limit)? };
    let page = list_comments(&within.ctx, within.scope, ask).await?;
    let next_cursor = page.next.map(|next| cursor::seal("comments", &Id(next)));
    let items = page.rows.into_iter().map(|row| CommentOut::of(row, &page.head)).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// What to say.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AddComment, example = json!({"body": "Worth it for the third chapter alone."}))]
struct AddIn {
    /// What it says; Markdown.
    #[schema(required = true, min_length = 1, pattern = r"\S")]
    body: String,
}

/// Comment on a bookmark.
///
/// In the name of the caller. A bookmark takes 1000 comments.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/{item}/comments", tag = "comments",
    operation_id = "add_comment", request_body = AddIn,
    responses((status = 201, description = "Added.", body = WrittenOut<CommentOut>)))]
async fn add(within: In, Item(bookmark): Item, Ask { body, key }: Ask<AddIn>) -> Answer {
    let ask = AddComment { bookmark, body: body.body };
    let changed = add_comment(&within.under(key), within.scope, ask, None).await?;
    let id = changed.item().unwrap_or(ItemId::from_bytes([0; 16]));
    let location = format!("/v1/libraries/{}/comments/{id}", within.scope.library);
    Ok(located(told(&within, changed, StatusCode::CREATED).await?, &location))
}

/// Read a comment.
#[utoipa::path(get, path = "/v1/libraries/{library}/comments/{item}", tag = "comments",
    operation_id = "get_comment",
    responses((status = 200, description = "The comment.", body = CommentOut),
        (status = 304, description = "The caller has this version.")))]
async fn read(within: In, Item(id): Item, seen: Seen) -> Answer {
    let (row, head) = get_comment(&within.ctx, within.scope, id).await?;
    let at = version(&head, row.comment.version);
    if seen.holds(at) {
        return unchanged(at);
    }
    tagged(StatusCode::OK, at, CommentOut::of(row, &head))
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditComment, example = json!({"body": "Worth it for chapters three and four."}))]
struct EditIn {
    /// What it says; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false)]
    body: Option<Option<String>>,
}

/// Change what a comment says.
///
/// For who wrote it.
#[utoipa::path(patch, path = "/v1/libraries/{library}/comments/{item}", tag = "comments",
    operation_id = "edit_comment",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Edited.", body = WrittenOut<CommentOut>)))]
async fn edit(within: In, Item(id): Item, seen: Seen, patch: Patch<EditIn>) -> Answer {
    let body = never_empty("body", patch.body.body)?;
    let ask = EditComment { id, body, version: seen.required()? };
    let changed = edit_comment(&within.under(patch.key), within.scope, ask).await?;
    told(&within, changed, StatusCode::OK).await
}

/// The comment a gesture ended with; `code` where it changed something.
async fn told(within: &In, changed: Changed, code: StatusCode) -> Answer {
    let status = changed.outcomes.first().map_or(Status::Noop, |outcome| outcome.status);
    let id = changed.item().unwrap_or(ItemId::from_bytes([0; 16]));
    let (row, head) = get_comment(&within.ctx, within.scope, id).await?;
    let at = version(&head, row.comment.version);
    let item = CommentOut::of(row, &head);
    tagged(code, at, WrittenOut { status, act: changed.act.map(Id::from), item })
}

/// Put a comment into the trash.
///
/// For who wrote it, and whoever manages the library.
#[utoipa::path(delete, path = "/v1/libraries/{library}/comments/{item}", tag = "comments",
    operation_id = "remove_comment",
    responses((status = 200, description = "In the trash.", body = ChangedOut)))]
async fn remove(within: In, Item(id): Item, Once(key): Once) -> Answer {
    json(ChangedOut::from(remove_comment(&within.under(key), within.scope, id).await?))
}
