//! From what services answer to what pages show.

use std::collections::HashMap;

use shelf_bookmarks::{
    comments::CommentRow,
    conflicts::ConflictRow,
    history::{FieldChange, HistoryRow},
};
use shelf_domain::{
    change::Head,
    conflict::Wording,
    id::ItemId,
    kind::{Kind, field},
    limits::TRASH_DAYS,
    value::{Plain, Value},
    view::Bookmark,
};
use time::Duration;

use crate::{
    frame::Folder,
    link,
    marked::Marked,
    pages::{
        conflicts::{Twice, Version},
        item,
        thread::{Said, Thread},
        trash::Trashed,
    },
    ui::row::RowView,
    visit::moment,
    words,
    writers::Reader,
};

/// Characters of a description a row shows.
const SNIPPET_CHARS: usize = 240;
/// Characters of a comment where it stands for itself in lists.
const NAME_CHARS: usize = 120;

/// Paths of folders by id.
#[derive(Debug, Default)]
pub(crate) struct Paths(HashMap<String, String>);

impl Paths {
    /// The paths of `tree`.
    pub(crate) fn of(tree: &[Folder]) -> Self {
        Self(Folder::flat(tree).into_iter().map(|folder| (folder.id, folder.path)).collect())
    }

    fn path(&self, id: Option<ItemId>) -> Option<(String, String)> {
        let id = id?.to_string();
        self.0.get(&id).map(|path| (path.clone(), id))
    }
}

/// A row of `bookmark`, of which people said something `said` times.
pub(crate) fn row(bookmark: &Bookmark, paths: &Paths, said: u64) -> RowView {
    let text =
        if bookmark.description.is_empty() { &bookmark.notes } else { &bookmark.description };
    RowView {
        id: bookmark.id.to_string(),
        url: bookmark.url.clone(),
        title: Marked::plain(bookmark.title.clone()),
        snippet: Marked::plain(text.chars().take(SNIPPET_CHARS).collect::<String>()),
        tags: tags(bookmark).into_iter().map(|(id, name)| (format!("/tags/{id}"), name)).collect(),
        place: bookmark.places.iter().find_map(|place| paths.path(place.collection)),
        saved_at: moment(bookmark.created_at.unwrap_or_default()),
        unread: bookmark.unread,
        favourite: bookmark.favourite,
        archived: bookmark.archived_at.is_some(),
        comments: said,
        why: Vec::new(),
    }
}

/// One comment of a thread.
pub(crate) fn said(row: CommentRow) -> Said {
    let CommentRow { comment, author_name, may_edit, may_remove, .. } = row;
    Said {
        id: comment.id.to_string(),
        author: author_name.unwrap_or_default(),
        at: moment(comment.created_at),
        is_edited: comment.edited_at.is_some(),
        body: comment.body,
        may_edit,
        may_remove,
    }
}

/// Two versions of a text, read at `head`.
pub(crate) fn twice(row: ConflictRow, head: &Head) -> Twice {
    let ConflictRow { conflict, title, shown_by, other_by, may_settle } = row;
    let device = conflict.other.device.to_string();
    let version = |wording: Wording, by: Option<String>| Version {
        text: wording.text,
        by: by.unwrap_or_default(),
        at: moment(wording.at),
    };
    let about = conflict.about;
    // A folder has a description, too; a note that is about nothing has no page.
    let href = match conflict.kind {
        Kind::Collection => format!("/folders/{about}"),
        Kind::Note if about == conflict.item => String::new(),
        _ => format!("/items/{about}"),
    };
    Twice {
        item: conflict.item.to_string(),
        href,
        title: words::begun(&title, NAME_CHARS),
        field: conflict.field,
        device,
        version: format!("{}-{}", head.epoch, conflict.version),
        shown: version(conflict.shown, shown_by),
        other: version(conflict.other, other_by),
        may_settle,
    }
}

fn tags(bookmark: &Bookmark) -> Vec<(String, String)> {
    bookmark.tags.iter().map(|tag| (tag.id.to_string(), tag.name.clone())).collect()
}

/// The page of `bookmark`, shown at the address `here`.
pub(crate) fn item(
    bookmark: &Bookmark,
    history: &[HistoryRow],
    paths: &Paths,
    here: &str,
    reader: Reader,
) -> item::ItemPage {
    item::ItemPage {
        id: bookmark.id.to_string(),
        seen: 0,
        url: bookmark.url.clone(),
        title: bookmark.title.clone(),
        description: bookmark.description.clone(),
        notes: bookmark.notes.clone(),
        twice: Vec::new(),
        files: Vec::new(),
        thread: Thread::default(),
        tags: tags(bookmark),
        places: bookmark
            .places
            .iter()
            .filter_map(|place| {
                let (path, folder) = paths.path(place.collection)?;
                Some(item::Place { id: place.id.to_string(), folder, path })
            })
            .collect(),
        saved_at: moment(bookmark.created_at.unwrap_or_default()),
        trashed_at: bookmark.trashed_at.map(moment),
        unread: bookmark.unread,
        favourite: bookmark.favourite,
        archived: bookmark.archived_at.is_some(),
        private: bookmark.private,
        history: history.iter().map(|row| event(row, reader)).collect(),
        here: here.to_owned(),
        close: without_item(here),
    }
}

/// The list an item was opened from: its address without the item.
pub(crate) fn without_item(here: &str) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    if path.starts_with("/items/") {
        return "/library".to_owned();
    }
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("item=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn event(row: &HistoryRow, reader: Reader) -> item::Event {
    let mut changes: Vec<(String, String, String)> = Vec::new();
    if row.created && row.kind == Kind::Bookmark {
        changes.push(("saved".into(), String::new(), String::new()));
    }
    if row.joined.is_some() {
        changes.push((
            "joined by another copy of the same address".into(),
            String::new(),
            String::new(),
        ));
    }
    changes.extend(row.changes.iter().filter_map(|change| told(row, change)));
    item::Event {
        seq: row.seq,
        at: moment(row.at),
        by: reader.by(row.device, row.device_name.as_deref(), row.person.as_ref()),
        changes,
    }
}

/// One changed field in words; nothing for what no person reads.
fn told(row: &HistoryRow, change: &FieldChange) -> Option<(String, String, String)> {
    let named = || change.name.clone().unwrap_or_default();
    let on = change.to.is_some();
    let plain =
        |name: &str| Some((name.to_owned(), text(change.from.as_ref()), text(change.to.as_ref())));
    if change.field.starts_with("tag/") {
        return Some(if on {
            ("tag".into(), String::new(), named())
        } else {
            ("tag".into(), named(), String::new())
        });
    }
    match (change.field.as_str(), &row.kind) {
        (field::PARENT, Kind::Place) => Some(("put into".into(), String::new(), named())),
        (field::TRASHED_AT, Kind::Place) => Some((
            if on { "taken out of a folder" } else { "put back into a folder" }.into(),
            String::new(),
            String::new(),
        )),
        (_, Kind::Place) => None,
        (field::TRASHED_AT, _) => Some((
            if on { "put in the trash" } else { "restored" }.into(),
            String::new(),
            String::new(),
        )),
        (field::ARCHIVED_AT, _) => Some((
            if on { "archived" } else { "back from the archive" }.into(),
            String::new(),
            String::new(),
        )),
        (field::FAVOURITE, _) => Some((
            if on { "favourite" } else { "not a favourite" }.into(),
            String::new(),
            String::new(),
        )),
        (field::UNREAD, _) => {
            Some((if on { "to read" } else { "read" }.into(), String::new(), String::new()))
        }
        (field::PRIVATE, _) => {
            let said = if on { "marked private" } else { "no longer marked private" };
            Some((said.into(), String::new(), String::new()))
        }
        (field::CREATED_AT, _) if row.created => None,
        (field::CREATED_AT, _) => {
            Some(("saved on".into(), day(change.from.as_ref()), day(change.to.as_ref())))
        }
        (field::URL, _) => plain("address"),
        (field::TITLE | field::DESCRIPTION | field::NOTES, _) => plain(&change.field),
        _ => None,
    }
}

/// Characters of a text that history shows.
const HISTORY_CHARS: usize = 400;

fn text(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::Plain(Plain::Text(text))) => text.as_str(),
        _ => return String::new(),
    };
    let mut shown: String = text.chars().take(HISTORY_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn day(value: Option<&Value>) -> String {
    value.and_then(Value::as_int).map(|at| words::day(moment(at))).unwrap_or_default()
}

/// One line of the trash.
pub(crate) fn trashed(thing: shelf_ports::views::Trashed) -> Trashed {
    let at = moment(thing.trashed_at);
    let kind = match thing.kind {
        Kind::Bookmark => "link",
        Kind::Collection => "folder",
        Kind::Tag => "tag",
        Kind::Note => "comment",
        _ => "item",
    };
    let name = if thing.name.is_empty() { link::site(&thing.url) } else { thing.name };
    let name = if thing.kind == Kind::Note { words::begun(&name, NAME_CHARS) } else { name };
    let gone_at = at.checked_add(Duration::days(TRASH_DAYS)).unwrap_or(at);
    Trashed { id: thing.id.to_string(), kind: kind.to_owned(), name, at, gone_at }
}

#[cfg(test)]
mod tests {
    use shelf_domain::{conflict::Conflict, id::DeviceId};

    use super::*;

    #[test]
    fn what_was_written_twice_leads_to_where_it_is_shown() {
        let [item, other] = [1, 2].map(|byte| ItemId::from_bytes([byte; 16]));
        let wording =
            || Wording { text: "a".to_owned(), device: DeviceId::from_bytes([9; 16]), at: 0 };
        let leads = |kind: Kind, about: ItemId| {
            let field = field::DESCRIPTION.to_owned();
            let (shown, lost, name) = (wording(), wording(), String::new());
            let conflict =
                Conflict { item, kind, name, about, version: 1, field, shown, other: lost };
            let title = "é".repeat(1_000);
            let (shown_by, other_by) = (None, None);
            let row = ConflictRow { conflict, title, shown_by, other_by, may_settle: true };
            let twice = twice(row, &Head::default());
            assert!(twice.title.chars().count() < 200, "a heading is short");
            twice.href
        };
        assert_eq!(leads(Kind::Bookmark, item), format!("/items/{item}"));
        assert_eq!(leads(Kind::Note, other), format!("/items/{other}"));
        assert_eq!(leads(Kind::Collection, item), format!("/folders/{item}"));
        assert_eq!(leads(Kind::Note, item), "");
    }

    #[test]
    fn closing_an_item_leads_to_the_list_it_was_opened_from() {
        assert_eq!(without_item("/library?q=a&item=1"), "/library?q=a");
        assert_eq!(without_item("/folders/f?item=1"), "/folders/f");
        assert_eq!(without_item("/items/1"), "/library");
    }
}
