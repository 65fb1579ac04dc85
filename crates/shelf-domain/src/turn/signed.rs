//! Who a note is by: put by the sequencer when the note is made, and by nobody afterwards.

use super::{Ask, Turn};
use crate::change::Puts;
use crate::id::PersonId;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::value::Value;

impl Turn {
    /// Says which person writes in this turn: notes that are made carry it, whatever was put. A
    /// session ends and a device is unpaired; who wrote a comment is to be known after that, too.
    pub fn signed_by(&mut self, person: PersonId) {
        self.signed = Some(person);
    }

    /// Signs a note that is made.
    pub(super) fn sign(&self, also: &mut Puts) {
        if let Some(person) = self.signed {
            let author = Value::from(person.to_string());
            also.insert(Register::named(field::AUTHOR), Some(author));
        }
    }
}

/// Refused `forbidden` where `ask` would say that somebody else wrote the note.
pub(super) fn check(known: &Item, ask: &Ask) -> Result<(), Refused> {
    let put = ask.set.get(&Register::named(field::AUTHOR));
    let says_another = put.is_some_and(|put| put.as_ref() != known.get(field::AUTHOR));
    if known.kind == Kind::Note && says_another && !ask.by_server {
        let detail = "who wrote a note is put when it is made";
        return Err(Refused::new(Code::Forbidden, field::AUTHOR, detail));
    }
    Ok(())
}
