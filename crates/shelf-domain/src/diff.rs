//! What a row of the log did to an item: each field it touched, before and after.

use crate::change::Change;
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::field;
use crate::value::Value;

/// What one row did to one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The register: `title`, `tag/ID`, `notes/copy/DEVICE`.
    pub field: String,
    /// What it held before.
    pub from: Option<Value>,
    /// What was put.
    pub to: Option<Value>,
    /// Whether the put won; a later edit may have come first.
    pub won: bool,
    /// The name of the tag or folder this is about, as it is called now.
    pub name: Option<String>,
}

impl FieldChange {
    /// The items it names: the tag, or the folders that were left and entered.
    pub fn mentioned(&self) -> Vec<ItemId> {
        if let Some(tag) = self.field.strip_prefix("tag/") {
            return tag.parse().into_iter().collect();
        }
        if self.field != field::PARENT {
            return Vec::new();
        }
        let values = [&self.from, &self.to].into_iter().flatten();
        values.filter_map(|value| value.as_text()?.parse().ok()).collect()
    }
}

/// What `row` does to the item that stands at `state` before it; names are left open.
pub fn changes_of(state: &Item, row: &Change) -> Vec<FieldChange> {
    row.puts()
        .map(|(register, value, stamp)| FieldChange {
            field: register.as_str().to_owned(),
            from: state.get(register.as_str()).cloned(),
            to: value.clone(),
            won: state.would_win(register, stamp),
            name: None,
        })
        .filter(|change| change.from != change.to)
        .collect()
}
