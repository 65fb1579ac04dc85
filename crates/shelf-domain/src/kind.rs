//! Every kind of item and every field it may have: the schema a writer is held to.

use crate::id::ItemId;
use crate::limits;
use crate::refusal::Refused;
use crate::value::{Plain, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// What an item is. Readers keep kinds they do not know; writers refuse them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A saved address.
    Bookmark,
    /// One spot of a bookmark in the tree of collections.
    Place,
    /// A folder.
    Collection,
    /// A tag.
    Tag,
    /// A marked passage of a bookmark.
    Highlight,
    /// A note, of a bookmark or alone.
    Note,
    /// A saved query with what it does.
    Rule,
    /// A kind of a later version.
    Other(String),
}

impl Kind {
    /// The kinds a writer may use.
    pub const ALL: [Self; 7] = [
        Self::Bookmark,
        Self::Place,
        Self::Collection,
        Self::Tag,
        Self::Highlight,
        Self::Note,
        Self::Rule,
    ];

    /// The stable name.
    pub fn name(&self) -> &str {
        match self {
            Self::Bookmark => "bookmark",
            Self::Place => "place",
            Self::Collection => "collection",
            Self::Tag => "tag",
            Self::Highlight => "highlight",
            Self::Note => "note",
            Self::Rule => "rule",
            Self::Other(name) => name,
        }
    }

    /// The kind called `name`.
    pub fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// The fields without which an item of this kind cannot be made.
    pub fn required(&self) -> &'static [&'static str] {
        match self {
            Self::Bookmark => &[field::URL],
            Self::Place => &[field::BOOKMARK],
            Self::Collection | Self::Tag | Self::Rule => &[field::NAME],
            Self::Highlight => &[field::BOOKMARK, field::QUOTE],
            Self::Note => &[field::BODY],
            Self::Other(_) => &[],
        }
    }

    /// Whether `register` may never be emptied: it is required, and no long text.
    pub(crate) fn needs(&self, register: &Register) -> bool {
        let name = register.as_str();
        self.required().contains(&name) && !field::LONG.contains(&name)
    }

    fn shape(&self, name: &str) -> Option<Shape> {
        if let Some((head, element)) = name.split_once('/') {
            return match (self, head) {
                // In one way of writing it alone: else a tag could be borne twice.
                (Self::Bookmark, "tag") => {
                    let tag = element.parse::<ItemId>().ok();
                    tag.filter(|tag| tag.to_string() == element).map(|_| Shape::Flag)
                }
                (_, "raw") if !element.is_empty() => Some(Shape::Small),
                (_, head) if field::LONG.contains(&head) && element.starts_with("copy/") => {
                    self.shape(head)
                }
                _ => None,
            };
        }
        let own: &[(&str, Shape)] = match self {
            Self::Bookmark => BOOKMARK,
            Self::Place => PLACE,
            Self::Collection => COLLECTION,
            Self::Tag => TAG,
            Self::Highlight => HIGHLIGHT,
            Self::Note => NOTE,
            Self::Rule => RULE,
            Self::Other(_) => &[],
        };
        own.iter().chain(EVERY).find(|(field, _)| *field == name).map(|(_, shape)| *shape)
    }

    /// Checks that `value` may stand in the register `name` of an item of this kind.
    pub fn check(&self, name: &Register, value: Option<&Value>) -> Result<(), Refused> {
        let at = name.as_str();
        let Some(shape) = self.shape(at) else {
            return Err(Refused::invalid(at, format!("a {} has no such field", self.name())));
        };
        match value {
            None => Ok(()),
            Some(Value::Sealed(bytes)) if bytes.len() <= limits::TEXT_BYTES_MAX => Ok(()),
            Some(Value::Sealed(_)) => Err(Refused::invalid(at, "the sealed value is too long")),
            Some(Value::Plain(plain)) => shape.check(at, plain),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::named(&Cow::<'de, str>::deserialize(deserializer)?))
    }
}

/// The names of fields.
pub mod field {
    /// Address of a bookmark, as typed.
    pub const URL: &str = "url";
    /// Title of a bookmark or place.
    pub const TITLE: &str = "title";
    /// What it is about.
    pub const DESCRIPTION: &str = "description";
    /// What its owner thinks of it; Markdown.
    pub const NOTES: &str = "notes";
    /// When it was first saved, milliseconds.
    pub const CREATED_AT: &str = "created_at";
    /// When its source says it was changed, milliseconds.
    pub const MODIFIED_AT: &str = "modified_at";
    /// When it was archived, milliseconds.
    pub const ARCHIVED_AT: &str = "archived_at";
    /// Whether it is a favourite.
    pub const FAVOURITE: &str = "favourite";
    /// Whether it is still to be read.
    pub const UNREAD: &str = "unread";
    /// Whether it is marked private: a mark of its owner's, and no right. The log is everybody's who
    /// may read the library, and so is what bears it.
    pub const PRIVATE: &str = "private";
    /// The bookmark a place, highlight or note is of.
    pub const BOOKMARK: &str = "bookmark";
    /// The folder something is in.
    pub const PARENT: &str = "parent";
    /// Position among siblings: a fractional index.
    pub const ORDER: &str = "order";
    /// Name of a folder, tag or rule.
    pub const NAME: &str = "name";
    /// Icon of a folder.
    pub const ICON: &str = "icon";
    /// Query of a smart folder or rule.
    pub const QUERY: &str = "query";
    /// Library mounted at a folder.
    pub const MOUNT: &str = "mount";
    /// Colour of a tag or highlight.
    pub const COLOUR: &str = "colour";
    /// The marked passage.
    pub const QUOTE: &str = "quote";
    /// Where the passage stands.
    pub const ANCHOR: &str = "anchor";
    /// What is said about the passage.
    pub const COMMENT: &str = "comment";
    /// Text of a note.
    pub const BODY: &str = "body";
    /// What a rule does.
    pub const ACTIONS: &str = "actions";
    /// When it was put into the trash, milliseconds.
    pub const TRASHED_AT: &str = "trashed_at";
    /// Set when it was removed for good.
    pub const PURGED: &str = "purged";
    /// The library it lives in now.
    pub const MOVED_TO: &str = "moved_to";

    /// The person a note is by; put by the sequencer alone, when the note is made.
    pub const AUTHOR: &str = "raw/author";

    /// The long texts: of two blind edits the loser is kept as `field/copy/DEVICE`.
    pub const LONG: [&str; 4] = [NOTES, DESCRIPTION, COMMENT, BODY];

    /// All plain names. Append only: stores number fields by their index here.
    pub const KNOWN: [&str; 26] = [
        URL,
        TITLE,
        DESCRIPTION,
        NOTES,
        CREATED_AT,
        MODIFIED_AT,
        ARCHIVED_AT,
        FAVOURITE,
        UNREAD,
        PRIVATE,
        BOOKMARK,
        PARENT,
        ORDER,
        NAME,
        ICON,
        QUERY,
        MOUNT,
        COLOUR,
        QUOTE,
        ANCHOR,
        COMMENT,
        BODY,
        ACTIONS,
        TRASHED_AT,
        PURGED,
        MOVED_TO,
    ];
}

#[derive(Clone, Copy)]
enum Shape {
    Url,
    Chars(usize),
    Long,
    Small,
    Order,
    Time,
    Flag,
    Item,
}

impl Shape {
    fn check(self, at: &str, plain: &Plain) -> Result<(), Refused> {
        let problem = match (self, plain) {
            (Self::Url, Plain::Text(text)) => too_long(text.len(), limits::URL_BYTES_MAX, "bytes")
                .or_else(|| not_an_address(text)),
            (Self::Order, Plain::Text(text)) => (!crate::order::is_key(text))
                .then(|| "a position is written in 0-9, A-Z and a-z, and ends in no 0".to_owned()),
            (Self::Chars(most), Plain::Text(text)) => {
                too_long(text.chars().count(), most, "characters")
            }
            (Self::Long, Plain::Text(text)) => {
                too_long(text.len(), limits::TEXT_BYTES_MAX, "bytes")
            }
            (Self::Small, Plain::Text(text)) => {
                too_long(text.len(), limits::FIELD_BYTES_MAX, "bytes")
            }
            (Self::Time, Plain::Int(_)) | (Self::Flag, Plain::Bool(_)) => None,
            (Self::Item, Plain::Text(text)) => {
                text.parse::<ItemId>().is_err().then(|| "this is not an id".to_owned())
            }
            (Self::Time, _) => Some("a time is a whole number of milliseconds".to_owned()),
            (Self::Flag, _) => Some("this is true or false".to_owned()),
            _ => Some("this is a text".to_owned()),
        };
        problem.map_or(Ok(()), |detail| Err(Refused::invalid(at, detail)))
    }
}

fn not_an_address(text: &str) -> Option<String> {
    crate::canon::canon(text).is_none().then(|| "this is no absolute address".to_owned())
}

fn too_long(is: usize, most: usize, unit: &str) -> Option<String> {
    (is > most).then(|| format!("{is} {unit} are more than the {most} that are kept"))
}

const BOOKMARK: &[(&str, Shape)] = &[
    (field::URL, Shape::Url),
    (field::TITLE, Shape::Chars(limits::TITLE_CHARS_MAX)),
    (field::DESCRIPTION, Shape::Long),
    (field::NOTES, Shape::Long),
    (field::CREATED_AT, Shape::Time),
    (field::MODIFIED_AT, Shape::Time),
    (field::ARCHIVED_AT, Shape::Time),
    (field::FAVOURITE, Shape::Flag),
    (field::UNREAD, Shape::Flag),
    (field::PRIVATE, Shape::Flag),
];
const PLACE: &[(&str, Shape)] = &[
    (field::BOOKMARK, Shape::Item),
    (field::PARENT, Shape::Item),
    (field::ORDER, Shape::Order),
    (field::TITLE, Shape::Chars(limits::TITLE_CHARS_MAX)),
];
const COLLECTION: &[(&str, Shape)] = &[
    (field::NAME, Shape::Chars(limits::NAME_CHARS_MAX)),
    (field::PARENT, Shape::Item),
    (field::ORDER, Shape::Order),
    (field::DESCRIPTION, Shape::Long),
    (field::ICON, Shape::Small),
    (field::QUERY, Shape::Small),
    (field::MOUNT, Shape::Item),
    (field::CREATED_AT, Shape::Time),
    (field::MODIFIED_AT, Shape::Time),
];
const TAG: &[(&str, Shape)] =
    &[(field::NAME, Shape::Chars(limits::TAG_CHARS_MAX)), (field::COLOUR, Shape::Small)];
const HIGHLIGHT: &[(&str, Shape)] = &[
    (field::BOOKMARK, Shape::Item),
    (field::QUOTE, Shape::Long),
    (field::ANCHOR, Shape::Small),
    (field::COLOUR, Shape::Small),
    (field::COMMENT, Shape::Long),
    (field::CREATED_AT, Shape::Time),
];
const NOTE: &[(&str, Shape)] =
    &[(field::BOOKMARK, Shape::Item), (field::BODY, Shape::Long), (field::CREATED_AT, Shape::Time)];
const RULE: &[(&str, Shape)] = &[
    (field::NAME, Shape::Chars(limits::NAME_CHARS_MAX)),
    (field::QUERY, Shape::Small),
    (field::ACTIONS, Shape::Small),
];
const EVERY: &[(&str, Shape)] = &[
    (field::TRASHED_AT, Shape::Time),
    (field::PURGED, Shape::Flag),
    (field::MOVED_TO, Shape::Item),
];

/// The name of one register of an item: `field`, or `field/element`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register(Cow<'static, str>);

impl Register {
    /// The register called `name`.
    pub fn named(name: &str) -> Self {
        match field::KNOWN.iter().find(|known| **known == name) {
            Some(known) => Self(Cow::Borrowed(known)),
            None => Self(Cow::Owned(name.to_owned())),
        }
    }

    /// The register that says whether a bookmark bears the tag.
    pub fn tag(tag: ItemId) -> Self {
        Self(Cow::Owned(format!("tag/{tag}")))
    }

    /// The tag this register is about, if it is about one.
    pub fn as_tag(&self) -> Option<ItemId> {
        self.0.strip_prefix("tag/").and_then(|id| id.parse().ok())
    }

    /// The register that keeps the losing text of `device` for the long text `field`.
    pub fn copy(field: &str, device: crate::id::DeviceId) -> Self {
        Self(Cow::Owned(format!("{field}/copy/{device}")))
    }

    /// The register of an imported field nobody here has a place for.
    pub fn raw(key: &str) -> Self {
        Self(Cow::Owned(format!("raw/{key}")))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Register {
    fn from(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Serialize for Register {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Register {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::named(&Cow::<'de, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_borne_under_one_name_alone() {
        let tag = ItemId::from_bytes([0xab; 16]);
        let borne = |name: &str| {
            Kind::Bookmark.check(&Register::named(name), Some(&Value::from(true))).is_ok()
        };
        assert!(borne(Register::tag(tag).as_str()));
        let id = tag.to_string();
        let (plain, capitals) = (id.replace('-', ""), id.to_uppercase());
        for other in [plain, capitals, format!("{{{id}}}"), format!("urn:uuid:{id}")] {
            assert!(!borne(&format!("tag/{other}")), "{other}");
        }
    }
}
