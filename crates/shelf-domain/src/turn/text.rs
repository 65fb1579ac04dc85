//! Long texts: of two edits neither of which had seen the other, the loser is kept as a copy.

use super::Ask;
use crate::change::Puts;
use crate::id::DeviceId;
use crate::item::{Held, Item};
use crate::kind::{Register, field};
use crate::stamp::Stamp;
use crate::value::Value;

/// Adds to `also` the copies that keep either text of every blind edit in `ask`, and the copies
/// its author clears without having seen what they hold now.
pub(super) fn keep_copies(known: &Item, ask: &Ask, device: DeviceId, also: &mut Puts) {
    let stamp = Stamp { hlc: ask.hlc, device };
    for (register, put) in &ask.set {
        let Some(held) = known.registers.get(register) else { continue };
        if !is_blind(ask, held, device) || *put == held.value {
            continue;
        }
        let wins = stamp > held.stamp;
        if is_copy(register) {
            if wins && held.value.is_some() {
                also.entry(register.clone()).or_insert_with(|| held.value.clone());
            }
            continue;
        }
        let Some(name) = field::LONG.into_iter().find(|name| *name == register.as_str()) else {
            continue;
        };
        let (loser, text) =
            if wins { (held.stamp.device, held.value.as_ref()) } else { (device, put.as_ref()) };
        if let Some(text) = text.filter(|value| !is_empty(value)) {
            add_copy(known, name, loser, text, also);
        }
    }
}

pub(super) fn is_copy(register: &Register) -> bool {
    register.as_str().split_once("/copy/").is_some_and(|(name, _)| field::LONG.contains(&name))
}

fn is_blind(ask: &Ask, held: &Held, device: DeviceId) -> bool {
    ask.base < held.seq && (ask.says_seen || held.stamp.device != device)
}

fn is_empty(value: &Value) -> bool {
    value.as_text().is_some_and(str::is_empty)
}

/// A device may lose twice before anyone looks: its copies are then put one below the other.
pub(super) fn add_copy(known: &Item, name: &str, loser: DeviceId, text: &Value, also: &mut Puts) {
    join_copies(known, &Register::copy(name, loser), text, also);
}

/// Puts `text` below what the register `copy` of `known` holds, unless it holds it already.
pub(super) fn join_copies(known: &Item, copy: &Register, text: &Value, also: &mut Puts) {
    let before = also.get(copy).and_then(Option::as_ref).or_else(|| known.get(copy.as_str()));
    let before = before.and_then(Value::as_text).unwrap_or_default();
    let kept = match text.as_text() {
        Some(text) if before.contains(text) => return,
        Some(text) if fits(before, text) => Value::from(format!("{before}\n\n{text}")),
        _ => text.clone(),
    };
    also.insert(copy.clone(), Some(kept));
}

fn fits(before: &str, text: &str) -> bool {
    !before.is_empty() && before.len() + text.len() + 2 <= crate::limits::TEXT_BYTES_MAX
}
