//! What is told to others about a change: the types of events, and which rows are of which.

use crate::change::Change;
use crate::kind::{Kind, field};
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// What the name of every type begins with.
const PREFIX: &str = "mindshelf.";
/// What things are called in the names of types, the most telling first: of an act that touched
/// several, the first one names its event.
const THINGS: [(Kind, &str); 6] = [
    (Kind::Bookmark, "bookmark"),
    (Kind::Highlight, "highlight"),
    (Kind::Note, "note"),
    (Kind::Collection, "collection"),
    (Kind::Tag, "tag"),
    (Kind::Rule, "rule"),
];
/// What happens to things, the most telling first.
const DEEDS: [&str; 5] = ["created", "trashed", "restored", "purged", "changed"];
const CREATED: u8 = 0;
const TRASHED: u8 = 1;
const RESTORED: u8 = 2;
const PURGED: u8 = 3;
const CHANGED: u8 = 4;
/// The number of the type of a test.
const TEST: u8 = 30;

/// The type of an event: a thing and what became of it, `mindshelf.bookmark.created`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(u8);

impl EventType {
    /// A try of the way, about nothing that happened.
    pub const TEST: Self = Self(TEST);

    /// Every type that tells of something that happened, the most telling first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TEST).map(Self)
    }

    /// Its name.
    pub fn name(self) -> String {
        if self == Self::TEST {
            return format!("{PREFIX}test");
        }
        let deeds = DEEDS.len();
        let (thing, deed) = (usize::from(self.0) / deeds, usize::from(self.0) % deeds);
        let thing = THINGS.get(thing).map_or("", |(_, name)| name);
        format!("{PREFIX}{thing}.{}", DEEDS.get(deed).copied().unwrap_or_default())
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// The type of the event that tells of `row`; a kind nobody knows here tells nothing. A place
    /// is a spot of its bookmark, so what becomes of it is a change of a bookmark.
    pub fn of(row: &Change) -> Option<Self> {
        if row.kind == Kind::Place {
            return Some(Self(CHANGED));
        }
        let thing = THINGS.iter().position(|(kind, _)| *kind == row.kind)?;
        let thing = u8::try_from(thing * DEEDS.len()).ok()?;
        Some(Self(thing + deed_of(row)))
    }

    fn bit(self) -> u32 {
        1 << self.0
    }
}

fn deed_of(row: &Change) -> u8 {
    if row.number.is_some() {
        return CREATED;
    }
    let put = |name: &'static str| row.set.get(&name.into());
    match (put(field::PURGED), put(field::TRASHED_AT)) {
        (Some(Some(value)), _) if value.as_bool() == Some(true) => PURGED,
        (_, Some(Some(Value::Plain(_) | Value::Sealed(_)))) => TRASHED,
        (_, Some(None)) => RESTORED,
        _ => CHANGED,
    }
}

/// Types of events together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventTypes(u32);

impl EventTypes {
    /// Every type that tells of something that happened.
    pub const ALL: Self = Self((1 << TEST) - 1);
    /// None.
    pub const NONE: Self = Self(0);

    /// As they stand in a store.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From a store.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of these that are among `other`.
    #[must_use]
    pub fn among(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The most telling one.
    pub fn first(self) -> Option<EventType> {
        self.iter().next()
    }

    /// Each of them, the most telling first.
    pub fn iter(self) -> impl Iterator<Item = EventType> {
        EventType::all().chain([EventType::TEST]).filter(move |kind| self.0 & kind.bit() != 0)
    }
}

impl FromIterator<EventType> for EventTypes {
    fn from_iter<I: IntoIterator<Item = EventType>>(types: I) -> Self {
        types.into_iter().fold(Self::NONE, |all, one| Self(all.0 | one.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ActId, DeviceId, ItemId};
    use crate::stamp::Hlc;

    fn row(kind: Kind, number: Option<u32>, set: &[(&'static str, Option<Value>)]) -> Change {
        Change {
            seq: 1,
            at: 0,
            device: DeviceId::from_bytes([1; 16]),
            n: 1,
            hlc: Hlc::at(1),
            base: 0,
            act: ActId::from_bytes([2; 16]),
            item: ItemId::from_bytes([3; 16]),
            kind,
            number,
            joined: None,
            set: set.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
            also: std::collections::BTreeMap::new(),
            also_hlc: None,
        }
    }

    fn told(row: &Change) -> String {
        EventType::of(row).map(EventType::name).unwrap_or_default()
    }

    #[test]
    fn a_row_is_told_as_what_became_of_its_thing() {
        let title = ("title", Some(Value::from("T")));
        let bookmark = |number, set: &[_]| told(&row(Kind::Bookmark, number, set));
        assert_eq!(bookmark(Some(1), std::slice::from_ref(&title)), "mindshelf.bookmark.created");
        assert_eq!(bookmark(None, &[title]), "mindshelf.bookmark.changed");
        let trashed = ("trashed_at", Some(Value::from(7)));
        assert_eq!(bookmark(None, &[trashed]), "mindshelf.bookmark.trashed");
        assert_eq!(bookmark(None, &[("trashed_at", None)]), "mindshelf.bookmark.restored");
        let purged = ("purged", Some(Value::from(true)));
        assert_eq!(bookmark(None, &[purged]), "mindshelf.bookmark.purged");
        assert_eq!(bookmark(None, &[]), "mindshelf.bookmark.changed", "what was blanked");
        assert_eq!(told(&row(Kind::Place, Some(1), &[])), "mindshelf.bookmark.changed");
        assert_eq!(told(&row(Kind::Tag, Some(1), &[])), "mindshelf.tag.created");
        assert_eq!(told(&row(Kind::Other("dream".into()), None, &[])), "");
    }

    #[test]
    fn every_type_has_one_name_and_the_most_telling_comes_first() {
        let names: Vec<String> = EventType::all().map(EventType::name).collect();
        assert_eq!(names.len(), 30);
        for (kind, name) in EventType::all().zip(&names) {
            assert_eq!(EventType::named(name), Some(kind));
        }
        assert_eq!(EventType::named("mindshelf.test"), None, "nobody subscribes to tests");
        let types: EventTypes = ["mindshelf.tag.created", "mindshelf.bookmark.changed"]
            .into_iter()
            .filter_map(EventType::named)
            .collect();
        assert_eq!(types.first().map(EventType::name), Some("mindshelf.bookmark.changed".into()));
        assert_eq!(EventTypes::from_bits(types.bits()), types);
        assert_eq!(types.among(EventTypes::ALL), types);
        let all: EventTypes = EventType::all().collect();
        assert_eq!(all, EventTypes::ALL);
    }
}
