//! Trash and restore: nothing typed is lost for thirty days.

use crate::change::Puts;
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::turn::{Outcome, Taken, Turn};
use crate::value::Value;
use std::collections::BTreeSet;

impl Turn {
    /// Puts `item` into the trash. A folder takes along what is under it: folders, places, and
    /// bookmarks that stand nowhere else.
    pub fn trash(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let Some(known) = self.shelf.item(item).filter(|item| !item.is_purged()) else {
            return Err(Refused::not_found(format!("item {item}")));
        };
        let mut all = vec![known.id];
        if known.kind == Kind::Collection {
            all.extend(self.under(known.id, Item::is_living));
        }
        let now = Value::from(self.moment());
        all.into_iter().map(|id| self.put_trashed(id, Some(now.clone()))).collect()
    }

    /// Brings `item` back, and what the same gesture put into the trash with it.
    pub fn restore(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let Some(known) = self.shelf.item(item).filter(|item| !item.is_purged()) else {
            return Err(Refused::not_found(format!("item {item}")));
        };
        let (id, when) = (known.id, known.int(field::TRASHED_AT));
        let mut all = vec![id];
        if known.kind == Kind::Collection {
            all.extend(self.under(id, |_| true).into_iter().filter(|id| {
                self.shelf.item(*id).and_then(|item| item.int(field::TRASHED_AT)) == when
            }));
        }
        all.into_iter().map(|id| self.put_trashed(id, None)).collect()
    }

    /// Puts one part of a folder that goes in several turns into the trash: a place with the
    /// bookmark that stands nowhere else then, or a folder alone.
    pub fn trash_part(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let Some(known) = self.shelf.item(item).filter(|item| !item.is_purged()) else {
            return Ok(Vec::new());
        };
        let (id, bookmark) = (known.id, known.reference(field::BOOKMARK));
        let now = Value::from(self.moment());
        let mut outcomes = vec![self.put_trashed(id, Some(now.clone()))?];
        let bookmark = bookmark.and_then(|id| self.shelf.item(id)).filter(|item| !item.has_moved());
        if let Some(bookmark) = bookmark.map(|item| item.id)
            && !self.shelf.places_of(bookmark).iter().any(|place| place.is_living())
        {
            outcomes.push(self.put_trashed(bookmark, Some(now))?);
        }
        Ok(outcomes)
    }

    /// Brings one part of a folder back that comes in several turns: a place with its bookmark, if
    /// they went together, or a folder alone.
    pub fn restore_part(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let together = self.together(item);
        together.into_iter().map(|id| self.put_trashed(id, None)).collect()
    }

    /// Removes one part of a folder for good: a place with its bookmark, if they went into the
    /// trash together, or a folder alone.
    pub fn purge_part(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let mut outcomes = Vec::new();
        for id in self.together(item).into_iter().rev() {
            outcomes.extend(self.purge_whole(id)?);
        }
        Ok(outcomes)
    }

    /// Removes `item`, which is in the trash, for good; a bookmark together with its places and notes. What
    /// was removed before stays as it is.
    pub fn purge_whole(&mut self, item: ItemId) -> Result<Vec<Outcome>, Refused> {
        let Some(known) = self.shelf.item(item).filter(|item| !item.is_purged()) else {
            return Ok(Vec::new());
        };
        let id = known.id;
        let mut outcomes = Vec::new();
        if known.kind == Kind::Bookmark && known.is_trashed() {
            let (places, notes) = (self.shelf.places_of(id), self.shelf.notes_of(id));
            let with = places.into_iter().chain(notes).filter(|one| !one.is_purged());
            let with: Vec<ItemId> = with.map(|one| one.id).collect();
            for one in with {
                let now = Value::from(self.moment());
                self.put_trashed(one, Some(now))?;
                self.purge(one)?;
            }
        }
        outcomes.push(self.purge(id)?);
        Ok(outcomes)
    }

    /// A trashed item, and after a place its bookmark, if both have been in the trash since the
    /// same moment.
    fn together(&self, item: ItemId) -> Vec<ItemId> {
        let since = |item: &Item| item.int(field::TRASHED_AT);
        let Some(known) = self.shelf.item(item).filter(|item| item.is_trashed()) else {
            return Vec::new();
        };
        let bookmark = known.reference(field::BOOKMARK).and_then(|id| self.shelf.item(id));
        let bookmark = bookmark.filter(|bookmark| since(bookmark) == since(known));
        std::iter::once(known).chain(bookmark).map(|item| item.id).collect()
    }

    /// Removes `item` for good: its bodies are blanked, its number is never given again.
    pub fn purge(&mut self, item: ItemId) -> Result<Outcome, Refused> {
        let Some(known) = self.shelf.item(item).cloned() else {
            return Err(Refused::not_found(format!("item {item}")));
        };
        if known.is_purged() {
            return Err(Refused::new(Code::Purged, item.to_string(), "it was removed for good"));
        }
        if !known.is_trashed() {
            let detail = "only what is in the trash can be removed for good";
            return Err(Refused::new(Code::Invalid, item.to_string(), detail));
        }
        let puts = Puts::from([(Register::from(field::PURGED), Some(Value::from(true)))]);
        self.put_by_server(known.id, known.kind, puts)
    }

    fn put_trashed(&mut self, id: ItemId, mut at: Option<Value>) -> Result<Outcome, Refused> {
        if at.is_some() {
            // What lies in the trash already keeps its day, and comes back on its own.
            let since = self.shelf.item(id).and_then(|item| item.get(field::TRASHED_AT));
            at = since.cloned().or(at);
        }
        let kind = self.shelf.item(id).map_or(Kind::Bookmark, |item| item.kind.clone());
        self.put(id, kind, Puts::from([(Register::from(field::TRASHED_AT), at)]), Taken::Joins)
    }

    /// What goes with a folder: its subtree, and the bookmarks of the places that `holds`, where they
    /// stand nowhere else.
    fn under(&self, folder: ItemId, holds: fn(&Item) -> bool) -> Vec<ItemId> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([folder]);
        let mut open = vec![folder];
        while let Some(parent) = open.pop() {
            for child in self.shelf.children_of(Some(parent)) {
                if !seen.insert(child.id) {
                    continue;
                }
                found.push(child.id);
                if child.kind == Kind::Collection {
                    open.push(child.id);
                }
            }
        }
        let bookmarks: BTreeSet<ItemId> = found
            .iter()
            .filter_map(|id| {
                self.shelf.item(*id).filter(|item| holds(item))?.reference(field::BOOKMARK)
            })
            .map(|id| self.shelf.resolve(id))
            .collect();
        found.extend(bookmarks.into_iter().filter(|bookmark| {
            self.shelf.item(*bookmark).is_some_and(|bookmark| !bookmark.has_moved())
                && self
                    .shelf
                    .places_of(*bookmark)
                    .iter()
                    .all(|place| seen.contains(&place.id) || !place.is_living())
        }));
        found
    }
}
