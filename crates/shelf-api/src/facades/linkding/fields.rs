//! What an app sends of a bookmark, read as linkding reads it, with its words for what is wrong.

use super::no::No;
use crate::facades::rows::read_time;
use serde_json::{Map, Value, json};
use shelf_domain::canon::canon;

/// Schemes an address may have.
const SCHEMES: [&str; 4] = ["http://", "https://", "ftp://", "ftps://"];

/// What a write says; nothing of what it does not speak of. What is not known here is left unread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// The address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// What its owner thinks of it.
    pub notes: Option<String>,
    /// Whether it is put away.
    pub is_archived: Option<bool>,
    /// Whether it is still to be read.
    pub unread: Option<bool>,
    /// Names of tags.
    pub tag_names: Option<Vec<String>>,
    /// When it was first saved, milliseconds.
    pub date_added: Option<i64>,
    /// When it was changed, milliseconds.
    pub date_modified: Option<i64>,
}

impl Fields {
    /// What `body` says.
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, No> {
        let mut reader = Reader::of(body);
        let fields = Self {
            url: reader.text("url"),
            title: reader.text("title"),
            description: reader.text("description"),
            notes: reader.text("notes"),
            is_archived: reader.flag("is_archived"),
            unread: reader.flag("unread"),
            tag_names: reader.names("tag_names"),
            date_added: reader.time("date_added"),
            date_modified: reader.time("date_modified"),
        };
        // One bookmark is not shared here; what is said of it is looked at all the same.
        reader.flag("shared");
        reader.done()?;
        Ok(fields)
    }

    /// The address, where one must be said; it may be that of `known` as it is.
    pub(super) fn needed_url(&self, known: Option<&str>) -> Result<&str, No> {
        let Some(url) = self.url.as_deref() else {
            return Err(No::field("url", "This field is required."));
        };
        self.checked_url(known)?;
        Ok(url)
    }

    /// Refuses an address that is none, unless it is that of `known` as it is.
    pub(super) fn checked_url(&self, known: Option<&str>) -> Result<(), No> {
        let Some(url) = self.url.as_deref().filter(|url| known != Some(*url)) else {
            return Ok(());
        };
        if url.is_empty() {
            return Err(No::field("url", "This field may not be blank."));
        }
        let lower: String = url.chars().take(8).collect::<String>().to_ascii_lowercase();
        let has_scheme = SCHEMES.iter().any(|scheme| lower.starts_with(scheme));
        let is_plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
        if has_scheme && is_plain && canon(url).is_some() {
            return Ok(());
        }
        Err(No::field("url", "Enter a valid URL."))
    }
}

/// Reads one field after the other, and gathers what is wrong.
pub(super) struct Reader<'a> {
    body: &'a Map<String, Value>,
    wrong: Map<String, Value>,
}

impl<'a> Reader<'a> {
    /// A reader of `body`.
    pub(super) fn of(body: &'a Map<String, Value>) -> Self {
        Self { body, wrong: Map::new() }
    }

    /// Refuses what was read, where anything was wrong.
    pub(super) fn done(self) -> Result<(), No> {
        if self.wrong.is_empty() { Ok(()) } else { Err(No::fields(self.wrong)) }
    }

    fn said(&mut self, name: &str) -> Option<&'a Value> {
        let said = self.body.get(name)?;
        if said.is_null() {
            self.refuse(name, "This field may not be null.");
            return None;
        }
        Some(said)
    }

    /// Notes what is wrong with a field.
    pub(super) fn refuse(&mut self, name: &str, why: &str) {
        self.wrong.insert(name.to_owned(), json!([why]));
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let said = self.said(name)?;
        let text = text_of(said);
        if text.is_none() {
            self.refuse(name, "Not a valid string.");
        }
        text
    }

    /// A text of at most so many characters.
    pub(super) fn short(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.text(name)?;
        if text.chars().count() > most {
            let why = format!("Ensure this field has no more than {most} characters.");
            self.refuse(name, &why);
            return None;
        }
        Some(text)
    }

    /// One of these words.
    pub(super) fn choice(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let text = self.text(name)?;
        if !words.contains(&text.as_str()) {
            self.refuse(name, &format!("\"{text}\" is not a valid choice."));
            return None;
        }
        Some(text)
    }

    /// A whole number; what lies below zero counts as zero.
    pub(super) fn count(&mut self, name: &str) -> Option<usize> {
        let text = self.text(name)?;
        let Ok(number) = text.parse::<i64>() else {
            self.refuse(name, "A valid integer is required.");
            return None;
        };
        Some(usize::try_from(number).unwrap_or_default())
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let said = self.said(name)?;
        let word = match said {
            Value::Bool(flag) => flag.to_string(),
            other => text_of(other).unwrap_or_default().to_lowercase(),
        };
        match word.as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
            _ => {
                self.refuse(name, "Must be a valid boolean.");
                None
            }
        }
    }

    fn time(&mut self, name: &str) -> Option<i64> {
        let said = self.said(name)?;
        let time = said.as_str().and_then(read_time);
        if time.is_none() {
            let why = "Datetime has wrong format. Use one of these formats instead: \
                       YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
            self.refuse(name, why);
        }
        time
    }

    fn names(&mut self, name: &str) -> Option<Vec<String>> {
        let said = self.said(name)?;
        let Some(items) = said.as_array() else {
            let kind = kind_of(said);
            self.refuse(name, &format!("Expected a list of items but got type \"{kind}\"."));
            return None;
        };
        let (mut names, mut wrong) = (Vec::with_capacity(items.len()), Map::new());
        for (at, item) in items.iter().enumerate() {
            let why = match text_of(item) {
                Some(text) if !text.is_empty() => {
                    names.push(text);
                    continue;
                }
                Some(_) => "This field may not be blank.",
                None if item.is_null() => "This field may not be null.",
                None => "Not a valid string.",
            };
            wrong.insert(at.to_string(), json!([why]));
        }
        if !wrong.is_empty() {
            self.wrong.insert(name.to_owned(), Value::Object(wrong));
            return None;
        }
        Some(names)
    }
}

/// The text that `value` is, without space around it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What Python calls `value`.
const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(_) => "int",
        Value::Object(_) => "dict",
        Value::Array(_) => "list",
        Value::Null => "NoneType",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Fields, Value> {
        let Value::Object(body) = body else { panic!("a body is an object") };
        Fields::read(&body).map_err(|no| no.body().clone())
    }

    #[test]
    fn what_is_said_is_read_and_what_is_not_stays_unsaid() {
        let fields = read(json!({"url": " https://a.example ", "unread": "yes", "id": 7,
            "tag_names": ["a", 5], "date_added": "2024-05-01T12:30:00Z", "nonsense": {}}));
        let fields = fields.unwrap();
        assert_eq!(fields.url.as_deref(), Some("https://a.example"));
        assert_eq!((fields.unread, fields.title, fields.is_archived), (Some(true), None, None));
        assert_eq!(fields.tag_names.unwrap(), ["a", "5"]);
        assert_eq!(fields.date_added, Some(1_714_566_600_000));
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field_in_the_words_of_linkding() {
        for (body, told) in [
            (json!({"title": null}), json!({"title": ["This field may not be null."]})),
            (json!({"title": []}), json!({"title": ["Not a valid string."]})),
            (json!({"unread": "perhaps"}), json!({"unread": ["Must be a valid boolean."]})),
            (json!({"shared": 2}), json!({"shared": ["Must be a valid boolean."]})),
            (
                json!({"tag_names": ["a", "b", "c", " "]}),
                json!({"tag_names": {"3": ["This field may not be blank."]}}),
            ),
            (
                json!({"tag_names": "a"}),
                json!({"tag_names": ["Expected a list of items but got type \"str\"."]}),
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), told);
        }
        assert!(read(json!({"date_added": "soon"})).is_err());
    }

    #[test]
    fn an_address_is_one_that_can_be_asked_for() {
        let url = |url: &str| Fields { url: Some(url.to_owned()), ..Fields::default() };
        for good in ["http://a.example", "HTTPS://a.example/b c".replace(' ', "%20").as_str()] {
            assert!(url(good).needed_url(None).is_ok(), "{good}");
        }
        for bad in ["", "example", "javascript:alert(1)", "https://", "https://a b.example"] {
            assert!(url(bad).needed_url(None).is_err(), "{bad}");
        }
        assert!(url("javascript:void(0)").needed_url(Some("javascript:void(0)")).is_ok());
        assert!(Fields::default().needed_url(None).is_err());
    }
}
