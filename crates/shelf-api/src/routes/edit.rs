//! What an edit of a bookmark may say.

use crate::body::{never_empty, said};
use crate::moment::Moment;
use crate::problem::Problem;
use serde::Deserialize;
use shelf_bookmarks::edit_bookmark::Edit;
use shelf_domain::kind::{Register, field};
use shelf_domain::value::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What to change; what is absent stays, null empties a field.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditBookmark, example = json!({
    "title": "Learn Rust", "notes": null, "tags": ["rust"], "favourite": true
}))]
pub(crate) struct EditIn {
    /// The address; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 65536)]
    url: Option<Option<String>>,
    /// Its title.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 4096)]
    title: Option<Option<String>>,
    /// What it is about.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// What its owner thinks of it; Markdown.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    notes: Option<Option<String>>,
    /// The tags it shall have, by name; null takes all off.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Option<Option<Vec<String>>>,
    /// When it was first saved.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Moment>)]
    created_at: Option<Option<Moment>>,
    /// When it was archived; null takes it out of the archive.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Moment>)]
    archived_at: Option<Option<Moment>>,
    /// Whether it is a favourite.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    favourite: Option<Option<bool>>,
    /// Whether it is still to be read.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    unread: Option<Option<bool>>,
    /// Whether it is marked private; whoever may read the library sees it.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    private: Option<Option<bool>>,
    /// Fields of a source: those named are put or, by null, removed.
    raw: BTreeMap<String, Option<String>>,
}

impl EditIn {
    /// The edit this asks for.
    pub(crate) fn edit(self) -> Result<Edit, Problem> {
        let mut edit = Edit::default();
        let text = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Value::from);
        let time = |at: Option<Moment>| at.map(|Moment(at)| Value::from(at));
        let flag = |flag: Option<bool>| flag.filter(|flag| *flag).map(Value::from);
        if let Some(url) = never_empty(field::URL, self.url)? {
            edit = edit.put(field::URL, Some(Value::from(url.trim())));
        }
        let texts = [
            (field::TITLE, self.title),
            (field::DESCRIPTION, self.description),
            (field::NOTES, self.notes),
        ];
        for (name, said) in texts {
            edit = match said {
                Some(said) => edit.put(name, text(said)),
                None => edit,
            };
        }
        let times = [(field::CREATED_AT, self.created_at), (field::ARCHIVED_AT, self.archived_at)];
        for (name, said) in times {
            edit = match said {
                Some(said) => edit.put(name, time(said)),
                None => edit,
            };
        }
        let flags = [
            (field::FAVOURITE, self.favourite),
            (field::UNREAD, self.unread),
            (field::PRIVATE, self.private),
        ];
        for (name, said) in flags {
            edit = match said {
                Some(said) => edit.put(name, flag(said)),
                None => edit,
            };
        }
        for (key, value) in self.raw {
            edit.puts.insert(Register::raw(&key), value.map(Value::from));
        }
        edit.tags = self.tags.map(Option::unwrap_or_default);
        Ok(edit)
    }
}
