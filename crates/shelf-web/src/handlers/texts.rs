//! The texts of an item as its form sends them: those somebody changed there, told apart by whether
//! somebody else changed them meanwhile. A form sends all of its fields, and may have been open for hours.

use maud::Markup;
use shelf_bookmarks::{edit_bookmark::Edit, get_bookmark::Got};
use shelf_domain::{kind::field, refusal::Refused, value::Value, view::Bookmark};
use time::{Date, macros::format_description};

use crate::{marks, pages::item, posted::Said};

/// What the form calls how far its sender had seen.
const SEEN: &str = "seen";
/// What it calls the day an item was saved on.
const CREATED_ON: &str = "created_on";
/// Its fields.
const FIELDS: [&str; 5] = [field::TITLE, field::URL, field::DESCRIPTION, field::NOTES, CREATED_ON];

/// What a form puts.
#[derive(Debug)]
pub(super) struct Texts {
    /// Where the form showed what is kept.
    pub(super) alone: Edit,
    /// Where it showed something else: of a long text both are kept.
    pub(super) crossed: Edit,
}

impl Texts {
    /// What `said` puts into what is kept `now`. A text that came back as it was shown is none of it; one
    /// of a form that does not say what it showed is taken as it is.
    pub(super) fn read(said: &Said, now: &Got) -> Result<Self, Refused> {
        let Bookmark { title, url, description, notes, created_at, .. } = &now.bookmark;
        let kept = [
            (field::TITLE, title),
            (field::URL, url),
            (field::DESCRIPTION, description),
            (field::NOTES, notes),
        ];
        let mut alone = Edit { seen: Some(now.head.seq), ..Edit::default() };
        let seen = said.text(SEEN).parse().unwrap_or_default();
        let mut crossed = Edit { seen: Some(seen), ..Edit::default() };
        for (name, kept) in kept {
            let Some(text) = changed(said, name) else { continue };
            // Browsers send line ends as CRLF; what was typed has LF.
            let text = text.replace("\r\n", "\n");
            let value = (!text.is_empty()).then(|| Value::from(text));
            if shown(said, name).is_none_or(|shown| shown == marks::mark(kept)) {
                alone = alone.put(name, value);
            } else {
                crossed = crossed.put(name, value);
            }
        }
        if let Some(day) = changed(said, CREATED_ON).filter(|day| !day.is_empty())
            && let Some(at) = moved_to_day(created_at.unwrap_or_default(), day)?
        {
            alone = alone.put(field::CREATED_AT, Some(Value::from(at)));
        }
        Ok(Self { alone, crossed })
    }
}

/// The mark of what the form showed in its field `name`, if it says so.
fn shown<'a>(said: &'a Said, name: &str) -> Option<&'a str> {
    said.get(&marks::named(name))
}

/// What the form says in its field `name`, where that is not what it showed.
fn changed<'a>(said: &'a Said, name: &str) -> Option<&'a str> {
    said.get(name).filter(|text| shown(said, name) != Some(marks::mark(text).as_str()))
}

/// The marks of what the form shows now that it was sent.
pub(super) fn sent(said: &Said) -> Markup {
    let sent = FIELDS.into_iter().filter_map(|name| Some((name, said.get(name)?)));
    item::fresh_marks(said.text(SEEN), &sent.collect::<Vec<_>>())
}

/// `at` on another day, at the same time of day; nothing when it is that day already.
fn moved_to_day(at: i64, day: &str) -> Result<Option<i64>, Refused> {
    const DAY_MS: i64 = 86_400_000;
    let date = Date::parse(day, format_description!("[year]-[month]-[day]"))
        .map_err(|_| Refused::invalid(field::CREATED_AT, "not a day"))?;
    let midnight = date.midnight().assume_utc().unix_timestamp() * 1_000;
    let kept = midnight + at.rem_euclid(DAY_MS);
    Ok((kept != at).then_some(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_keeps_the_time_of_day() {
        let at = 1_700_000_000_123;
        assert_eq!(moved_to_day(at, "2023-11-14").unwrap(), None);
        assert_eq!(moved_to_day(at, "2023-11-15").unwrap(), Some(at + 86_400_000));
        assert!(moved_to_day(at, "<b>").is_err());
    }
}
