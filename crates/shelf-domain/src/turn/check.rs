//! What is checked before anything is decided: shape, limits and what the item is.

use super::Ask;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::limits;
use crate::refusal::{Code, Refused};
use crate::value::Value;

/// What any change must be: of a known kind, within limits, of fields a writer may put.
pub(super) fn shape(ask: &Ask) -> Result<(), Refused> {
    if matches!(ask.kind, Kind::Other(_)) {
        return Err(Refused::invalid("kind", format!("{:?} is no kind of item", ask.kind.name())));
    }
    if ask.set.is_empty() || ask.set.len() > limits::PUTS_MAX {
        let detail = format!("a change puts 1 to {} fields", limits::PUTS_MAX);
        return Err(Refused::invalid("set", detail));
    }
    for (register, value) in &ask.set {
        if register.as_str().len() > limits::REGISTER_BYTES_MAX {
            return Err(Refused::invalid("set", "the name of a field is too long"));
        }
        ask.kind.check(register, value.as_ref())?;
        if value.as_ref().is_none_or(is_blank) && ask.kind.needs(register) {
            return Err(Refused::invalid(register.as_str(), "this must not be empty"));
        }
        if matches!(register.as_str(), field::PURGED | field::MOVED_TO) && !ask.by_server {
            return Err(Refused::new(
                Code::Forbidden,
                register.as_str(),
                "only the server puts this",
            ));
        }
    }
    Ok(())
}

/// What an item must be to be changed: of that kind, here, and not purged.
pub(super) fn known(known: &Item, kind: &Kind) -> Result<(), Refused> {
    if known.kind != *kind {
        return Err(Refused::invalid("kind", format!("the item is a {}", known.kind)));
    }
    if known.is_purged() {
        return Err(Refused::new(Code::Purged, known.id.to_string(), "it was removed for good"));
    }
    known.here()
}

/// What a change that makes an item must put.
pub(super) fn complete(ask: &Ask) -> Result<(), Refused> {
    for name in ask.kind.required() {
        if ask.by_server && field::LONG.contains(name) {
            // It comes from another library, and was emptied there.
            continue;
        }
        match ask.set.get(&Register::from(*name)) {
            Some(Some(value)) if is_blank(value) => {
                return Err(Refused::invalid(*name, "this must not be empty"));
            }
            Some(Some(_)) => {}
            _ => return Err(Refused::invalid(*name, format!("a new {} needs this", ask.kind))),
        }
    }
    Ok(())
}

fn is_blank(value: &Value) -> bool {
    value.as_text().is_some_and(|text| text.trim().is_empty())
}
