//! Times on the wire: RFC 3339 in UTC, to the millisecond.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A moment in milliseconds since 1970, written as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub i64);

/// The first and last moment RFC 3339 can write (years 0 to 9999), in milliseconds.
const WRITABLE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let ms = self.0.clamp(WRITABLE.0, WRITABLE.1);
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
            .map_err(S::Error::custom)?;
        serializer.serialize_str(&at.format(&Rfc3339).map_err(S::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let at = OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| D::Error::custom("a time is written as 2024-05-01T12:30:00Z"))?;
        let ms = at.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(ms).map(Self).map_err(D::Error::custom)
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment, RFC 3339 in UTC."))
            .build()
            .into()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ms: i64) -> String {
        serde_json::to_string(&Moment(ms)).unwrap()
    }

    #[test]
    fn moments_read_back_and_the_unwritable_is_held_at_the_edge() {
        assert_eq!(written(0), "\"1970-01-01T00:00:00Z\"");
        assert_eq!(written(1_714_566_600_123), "\"2024-05-01T12:30:00.123Z\"");
        assert_eq!(written(i64::MAX), "\"9999-12-31T23:59:59.999Z\"");
        assert_eq!(written(i64::MIN), "\"0000-01-01T00:00:00Z\"");
        let read: Moment = serde_json::from_str("\"2024-05-01T14:30:00.123+02:00\"").unwrap();
        assert_eq!(read, Moment(1_714_566_600_123));
        assert!(serde_json::from_str::<Moment>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Moment>("5").is_err());
    }
}
