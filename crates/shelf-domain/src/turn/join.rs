//! Joining: a second bookmark of one address, or a second tag of one name, becomes the first.

use super::{Ask, Outcome, Turn, text};
use crate::change::Puts;
use crate::id::{DeviceId, ItemId};
use crate::item::{Held, Item};
use crate::kind::{Kind, Register, field};
use crate::limits;
use crate::stamp::Stamp;
use crate::value::Value;

impl Turn {
    /// The other item that owns the address or name this put would give its item.
    pub(super) fn owner_of_same(
        &self,
        ask: &Ask,
        known: Option<&Item>,
        also: &Puts,
    ) -> Option<ItemId> {
        let stamp = Stamp { hlc: ask.hlc, device: self.author.device };
        let put = |name: &'static str| {
            let register = Register::from(name);
            let wins = known.is_none_or(|known| known.would_win(&register, stamp));
            ask.set.get(&register).filter(|_| wins)
        };
        let owner = match ask.kind {
            Kind::Bookmark => {
                let url = put(field::URL)?.as_ref()?.as_text()?;
                self.shelf.by_url(url)?
            }
            Kind::Tag => {
                let brought_back = also.get(&Register::from(field::TRASHED_AT));
                let trashed = match brought_back.or_else(|| put(field::TRASHED_AT)) {
                    Some(value) => value.is_some(),
                    None => known.is_some_and(Item::is_trashed),
                };
                let name = match put(field::NAME) {
                    Some(value) => value.as_ref().and_then(Value::as_text)?,
                    None => known?.text(field::NAME),
                };
                self.shelf.tag_named(name).filter(|_| !trashed)?
            }
            _ => return None,
        };
        (owner.id != ask.item).then_some(owner.id)
    }

    /// Logs one row on `owner` that carries over what the joining item has to give.
    pub(super) fn join(&mut self, owner: ItemId, mut ask: Ask, known: Option<&Item>) -> Outcome {
        let stamp = Stamp { hlc: ask.hlc, device: self.author.device };
        let mut younger = Item::new(ask.item, ask.kind.clone(), 0, 0);
        let mut copies = Puts::new();
        if let Some(known) = known {
            younger.registers.clone_from(&known.registers);
            text::keep_copies(known, &ask, self.author.device, &mut copies);
        }
        let own = ask.set.iter().filter(|(register, _)| younger.would_win(register, stamp));
        let own: Puts = own.map(|(register, value)| (register.clone(), value.clone())).collect();
        for (register, value) in own.into_iter().chain(copies) {
            younger.registers.insert(register, Held { stamp, seq: 0, value });
        }
        let also = match self.shelf.item(owner) {
            Some(older) => Self::carried(older, &younger, self.author.device),
            None => Puts::new(),
        };
        let joined = std::mem::replace(&mut ask.item, owner);
        let older = self.shelf.item(owner).cloned();
        self.log(ask, older.as_ref(), also, Some(joined))
    }

    /// What a younger item adds to the older one it joins: tags, empty fields, a differing note,
    /// the earlier date; and the older one comes out of the trash. `device` brought the younger.
    pub(crate) fn carried(older: &Item, younger: &Item, device: DeviceId) -> Puts {
        let mut puts = Puts::new();
        for (register, held) in &younger.registers {
            let Some(value) = &held.value else { continue };
            let name = register.as_str();
            let mine = older.get(name);
            match name {
                field::URL | field::TRASHED_AT | field::MODIFIED_AT => {}
                field::CREATED_AT if mine.and_then(Value::as_int) > value.as_int() => {
                    puts.insert(register.clone(), Some(value.clone()));
                }
                _ if text::is_copy(register) => {
                    text::join_copies(older, register, value, &mut puts);
                }
                field::NOTES => carry_note(older, value, device, &mut puts),
                field::FAVOURITE if value.as_bool() == Some(true) => {
                    puts.insert(register.clone(), Some(value.clone()));
                }
                _ if is_blank(mine) && !is_blank(Some(value)) => {
                    puts.insert(register.clone(), Some(value.clone()));
                }
                _ => {}
            }
        }
        if older.is_trashed() && !younger.is_trashed() {
            puts.insert(Register::from(field::TRASHED_AT), None);
        }
        puts.retain(|register, value| older.get(register.as_str()) != value.as_ref());
        puts
    }
}

/// Appends a differing note; what cannot be appended (sealed, too long) is kept as a copy.
fn carry_note(older: &Item, value: &Value, device: DeviceId, puts: &mut Puts) {
    let register = Register::from(field::NOTES);
    let mine = older.get(field::NOTES);
    if is_blank(Some(value)) || mine == Some(value) {
        return;
    }
    if is_blank(mine) {
        puts.insert(register, Some(value.clone()));
        return;
    }
    match (mine.and_then(Value::as_text), value.as_text()) {
        (Some(mine), Some(theirs)) if mine.contains(theirs.trim()) => {}
        (Some(mine), Some(theirs)) if mine.len() + theirs.len() + 2 <= limits::TEXT_BYTES_MAX => {
            puts.insert(register, Some(Value::from(format!("{mine}\n\n{theirs}"))));
        }
        _ => text::add_copy(older, field::NOTES, device, value, puts),
    }
}

fn is_blank(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_text().is_some_and(|text| text.trim().is_empty()))
}
