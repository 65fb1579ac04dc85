//! What is shown: the base with the queue on top, decided by the function the server uses.

use crate::queue::Queued;
use shelf_domain::change::Head;
use shelf_domain::id::DeviceId;
use shelf_domain::item::Item;
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::{Author, Turn};
use std::collections::BTreeMap;

/// The base with what waits on top; nothing where nothing does. What came back by the log is in the
/// base already.
pub(crate) fn replayed(
    base: &Shelf,
    queue: &[Queued],
    device: DeviceId,
    now: i64,
) -> Option<Shelf> {
    let waits = |queued: &&Queued| !queued.came;
    queue.iter().find(waits)?;
    let mut turn = Turn::new(base.clone(), Author { device, now, seed: [0; 16] }, 0);
    for Queued { change, .. } in queue.iter().filter(waits) {
        // Those between that were refused are gone: the counter is led on by hand.
        turn.n = change.n.saturating_sub(1);
        // What the server will refuse is not shown, and told when it is refused.
        drop(turn.push(change));
    }
    Some(turn.shelf)
}

/// A library in canonical bytes: its items, who joined whom, and where its log stands. Two replicas
/// with empty queues that stand at one position have the same.
pub fn canonical(shelf: &Shelf) -> Vec<u8> {
    let items: BTreeMap<_, &Item> = shelf.items().map(|item| (item.id, item)).collect();
    let mut out = Vec::new();
    for (id, item) in items {
        out.extend(id.to_bytes());
        out.extend(item.kind.name().bytes());
        out.extend(item.pack());
    }
    for (younger, older) in shelf.aliases().collect::<BTreeMap<_, _>>() {
        out.extend(younger.to_bytes());
        out.extend(older.to_bytes());
    }
    // Which small number is free next only the server says, and after a restore it is no row that
    // says it.
    let head = Head { numbers: BTreeMap::new(), ..shelf.head.clone() };
    out.extend(serde_json::to_vec(&head).unwrap_or_default());
    out
}
