//! Reads the `Bookmarks` file of Chrome and its relatives (Edge, Brave, Vivaldi, Opera).
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::browser_json::{Dialect, Kind, Raw, walk};
use super::node::{Entry, Folder, Role};
use super::out::Out;
use super::times;

/// Reads a whole file.
pub(super) fn read(bytes: &[u8], out: &mut Out<'_>) {
    walk(bytes, &mut Chrome, out);
}

struct Chrome;

impl Dialect for Chrome {
    fn folder_members() -> &'static [&'static str] {
        &["name", "type", "date_added", "date_modified", "guid"]
    }

    fn kind(&mut self, raw: &Raw) -> Kind {
        if raw.key == "trash" {
            return Kind::Nothing;
        }
        if raw.plain.contains_key("url") || raw.get("type") == "url" {
            return Kind::Link(Box::new(link(raw)));
        }
        if raw.get("type") != "folder" {
            return Kind::Through;
        }
        let role = match raw.key.as_str() {
            "bookmark_bar" => Role::Toolbar,
            "other" => Role::Unfiled,
            "synced" => Role::Mobile,
            _ => Role::None,
        };
        Kind::Folder(Folder {
            name: raw.get("name").to_owned(),
            created_at: times::from_chrome(raw.get("date_added")),
            modified_at: times::from_chrome(raw.get("date_modified")),
            role,
            ..Folder::default()
        })
    }
}

fn link(raw: &Raw) -> Entry {
    let mut entry = Entry {
        url: raw.get("url").to_owned(),
        title: raw.get("name").to_owned(),
        created_at: times::from_chrome(raw.get("date_added")),
        modified_at: times::from_chrome(raw.get("date_modified")),
        ..Entry::default()
    };
    for (name, value) in &raw.inner {
        match name.as_str() {
            "meta_info.Description" => entry.description.clone_from(value),
            "meta_info.Thumbnail" => {}
            _ => {
                entry.raw.insert(name.to_ascii_lowercase(), value.clone());
            }
        }
    }
    entry
}
