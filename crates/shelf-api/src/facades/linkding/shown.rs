//! How a bookmark and a tag stand in linkding's interface: every key is there, the dead ones too.

use super::names;
use crate::facades::rows::{Bookmark, Moment, Tag, made_ms, time_of};
use serde::Serialize;

/// A bookmark.
#[derive(Debug, Serialize)]
pub(super) struct BookmarkOut {
    id: u32,
    url: String,
    title: String,
    description: String,
    notes: String,
    web_archive_snapshot_url: String,
    favicon_url: Option<String>,
    preview_image_url: Option<String>,
    is_archived: bool,
    unread: bool,
    shared: bool,
    tag_names: Vec<String>,
    date_added: String,
    date_modified: String,
    website_title: Option<String>,
    website_description: Option<String>,
}

impl From<Bookmark> for BookmarkOut {
    fn from(row: Bookmark) -> Self {
        let date_added = time_of(row.created_ms());
        let Moment(changed) = row.changed_at;
        let mut tag_names: Vec<String> =
            row.tags.iter().map(|tag| names::shown(&tag.name)).collect();
        tag_names.sort_by_key(|name| name.to_lowercase());
        tag_names.dedup();
        Self {
            id: row.number,
            web_archive_snapshot_url: archived_at(&row.url, &date_added),
            url: row.url,
            title: row.title,
            description: row.description,
            notes: row.notes,
            favicon_url: None,
            preview_image_url: None,
            is_archived: row.archived_at.is_some(),
            unread: row.unread,
            // Libraries are shared, not bookmarks.
            shared: false,
            tag_names,
            date_added,
            date_modified: time_of(changed),
            website_title: None,
            website_description: None,
        }
    }
}

/// Where the Internet Archive would have the page as it was at `time`.
fn archived_at(url: &str, time: &str) -> String {
    let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("https://web.archive.org/web/{digits}/{url}")
}

/// A tag.
#[derive(Debug, Serialize)]
pub(super) struct TagOut {
    id: u32,
    name: String,
    date_added: String,
}

impl From<Tag> for TagOut {
    fn from(tag: Tag) -> Self {
        let (name, date_added) = (names::shown(&tag.name), time_of(made_ms(tag.id)));
        Self { id: tag.number, name, date_added }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_asked_for_the_page_of_that_second() {
        let at = archived_at("https://a.example/", "2024-05-01T12:30:00.123000Z");
        assert_eq!(at, "https://web.archive.org/web/20240501123000/https://a.example/");
    }
}
