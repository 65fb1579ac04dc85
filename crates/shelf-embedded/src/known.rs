//! What was read last and may be asked for again: tags and collections, which every page of
//! bookmarks needs, and the bookmarks that somebody who is typing is shown letter after letter.

use crate::load::{self, LibraryKey};
use crate::sql::{KindColumn, signed};
use rusqlite::{Connection, params};
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::stamp::Seq;
use shelf_domain::view::Bookmark;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tags and collections kept of one library.
const ITEMS_MAX: usize = 4_096;
/// Bookmarks kept of one library, twice: those met lately and those met before.
const BOOKMARKS_MAX: usize = 1_024;
/// Libraries of which something is kept.
const LIBRARIES_MAX: usize = 16;
/// Rows of the log that are looked through for what changed; beyond, the library is forgotten.
const ROWS_MAX: Seq = 256;

/// Items by library, each as it stood at one position of that library's log.
#[derive(Debug, Default)]
pub(crate) struct Known {
    all: Mutex<HashMap<LibraryKey, At>>,
}

#[derive(Debug, Default)]
struct At {
    seq: Seq,
    items: HashMap<ItemId, Item>,
    lately: HashMap<ItemId, Bookmark>,
    before: HashMap<ItemId, Bookmark>,
}

impl At {
    fn forget_bookmark(&mut self, id: ItemId) {
        self.lately.remove(&id);
        self.before.remove(&id);
    }

    /// Forgets what a row of the log may have changed. `false` where all may have changed.
    fn forget(&mut self, id: ItemId, kind: &Kind, place: Option<&Item>) -> bool {
        self.items.remove(&id);
        match kind {
            Kind::Bookmark => self.forget_bookmark(id),
            Kind::Place => match place.and_then(|place| place.reference(field::BOOKMARK)) {
                Some(bookmark) => self.forget_bookmark(bookmark),
                None => return false,
            },
            // A bookmark names its collections by id only.
            Kind::Collection | Kind::Note => {}
            _ => return false,
        }
        true
    }

    fn keep(&mut self, bookmark: Bookmark) {
        if self.lately.len() >= BOOKMARKS_MAX {
            self.before = std::mem::take(&mut self.lately);
        }
        self.lately.insert(bookmark.id, bookmark);
    }
}

impl Known {
    /// Forgets what the log says has changed up to `seq`, the head that `connection` reads at.
    pub(crate) fn catch_up(
        &self,
        connection: &Connection,
        library: LibraryKey,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        let mut all = self.lock();
        if all.len() >= LIBRARIES_MAX && !all.contains_key(&library) {
            all.clear();
        }
        let at = all.entry(library).or_default();
        if at.seq >= seq {
            return Ok(());
        }
        if seq - at.seq > ROWS_MAX || !forget_rows(connection, library, at, seq)? {
            *at = At::default();
        }
        at.seq = seq;
        Ok(())
    }

    /// The item, if it is kept as of `seq`.
    pub(crate) fn item(&self, library: LibraryKey, seq: Seq, id: ItemId) -> Option<Item> {
        let all = self.lock();
        all.get(&library).filter(|at| at.seq == seq)?.items.get(&id).cloned()
    }

    /// Keeps `item` as of `seq`, if it is of a kind that is asked for again and again.
    pub(crate) fn keep_item(&self, library: LibraryKey, seq: Seq, item: &Item) {
        if !matches!(item.kind, Kind::Tag | Kind::Collection) {
            return;
        }
        if let Some(at) = self.lock().get_mut(&library).filter(|at| at.seq == seq) {
            if at.items.len() >= ITEMS_MAX {
                at.items.clear();
            }
            at.items.insert(item.id, item.clone());
        }
    }

    /// Those of `ids` that are kept as of `seq`.
    pub(crate) fn bookmarks(
        &self,
        library: LibraryKey,
        seq: Seq,
        ids: &[ItemId],
    ) -> HashMap<ItemId, Bookmark> {
        let mut all = self.lock();
        let Some(at) = all.get_mut(&library).filter(|at| at.seq == seq) else {
            return HashMap::new();
        };
        let mut found = HashMap::with_capacity(ids.len());
        for id in ids {
            if let Some(bookmark) = at.before.remove(id) {
                at.keep(bookmark);
            }
            found.extend(at.lately.get(id).map(|bookmark| (*id, bookmark.clone())));
        }
        found
    }

    /// Keeps `bookmarks` as of `seq`.
    pub(crate) fn keep_bookmarks(&self, library: LibraryKey, seq: Seq, bookmarks: &[Bookmark]) {
        if let Some(at) = self.lock().get_mut(&library).filter(|at| at.seq == seq) {
            for bookmark in bookmarks {
                at.keep(bookmark.clone());
            }
        }
    }

    /// Forgets the library.
    pub(crate) fn forget(&self, library: LibraryKey) {
        self.lock().remove(&library);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LibraryKey, At>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what the rows after `at` up to `seq` changed. `false` where all may have changed: what
/// joins changes another item than its row names, and a tag all who bear it.
fn forget_rows(
    connection: &Connection,
    library: LibraryKey,
    at: &mut At,
    seq: Seq,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT item, kind, number, joined FROM log WHERE library = ?1 AND seq > ?2 AND seq <= ?3",
    )?;
    let mut rows = statement.query(params![library, signed(at.seq), signed(seq)])?;
    while let Some(row) = rows.next()? {
        let (id, kind) = (ItemId::from_bytes(row.get(0)?), row.get::<_, KindColumn>(1)?.0);
        if row.get::<_, Option<[u8; 16]>>(3)?.is_some() {
            return Ok(false);
        }
        // A new tag reaches bookmarks only through changes of their own.
        if kind == Kind::Tag && row.get::<_, Option<i64>>(2)?.is_some() {
            at.items.remove(&id);
            continue;
        }
        let place = match kind {
            Kind::Place if load::has_aliases(connection, library)? => return Ok(false),
            Kind::Place => load::item(connection, library, id)?,
            _ => None,
        };
        if !at.forget(id, &kind, place.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}
