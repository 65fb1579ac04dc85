//! What facades read of answers of REST.

pub(super) use crate::moment::Moment;
use serde::Deserialize;
use shelf_domain::id::{DeviceId, ItemId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The caller.
#[derive(Debug, Deserialize)]
pub(super) struct Me {
    pub person: Person,
    pub libraries: Vec<Library>,
}

/// A person.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub id: String,
    pub name: String,
}

/// A library the caller's token reaches.
#[derive(Debug, Deserialize)]
pub(super) struct Library {
    pub id: ItemId,
    pub right: String,
    pub counts: Counts,
}

/// How much it holds.
#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub bookmarks: usize,
    pub archived: usize,
}

/// A tag on a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct TagRef {
    pub id: ItemId,
    pub name: String,
}

/// One spot of a bookmark.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Place {
    pub id: ItemId,
    pub collection: Option<ItemId>,
}

/// A bookmark.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Bookmark {
    pub id: ItemId,
    pub number: u32,
    pub url: String,
    pub title: String,
    pub description: String,
    pub notes: String,
    pub tags: Vec<TagRef>,
    pub places: Vec<Place>,
    pub created_at: Option<Moment>,
    pub changed_at: Moment,
    pub archived_at: Option<Moment>,
    pub trashed_at: Option<Moment>,
    pub favourite: bool,
    pub unread: bool,
}

impl Bookmark {
    /// When it was first saved, milliseconds.
    pub(super) fn created_ms(&self) -> i64 {
        self.created_at.map_or(0, |Moment(at)| at)
    }
}

/// A file that is kept with a bookmark.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct File {
    pub id: ItemId,
    pub number: u32,
    pub kind: String,
    pub name: String,
    pub content_type: String,
    pub bytes: u64,
    pub created_at: Moment,
}

/// A tag.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tag {
    pub id: ItemId,
    pub number: u32,
    pub name: String,
}

/// A collection.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Collection {
    pub id: ItemId,
    pub number: u32,
    pub name: String,
    pub parent: Option<ItemId>,
    pub description: String,
    pub icon: String,
    pub query: String,
    #[serde(default)]
    pub created_at: Option<Moment>,
    #[serde(default)]
    pub modified_at: Option<Moment>,
    #[serde(default)]
    pub trashed_at: Option<Moment>,
    /// Places in it and in all under it; said in lists alone.
    #[serde(default)]
    pub under: u64,
}

/// One row of an item's history: who made it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub device: DeviceId,
}

/// What became of a write.
#[derive(Debug, Deserialize)]
pub(super) struct Written<T> {
    pub status: String,
    pub item: T,
}

/// A time as Python writes it: in UTC, with six digits of a second's parts where there are any.
pub(super) fn time_of(ms: i64) -> String {
    let nanos = i128::from(ms) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (hour, minute, second) = time.as_hms();
    let part = match time.microsecond() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{part}Z")
}

/// The moment `text` says, milliseconds: a day, or a day and a time, in UTC where it names no zone.
pub(super) fn read_time(text: &str) -> Option<i64> {
    let text = text.trim().replacen(' ', "T", 1);
    let whole = match text.split_once('T') {
        None => format!("{text}T00:00:00Z"),
        Some((day, time)) => {
            let zone = time.find(['Z', 'z', '+', '-']);
            let (clock, zone) = time.split_at(zone.unwrap_or(time.len()));
            let clock = match clock.matches(':').count() {
                1 => format!("{clock}:00"),
                _ => clock.to_owned(),
            };
            let zone = match zone.len() {
                0 => "Z".to_owned(),
                // `+0200` and `+02` are written so as well.
                5 if !zone.contains(':') && zone.is_ascii() => {
                    let (hours, minutes) = zone.split_at(3);
                    format!("{hours}:{minutes}")
                }
                3 => format!("{zone}:00"),
                _ => zone.to_ascii_uppercase(),
            };
            format!("{day}T{clock}{zone}")
        }
    };
    let at = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// When whoever made the item of this id gave it that, milliseconds: ids begin with the time.
pub(super) fn made_ms(id: ItemId) -> i64 {
    id.to_bytes().iter().take(6).fold(0, |ms, byte| (ms << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_does() {
        assert_eq!(time_of(0), "1970-01-01T00:00:00Z");
        assert_eq!(time_of(1_714_566_600_123), "2024-05-01T12:30:00.123000Z");
    }

    #[test]
    fn times_are_read_as_people_and_programs_write_them() {
        for text in [
            "2024-05-01T12:30:00Z",
            "2024-05-01T12:30:00.000000Z",
            "2024-05-01T14:30:00+02:00",
            "2024-05-01T14:30:00+0200",
            "2024-05-01T14:30+02",
            "2024-05-01 12:30",
        ] {
            assert_eq!(read_time(text), Some(1_714_566_600_000), "{text}");
        }
        assert_eq!(read_time("2024-05-01"), Some(1_714_521_600_000));
        for text in
            ["", "yesterday", "2024-13-01", "12:30", "2024-05-01T", "\u{e9}T\u{e9}+\u{e9}\u{e9}"]
        {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_says_when_it_was_made() {
        let id: ItemId = "018f3417-a6d8-7000-8000-000000000001".parse().unwrap();
        assert_eq!(made_ms(id), 0x018f_3417_a6d8);
    }
}
