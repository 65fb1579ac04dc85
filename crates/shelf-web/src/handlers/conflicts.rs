//! Texts that were written twice at the same time: shown, and settled by whoever looks.

use axum::extract::{Path, Query};
use serde::Deserialize;
use shelf_bookmarks::conflicts::{
    Keep, ListConflicts, Resolve, conflicts_of, list_conflicts, resolve_conflict,
};
use shelf_domain::{edit::Version, id::ItemId, refusal::Refused};

use super::{Answer, items::told};
use crate::{
    frame::Here,
    link,
    pages::conflicts::{ConflictsPage, Twice, conflicts},
    posted::{Posted, item_id},
    shown,
    trouble::Trouble,
    visit::Visit,
};

/// Items of one page.
const PAGE_ITEMS: usize = 20;

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    after: String,
}

/// All texts of the library that were written twice.
pub(crate) async fn page(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let after = match ask.after.as_str() {
        "" => None,
        text => Some(item_id("after", text)?),
    };
    let ask = ListConflicts { after, limit: PAGE_ITEMS };
    let found = list_conflicts(&visit.ctx, visit.scope, ask).await?;
    let head = found.head;
    let page = ConflictsPage {
        twice: found.rows.into_iter().map(|row| shown::twice(row, &head)).collect(),
        next: found.next.map(|next| link::with("/conflicts", "after", &next.to_string())),
    };
    let frame = visit.frame("Written twice", Here::Conflicts).await?;
    Ok(visit.page(&frame, &conflicts(&page, &frame), None))
}

/// Those of `items` alone.
pub(super) async fn twice_of(visit: &Visit, items: Vec<ItemId>) -> Result<Vec<Twice>, Trouble> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let found = conflicts_of(&visit.ctx, visit.scope, items).await?;
    let head = found.head;
    Ok(found.rows.into_iter().map(|row| shown::twice(row, &head)).collect())
}

/// Settles two versions.
pub(crate) async fn settle(Path(item): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let (keep, words) = match said.text("keep") {
        "shown" => (Keep::Shown, "Kept the version that is shown"),
        "other" => (Keep::Other, "Kept the other version"),
        "text" => (Keep::Text(said.text("text").replace("\r\n", "\n")), "Joined both versions"),
        _ => return Err(Refused::invalid("keep", "choose one of the buttons").into()),
    };
    let device = said.text("device").parse().map_err(|_| Refused::not_found("device"))?;
    let again = || Refused::invalid("version", "send the form again");
    let seen = read(said.text("version")).ok_or_else(again)?;
    let (item, field) = (item_id("item", &item)?, said.text("field").to_owned());
    let ask = Resolve { item, field, device, keep, seen };
    let changed = resolve_conflict(&visit.ctx, visit.scope, ask).await?;
    Ok(visit.go(said.back(), Some(&told(words, &changed))))
}

/// The version that `text` writes.
fn read(text: &str) -> Option<Version> {
    let (epoch, seq) = text.split_once('-')?;
    Some(Version { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}
