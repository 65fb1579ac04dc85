//! A reference so naive that it is right: sort all puts of a register, the last one wins.

use shelf_domain::change::Change;
use shelf_domain::id::ItemId;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Stamp;
use shelf_domain::value::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What a register holds, and by which stamp.
pub(crate) type Cell = (Stamp, Option<Value>);

/// Register by register what `log` leaves, worked out without folding.
pub(crate) fn registers(log: &[Change]) -> BTreeMap<(ItemId, String), Cell> {
    let mut puts: BTreeMap<(ItemId, String), Vec<Cell>> = BTreeMap::new();
    for row in log {
        for (register, value, stamp) in row.puts() {
            let key = (row.item, register.as_str().to_owned());
            puts.entry(key).or_default().push((stamp, value.clone()));
        }
    }
    let mut cells: BTreeMap<(ItemId, String), Cell> = BTreeMap::new();
    for (key, mut all) in puts {
        // Latest first; the sort is stable, so of equal stamps the first logged one wins.
        all.sort_by_key(|cell| Reverse(cell.0));
        cells.insert(key, all.swap_remove(0));
    }
    let purged: Vec<ItemId> = cells
        .iter()
        .filter(|((_, name), cell)| name == "purged" && cell.1 == Some(Value::from(true)))
        .map(|((item, _), _)| *item)
        .collect();
    cells.retain(|(item, name), _| name == "purged" || !purged.contains(item));
    let joined = aliases(log);
    cells.retain(|(item, _), _| !joined.contains_key(item));
    cells
}

/// The same, as `shelf` has it.
pub(crate) fn registers_of(shelf: &Shelf) -> BTreeMap<(ItemId, String), Cell> {
    let mut cells = BTreeMap::new();
    for item in shelf.all_items() {
        for (register, held) in &item.registers {
            let key = (item.id, register.as_str().to_owned());
            cells.insert(key, (held.stamp, held.value.clone()));
        }
    }
    cells
}

/// Who goes by whose id, as the rows say.
pub(crate) fn aliases(log: &[Change]) -> BTreeMap<ItemId, ItemId> {
    log.iter().filter_map(|row| Some((row.joined?, row.item))).collect()
}
