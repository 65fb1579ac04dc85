//! Saving a bookmark: a new one, or what it adds to the one that has its address already.

use crate::canon::canon;
use crate::change::Puts;
use crate::id::ItemId;
use crate::item::{Held, Item};
use crate::kind::{Kind, Register, field};
use crate::limits;
use crate::order;
use crate::refusal::Refused;
use crate::shelf::Reads;
use crate::stamp::{Hlc, Stamp};
use crate::turn::{Outcome, Status, Taken, Turn};
use crate::value::Value;
use std::collections::BTreeMap;

/// What to save. Empty texts and `None` say nothing about a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaveBookmark {
    /// The address, absolute.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What its owner thinks of it.
    pub notes: String,
    /// Names of tags; missing ones are made.
    pub tags: Vec<String>,
    /// Where it goes; nowhere is "Unsorted".
    pub places: Vec<SavePlace>,
    /// When it was first saved, milliseconds; now, where it is not said.
    pub created_at: Option<i64>,
    /// When its source says it was changed, milliseconds.
    pub modified_at: Option<i64>,
    /// When it was archived, milliseconds.
    pub archived_at: Option<i64>,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is still to be read.
    pub unread: bool,
    /// Whether it is marked private, if that was said.
    pub private: Option<bool>,
    /// Fields of the source that nothing here has a place for.
    pub raw: BTreeMap<String, String>,
}

/// One spot for a bookmark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavePlace {
    /// The collection, or the root.
    pub parent: Option<ItemId>,
    /// Position among siblings; the end, where it is not said.
    pub order: Option<String>,
    /// A title of its own, if the place has one.
    pub title: String,
}

impl SaveBookmark {
    /// A save of `url` alone.
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Checks shape and limits.
    pub fn checked(mut self) -> Result<Self, Refused> {
        self.url = self.url.trim().to_owned();
        if self.url.is_empty() {
            return Err(Refused::invalid(field::URL, "an address is needed"));
        }
        if canon(&self.url).is_none() {
            let detail = "this is no address: it begins with a scheme such as https://";
            return Err(Refused::invalid(field::URL, detail));
        }
        if self.tags.len() > limits::TAGS_MAX || self.places.len() > limits::PLACES_MAX {
            return Err(Refused::invalid("tags", "there are too many tags or places"));
        }
        self.tags = checked_tags(self.tags)?;
        for (register, value) in &self.puts(0) {
            Kind::Bookmark.check(register, value.as_ref())?;
        }
        Ok(self)
    }

    /// What saving this has to see.
    pub fn reads(&self) -> Reads {
        let mut reads = Reads::none().url(&self.url).tags(self.tags.iter().map(String::as_str));
        for place in &self.places {
            reads = reads.into_collection(place.parent);
        }
        reads
    }

    fn puts(&self, now: i64) -> Puts {
        let mut puts = Puts::new();
        let mut put = |name: &'static str, value: Option<Value>| {
            if value.is_some() {
                puts.insert(Register::from(name), value);
            }
        };
        let text = |text: &str| (!text.trim().is_empty()).then(|| Value::from(text));
        put(field::URL, text(&self.url));
        put(field::TITLE, text(self.title.trim()));
        put(field::DESCRIPTION, text(&self.description));
        put(field::NOTES, text(&self.notes));
        put(field::CREATED_AT, Some(Value::from(self.created_at.unwrap_or(now))));
        put(field::MODIFIED_AT, self.modified_at.map(Value::from));
        put(field::ARCHIVED_AT, self.archived_at.map(Value::from));
        put(field::FAVOURITE, self.favourite.then(|| Value::from(true)));
        put(field::UNREAD, self.unread.then(|| Value::from(true)));
        put(field::PRIVATE, self.private.map(Value::from));
        for (key, value) in &self.raw {
            puts.insert(Register::raw(key), Some(Value::from(value.as_str())));
        }
        puts
    }
}

/// Trims tag names, drops empty and repeated ones, and holds them to their limit.
pub fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, Refused> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
        if tag.chars().count() > limits::TAG_CHARS_MAX {
            let detail = format!("a tag has at most {} characters", limits::TAG_CHARS_MAX);
            return Err(Refused::invalid("tags", detail));
        }
        if !tag.is_empty() && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    Ok(kept)
}

impl Turn {
    /// Saves `ask`; [`Status::Joined`] where the address was saved already.
    pub fn save(&mut self, ask: &SaveBookmark) -> Result<Outcome, Refused> {
        let tags = self.tags_called(&ask.tags)?;
        let mut puts = ask.puts(self.now());
        puts.extend(tags.into_iter().map(|tag| (Register::tag(tag), Some(Value::from(true)))));
        let older = self.shelf.by_url(&ask.url).cloned();
        let outcome = if let Some(older) = older {
            self.save_into(&older, puts)?
        } else {
            let id = self.new_id();
            self.put(id, Kind::Bookmark, puts, Taken::Refuses)?
        };
        for place in &ask.places {
            self.place(outcome.item, place)?;
        }
        Ok(outcome)
    }

    fn save_into(&mut self, older: &Item, puts: Puts) -> Result<Outcome, Refused> {
        let stamp = Stamp { hlc: Hlc::default(), device: crate::id::DeviceId::from_bytes([0; 16]) };
        let mut younger = Item::new(older.id, Kind::Bookmark, 0, 0);
        for (register, value) in puts {
            younger.registers.insert(register, Held { stamp, seq: 0, value });
        }
        let carried = Self::carried(older, &younger, self.device());
        let mut outcome = if carried.is_empty() {
            Outcome { status: Status::Joined, item: older.id, seq: None, hlc: stamp.hlc }
        } else {
            self.put(older.id, Kind::Bookmark, carried, Taken::Refuses)?
        };
        outcome.status = Status::Joined;
        Ok(outcome)
    }

    /// The ids of the tags with these names; missing ones are made.
    pub fn tags_called(&mut self, names: &[String]) -> Result<Vec<ItemId>, Refused> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            let id = if let Some(tag) = self.shelf.tag_named(name) {
                tag.id
            } else {
                let id = self.new_id();
                let name = (Register::from(field::NAME), Some(Value::from(name.as_str())));
                self.put(id, Kind::Tag, Puts::from([name]), Taken::Joins)?.item
            };
            ids.push(id);
        }
        Ok(ids)
    }

    /// Puts a bookmark into a collection, unless it stands there already.
    pub fn place(&mut self, bookmark: ItemId, spot: &SavePlace) -> Result<Outcome, Refused> {
        let parent = spot.parent.map(|parent| self.shelf.resolve(parent));
        let there = self
            .shelf
            .places_of(bookmark)
            .into_iter()
            .find(|place| place.is_living() && place.reference(field::PARENT) == parent);
        if let Some(there) = there {
            let (item, hlc) = (there.id, self.shelf.head.hlc);
            return Ok(Outcome { status: Status::Noop, item, seq: None, hlc });
        }
        let order = spot.order.clone().unwrap_or_else(|| self.order_at_end(parent));
        let mut puts = Puts::from([
            (Register::from(field::BOOKMARK), Some(Value::from(bookmark))),
            (Register::from(field::ORDER), Some(Value::from(order))),
        ]);
        if let Some(parent) = parent {
            puts.insert(Register::from(field::PARENT), Some(Value::from(parent)));
        }
        if !spot.title.is_empty() {
            puts.insert(Register::from(field::TITLE), Some(Value::from(spot.title.as_str())));
        }
        let id = self.new_id();
        self.put(id, Kind::Place, puts, Taken::Refuses)
    }

    /// An order key after the last child of `parent` that is in view.
    pub fn order_at_end(&self, parent: Option<ItemId>) -> String {
        let children = self.shelf.children_of(parent);
        let last = children.last().map_or("", |last| last.text(field::ORDER));
        order::between(last, "", self.jitter())
    }

    /// Two bytes that scatter order keys made at the same spot.
    pub(crate) fn jitter(&self) -> u16 {
        let [.., a, b] = self.act().to_bytes();
        u16::from_be_bytes([a, b])
    }
}
