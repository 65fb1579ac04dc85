//! Global ids: what a node is, in which library or tenant, and which one. Opaque to whoever
//! carries them; what is none of ours names nothing, and is as absent as what never was.

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use shelf_domain::id::ItemId;

/// Longest id that is looked at, in characters.
const CHARS_MAX: usize = 256;
/// The id of nothing.
pub(crate) const NOTHING: ItemId = ItemId::from_bytes([0; 16]);

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A library.
    Library,
    /// A bookmark of a library.
    Bookmark,
    /// A spot of a bookmark in the tree.
    Place,
    /// A collection of a library.
    Collection,
    /// A tag of a library.
    Tag,
    /// An item of a library, of any of these kinds or another.
    Item,
    /// A gesture in a library.
    Act,
    /// An import into a library.
    Import,
    /// An endpoint of a library.
    Webhook,
    /// A delivery to an endpoint of a library.
    Delivery,
    /// A tenant.
    Tenant,
    /// A person.
    Person,
    /// A group of a tenant.
    Group,
    /// An invitation to a tenant.
    Invitation,
    /// What may act for a person: a token, a session, a device, an app.
    Grant,
    /// A program.
    Client,
    /// A file of a library.
    File,
}

impl Named {
    /// Each with its word and how many ids it takes to name one.
    const ALL: [(Self, &'static str, usize); 17] = [
        (Self::Library, "library", 1),
        (Self::Bookmark, "bookmark", 2),
        (Self::Place, "place", 2),
        (Self::Collection, "collection", 2),
        (Self::Tag, "tag", 2),
        (Self::Item, "item", 2),
        (Self::Act, "act", 2),
        (Self::Import, "import", 2),
        (Self::Webhook, "webhook", 2),
        (Self::Delivery, "delivery", 3),
        (Self::Tenant, "tenant", 1),
        (Self::Person, "person", 1),
        (Self::Group, "group", 2),
        (Self::Invitation, "invitation", 2),
        (Self::Grant, "grant", 1),
        (Self::Client, "client", 1),
        (Self::File, "file", 2),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(known, ..)| *known == self).map_or("item", |(_, word, _)| word)
    }

    /// What the kind `word` of the log is; an item, where it is none of those with fields.
    pub(crate) fn of_kind(word: &str) -> Self {
        match word {
            "bookmark" => Self::Bookmark,
            "place" => Self::Place,
            "collection" => Self::Collection,
            "tag" => Self::Tag,
            _ => Self::Item,
        }
    }

    /// The global id of what `ids` name, the outermost first.
    pub(crate) fn id(self, ids: &[ItemId]) -> ID {
        let ids: Vec<String> = ids.iter().map(ItemId::to_string).collect();
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{}", self.word(), ids.join(":"))))
    }
}

/// A global id as it was given. What is none of ours names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeId {
    named: Option<Named>,
    ids: Vec<ItemId>,
}

impl NodeId {
    /// What `text` names.
    pub(crate) fn read(text: &str) -> Self {
        Self::known(text).unwrap_or(Self { named: None, ids: Vec::new() })
    }

    fn known(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (word, ids) = text.split_once(':')?;
        let (named, _, count) = Named::ALL.into_iter().find(|(_, known, _)| *known == word)?;
        let ids: Vec<ItemId> = ids.split(':').map(|id| id.parse().ok()).collect::<Option<_>>()?;
        (ids.len() == count).then_some(Self { named: Some(named), ids })
    }

    /// What kind of thing it names.
    pub(crate) fn named(&self) -> Option<Named> {
        self.named
    }

    /// The library or tenant it is in, or which it is.
    pub(crate) fn home(&self) -> ItemId {
        self.ids.first().copied().unwrap_or(NOTHING)
    }

    /// Which one it names.
    pub(crate) fn own(&self) -> ItemId {
        self.ids.last().copied().unwrap_or(NOTHING)
    }

    /// What it is of, within its home: the endpoint of a delivery.
    pub(crate) fn middle(&self) -> ItemId {
        self.ids.get(1).copied().unwrap_or(NOTHING)
    }

    /// Which one it names, if it is a `named`; nothing else.
    pub(crate) fn of(&self, named: Named) -> ItemId {
        if self.named == Some(named) { self.own() } else { NOTHING }
    }
}

/// In what is sent on, an id is the one REST knows.
impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.own().serialize(serializer)
    }
}

#[Scalar(name = "ID")]
impl ScalarType for NodeId {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self::read(&text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        let id = self.named.map(|named| named.id(&self.ids));
        Value::String(id.map(|ID(text)| text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_what_is_none_names_nothing() {
        let [one, two, three] = [1, 2, 3].map(|byte| ItemId::from_bytes([byte; 16]));
        for (named, _, count) in Named::ALL {
            let ID(text) = named.id(&[one, two, three][..count]);
            let read = NodeId::read(&text);
            assert_eq!((read.named(), read.home()), (Some(named), one));
            assert_eq!(read.own(), [one, two, three][count - 1]);
        }
        let short = Named::Delivery.id(&[one, two]);
        let foreign = URL_SAFE_NO_PAD.encode("planet:1");
        let long = "A".repeat(CHARS_MAX + 1);
        for text in [short.as_str(), foreign.as_str(), long.as_str(), "", "!!", "bookmark"] {
            assert_eq!(NodeId::read(text).own(), NOTHING, "{text}");
        }
        let tag = NodeId::read(&Named::Tag.id(&[one, two]));
        assert_eq!(tag.of(Named::Library), NOTHING, "of another kind is none");
        assert_eq!(serde_json::to_value(&tag).unwrap(), two.to_string());
    }
}
