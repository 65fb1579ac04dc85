//! What an act did, row by row, with names in the place of ids: what a sentence about it is made of.

use super::names;
use crate::ctx::Ctx;
use shelf_domain::change::Change;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::library::ActLine;

/// Most rows of an act that are told.
pub const STEPS_MAX: usize = 64;

/// One row of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the row is about; for a place its bookmark.
    pub about: ItemId,
    /// What the row's own item is.
    pub kind: Kind,
    /// What the thing it is about is called now; `None` when it was purged.
    pub name: Option<String>,
    /// Whether the row made its item.
    pub created: bool,
    /// Whether another copy of the address joined by it.
    pub joined: bool,
    /// What it put.
    pub puts: Vec<StepPut>,
}

/// One field that a row of an act put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPut {
    /// The register: `title`, `tag/ID`.
    pub field: String,
    /// Whether it was set; else it was emptied.
    pub on: bool,
    /// The name of the tag or folder it names, as it is called now.
    pub name: Option<String>,
}

/// The first rows of the act `line`, at most [`STEPS_MAX`]; rows of others in between count too.
pub(super) async fn of(ctx: &Ctx, scope: Scope, line: &ActLine) -> Result<Vec<Step>, Failure> {
    let most = usize::try_from(line.last - line.first + 1).unwrap_or(STEPS_MAX).min(STEPS_MAX);
    let mut rows = ctx.stores.library.changes(scope, line.first - 1, most).await?;
    rows.retain(|row| row.act == line.act);
    let ids = rows.iter().flat_map(|row| mentioned(row).into_iter().chain([row.item]));
    let shelf = names::items(ctx, scope, ids.collect()).await?;
    let bookmarks = rows.iter().filter_map(|row| bookmark_of(&shelf, row)).collect();
    let marked = names::items(ctx, scope, bookmarks).await?;
    Ok(rows.iter().map(|row| step(&shelf, &marked, row)).collect())
}

fn step(shelf: &Shelf, bookmarks: &Shelf, row: &Change) -> Step {
    let (about, name) = match bookmark_of(shelf, row) {
        Some(id) => (bookmarks.resolve(id), names::of(bookmarks, id)),
        None => (shelf.resolve(row.item), names::of(shelf, row.item)),
    };
    let item = shelf.item(row.item);
    let puts = row.puts().map(|(register, value, _)| StepPut {
        field: register.as_str().to_owned(),
        on: value.is_some(),
        name: named(register.as_str(), value.as_ref()).and_then(|id| names::of(shelf, id)),
    });
    Step {
        about,
        kind: row.kind.clone(),
        name,
        created: item.is_some_and(|item| item.created_seq == row.seq),
        joined: row.joined.is_some(),
        puts: puts.collect(),
    }
}

/// The bookmark of a row that is about a place or a comment.
fn bookmark_of(shelf: &Shelf, row: &Change) -> Option<ItemId> {
    if !matches!(row.kind, Kind::Place | Kind::Note) {
        return None;
    }
    shelf.item(row.item)?.text(field::BOOKMARK).parse().ok()
}

fn mentioned(row: &Change) -> Vec<ItemId> {
    row.puts().filter_map(|(register, value, _)| named(register.as_str(), value.as_ref())).collect()
}

/// The tag or folder that a put names.
fn named(register: &str, value: Option<&Value>) -> Option<ItemId> {
    if let Some(tag) = register.strip_prefix("tag/") {
        return tag.parse().ok();
    }
    if register == field::PARENT { value?.as_text()?.parse().ok() } else { None }
}
