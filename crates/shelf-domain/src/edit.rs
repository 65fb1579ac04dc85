//! Editing what is there: a bookmark's fields and tags, or the plain fields of any item.

use crate::change::Puts;
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::save::checked_tags;
use crate::shelf::Reads;
use crate::stamp::Seq;
use crate::turn::{Outcome, Taken, Turn};
use crate::value::Value;

/// A version a caller has read: the epoch and the highest seq that holds a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Epoch of the library.
    pub epoch: u32,
    /// Highest winning seq of the item.
    pub seq: Seq,
}

/// An edit of one item: registers to put, and a bookmark's tags by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Registers to put; `None` empties one.
    pub puts: Puts,
    /// The tags it shall have, by name; `None` leaves them.
    pub tags: Option<Vec<String>>,
    /// Tags to add, by name.
    pub add_tags: Vec<String>,
    /// Tags to take off, by name.
    pub remove_tags: Vec<String>,
    /// Refuse when the item is no longer at this version.
    pub version: Option<Version>,
    /// How far of the log its author had seen, where that is not all of it: what anybody wrote into a
    /// long text since is kept beside what they write.
    pub seen: Option<Seq>,
}

impl Edit {
    /// An edit that puts `value` into `name`.
    #[must_use]
    pub fn put(mut self, name: &'static str, value: Option<Value>) -> Self {
        self.puts.insert(Register::from(name), value);
        self
    }

    /// Checks shape and limits for an item of `kind`.
    pub fn checked(mut self, kind: &Kind) -> Result<Self, Refused> {
        for (register, value) in &self.puts {
            kind.check(register, value.as_ref())?;
            let blank = value
                .as_ref()
                .is_none_or(|value| value.as_text().is_some_and(|text| text.trim().is_empty()));
            if blank && kind.required().contains(&register.as_str()) {
                return Err(Refused::invalid(register.as_str(), "this must not be empty"));
            }
        }
        if let Some(Some(url)) = self.puts.get(&Register::from(field::URL))
            && url.as_text().and_then(crate::canon::canon).is_none()
        {
            return Err(Refused::invalid(field::URL, "this is no absolute address"));
        }
        self.tags = self.tags.map(checked_tags).transpose()?;
        self.add_tags = checked_tags(self.add_tags)?;
        self.remove_tags = checked_tags(self.remove_tags)?;
        Ok(self)
    }

    /// What editing `item` has to see.
    pub fn reads(&self, item: ItemId) -> Reads {
        let names = self.tags.iter().flatten().chain(&self.add_tags).chain(&self.remove_tags);
        let mut reads = Reads::none().places([item]).tags(names.map(String::as_str));
        for (register, value) in &self.puts {
            let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
            match register.as_str() {
                field::URL => reads = reads.url(text),
                field::NAME => reads = reads.tags([text]),
                field::PARENT => reads = reads.into_collection(text.parse().ok()),
                field::BOOKMARK => reads.items.extend(text.parse::<ItemId>().ok()),
                _ => {}
            }
        }
        reads
    }
}

impl Turn {
    /// Edits `item`, which must be a `kind`. Different fields of two edits never collide.
    pub fn edit(&mut self, item: ItemId, kind: &Kind, edit: &Edit) -> Result<Outcome, Refused> {
        let known = self.known(item, kind)?;
        if let Some(version) = edit.version {
            let is = Version { epoch: self.shelf.head.epoch, seq: known.version() };
            if is != version {
                return Err(Refused::new(Code::Stale, item.to_string(), "it has changed since"));
            }
        }
        let mut puts = edit.puts.clone();
        if *kind == Kind::Bookmark {
            self.put_tags(&known, edit, &mut puts)?;
        }
        if let Some(seen) = edit.seen {
            return self.put_having_seen(seen, known.id, kind.clone(), puts);
        }
        // Renaming a tag to a name that lives is how tags are merged; addresses are never merged
        // behind their owner's back.
        let taken = if *kind == Kind::Tag { Taken::Joins } else { Taken::Refuses };
        self.put(known.id, kind.clone(), puts, taken)
    }

    /// The item `id`, which must be a `kind`, not purged and not moved away.
    pub fn known(&self, id: ItemId, kind: &Kind) -> Result<Item, Refused> {
        match self.shelf.item(id) {
            Some(item) if item.kind == *kind && !item.is_purged() => {
                item.here().map(|()| item.clone())
            }
            _ => Err(Refused::not_found(format!("{kind} {id}"))),
        }
    }

    fn put_tags(&mut self, known: &Item, edit: &Edit, puts: &mut Puts) -> Result<(), Refused> {
        let has = self.shelf.tags_of(known);
        if let Some(names) = &edit.tags {
            let wanted = self.tags_called(names)?;
            for tag in has.iter().filter(|tag| !wanted.contains(tag)) {
                puts.insert(Register::tag(*tag), None);
            }
            for tag in wanted.into_iter().filter(|tag| !has.contains(tag)) {
                puts.insert(Register::tag(tag), Some(Value::from(true)));
            }
        }
        for tag in self.tags_called(&edit.add_tags)? {
            puts.insert(Register::tag(tag), Some(Value::from(true)));
        }
        for name in &edit.remove_tags {
            if let Some(tag) = self.shelf.tag_named(name).map(|tag| tag.id) {
                puts.insert(Register::tag(tag), None);
            }
        }
        Ok(())
    }
}
