//! Two versions of one long text that were written without having seen each other: shown side by
//! side, and settled by a person.

use crate::change::Puts;
use crate::edit::Version;
use crate::id::{DeviceId, ItemId};
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::stamp::Seq;
use crate::turn::{Outcome, Turn};
use crate::value::Value;
use crate::view::{copies_of, name_of};

/// Most second versions of one item that are shown at once, long as each may be; more come up as
/// these are settled.
pub const SHOWN_MAX: usize = 20;

/// One version of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The text; empty where the field was emptied.
    pub text: String,
    /// The device it was written on; the library itself for what came by joining.
    pub device: DeviceId,
    /// When it came to stand there, by its author's clock, milliseconds.
    pub at: i64,
}

/// Two versions of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The item.
    pub item: ItemId,
    /// What it is.
    pub kind: Kind,
    /// The name it goes by.
    pub name: String,
    /// The bookmark a note or highlight is about, before aliases; the item itself otherwise.
    pub about: ItemId,
    /// The version of the item at which both stand.
    pub version: Seq,
    /// The long text: `notes`, `description`, `comment` or `body`.
    pub field: String,
    /// The version that is shown.
    pub shown: Wording,
    /// The one that lost, by its device, which names the copy.
    pub other: Wording,
}

impl Conflict {
    /// Those that stand on `item`, at most [`SHOWN_MAX`]; none where it is in the trash or was removed
    /// for good.
    pub fn all_of(item: &Item) -> Vec<Self> {
        if !item.is_living() {
            return Vec::new();
        }
        let about = item.reference(field::BOOKMARK).unwrap_or(item.id);
        let at = |register: &Register| {
            item.registers.get(register).map_or(0, |held| held.stamp.hlc.millis())
        };
        let one = |(name, device, text): (String, DeviceId, String)| {
            let (own, copy) = (Register::named(&name), Register::copy(&name, device));
            let by = item.registers.get(&own).map(|held| held.stamp.device);
            let shown = Wording {
                text: item.text(&name).to_owned(),
                device: by.unwrap_or(DeviceId::SEQUENCER),
                at: at(&own),
            };
            Self {
                item: item.id,
                kind: item.kind.clone(),
                name: name_of(item),
                about,
                version: item.version(),
                field: name,
                shown,
                other: Wording { text, device, at: at(&copy) },
            }
        };
        copies_of(item).into_iter().take(SHOWN_MAX).map(one).collect()
    }
}

/// Which text shall stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The one that is shown.
    Shown,
    /// The one that lost.
    Other,
    /// This one, made of both.
    Text(String),
}

/// A person's word on two versions they have looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The item.
    pub item: ItemId,
    /// The long text.
    pub field: String,
    /// The device whose version lost.
    pub device: DeviceId,
    /// Which one shall stand.
    pub keep: Keep,
    /// The version of the item they have looked at.
    pub seen: Version,
}

impl Turn {
    /// Settles two versions: the text that is kept stands, and the copy is cleared. What anybody wrote
    /// after `ask.seen` was not looked at: it stands, or becomes a copy again.
    pub fn resolve(&mut self, ask: &Resolve) -> Result<Outcome, Refused> {
        let missing =
            || Refused::not_found(format!("second version of {} by {}", ask.field, ask.device));
        let known = self.shelf.item(ask.item).filter(|item| item.is_living()).cloned();
        let Some(known) = known else {
            return Err(Refused::not_found(format!("item {}", ask.item)));
        };
        if ask.seen.epoch != self.shelf.head.epoch {
            return Err(Refused::new(Code::Stale, ask.item.to_string(), "it has changed since"));
        }
        if !field::LONG.contains(&ask.field.as_str()) {
            return Err(Refused::invalid("field", "this is no long text"));
        }
        let copy = Register::copy(&ask.field, ask.device);
        let other = known.get(copy.as_str()).cloned().ok_or_else(missing)?;
        let mut puts = Puts::from([(copy, None)]);
        let kept = match &ask.keep {
            Keep::Shown => None,
            Keep::Other => Some(other),
            Keep::Text(text) => Some(Value::from(text.as_str())),
        };
        if let Some(kept) = kept {
            let is_blank = kept.as_text().is_some_and(|text| text.trim().is_empty());
            if is_blank && known.kind.required().contains(&ask.field.as_str()) {
                return Err(Refused::invalid("text", "this must not be empty"));
            }
            let is_empty = kept.as_text().is_some_and(str::is_empty);
            puts.insert(Register::named(&ask.field), (!is_empty).then_some(kept));
        }
        self.put_having_seen(ask.seen.seq, known.id, known.kind, puts)
    }
}
