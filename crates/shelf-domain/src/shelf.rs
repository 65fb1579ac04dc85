//! A library, or the part of it a decision has to see, folded from its log.

use crate::canon::{canon, folded};
use crate::change::{Change, Head};
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, field};
use crate::stamp::Seq;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a decision has to see. A store loads exactly this inside its transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Items by id; younger ids of joined items lead to the older one. With a trashed tag comes
    /// the living tag of its name: it may come back.
    pub items: BTreeSet<ItemId>,
    /// Owners of canonical addresses.
    pub urls: BTreeSet<String>,
    /// Living tags by folded name.
    pub tags: BTreeSet<String>,
    /// Collections whose ancestors are needed.
    pub above: BTreeSet<ItemId>,
    /// Collections whose whole subtree is needed: collections, places and their bookmarks.
    pub under: BTreeSet<ItemId>,
    /// Bookmarks whose places and tags are needed.
    pub places: BTreeSet<ItemId>,
    /// Bookmarks whose notes are needed.
    pub notes: BTreeSet<ItemId>,
    /// Collections (or the root) whose child collections and places are needed.
    pub children: BTreeSet<Option<ItemId>>,
    /// Collections (or the root) whose last child by order is needed.
    pub tails: BTreeSet<Option<ItemId>>,
    /// Items whose every row in the log is needed, and what the values in those rows lead to:
    /// owners of addresses and names, items, folders above.
    pub history: BTreeSet<ItemId>,
    /// Items of which it is needed whether a living item refers to them that is not asked for by
    /// `history`: one such place, bookmark or collection, if there is one.
    pub used: BTreeSet<ItemId>,
    /// Counters of the author's device whose stored answers are needed.
    pub answers: BTreeSet<u64>,
}

impl Reads {
    /// Nothing yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Also these items.
    #[must_use]
    pub fn items(mut self, ids: impl IntoIterator<Item = ItemId>) -> Self {
        self.items.extend(ids);
        self
    }

    /// Also the owner of `url`, and its places.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.urls.extend(canon(url));
        self
    }

    /// Also the living tags with these names.
    #[must_use]
    pub fn tags<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.tags.extend(names.into_iter().map(folded));
        self
    }

    /// Also this collection and all above it.
    #[must_use]
    pub fn above(mut self, collection: Option<ItemId>) -> Self {
        self.above.extend(collection);
        self
    }

    /// Also everything under this collection.
    #[must_use]
    pub fn under(mut self, collection: ItemId) -> Self {
        self.under.insert(collection);
        self
    }

    /// Also the places of these bookmarks.
    #[must_use]
    pub fn places(mut self, bookmarks: impl IntoIterator<Item = ItemId>) -> Self {
        for bookmark in bookmarks {
            self.items.insert(bookmark);
            self.places.insert(bookmark);
        }
        self
    }

    /// Also these bookmarks and the notes about them, trashed ones too.
    #[must_use]
    pub fn notes(mut self, bookmarks: impl IntoIterator<Item = ItemId>) -> Self {
        for bookmark in bookmarks {
            self.items.insert(bookmark);
            self.notes.insert(bookmark);
        }
        self
    }

    /// Also what stands directly in this collection, or at the root.
    #[must_use]
    pub fn children(mut self, parent: Option<ItemId>) -> Self {
        self.items.extend(parent);
        self.children.insert(parent);
        self
    }

    /// Also this collection (or the root), what is above it, and its last child.
    #[must_use]
    pub fn into_collection(mut self, parent: Option<ItemId>) -> Self {
        self.above.extend(parent);
        self.tails.insert(parent);
        self
    }

    /// Also every row of these items, and whether others refer to them.
    #[must_use]
    pub fn history(mut self, ids: impl IntoIterator<Item = ItemId>) -> Self {
        for id in ids {
            self.items.insert(id);
            self.history.insert(id);
            self.used.insert(id);
        }
        self
    }

    /// What the values in `rows` lead to: where one of them is put back, it may meet another
    /// owner of its address or name, or name a folder or a tag.
    #[must_use]
    pub fn mentioned_in<'a>(rows: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut reads = Self::none();
        for row in rows {
            for (register, value, _) in row.puts() {
                reads.items.extend(register.as_tag());
                let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
                match register.as_str() {
                    field::URL => reads = reads.url(text),
                    field::NAME if row.kind == Kind::Tag => reads = reads.tags([text]),
                    field::PARENT => reads = reads.above(text.parse().ok()),
                    field::BOOKMARK => reads.items.extend(text.parse::<ItemId>().ok()),
                    _ => {}
                }
            }
        }
        reads
    }
}

/// A library folded from its log; whole in a replica, in part inside a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Where the log stands.
    pub head: Head,
    /// Rows of the items whose history was asked for.
    pub history: BTreeMap<Seq, Change>,
    items: HashMap<ItemId, Item>,
    aliases: HashMap<ItemId, ItemId>,
    urls: HashMap<String, ItemId>,
    names: HashMap<String, ItemId>,
    places: HashMap<ItemId, BTreeSet<ItemId>>,
    notes: HashMap<ItemId, BTreeSet<ItemId>>,
    children: HashMap<Option<ItemId>, BTreeSet<ItemId>>,
}

impl Shelf {
    /// An empty part of a library whose log stands at `head`.
    pub fn at(head: Head) -> Self {
        Self { head, ..Self::default() }
    }

    /// The state after every one of `changes`, in order.
    pub fn folded<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut shelf = Self::default();
        changes.into_iter().for_each(|change| shelf.fold(change));
        shelf
    }

    /// Takes in one row of the log. Rows already taken in change nothing.
    pub fn fold(&mut self, change: &Change) {
        self.head.seq = self.head.seq.max(change.seq);
        self.head.at = self.head.at.max(change.at);
        self.head.hlc = self.head.hlc.max(change.latest());
        if let Some(number) = change.number {
            let highest = self.head.numbers.entry(change.kind.clone()).or_default();
            *highest = (*highest).max(number);
        }
        if let Some(younger) = change.joined {
            self.alias(younger, change.item);
        }
        let mut item = self.take(change.item).unwrap_or_else(|| {
            let number = change.number.unwrap_or_default();
            Item::new(change.item, change.kind.clone(), number, change.seq)
        });
        item.fold(change);
        if self.aliases.contains_key(&item.id) {
            item.registers.clear();
        }
        if item.is_purged() {
            item.registers.retain(|register, _| register.as_str() == field::PURGED);
        }
        self.insert(item);
    }

    /// Adds an item a store has folded already.
    pub fn insert(&mut self, item: Item) {
        self.take(item.id);
        self.index(&item, true);
        self.items.insert(item.id, item);
    }

    /// Says that `younger` joined `older`; it is not an item of its own any more, and what it
    /// held is left to history: a purge of the older one must not leave it behind.
    pub fn alias(&mut self, younger: ItemId, older: ItemId) {
        if let Some(item) = self.items.get(&younger).cloned() {
            self.index(&item, false);
        }
        self.aliases.insert(younger, older);
        if let Some(item) = self.items.get_mut(&younger) {
            item.registers.clear();
        }
    }

    fn take(&mut self, id: ItemId) -> Option<Item> {
        let item = self.items.remove(&id)?;
        self.index(&item, false);
        Some(item)
    }

    fn index(&mut self, item: &Item, add: bool) {
        // What has moved owns no address, no name and no spot in the tree any more.
        if self.aliases.contains_key(&item.id) || item.has_moved() {
            return;
        }
        match item.kind {
            Kind::Bookmark => {
                if let Some(url) = canon_of(item) {
                    set(&mut self.urls, url, item.id, add);
                }
            }
            Kind::Tag => {
                if let Some(name) = tag_name_of(item) {
                    set(&mut self.names, name, item.id, add);
                }
            }
            Kind::Place => {
                if let Some(bookmark) = item.reference(field::BOOKMARK) {
                    toggle(&mut self.places, bookmark, item.id, add);
                }
                toggle(&mut self.children, item.reference(field::PARENT), item.id, add);
            }
            Kind::Note => {
                if let Some(bookmark) = item.reference(field::BOOKMARK) {
                    toggle(&mut self.notes, bookmark, item.id, add);
                }
            }
            Kind::Collection => {
                toggle(&mut self.children, item.reference(field::PARENT), item.id, add);
            }
            _ => {}
        }
    }

    /// The id `id` goes by now: itself, or the older item it joined.
    pub fn resolve(&self, id: ItemId) -> ItemId {
        let mut at = id;
        // Aliases only ever lead to older items, so this ends; the bound guards hostile stores.
        for _ in 0..=self.aliases.len() {
            match self.aliases.get(&at) {
                Some(older) => at = *older,
                None => break,
            }
        }
        at
    }

    /// Whether `id` joined another item.
    pub fn is_alias(&self, id: ItemId) -> bool {
        self.aliases.contains_key(&id)
    }

    /// Every alias: younger id, older id.
    pub fn aliases(&self) -> impl Iterator<Item = (ItemId, ItemId)> {
        self.aliases.iter().map(|(younger, older)| (*younger, *older))
    }

    /// The item `id`, through aliases.
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&self.resolve(id))
    }

    /// Every item in view that is one of its own, in no order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values().filter(|item| !self.aliases.contains_key(&item.id))
    }

    /// Every item in view, those that joined another included, in no order.
    pub fn all_items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// The bookmark that owns the address `url`, trashed or not.
    pub fn by_url(&self, url: &str) -> Option<&Item> {
        self.urls.get(&canon(url)?).and_then(|id| self.item(*id))
    }

    /// The living tag called `name`.
    pub fn tag_named(&self, name: &str) -> Option<&Item> {
        self.names.get(&folded(name)).and_then(|id| self.item(*id))
    }

    /// The places of a bookmark, by its own id and by those that joined it.
    pub fn places_of(&self, bookmark: ItemId) -> Vec<&Item> {
        self.named_of(bookmark, &self.places)
    }

    /// The notes about a bookmark, by its own id and by those that joined it; trashed ones too.
    pub fn notes_of(&self, bookmark: ItemId) -> Vec<&Item> {
        self.named_of(bookmark, &self.notes)
    }

    /// What `by` lists under a bookmark, under its own id and those that joined it.
    fn named_of(&self, bookmark: ItemId, by: &HashMap<ItemId, BTreeSet<ItemId>>) -> Vec<&Item> {
        let bookmark = self.resolve(bookmark);
        let joined = self.aliases.keys().copied().filter(|id| self.resolve(*id) == bookmark);
        let mut found: Vec<&Item> = std::iter::once(bookmark)
            .chain(joined)
            .filter_map(|id| by.get(&id))
            .flatten()
            .filter_map(|id| self.items.get(id))
            .collect();
        found.sort_by_key(|item| item.id);
        found
    }

    /// Collections and places that stand directly in `parent` (or at the root).
    pub fn children_of(&self, parent: Option<ItemId>) -> Vec<&Item> {
        let ids = self.children.get(&parent).into_iter().flatten();
        let mut children: Vec<&Item> = ids.filter_map(|id| self.items.get(id)).collect();
        children.sort_by(|a, b| (a.text(field::ORDER), a.id).cmp(&(b.text(field::ORDER), b.id)));
        children
    }

    /// The tags of a bookmark, living or not, aliases followed.
    pub fn tags_borne(&self, bookmark: &Item) -> BTreeSet<ItemId> {
        bookmark.tags().map(|tag| self.resolve(tag)).collect()
    }

    /// The living tags of a bookmark, aliases followed.
    pub fn tags_of(&self, bookmark: &Item) -> BTreeSet<ItemId> {
        self.tags_borne(bookmark)
            .into_iter()
            .filter(|tag| self.items.get(tag).is_none_or(Item::is_living))
            .collect()
    }

    /// The folder that `folder` is shown in, which must be in view. At the top (`None`) stands one
    /// that lives in a folder that does not.
    pub fn shown_in(&self, folder: &Item) -> Option<ItemId> {
        let parent = self.item(folder.reference(field::PARENT)?)?;
        (parent.is_living() || !folder.is_living()).then_some(parent.id)
    }

    /// The collections from the parent of `id` up to the root.
    pub fn ancestors(&self, id: ItemId) -> Vec<ItemId> {
        let mut above = Vec::new();
        let mut seen = BTreeSet::new();
        let mut at = self.item(id).and_then(|item| item.reference(field::PARENT));
        while let Some(parent) = at {
            if !seen.insert(parent) {
                break;
            }
            above.push(parent);
            at = self.item(parent).and_then(|item| item.reference(field::PARENT));
        }
        above
    }
}

/// The canonical address a bookmark owns; none when purged, moved away or sealed.
pub fn canon_of(bookmark: &Item) -> Option<String> {
    let url = bookmark.get(field::URL).and_then(Value::as_text)?;
    (!bookmark.is_purged() && !bookmark.has_moved()).then(|| canon(url)).flatten()
}

/// The folded name a tag owns; none when it does not live or is sealed.
pub fn tag_name_of(tag: &Item) -> Option<String> {
    let name = tag.get(field::NAME).and_then(Value::as_text)?;
    tag.is_living().then(|| folded(name))
}

fn set(map: &mut HashMap<String, ItemId>, key: String, id: ItemId, add: bool) {
    if add {
        map.entry(key).or_insert(id);
    } else if map.get(&key) == Some(&id) {
        map.remove(&key);
    }
}

fn toggle<K: std::hash::Hash + Eq>(
    map: &mut HashMap<K, BTreeSet<ItemId>>,
    key: K,
    id: ItemId,
    add: bool,
) {
    if add {
        map.entry(key).or_default().insert(id);
    } else if let Some(ids) = map.get_mut(&key) {
        ids.remove(&id);
        if ids.is_empty() {
            map.remove(&key);
        }
    }
}
