//! Reads MindShelf JSON Lines: a bookmark, collection, tag or comment on each line.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use serde_json::{Map, Value};
use shelf_domain::id::LibraryId;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use super::column::crowded;
use super::limits;
use super::node::{CommentNode, Entry, Folder, PlaceRef, Role, TagNode};
use super::out::Out;
use super::tags;
use super::text::decode_utf8_or_1252;
use super::times;

/// Reads a file line by line; the row number is that of the line.
pub(super) fn read(input: &mut dyn BufRead, out: &mut Out<'_>) -> io::Result<()> {
    let mut lines = Lines { collections: HashMap::new(), out };
    let mut line = Vec::new();
    let mut row = 0;
    loop {
        row += 1;
        line.clear();
        let Some(bytes) = next_line(input, &mut line)? else { return Ok(()) };
        if bytes > limits::ROW_BYTES_MAX {
            let most = limits::ROW_BYTES_MAX;
            lines.out.refuse(
                row,
                "",
                "",
                format!("the line has {bytes} bytes; {most} are allowed"),
            );
        } else {
            let text = decode_utf8_or_1252(&line);
            if !text.trim().is_empty() {
                lines.line(row, &text);
            }
        }
        if lines.out.is_stopped() {
            return Ok(());
        }
    }
}

/// Reads up to the next line end and says how long the line was; keeps no more than is allowed.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut bytes = 0;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok((bytes > 0).then_some(bytes));
        }
        let end = chunk.iter().position(|b| *b == b'\n');
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let room = (limits::ROW_BYTES_MAX + 1).saturating_sub(line.len());
        line.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        bytes += used;
        input.consume(used);
        if end.is_some() {
            return Ok(Some(bytes));
        }
    }
}

/// The library that was mounted at a collection: its id, or nothing where that is none.
fn mounted(members: &Map<String, Value>) -> String {
    let library = text_of(members, "mount").parse::<LibraryId>();
    library.map(|library| library.to_string()).unwrap_or_default()
}

struct Lines<'r, 'a> {
    /// Folder numbers by the ids of the file.
    collections: HashMap<String, u32>,
    out: &'r mut Out<'a>,
}

impl Lines<'_, '_> {
    fn line(&mut self, row: u64, text: &str) {
        let members = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(members)) => members,
            Ok(_) => return self.out.refuse(row, "", "", "the line is no JSON object"),
            Err(error) => {
                return self.out.refuse(row, "", "", format!("the line is no valid JSON: {error}"));
            }
        };
        let (url, title) = (text_of(&members, "url"), text_of(&members, "title"));
        let done = match members.get("type").and_then(Value::as_str) {
            None | Some("bookmark") => self.bookmark(row, members),
            Some("collection") => self.collection(&members),
            Some("tag") => self.tag(&members),
            Some("comment") => self.comment(&members),
            Some("library") => Ok(()),
            Some(other) => {
                Err(format!("lines of type \"{}\" are not read", super::out::echo(other)))
            }
        };
        if let Err(reason) = done {
            self.out.refuse(row, &url, &title, reason);
        }
    }

    fn tag(&mut self, members: &Map<String, Value>) -> Result<(), String> {
        let name = text_of(members, "name").trim().to_owned();
        let chars = name.chars().count();
        if chars == 0 || chars > limits::TAG_CHARS_MAX {
            return Err(format!("the tag has a name of {chars} characters"));
        }
        self.out.tag(TagNode { name, colour: text_of(members, "colour") });
        Ok(())
    }

    /// Who wrote a comment elsewhere is nobody here: it is theirs who bring it.
    fn comment(&mut self, members: &Map<String, Value>) -> Result<(), String> {
        let (url, body) = (text_of(members, "url"), text_of(members, "body"));
        if url.trim().is_empty() || body.trim().is_empty() {
            return Err(
                "a comment names the address of its bookmark, and says something".to_owned()
            );
        }
        let created_at = moment(members.get("created_at"));
        self.out.comment(CommentNode { id: text_of(members, "id"), url, body, created_at });
        Ok(())
    }

    fn collection(&mut self, members: &Map<String, Value>) -> Result<(), String> {
        let id = id_of(members.get("id")).ok_or("the collection has no id")?;
        if self.collections.contains_key(&id) {
            return Err("an earlier line has the same collection id".to_owned());
        }
        let parent = self.known(members.get("parent"))?;
        let node = self.out.folder_number();
        let order = match members.get("order").and_then(Value::as_u64) {
            Some(order) => order,
            None => self.out.order_in(parent),
        };
        let name = text_of(members, "name");
        self.out.remember_path(parent, &name, node);
        self.collections.insert(id, node);
        self.out.folder(Folder {
            node,
            parent,
            name,
            description: text_of(members, "description"),
            icon: text_of(members, "icon"),
            query: text_of(members, "query"),
            mount: mounted(members),
            created_at: moment(members.get("created_at")),
            modified_at: moment(members.get("modified_at")),
            role: Role::None,
            order,
        });
        Ok(())
    }

    /// The folder an id names; no id is the top.
    fn known(&self, id: Option<&Value>) -> Result<Option<u32>, String> {
        let Some(id) = id_of(id) else { return Ok(None) };
        match self.collections.get(&id) {
            Some(node) => Ok(Some(*node)),
            None => Err(format!(
                "no earlier line defines the collection \"{}\"; put the lines of collections first",
                super::out::echo(&id)
            )),
        }
    }

    fn bookmark(&mut self, row: u64, mut members: Map<String, Value>) -> Result<(), String> {
        let mut entry = Entry {
            row,
            url: take_text(&mut members, "url"),
            title: take_text(&mut members, "title"),
            description: take_text(&mut members, "description"),
            notes: take_text(&mut members, "notes"),
            ..Entry::default()
        };
        entry.tags = tag_list(members.remove("tags").as_ref());
        entry.created_at = take_moment(&mut members, "created_at");
        entry.modified_at = take_moment(&mut members, "modified_at");
        entry.archived_at = take_moment(&mut members, "archived_at");
        entry.favourite = flag(members.remove("favourite").as_ref()).unwrap_or(false);
        entry.unread = flag(members.remove("unread").as_ref()).unwrap_or(false);
        entry.private = flag(members.remove("private").as_ref());
        if let Some(Value::Object(fields)) = members.remove("raw") {
            entry.raw = fields.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
        }
        let mut paths = paths(members.remove("collections").as_ref());
        if let Some(Value::Array(places)) = members.remove("places") {
            // Places say everything that paths say, and more.
            paths.clear();
            for place in &places {
                entry.places.push(self.place(place)?);
            }
        }
        if let Some(reason) = crowded(&paths) {
            return Err(reason);
        }
        for path in paths.iter().filter(|path| !path.is_empty()) {
            entry.places.push(self.out.place_at(path));
        }
        members.remove("type");
        keep_unknown(&mut entry.raw, &members);
        self.out.bookmark(entry);
        Ok(())
    }

    fn place(&mut self, place: &Value) -> Result<PlaceRef, String> {
        let folder = self.known(place.get("collection"))?;
        let order = match place.get("order").and_then(Value::as_u64) {
            Some(order) => order,
            None => self.out.order_in(folder),
        };
        let title = place.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
        let chars = title.chars().count();
        if chars > limits::TITLE_CHARS_MAX {
            let most = limits::TITLE_CHARS_MAX;
            return Err(format!("the title of a place has {chars} characters; {most} are allowed"));
        }
        Ok(PlaceRef { folder, title, order })
    }
}

fn keep_unknown(raw: &mut BTreeMap<String, String>, members: &Map<String, Value>) {
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        raw.entry(name.to_lowercase()).or_insert_with(|| shown(value));
    }
}

/// A value as text: a string itself, everything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text_of(members: &Map<String, Value>, name: &str) -> String {
    members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> String {
    match members.get_mut(name) {
        Some(Value::String(text)) => {
            let text = std::mem::take(text);
            members.remove(name);
            text
        }
        _ => String::new(),
    }
}

fn id_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn moment(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => times::from_text(text),
        Value::Number(count) => times::from_text(&count.to_string()),
        _ => None,
    }
}

/// Takes a date out; one that cannot be read stays and is kept as an unknown field.
fn take_moment(members: &mut Map<String, Value>, name: &str) -> Option<i64> {
    let read = moment(members.get(name));
    if read.is_some() {
        members.remove(name);
    }
    read
}

fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        other => tags::flag(&shown(other)),
    }
}

fn tag_list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(tags)) => {
            tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(text)) => tags::guess(text),
        _ => Vec::new(),
    }
}

/// Folder paths: a list of lists of names, of texts `A/B`, or one such text.
fn paths(value: Option<&Value>) -> Vec<Vec<String>> {
    let one = |value: &Value| match value {
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(path) => tags::path(path),
        _ => Vec::new(),
    };
    match value {
        Some(Value::Array(paths)) => paths.iter().map(one).collect(),
        Some(text @ Value::String(_)) => vec![one(text)],
        _ => Vec::new(),
    }
}
