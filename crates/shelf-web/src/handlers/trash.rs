//! The trash: seen and emptied.

use axum::extract::Query;
use serde::Deserialize;
use shelf_bookmarks::trash::{ListTrash, empty_trash, list_trash};

use super::Answer;
use crate::{
    frame::Here,
    link,
    pages::trash::{TrashPage, trash},
    posted::{Posted, item_id},
    shown::trashed,
    ui::toast::Toast,
    visit::Visit,
};

/// Lines of one page.
const PAGE_ROWS: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    after: String,
}

/// What is in the trash.
pub(crate) async fn page(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let after = match ask.after.split_once('~') {
        Some((at, id)) => Some((at.parse().unwrap_or(i64::MAX), item_id("after", id)?)),
        None => None,
    };
    let found = list_trash(&visit.ctx, visit.scope, ListTrash { after, limit: PAGE_ROWS }).await?;
    let frame = visit.frame("Trash", Here::Trash).await?;
    let next = found.next.map(|(at, id)| link::with("/trash", "after", &format!("{at}~{id}")));
    let shown = TrashPage { items: found.items.into_iter().map(trashed).collect(), next };
    Ok(visit.page(&frame, &trash(&shown, &frame), None))
}

/// Removes for good all that is in it.
pub(crate) async fn empty(Posted { visit, .. }: Posted) -> Answer {
    empty_trash(&visit.ctx, visit.scope).await?;
    Ok(visit.go("/trash", Some(&Toast { words: "The trash is empty".into(), undo: None })))
}
