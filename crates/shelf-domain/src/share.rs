//! Sharing a folder: what leaves with it, how that is carried into a library of its own, and the
//! one act by which it goes.

use crate::change::Puts;
use crate::id::{ItemId, LibraryId};
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::limits;
use crate::refusal::Refused;
use crate::shelf::Shelf;
use crate::stamp::Hlc;
use crate::turn::{Done, Outcome, Taken, Turn};
use crate::value::Value;
use std::collections::BTreeSet;

/// What says where an item is rather than what it is: never carried.
const WHERE: [&str; 3] = [field::TRASHED_AT, field::PURGED, field::MOVED_TO];
/// What the shared folder has in its old library alone: its spot there, and what is mounted there.
const SPOT: [&str; 3] = [field::PARENT, field::ORDER, field::MOUNT];

/// What leaves with a folder. The trash stays where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The folder: it stands at the top of the new library, and stays in the old one as the spot
    /// where that is mounted.
    pub folder: ItemId,
    /// The living tags of the bookmarks that are carried; they stay as well.
    pub tags: BTreeSet<ItemId>,
    /// Everything the new library is given: tags, folders, bookmarks, places, notes and
    /// highlights. What is named comes before what names it.
    pub carried: Vec<ItemId>,
    /// Those of them that live in the new library alone from then on: all but tags, the folder
    /// itself, and bookmarks that stand elsewhere too, with what is attached to those.
    pub goes: Vec<ItemId>,
}

impl Shelf {
    /// What leaves with `folder`; `None` where that is no living folder. In view must be what is
    /// under it, the places and tags of the bookmarks there, and their notes and highlights.
    pub fn leaving(&self, folder: ItemId) -> Option<Leaving> {
        let folder = self.item(folder).filter(|item| item.is_living())?;
        let folder = (folder.kind == Kind::Collection).then_some(folder.id)?;
        let (folders, places) = self.living_under(folder);
        let inside: BTreeSet<ItemId> = places.iter().copied().collect();
        let bookmarks: BTreeSet<ItemId> =
            places.iter().filter_map(|place| self.stands_at(*place)).collect();
        let whole: BTreeSet<ItemId> = bookmarks
            .iter()
            .copied()
            .filter(|id| {
                let places = self.places_of(*id);
                places.iter().all(|place| inside.contains(&place.id) || !place.is_living())
            })
            .collect();
        let attached = self.attached_to(&bookmarks);
        let with_whole = attached.iter().filter(|(_, of)| whole.contains(of)).map(|(id, _)| *id);
        let goes = folders.iter().skip(1).chain(&whole).chain(&places).copied();
        let goes = goes.chain(with_whole).collect();
        let tags: BTreeSet<ItemId> = bookmarks
            .iter()
            .filter_map(|id| self.item(*id))
            .flat_map(|bookmark| self.tags_of(bookmark))
            .filter(|tag| self.item(*tag).is_some_and(|tag| tag.kind == Kind::Tag))
            .collect();
        let carried = tags.iter().chain(&folders).chain(&bookmarks).chain(&places).copied();
        let carried = carried.chain(attached.iter().map(|(id, _)| *id)).collect();
        Some(Leaving { folder, tags, carried, goes })
    }

    /// The living folders from `folder` down, each after the one it lies in, and the places in
    /// them of bookmarks that live.
    fn living_under(&self, folder: ItemId) -> (Vec<ItemId>, Vec<ItemId>) {
        let (mut folders, mut places) = (vec![folder], Vec::new());
        let (mut seen, mut at) = (BTreeSet::from([folder]), 0);
        while let Some(parent) = folders.get(at).copied() {
            at += 1;
            for child in self.children_of(Some(parent)).into_iter().filter(|item| item.is_living())
            {
                match child.kind {
                    Kind::Collection if seen.insert(child.id) => folders.push(child.id),
                    Kind::Place if self.stands_at(child.id).is_some() => places.push(child.id),
                    _ => {}
                }
            }
        }
        (folders, places)
    }

    /// The living bookmark that stands at `place`.
    fn stands_at(&self, place: ItemId) -> Option<ItemId> {
        let bookmark = self.item(place)?.reference(field::BOOKMARK)?;
        self.item(bookmark).filter(|bookmark| bookmark.is_living()).map(|bookmark| bookmark.id)
    }

    /// The living notes and highlights of `bookmarks` in view, each with its bookmark, by id.
    fn attached_to(&self, bookmarks: &BTreeSet<ItemId>) -> Vec<(ItemId, ItemId)> {
        let mut attached: Vec<(ItemId, ItemId)> = self
            .items()
            .filter(|item| matches!(item.kind, Kind::Note | Kind::Highlight) && item.is_living())
            .filter_map(|item| {
                let of = self.resolve(item.reference(field::BOOKMARK)?);
                bookmarks.contains(&of).then_some((item.id, of))
            })
            .collect();
        attached.sort_unstable();
        attached
    }

    /// All that `item` holds as the new library is given it: every value a writer may put, copies
    /// of texts and foreign fields included, what it names by the ids that go by now; and the
    /// latest stamp among them.
    pub fn carried_puts(&self, item: &Item, leaving: &Leaving) -> (Puts, Hlc) {
        let (mut puts, mut latest) = (Puts::new(), Hlc::default());
        for (register, held) in &item.registers {
            let name = register.as_str();
            let stays =
                WHERE.contains(&name) || (item.id == leaving.folder && SPOT.contains(&name));
            let Some(value) = held.value.as_ref().filter(|_| !stays) else { continue };
            if item.kind.check(register, Some(value)).is_err() {
                continue;
            }
            let (register, value) = match (register.as_tag(), item.reference(name)) {
                (Some(tag), _) => {
                    let tag = self.resolve(tag);
                    if !leaving.tags.contains(&tag) {
                        continue;
                    }
                    (Register::tag(tag), value.clone())
                }
                (None, Some(id)) if matches!(name, field::BOOKMARK | field::PARENT) => {
                    (register.clone(), Value::from(self.resolve(id)))
                }
                (None, _) => (register.clone(), value.clone()),
            };
            latest = latest.max(held.stamp.hlc);
            puts.insert(register, Some(value));
        }
        (puts, latest)
    }
}

impl Turn {
    /// Makes `item` of the new library hold `puts`, stamped `hlc`, and nothing else. Again it
    /// changes nothing; what joined another item there is left to that.
    pub fn carry(
        &mut self,
        item: ItemId,
        kind: &Kind,
        mut puts: Puts,
        hlc: Hlc,
    ) -> Result<Vec<Outcome>, Refused> {
        if self.shelf.is_alias(item) || self.shelf.item(item).is_some_and(Item::is_purged) {
            return Ok(Vec::new());
        }
        for register in self.superfluous(item, kind, &puts) {
            puts.insert(register, None);
        }
        let parts = in_parts(kind, puts);
        parts.into_iter().map(|part| self.put_carried(item, kind.clone(), part, hlc)).collect()
    }

    /// The registers of `item` that hold something `puts` says nothing of.
    fn superfluous(&self, item: ItemId, kind: &Kind, puts: &Puts) -> Vec<Register> {
        let Some(known) = self.shelf.item(item) else { return Vec::new() };
        let tags: BTreeSet<ItemId> =
            puts.keys().filter_map(Register::as_tag).map(|tag| self.shelf.resolve(tag)).collect();
        let held = known.registers.iter().filter(|(_, held)| held.value.is_some());
        held.map(|(register, _)| register)
            .filter(|register| match register.as_tag() {
                Some(tag) => !tags.contains(&self.shelf.resolve(tag)),
                None => !puts.contains_key(*register),
            })
            .filter(|register| !kind.needs(register) && kind.check(register, None).is_ok())
            .cloned()
            .collect()
    }

    /// The one act by which what `leaving` names lives in `library`: its folder is where that is
    /// mounted, and what goes says where it went.
    pub fn leave(&mut self, leaving: &Leaving, library: LibraryId) -> Result<Done, Refused> {
        let there = Some(Value::from(library.to_string()));
        let mount = Puts::from([(Register::from(field::MOUNT), there.clone())]);
        let mut outcomes =
            vec![self.put(leaving.folder, Kind::Collection, mount, Taken::Refuses)?];
        for id in &leaving.goes {
            let Some(kind) = self.shelf.item(*id).map(|item| item.kind.clone()) else { continue };
            let moved = Puts::from([(Register::from(field::MOVED_TO), there.clone())]);
            outcomes.push(self.put_by_server(*id, kind, moved)?);
        }
        Ok(self.done(outcomes))
    }
}

/// `puts` in changes that are small enough, the first with what an item of `kind` needs.
fn in_parts(kind: &Kind, puts: Puts) -> Vec<Puts> {
    if puts.len() <= limits::PUTS_MAX {
        return if puts.is_empty() { Vec::new() } else { vec![puts] };
    }
    let required = |register: &Register| kind.required().contains(&register.as_str());
    let (first, rest): (Puts, Puts) =
        puts.into_iter().partition(|(register, _)| required(register));
    let rest: Vec<(Register, Option<Value>)> = rest.into_iter().collect();
    let parts = rest.chunks(limits::PUTS_MAX).map(|part| part.iter().cloned().collect::<Puts>());
    std::iter::once(first).chain(parts).collect()
}
