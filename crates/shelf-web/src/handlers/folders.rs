//! Folders: made, renamed, moved, trashed.

use axum::extract::Path;
use shelf_bookmarks::organise::{
    Branch, CreateCollection, EditCollection, MoveItem, Spot, create_collection, delete_collection,
    edit_collection, list_collections, move_item,
};
use shelf_domain::id::ItemId;

use super::{Answer, items::told};
use crate::{
    frame::Here,
    pages::{folders, list},
    posted::{Posted, item_id},
    visit::{Visit, html},
};

/// The page that arranges all folders.
pub(crate) async fn page(visit: Visit) -> Answer {
    let frame = visit.frame("Folders", Here::Elsewhere).await?;
    Ok(visit.page(&frame, &folders::folders(&frame), None))
}

/// The folders selected links can be moved to.
pub(crate) async fn choices(visit: Visit) -> Answer {
    Ok(html(&list::choices(&visit.folders().await?)))
}

pub(crate) async fn create(Posted { visit, said }: Posted) -> Answer {
    let (name, parent) = (said.text("name").to_owned(), said.maybe_id("parent")?);
    let ask = CreateCollection { name, parent, ..CreateCollection::default() };
    let changed = create_collection(&visit.ctx, visit.scope, ask, None).await?;
    let path = changed.item().map_or("/folders".to_owned(), |id| format!("/folders/{id}"));
    Ok(visit.go(&path, Some(&told("Folder made", &changed))))
}

pub(crate) async fn rename(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let mut ask = EditCollection::of(item_id("folder", &id)?);
    ask.name = Some(said.text("name").to_owned());
    let changed = edit_collection(&visit.ctx, visit.scope, ask).await?;
    Ok(visit.go(&format!("/folders/{id}"), Some(&told("Folder renamed", &changed))))
}

pub(crate) async fn delete(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let changed = delete_collection(&visit.ctx, visit.scope, item_id("folder", &id)?).await?;
    Ok(visit.go("/folders", Some(&told("Folder put in the trash", &changed))))
}

/// Moves a folder: a step by a button or a key, or beside another by hand.
pub(crate) async fn move_to(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let item = item_id("folder", &id)?;
    let branches = list_collections(&visit.ctx, visit.scope).await?;
    let aim = match said.maybe_id("beside")? {
        Some(other) => beside(&branches, item, other, said.text("way")),
        None => step(&branches, item, said.text("way")),
    };
    let Some((parent, spot)) = aim else { return Ok(visit.go(said.back(), None)) };
    let changed = move_item(&visit.ctx, visit.scope, MoveItem { item, parent, spot }).await?;
    Ok(visit.go(said.back(), Some(&told("Folder moved", &changed))))
}

type Aim = (Option<ItemId>, Spot);

/// The folders that stand beside each other in `parent`, in order.
fn siblings(branches: &[Branch], parent: Option<ItemId>) -> Vec<ItemId> {
    let mut ids = Vec::new();
    for branch in branches {
        if branch.collection.parent == parent {
            ids.push(branch.collection.id);
        }
    }
    ids
}

fn branch(branches: &[Branch], id: ItemId) -> Option<&Branch> {
    branches.iter().find(|branch| branch.collection.id == id)
}

/// One step up, down, out of its folder, or into the one before it.
fn step(branches: &[Branch], item: ItemId, way: &str) -> Option<Aim> {
    let parent = branch(branches, item)?.collection.parent;
    let row = siblings(branches, parent);
    let at = row.iter().position(|id| *id == item)?;
    let before = |steps: usize| at.checked_sub(steps).and_then(|at| row.get(at)).copied();
    match way {
        "up" => before(1).map(|_| (parent, before(2).map_or(Spot::Start, Spot::After))),
        "down" => row.get(at + 1).map(|id| (parent, Spot::After(*id))),
        "in" => before(1).map(|id| (Some(id), Spot::End)),
        "out" => {
            let outer = branch(branches, parent?)?;
            Some((outer.collection.parent, Spot::After(outer.collection.id)))
        }
        _ => None,
    }
}

/// Before, after, or into another folder.
fn beside(branches: &[Branch], item: ItemId, other: ItemId, way: &str) -> Option<Aim> {
    let parent = branch(branches, other)?.collection.parent;
    match way {
        "into" => Some((Some(other), Spot::End)),
        "after" => Some((parent, Spot::After(other))),
        _ => {
            let row: Vec<ItemId> =
                siblings(branches, parent).into_iter().filter(|id| *id != item).collect();
            let at = row.iter().position(|id| *id == other)?;
            let before = at.checked_sub(1).and_then(|at| row.get(at)).copied();
            Some((parent, before.map_or(Spot::Start, Spot::After)))
        }
    }
}
