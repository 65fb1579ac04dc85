//! A folded item as it stands on the wire: each put that still holds something, with its stamp.

use crate::change::Puts;
use crate::id::{DeviceId, ItemId};
use crate::item::{Held, Item};
use crate::kind::Kind;
use crate::stamp::{Hlc, Seq, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One put, and the registers it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedPut {
    /// The row of the log.
    pub seq: Seq,
    /// Its logical time.
    pub hlc: Hlc,
    /// Its author.
    pub device: DeviceId,
    /// What it put and still holds; null is nothing.
    pub set: Puts,
}

/// One item as it is folded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// Its id.
    pub item: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Its small number.
    pub number: u32,
    /// The row that made it.
    pub created: Seq,
    /// What it holds, by rising row, time and author.
    pub puts: Vec<StatedPut>,
}

impl From<&Item> for Stated {
    fn from(item: &Item) -> Self {
        let mut puts: BTreeMap<(Seq, Stamp), Puts> = BTreeMap::new();
        for (register, held) in &item.registers {
            let set = puts.entry((held.seq, held.stamp)).or_default();
            set.insert(register.clone(), held.value.clone());
        }
        let puts = puts.into_iter().map(|((seq, Stamp { hlc, device }), set)| StatedPut {
            seq,
            hlc,
            device,
            set,
        });
        Self {
            item: item.id,
            kind: item.kind.clone(),
            number: item.number,
            created: item.created_seq,
            puts: puts.collect(),
        }
    }
}

impl From<Stated> for Item {
    fn from(stated: Stated) -> Self {
        let mut item = Self::new(stated.item, stated.kind, stated.number, stated.created);
        for StatedPut { seq, hlc, device, set } in stated.puts {
            let stamp = Stamp { hlc, device };
            for (register, value) in set {
                item.registers.insert(register, Held { stamp, seq, value });
            }
        }
        item
    }
}

/// An id that joined an item, as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedAlias {
    /// The id that joined.
    pub younger: ItemId,
    /// The item of the row by which it did.
    pub item: ItemId,
}
