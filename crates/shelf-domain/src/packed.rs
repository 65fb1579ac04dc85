//! The compact form of register names and values in a store, in the postcard 1 wire format.
//!
//! Frozen: bodies of the log are written with it. Both enums may only grow at their end. Folded items
//! have shorter forms beside, which are not: items can be folded anew.

use crate::id::ItemId;
use crate::kind::{Register, field};
use crate::value::Value;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
pub(crate) enum PackedName {
    Known(u8),
    Tag([u8; 16]),
    Other(String),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum PackedValue {
    Bool(bool),
    Int(i64),
    Text(String),
    Item([u8; 16]),
    Sealed(Vec<u8>),
}

impl PackedName {
    pub(crate) fn of(register: &Register) -> Self {
        if let Some(at) = field::KNOWN.iter().position(|known| *known == register.as_str()) {
            return Self::Known(u8::try_from(at).unwrap_or(u8::MAX));
        }
        match register.as_tag() {
            Some(tag) if Register::tag(tag) == *register => Self::Tag(tag.to_bytes()),
            _ => Self::Other(register.as_str().to_owned()),
        }
    }

    pub(crate) fn open(self) -> Option<Register> {
        Some(match self {
            Self::Known(at) => Register::from(*field::KNOWN.get(usize::from(at))?),
            Self::Tag(tag) => Register::tag(ItemId::from_bytes(tag)),
            Self::Other(name) => Register::named(&name),
        })
    }
}

impl PackedValue {
    pub(crate) fn of(value: &Value) -> Self {
        use crate::value::Plain;
        match value {
            Value::Plain(Plain::Bool(truth)) => Self::Bool(*truth),
            Value::Plain(Plain::Int(number)) => Self::Int(*number),
            Value::Plain(Plain::Text(text)) => match Uuid::parse_str(text) {
                Ok(id) if text.len() == 36 && id.to_string() == *text => {
                    Self::Item(id.into_bytes())
                }
                _ => Self::Text(text.clone()),
            },
            Value::Sealed(bytes) => Self::Sealed(bytes.clone()),
        }
    }

    pub(crate) fn open(self) -> Value {
        match self {
            Self::Bool(truth) => Value::from(truth),
            Self::Int(number) => Value::from(number),
            Self::Text(text) => Value::from(text),
            Self::Item(id) => Value::from(ItemId::from_bytes(id)),
            Self::Sealed(bytes) => Value::Sealed(bytes),
        }
    }
}

/// A name in one byte where it is known, else a byte that says what follows.
pub(crate) struct ShortName(pub(crate) PackedName);

/// The byte before a tag, and before a name that is not known; a known one lies above both.
const TAG: u8 = 0;
const OTHER: u8 = 1;
const KNOWN: u8 = 2;

impl ShortName {
    pub(crate) fn of(register: &Register) -> Self {
        Self(PackedName::of(register))
    }
}

impl Serialize for ShortName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(2)?;
        match &self.0 {
            PackedName::Known(at) => parts.serialize_element(&at.saturating_add(KNOWN))?,
            PackedName::Tag(tag) => {
                parts.serialize_element(&TAG)?;
                parts.serialize_element(tag)?;
            }
            PackedName::Other(name) => {
                parts.serialize_element(&OTHER)?;
                parts.serialize_element(name)?;
            }
        }
        parts.end()
    }
}

impl<'de> Deserialize<'de> for ShortName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(2, ShortNameVisitor).map(Self)
    }
}

struct ShortNameVisitor;

impl<'de> Visitor<'de> for ShortNameVisitor {
    type Value = PackedName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a register's name")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<PackedName, A::Error> {
        let missing = || A::Error::custom("a name breaks off");
        let first: u8 = parts.next_element()?.ok_or_else(missing)?;
        Ok(match first {
            TAG => PackedName::Tag(parts.next_element()?.ok_or_else(missing)?),
            OTHER => PackedName::Other(parts.next_element()?.ok_or_else(missing)?),
            known => PackedName::Known(known - KNOWN),
        })
    }
}

/// What a register holds, nothing included.
#[derive(Serialize, Deserialize)]
pub(crate) enum PackedHeld {
    Nothing,
    Bool(bool),
    Int(i64),
    Text(String),
    Item([u8; 16]),
    Sealed(Vec<u8>),
}

impl PackedHeld {
    pub(crate) fn of(value: Option<&Value>) -> Self {
        match value.map(PackedValue::of) {
            None => Self::Nothing,
            Some(PackedValue::Bool(truth)) => Self::Bool(truth),
            Some(PackedValue::Int(number)) => Self::Int(number),
            Some(PackedValue::Text(text)) => Self::Text(text),
            Some(PackedValue::Item(id)) => Self::Item(id),
            Some(PackedValue::Sealed(bytes)) => Self::Sealed(bytes),
        }
    }

    pub(crate) fn open(self) -> Option<Value> {
        let packed = match self {
            Self::Nothing => return None,
            Self::Bool(truth) => PackedValue::Bool(truth),
            Self::Int(number) => PackedValue::Int(number),
            Self::Text(text) => PackedValue::Text(text),
            Self::Item(id) => PackedValue::Item(id),
            Self::Sealed(bytes) => PackedValue::Sealed(bytes),
        };
        Some(packed.open())
    }
}
