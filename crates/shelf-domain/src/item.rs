//! The folded state of one item: which put won each register.

use crate::change::Change;
use crate::id::{DeviceId, ItemId, LibraryId};
use crate::kind::{Kind, Register, field};
use crate::packed::{PackedHeld, PackedName, PackedValue, ShortName};
use crate::refusal::{Code, Refused};
use crate::stamp::{Hlc, Seq, Stamp};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One register: who put it last, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The winning stamp.
    pub stamp: Stamp,
    /// The row that put it.
    pub seq: Seq,
    /// What it holds.
    pub value: Option<Value>,
}

/// The folded state of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Dense per library and kind, never reused.
    pub number: u32,
    /// Seq of the row that created it.
    pub created_seq: Seq,
    /// Its registers.
    pub registers: BTreeMap<Register, Held>,
}

impl Item {
    /// An item nothing has been put into.
    pub fn new(id: ItemId, kind: Kind, number: u32, created_seq: Seq) -> Self {
        Self { id, kind, number, created_seq, registers: BTreeMap::new() }
    }

    /// Folds the puts of `change`; of two puts the later stamp wins. Folding twice changes nothing.
    pub fn fold(&mut self, change: &Change) {
        for (register, value, stamp) in change.puts() {
            if self.would_win(register, stamp) {
                let held = Held { stamp, seq: change.seq, value: value.clone() };
                self.registers.insert(register.clone(), held);
            }
        }
    }

    /// Whether a put with `stamp` wins `register`.
    pub fn would_win(&self, register: &Register, stamp: Stamp) -> bool {
        self.registers.get(register).is_none_or(|held| stamp > held.stamp)
    }

    /// What `name` holds.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.registers.get(&Register::named(name)).and_then(|held| held.value.as_ref())
    }

    /// The text in `name`; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_text).unwrap_or_default()
    }

    /// The number in `name`.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_int)
    }

    /// Whether `name` holds true.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The item `name` refers to, before aliases.
    pub fn reference(&self, name: &str) -> Option<ItemId> {
        self.get(name).and_then(Value::as_text).and_then(|text| text.parse().ok())
    }

    /// The tags it bears, before aliases.
    pub fn tags(&self) -> impl Iterator<Item = ItemId> {
        self.registers
            .iter()
            .filter(|(_, held)| held.value.as_ref().and_then(Value::as_bool) == Some(true))
            .filter_map(|(register, _)| register.as_tag())
    }

    /// Whether it is in the trash.
    pub fn is_trashed(&self) -> bool {
        self.get(field::TRASHED_AT).is_some()
    }

    /// Whether it was removed for good.
    pub fn is_purged(&self) -> bool {
        self.flag(field::PURGED)
    }

    /// Whether it lives in another library now. It is hidden then, and nothing is put into it.
    pub fn has_moved(&self) -> bool {
        self.get(field::MOVED_TO).is_some()
    }

    /// The library it lives in now, where it has moved.
    pub fn moved_to(&self) -> Option<LibraryId> {
        self.get(field::MOVED_TO).and_then(Value::as_text).and_then(|text| text.parse().ok())
    }

    /// The library that is mounted there, where it is a folder with one.
    pub fn mounted(&self) -> Option<LibraryId> {
        self.get(field::MOUNT).and_then(Value::as_text).and_then(|text| text.parse().ok())
    }

    /// Refused `moved`, naming the library, where it lives in another one now.
    pub fn here(&self) -> Result<(), Refused> {
        match self.moved_to() {
            Some(library) => {
                Err(Refused::new(Code::Moved, library.to_string(), "it lives elsewhere"))
            }
            None => Ok(()),
        }
    }

    /// Whether people see it: neither trashed nor purged nor moved away.
    pub fn is_living(&self) -> bool {
        !self.is_trashed() && !self.is_purged() && !self.has_moved()
    }

    /// Highest seq that holds a register: the version in an `ETag`.
    pub fn version(&self) -> Seq {
        self.registers.values().map(|held| held.seq).max().unwrap_or(self.created_seq)
    }

    /// When the latest put that holds a register was made, by its author's clock, milliseconds.
    pub fn changed_at(&self) -> i64 {
        let stamps = self.registers.values().map(|held| held.stamp.hlc);
        stamps.max().map_or(0, Hlc::millis)
    }
}

/// What stands before the compact form of an item. Items have numbers from 1, with which the form
/// before this one began.
const FORM: u8 = 0;

/// The compact form of an item in a store: rebuildable, so its encoding is not frozen.
#[derive(Serialize, Deserialize)]
struct Packed {
    number: u32,
    /// How far the row that created it lies before that of the first stamp; most items are what one
    /// row put.
    before: i64,
    stamps: Vec<PackedStamp>,
}

/// What one row put and still holds.
#[derive(Serialize, Deserialize)]
struct PackedStamp {
    hlc: u64,
    device: [u8; 16],
    seq: Seq,
    registers: Vec<(ShortName, PackedHeld)>,
}

/// The form before: each register names its stamp by its place.
#[derive(Deserialize)]
struct FormerlyPacked {
    number: u32,
    created_seq: Seq,
    stamps: Vec<(u64, [u8; 16], Seq)>,
    registers: Vec<(PackedName, u32, Option<PackedValue>)>,
}

impl Item {
    /// The compact bytes of this item's registers, for a store's row of id and kind.
    pub fn pack(&self) -> Vec<u8> {
        let mut stamps: Vec<PackedStamp> = Vec::new();
        for (register, held) in &self.registers {
            let (hlc, device) = (held.stamp.hlc.bits(), held.stamp.device.to_bytes());
            let put = (ShortName::of(register), PackedHeld::of(held.value.as_ref()));
            let same = |known: &&mut PackedStamp| {
                (known.hlc, known.device, known.seq) == (hlc, device, held.seq)
            };
            if let Some(known) = stamps.iter_mut().find(same) {
                known.registers.push(put);
            } else {
                stamps.push(PackedStamp { hlc, device, seq: held.seq, registers: vec![put] });
            }
        }
        let first = stamps.first().map_or(0, |stamp| stamp.seq.cast_signed());
        let before = first.wrapping_sub(self.created_seq.cast_signed());
        let mut bytes = vec![FORM];
        bytes.extend(
            postcard::to_stdvec(&Packed { number: self.number, before, stamps })
                .unwrap_or_default(),
        );
        bytes
    }

    /// Reads [`Item::pack`] back, also in the form before; `None` where the bytes are of neither.
    pub fn unpack(id: ItemId, kind: Kind, bytes: &[u8]) -> Option<Self> {
        let Some((&FORM, bytes)) = bytes.split_first() else {
            return Self::unpack_former(id, kind, bytes);
        };
        let packed: Packed = postcard::from_bytes(bytes).ok()?;
        let first = packed.stamps.first().map_or(0, |stamp| stamp.seq.cast_signed());
        let created_seq = first.wrapping_sub(packed.before).cast_unsigned();
        let mut item = Self::new(id, kind, packed.number, created_seq);
        for PackedStamp { hlc, device, seq, registers } in packed.stamps {
            let stamp = Stamp { hlc: Hlc::from_bits(hlc), device: DeviceId::from_bytes(device) };
            for (name, held) in registers {
                let value = held.open();
                item.registers.insert(name.0.open()?, Held { stamp, seq, value });
            }
        }
        Some(item)
    }

    fn unpack_former(id: ItemId, kind: Kind, bytes: &[u8]) -> Option<Self> {
        let packed: FormerlyPacked = postcard::from_bytes(bytes).ok()?;
        let mut item = Self::new(id, kind, packed.number, packed.created_seq);
        for (name, at, value) in packed.registers {
            let (hlc, device, seq) = *packed.stamps.get(usize::try_from(at).ok()?)?;
            let stamp = Stamp { hlc: Hlc::from_bits(hlc), device: DeviceId::from_bytes(device) };
            let value = value.map(PackedValue::open);
            item.registers.insert(name.open()?, Held { stamp, seq, value });
        }
        Some(item)
    }
}
