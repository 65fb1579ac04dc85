//! Comments on an item: said, changed, put in the trash; and how often people said something.

use std::collections::HashMap;

use axum::extract::Path;
use shelf_bookmarks::comments::{
    AddComment, CommentsPage, EditComment, ListComments, add_comment, count_comments, edit_comment,
    list_comments, remove_comment,
};
use shelf_domain::{id::ItemId, kind::field, view::Bookmark};
use shelf_ports::library::IdempotencyKey;

use super::{
    Answer,
    items::{drawn_again, told},
};
use crate::{
    marks::mark,
    pages::thread::Thread,
    posted::{Posted, Said, item_id},
    shown,
    trouble::Trouble,
    ui::toast,
    visit::Visit,
};

/// Comments of one page of a thread.
const THREAD_ROWS: usize = 50;
/// What the address of an item names the comment with that its thread goes on after.
const AFTER: &str = "said";
/// What a form that adds a comment calls its number.
const ONCE: &str = "once";
/// Longest number that is taken, bytes.
const ONCE_BYTES_MAX: usize = 64;

/// The comments on `bookmark`, from where the address says on.
pub(super) async fn thread_of(
    visit: &Visit,
    bookmark: ItemId,
) -> Result<(Thread, Vec<ItemId>), Trouble> {
    let asked = Said::read(visit.uri.query().unwrap_or_default().as_bytes());
    let after = asked.get(AFTER).map(|text| item_id("comment", text)).transpose()?;
    let ask = ListComments { bookmark, after, limit: THREAD_ROWS };
    let CommentsPage { rows, next, .. } = list_comments(&visit.ctx, visit.scope, ask).await?;
    let split = rows.iter().filter(|row| !row.comment.copies.is_empty());
    let split = split.map(|row| row.comment.id).collect();
    let later = next.map(|next| format!("/items/{bookmark}?{AFTER}={next}#item-comments"));
    let comments = rows.into_iter().map(shown::said).collect();
    let once = hex::encode(visit.ctx.stores.chance.seed());
    Ok((Thread { comments, later, once }, split))
}

/// How often people said something of each of `bookmarks`.
pub(super) async fn said_of(
    visit: &Visit,
    bookmarks: &[Bookmark],
) -> Result<HashMap<ItemId, u64>, Trouble> {
    let ids: Vec<ItemId> = bookmarks.iter().map(|bookmark| bookmark.id).collect();
    Ok(count_comments(&visit.ctx, visit.scope, &ids).await?)
}

/// What the form says; browsers send line ends as CRLF, what was typed has LF.
fn body_of(said: &Said) -> String {
    said.text(field::BODY).replace("\r\n", "\n")
}

/// What is done once, however often the form is sent with the same words: a button that is pressed
/// twice says nothing twice.
fn once(visit: &Visit, said: &Said, ask: &AddComment) -> Option<IdempotencyKey> {
    let once = said.get(ONCE).filter(|once| (1..=ONCE_BYTES_MAX).contains(&once.len()))?;
    let (grant, bookmark, fingerprint) = (visit.ctx.device, ask.bookmark, mark(&ask.body));
    let key = format!("{grant} comment {bookmark} {once} {fingerprint}");
    Some(IdempotencyKey { key, fingerprint })
}

/// Adds a comment.
pub(crate) async fn add(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let ask = AddComment { bookmark: item_id("item", &id)?, body: body_of(&said) };
    let key = once(&visit, &said, &ask);
    add_comment(&visit.ctx, visit.scope, ask, key).await?;
    drawn_again(&visit, &said, &id, None).await
}

/// Changes what a comment says.
pub(crate) async fn edit(
    Path((id, comment)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    let body = Some(body_of(&said));
    let ask = EditComment { id: item_id("comment", &comment)?, body, version: None };
    edit_comment(&visit.ctx, visit.scope, ask).await?;
    drawn_again(&visit, &said, &id, None).await
}

/// Puts a comment into the trash.
pub(crate) async fn remove(
    Path((id, comment)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    let comment = item_id("comment", &comment)?;
    let changed = remove_comment(&visit.ctx, visit.scope, comment).await?;
    let toast: toast::Toast = told("The comment is in the trash", &changed);
    drawn_again(&visit, &said, &id, Some(&toast)).await
}
