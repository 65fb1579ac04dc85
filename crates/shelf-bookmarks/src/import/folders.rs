//! Says which collection of the library each folder of a file becomes.
//!
//! A folder meets the one of the same name in the same parent: the second of that name in the file
//! the second one there. So a file that is imported again finds its own folders. One where a
//! library is mounted takes nothing, so only a folder that was mounted just so meets it.

use std::collections::HashMap;

use shelf_domain::id::{Ids, ItemId, LibraryId};
use shelf_domain::limits::DEPTH_MAX;
use shelf_domain::view::Collection;

use super::Folder;

/// What a folder without a name is called.
const NAMELESS: &str = "(no name)";

/// The collection a folder of the file became.
#[derive(Debug, Clone, Copy)]
struct Target {
    id: ItemId,
    is_new: bool,
    depth: usize,
}

/// A folder's place in the library.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    /// Its id there.
    pub(super) id: ItemId,
    /// The collection it lies in.
    pub(super) parent: Option<ItemId>,
    /// Its name there.
    pub(super) name: String,
    /// Whether it has to be made.
    pub(super) is_new: bool,
    /// Whether its parent holds nothing but what this file brings, so that orders can be kept.
    pub(super) keeps_order: bool,
}

/// What a folder is met by: its parent, its name, and the library that is mounted there.
type Key = (Option<ItemId>, String, Option<LibraryId>);

/// The folders of a file, met or made.
#[derive(Debug)]
pub(super) struct Folders {
    targets: HashMap<u32, Target>,
    existing: HashMap<Key, Vec<ItemId>>,
    met: HashMap<Key, usize>,
    ids: Ids,
    is_root_empty: bool,
}

impl Folders {
    /// Over the living collections of the library; new ones get ids from `ids`.
    pub(super) fn new(mut living: Vec<Collection>, is_root_empty: bool, ids: Ids) -> Self {
        living.sort_by(|a, b| (&a.order, a.id).cmp(&(&b.order, b.id)));
        let mut existing: HashMap<Key, Vec<ItemId>> = HashMap::new();
        for collection in living {
            let name = collection.name.trim().to_owned();
            let key = (collection.parent, name, collection.mount);
            existing.entry(key).or_default().push(collection.id);
        }
        let (targets, met) = (HashMap::new(), HashMap::new());
        Self { targets, existing, met, ids, is_root_empty }
    }

    /// Finds the collection of a folder, or the id it will be made with. `None` for one that would
    /// lie too deep: its content goes to the folder above.
    pub(super) fn settle(&mut self, folder: &Folder) -> Option<Settled> {
        let above = self.target(folder.parent);
        let depth = above.map_or(0, |above| above.depth + 1);
        if depth >= DEPTH_MAX {
            self.targets.extend(above.map(|above| (folder.node, above)));
            return None;
        }
        let name = match folder.name.trim() {
            "" => NAMELESS,
            name => name,
        };
        let parent = above.map(|above| above.id);
        let key: Key = (parent, name.to_owned(), folder.mount.parse().ok());
        let nth = self.met.entry(key.clone()).or_insert(0);
        *nth += 1;
        let known = self.existing.get(&key).and_then(|ids| ids.get(*nth - 1)).copied();
        let (id, is_new) = match known {
            Some(id) => (id, false),
            None => (self.ids.make(), true),
        };
        self.targets.insert(folder.node, Target { id, is_new, depth });
        let keeps_order = self.keeps_order(folder.parent);
        Some(Settled { id, parent, name: key.1, is_new, keeps_order })
    }

    /// The collection a folder of the file became.
    pub(super) fn collection(&self, folder: Option<u32>) -> Option<ItemId> {
        self.target(folder).map(|target| target.id)
    }

    /// Whether orders of the file can be kept in a folder: nothing else stands there.
    pub(super) fn keeps_order(&self, folder: Option<u32>) -> bool {
        self.target(folder).map_or(self.is_root_empty, |target| target.is_new)
    }

    fn target(&self, folder: Option<u32>) -> Option<Target> {
        self.targets.get(&folder?).copied()
    }
}
