//! One act on every selected link.

use maud::html as markup;
use shelf_bookmarks::bulk_edit::{BulkEdit, Shelve, bulk_edit};
use shelf_domain::{limits, refusal::Refused, view::Bookmark};

use super::{Answer, comments::said_of, items::told};
use crate::{
    posted::{Posted, Said, item_id},
    shown::{self, Paths, without_item},
    ui::{row, toast},
    visit::html,
    words,
};

/// What was chosen, in the past tense, and whether links leave the list by it.
struct Chosen {
    ask: BulkEdit,
    words: &'static str,
    leave: bool,
}

/// Does it, then tells the rows that changed or leave.
pub(crate) async fn bulk(Posted { visit, said }: Posted) -> Answer {
    let Some(chosen) = chosen(&said)? else { return Ok(visit.go(said.back(), None)) };
    let mut ids = chosen.ask.ids.clone();
    ids.truncate(limits::BATCH_MAX);
    let changed = bulk_edit(&visit.ctx, visit.scope, chosen.ask).await?;
    let count = u64::try_from(ids.len() - changed.left.len().min(ids.len())).unwrap_or(0);
    let sentence = format!("{} {}", words::counted(count, "link", "links"), chosen.words);
    let toast = told(&sentence, &changed);
    if !visit.is_part {
        return Ok(visit.go(said.back(), Some(&toast)));
    }
    let base = without_item(said.back());
    let paths = Paths::of(&visit.folders().await?);
    let fresh = visit.ctx.stores.views.bookmarks_by_id(visit.scope, &ids).await?;
    let comments = said_of(&visit, &fresh).await?;
    let said = |bookmark: &Bookmark| comments.get(&bookmark.id).copied().unwrap_or_default();
    Ok(html(&markup! {
        @for id in ids.iter().filter(|_| chosen.leave) { (row::no_row(&id.to_string())) }
        @for bookmark in fresh.iter().filter(|_| !chosen.leave) {
            (row::fresh_row(&shown::row(bookmark, &paths, said(bookmark)), &base))
        }
        (toast::corner(Some(&toast), visit.csrf.expose(), true))
    }))
}

fn chosen(said: &Said) -> Result<Option<Chosen>, Refused> {
    let ids = said.ids("item")?;
    if ids.is_empty() {
        return Ok(None);
    }
    let in_archive = said.back().starts_with("/archive");
    let mut ask = BulkEdit { ids, ..BulkEdit::default() };
    let (words, leave) = match said.text("act") {
        "archive" => {
            ask.archive = Some(!in_archive);
            (if in_archive { "out of the archive" } else { "archived" }, true)
        }
        "read" => {
            ask.unread = Some(false);
            ("read", said.back().starts_with("/unread"))
        }
        "trash" => {
            ask.trash = true;
            ("in the trash", true)
        }
        "tag" => {
            ask.add_tags = said.names("tag");
            ("tagged", false)
        }
        "untag" => {
            ask.remove_tags = said.names("tag");
            ("without the tag", false)
        }
        act => {
            let Some(folder) = act.strip_prefix("move:") else { return Ok(None) };
            ask.shelve = Some(match folder {
                "" => Shelve::Unsorted,
                folder => Shelve::Into(Some(item_id("folder", folder)?)),
            });
            let sorted = ["/folders/", "/unsorted"];
            ("moved", sorted.iter().any(|path| said.back().starts_with(path)))
        }
    };
    Ok(Some(Chosen { ask, words, leave }))
}
