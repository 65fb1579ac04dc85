//! What a register can hold: a plain scalar, or bytes only its owner can open.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value of a register. "Nothing" is `None` around it, never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Readable by the server.
    Plain(Plain),
    /// Sealed by its owner's key: never joined, indexed or looked into.
    Sealed(Vec<u8>),
}

/// A readable scalar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plain {
    /// Yes or no.
    Bool(bool),
    /// A whole number; times are milliseconds since 1970, UTC.
    Int(i64),
    /// Text.
    Text(String),
}

impl Value {
    /// The text, if this is plain text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Plain(Plain::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is a plain number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Plain(Plain::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The truth, if this is a plain yes or no.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Plain(Plain::Bool(truth)) => Some(*truth),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Plain(Plain::Text(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Plain(Plain::Text(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Plain(Plain::Int(number))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Plain(Plain::Bool(truth))
    }
}

impl From<crate::id::ItemId> for Value {
    fn from(item: crate::id::ItemId) -> Self {
        Self::from(item.to_string())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Bool(bool),
    Int(i64),
    Text(String),
    Sealed { sealed: String },
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(Plain::Bool(truth)) => serializer.serialize_bool(*truth),
            Self::Plain(Plain::Int(number)) => serializer.serialize_i64(*number),
            Self::Plain(Plain::Text(text)) => serializer.serialize_str(text),
            Self::Sealed(bytes) => {
                Wire::Sealed { sealed: STANDARD.encode(bytes) }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Bool(truth) => Self::from(truth),
            Wire::Int(number) => Self::from(number),
            Wire::Text(text) => Self::from(text),
            Wire::Sealed { sealed } => {
                Self::Sealed(STANDARD.decode(sealed).map_err(serde::de::Error::custom)?)
            }
        })
    }
}
