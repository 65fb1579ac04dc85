//! A change: one act on one item, as the sequencer decided it. The unit of the log.

use crate::id::{ActId, DeviceId, ItemId};
use crate::kind::{Kind, Register};
use crate::packed::{PackedName, PackedValue};
use crate::stamp::{Hlc, Seq, Stamp};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Registers and what is put into them; `None` is "nothing". Putting is the only verb.
pub type Puts = BTreeMap<Register, Option<Value>>;

/// One row of the log: an envelope that is never edited, and a body (`set`, `also`) that purge
/// and erasure may blank. Replicas fold it and decide nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Position in the library's log; gapless, from 1.
    pub seq: Seq,
    /// Server time in milliseconds; never falls as `seq` rises.
    pub at: i64,
    /// Who wrote it.
    pub device: DeviceId,
    /// The author's own counter: with library and device the key of idempotency.
    pub n: u64,
    /// The author's stamp, clamped by the server.
    pub hlc: Hlc,
    /// The seq its author had applied when acting.
    pub base: Seq,
    /// What one gesture did.
    pub act: ActId,
    /// The item that carries the change.
    pub item: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// The item's small number, in the row that creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The item that joined `item` through this row: `set` was said of it, `also` carries over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<ItemId>,
    /// What the author put.
    pub set: Puts,
    /// What the sequencer put besides: joins, kept copies, items brought back from the trash.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: Puts,
    /// The logical time of `also`: just later than what it replaces. Its author is
    /// [`DeviceId::SEQUENCER`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_hlc: Option<Hlc>,
}

impl Change {
    /// The stamp of what the author put.
    pub fn stamp(&self) -> Stamp {
        Stamp { hlc: self.hlc, device: self.device }
    }

    /// Everything this row puts into registers of `item`, with its stamp.
    pub fn puts(&self) -> impl Iterator<Item = (&Register, &Option<Value>, Stamp)> {
        let own = self.stamp();
        let hlc = self.also_hlc.unwrap_or(self.hlc);
        let also = Stamp { hlc, device: DeviceId::SEQUENCER };
        let set = if self.joined.is_some() { None } else { Some(&self.set) };
        set.into_iter()
            .flatten()
            .map(move |(register, value)| (register, value, own))
            .chain(self.also.iter().map(move |(register, value)| (register, value, also)))
    }

    /// The latest stamp in this row.
    pub fn latest(&self) -> Hlc {
        self.also_hlc.map_or(self.hlc, |also| also.max(self.hlc))
    }

    /// The canonical JSON of this row: compact, keys sorted, as it stands on the wire.
    pub fn to_wire(&self) -> String {
        // A tree of plain maps sorts its keys; it cannot fail to be written.
        serde_json::to_value(self).map(|value| value.to_string()).unwrap_or_default()
    }

    /// The body as it stands in a store: a version byte, then `set` and `also` in the postcard 1
    /// wire format.
    pub fn body(&self) -> Vec<u8> {
        let packed = (packed(&self.set), packed(&self.also));
        let mut body = vec![BODY_VERSION];
        body.extend(postcard::to_stdvec(&packed).unwrap_or_default());
        body
    }

    /// Reads a stored body back into `set` and `also`; no bytes are a blanked body. `None` where
    /// the bytes are of no version known here.
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Option<Self> {
        let Some((version, rest)) = body.split_first() else { return Some(self) };
        if *version != BODY_VERSION {
            return None;
        }
        let (set, also): (PackedPuts, PackedPuts) = postcard::from_bytes(rest).ok()?;
        (self.set, self.also) = (opened(set)?, opened(also)?);
        Some(self)
    }
}

/// The version of stored bodies.
const BODY_VERSION: u8 = 1;

type PackedPuts = Vec<(PackedName, Option<PackedValue>)>;

fn packed(puts: &Puts) -> PackedPuts {
    puts.iter()
        .map(|(register, value)| (PackedName::of(register), value.as_ref().map(PackedValue::of)))
        .collect()
}

fn opened(puts: PackedPuts) -> Option<Puts> {
    puts.into_iter()
        .map(|(name, value)| Some((name.open()?, value.map(PackedValue::open))))
        .collect()
}

/// Where a library's log stands.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Raised when a backup is restored; a cursor of an older epoch is expired.
    pub epoch: u32,
    /// Seq of the last change.
    pub seq: Seq,
    /// Highest seq ever removed by retention; below it a reader needs a snapshot.
    pub floor: Seq,
    /// Latest stamp seen.
    pub hlc: Hlc,
    /// Server time of the last change, milliseconds.
    pub at: i64,
    /// Highest small number given, per kind.
    #[serde(default)]
    pub numbers: BTreeMap<Kind, u32>,
}

/// What a paired device pushes: its own counter, stamp and base, and what it puts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pushed {
    /// The device's counter, dense from 1.
    pub n: u64,
    /// The device's stamp.
    pub hlc: Hlc,
    /// The seq the device had applied.
    pub base: Seq,
    /// The gesture.
    pub act: ActId,
    /// The item, under the id the device knows.
    pub item: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// What is put.
    pub set: Puts,
}
