//! Reads Firefox's bookmark backups, plain or packed with its own LZ4 head.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use super::browser_json::{Dialect, Kind, Raw, walk};
use super::detect::Refusal;
use super::json::{Event, Events};
use super::limits;
use super::node::{Entry, Folder, Role};
use super::out::Out;
use super::tags::{Separator, cut};
use super::times;

/// The eight bytes a packed backup begins with.
pub(super) const LZ4_MAGIC: &[u8] = b"mozLz40\0";

/// Unpacks a `jsonlz4` backup.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let packed = bytes.strip_prefix(LZ4_MAGIC).unwrap_or_default();
    let Some((size, block)) = packed.split_first_chunk::<4>() else {
        return Err(Refusal::new("the Firefox backup ends after its first bytes; export it again"));
    };
    let size = u64::from(u32::from_le_bytes(*size));
    // LZ4 cannot grow a block more than 255-fold: a larger claim is a lie about memory.
    let possible = (block.len() as u64).saturating_mul(255).saturating_add(64);
    if size > limits::WHOLE_FILE_BYTES_MAX || size > possible {
        let most = limits::WHOLE_FILE_BYTES_MAX;
        return Err(Refusal::new(format!(
            "the Firefox backup says it holds {size} bytes, which its {} packed bytes cannot, or \
             which are more than the {most} allowed",
            block.len()
        )));
    }
    let size = usize::try_from(size).unwrap_or_default();
    lz4_flex::block::decompress(block, size)
        .map_err(|_| Refusal::new("the packed Firefox backup is damaged; export it again"))
}

/// Reads a whole unpacked backup.
pub(super) fn read(bytes: &[u8], out: &mut Out<'_>) {
    let tags = if has_tags_folder(bytes) { tags_by_address(bytes) } else { BTreeMap::new() };
    walk(bytes, &mut Firefox { tags }, out);
}

struct Firefox {
    /// Tags kept in folders of their own, by address (backups of old versions).
    tags: BTreeMap<String, Vec<String>>,
}

impl Dialect for Firefox {
    fn folder_members() -> &'static [&'static str] {
        &["title", "type", "typeCode", "root", "dateAdded", "lastModified", "guid"]
    }

    fn kind(&mut self, raw: &Raw) -> Kind {
        let by_code =
            |code: &str, name: &str| raw.get("typeCode") == code || raw.get("type") == name;
        if by_code("3", "text/x-moz-place-separator") || raw.get("root") == "tagsFolder" {
            return Kind::Nothing;
        }
        if raw.plain.contains_key("uri") || by_code("1", "text/x-moz-place") {
            return Kind::Link(Box::new(self.link(raw)));
        }
        let role = match (raw.get("root"), raw.get("guid")) {
            ("placesRoot", _) | (_, "root________") => return Kind::Through,
            ("toolbarFolder", _) | (_, "toolbar_____") => Role::Toolbar,
            ("bookmarksMenuFolder", _) | (_, "menu________") => Role::Menu,
            ("unfiledBookmarksFolder", _) | (_, "unfiled_____") => Role::Unfiled,
            ("mobileFolder", _) | (_, "mobile______") => Role::Mobile,
            _ => Role::None,
        };
        Kind::Folder(Folder {
            name: raw.get("title").to_owned(),
            description: description(raw),
            created_at: times::from_text(raw.get("dateAdded")),
            modified_at: times::from_text(raw.get("lastModified")),
            role,
            ..Folder::default()
        })
    }
}

impl Firefox {
    fn link(&self, raw: &Raw) -> Entry {
        let mut entry = Entry {
            url: raw.get("uri").to_owned(),
            title: raw.get("title").to_owned(),
            description: description(raw),
            tags: cut(raw.get("tags"), Separator::Comma),
            created_at: times::from_text(raw.get("dateAdded")),
            modified_at: times::from_text(raw.get("lastModified")),
            ..Entry::default()
        };
        entry.tags.extend(self.tags.get(&entry.url).into_iter().flatten().cloned());
        for name in ["keyword", "postData", "charset"] {
            if let Some(value) = raw.plain.get(name) {
                entry.raw.insert(name.to_ascii_lowercase(), value.clone());
            }
        }
        entry
    }
}

fn description(raw: &Raw) -> String {
    raw.inner.get("bookmarkProperties/description").cloned().unwrap_or_default()
}

fn has_tags_folder(bytes: &[u8]) -> bool {
    super::text::find(bytes, b"\"tagsFolder\"").is_some()
}

/// Collects the tag folders: each holds the bookmarks that wear its name.
fn tags_by_address(bytes: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut collector = Collector::default();
    let mut events = Events::new(bytes);
    let mut key = String::new();
    while let Ok(Some(event)) = events.next_event() {
        match event {
            Event::Key(name) => key = name.into_owned(),
            Event::ObjectStart => collector.stack.push(Tagged::default()),
            Event::ObjectEnd => collector.close(),
            Event::Text(value) => collector.member(&key, &value),
            Event::ArrayStart | Event::ArrayEnd | Event::Bare(_) => {}
        }
    }
    collector.tags
}

#[derive(Default)]
struct Tagged {
    title: String,
    address: String,
    root: String,
    /// Addresses of the objects directly inside.
    addresses: Vec<String>,
    /// Names and addresses of the folders directly inside.
    folders: Vec<(String, Vec<String>)>,
}

#[derive(Default)]
struct Collector {
    stack: Vec<Tagged>,
    tags: BTreeMap<String, Vec<String>>,
}

impl Collector {
    fn member(&mut self, key: &str, value: &str) {
        let Some(open) = self.stack.last_mut() else { return };
        match key {
            "title" => value.clone_into(&mut open.title),
            "uri" => value.clone_into(&mut open.address),
            "root" => value.clone_into(&mut open.root),
            _ => {}
        }
    }

    fn close(&mut self) {
        let Some(closed) = self.stack.pop() else { return };
        if closed.root == "tagsFolder" {
            for (tag, addresses) in closed.folders {
                for address in addresses {
                    self.tags.entry(address).or_default().push(tag.clone());
                }
            }
            return;
        }
        let Some(above) = self.stack.last_mut() else { return };
        if closed.address.is_empty() {
            above.folders.push((closed.title, closed.addresses));
        } else {
            above.addresses.push(closed.address);
        }
    }
}
