//! The compact form of register names and values in a store, in the postcard 1 wire format.
//!
//! Frozen: bodies of the log are written with it. Both enums may only grow at their end.

use crate::id::ItemId;
use crate::kind::{Register, field};
use crate::value::Value;
use serde::{Deserialize, Serialize};
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
