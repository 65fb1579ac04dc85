//! The narrow door from the readers to the caller: counts rows and holds the limits.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use super::limits;
use super::node::{CommentNode, Entry, Folder, Node, PlaceRef, RefusedRow, TagNode};
use super::{Options, Summary};

/// What an unknown field without a name is called.
const NAMELESS: &str = "unnamed";

/// Receives the nodes of a file; breaking off stops the reader.
pub type Sink<'a> = &'a mut dyn FnMut(Node) -> ControlFlow<()>;

/// What a reader writes to.
pub(super) struct Out<'a> {
    sink: Sink<'a>,
    pub(super) options: &'a Options,
    summary: Summary,
    next_folder: u32,
    /// Where a folder that was not taken over puts its content.
    stand_ins: HashMap<u32, Option<u32>>,
    next_order: HashMap<Option<u32>, u64>,
    paths: HashMap<(Option<u32>, String), u32>,
    stopped: bool,
}

impl<'a> Out<'a> {
    pub(super) fn new(options: &'a Options, sink: Sink<'a>) -> Self {
        Self {
            sink,
            options,
            summary: Summary::default(),
            next_folder: 0,
            stand_ins: HashMap::new(),
            next_order: HashMap::new(),
            paths: HashMap::new(),
            stopped: false,
        }
    }

    /// Whether the caller wants no more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn into_summary(self) -> Summary {
        self.summary
    }

    /// How many rows were handed over.
    pub(super) fn rows(&self) -> u64 {
        self.summary.parsed
    }

    fn send(&mut self, node: Node) {
        if !self.stopped {
            self.stopped = (self.sink)(node).is_break();
        }
    }

    /// Tells something that is no row.
    pub(super) fn notice(&mut self, text: impl Into<String>) {
        self.summary.notices += 1;
        self.send(Node::Notice(text.into()));
    }

    /// The next free position in a folder.
    pub(super) fn order_in(&mut self, folder: Option<u32>) -> u64 {
        let next = self.next_order.entry(folder).or_insert(0);
        *next += 1;
        *next - 1
    }

    /// A number for a folder that is to come.
    pub(super) fn folder_number(&mut self) -> u32 {
        self.next_folder += 1;
        self.next_folder - 1
    }

    /// The folder that content of `folder` really goes to.
    fn resolved(&self, folder: Option<u32>) -> Option<u32> {
        let node = folder?;
        self.stand_ins.get(&node).copied().unwrap_or(folder)
    }

    /// Hands a folder over; one that breaks a limit is told and its content goes to its parent.
    pub(super) fn folder(&mut self, mut folder: Folder) {
        folder.parent = self.resolved(folder.parent);
        if let Some(problem) = folder_problem(&folder) {
            self.stand_ins.insert(folder.node, folder.parent);
            let name = echo(&folder.name);
            self.notice(format!(
                "folder \"{name}\" {problem}; its content goes to the folder above"
            ));
            return;
        }
        self.summary.folders += 1;
        self.send(Node::Folder(folder));
    }

    /// The folder a path of names leads to, made where it does not exist yet.
    /// The same path always leads to the same folder.
    pub(super) fn folder_at(&mut self, path: &[String]) -> Option<u32> {
        let mut parent = None;
        for name in path {
            let key = (parent, name.clone());
            if let Some(node) = self.paths.get(&key) {
                parent = Some(*node);
                continue;
            }
            let node = self.folder_number();
            let order = self.order_in(parent);
            self.paths.insert(key, node);
            self.folder(Folder { node, parent, name: name.clone(), order, ..Folder::default() });
            parent = Some(node);
        }
        parent
    }

    /// Lets a path lead to a folder that was handed over; the first of a name keeps it.
    pub(super) fn remember_path(&mut self, parent: Option<u32>, name: &str, node: u32) {
        self.paths.entry((parent, name.to_owned())).or_insert(node);
    }

    /// A place at the end of the folder a path leads to.
    pub(super) fn place_at(&mut self, path: &[String]) -> PlaceRef {
        let folder = self.folder_at(path);
        PlaceRef { folder, title: String::new(), order: self.order_in(folder) }
    }

    pub(super) fn tag(&mut self, tag: TagNode) {
        self.summary.tags += 1;
        self.send(Node::Tag(tag));
    }

    pub(super) fn comment(&mut self, comment: CommentNode) {
        self.send(Node::Comment(comment));
    }

    /// Hands a bookmark over, or refuses it when it breaks a rule or a limit.
    pub(super) fn bookmark(&mut self, mut entry: Entry) {
        if let Err(reason) = settle(&mut entry, self.options) {
            self.refuse(entry.row, &entry.url, &entry.title, reason);
            return;
        }
        for place in &mut entry.places {
            place.folder = self.resolved(place.folder);
        }
        self.summary.parsed += 1;
        self.summary.bookmarks += 1;
        self.send(Node::Bookmark(Box::new(entry)));
    }

    /// Refuses a row.
    pub(super) fn refuse(&mut self, row: u64, url: &str, title: &str, reason: impl Into<String>) {
        self.summary.parsed += 1;
        self.summary.refused += 1;
        let (url, title) = (echo(url), echo(title));
        self.send(Node::Refused(RefusedRow { row, url, title, reason: reason.into() }));
    }
}

/// A text short enough to be repeated in a ledger.
pub(super) fn echo(text: &str) -> String {
    if text.len() <= limits::ECHO_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limits::ECHO_BYTES_MAX);
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn folder_problem(folder: &Folder) -> Option<String> {
    let chars = folder.name.chars().count();
    if chars > limits::FOLDER_NAME_CHARS_MAX {
        let most = limits::FOLDER_NAME_CHARS_MAX;
        return Some(format!("has a name of {chars} characters; {most} are allowed"));
    }
    let bytes = folder.icon.len().max(folder.query.len());
    if bytes > limits::RAW_VALUE_BYTES_MAX {
        let most = limits::RAW_VALUE_BYTES_MAX;
        return Some(format!("has an icon or a query of {bytes} bytes; {most} are allowed"));
    }
    let bytes = folder.description.len();
    (bytes > limits::TEXT_BYTES_MAX).then(|| {
        let most = limits::TEXT_BYTES_MAX;
        format!("has a description of {bytes} bytes; {most} are allowed")
    })
}

/// Brings an entry into its final form, or says why it cannot be taken.
fn settle(entry: &mut Entry, options: &Options) -> Result<(), String> {
    let trimmed = entry.url.trim();
    if trimmed.len() != entry.url.len() {
        entry.url = trimmed.to_owned();
    }
    check_address(entry, options)?;
    within("title", entry.title.chars().count(), limits::TITLE_CHARS_MAX, "characters")?;
    within("description", entry.description.len(), limits::TEXT_BYTES_MAX, "bytes")?;
    within("notes", entry.notes.len(), limits::TEXT_BYTES_MAX, "bytes")?;
    within("list of places", entry.places.len(), limits::PLACES_MAX, "entries")?;
    settle_tags(&mut entry.tags)?;
    settle_raw(&mut entry.raw);
    entry.private = entry.private.or(options.missing_private);
    Ok(())
}

fn within(what: &str, count: usize, most: usize, unit: &str) -> Result<(), String> {
    if count <= most {
        return Ok(());
    }
    Err(format!("the {what} has {count} {unit}; {most} are allowed"))
}

fn check_address(entry: &mut Entry, options: &Options) -> Result<(), String> {
    within("address", entry.url.len(), limits::URL_BYTES_MAX, "bytes")?;
    if entry.url.is_empty() {
        return Err("the row has no address".to_owned());
    }
    let Some(scheme) = scheme_of(&entry.url) else {
        return resolve(entry, options);
    };
    if scheme.eq_ignore_ascii_case("place") {
        return Err("a Firefox query (place:), not an address".to_owned());
    }
    Ok(())
}

/// Completes an address without scheme from the base the caller gave.
fn resolve(entry: &mut Entry, options: &Options) -> Result<(), String> {
    if let Some(base) = &options.base_url
        && let Some(url) = url::Url::parse(base).ok().and_then(|base| base.join(&entry.url).ok())
    {
        entry.url = url.into();
        return Ok(());
    }
    Err("the address has no scheme such as https: and only means something on the site it came \
         from; give that site's address as the base to import it"
        .to_owned())
}

/// The scheme of an address; a host with a port (`example.org:80`) is none.
fn scheme_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let only = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
    (starts && only).then_some(scheme)
}

fn settle_tags(tags: &mut Vec<String>) -> Result<(), String> {
    for tag in tags.iter_mut() {
        let trimmed = tag.trim();
        if trimmed.len() != tag.len() {
            *tag = trimmed.to_owned();
        }
    }
    let mut seen = HashSet::with_capacity(tags.len());
    let keep: Vec<bool> =
        tags.iter().map(|tag| !tag.is_empty() && seen.insert(tag.as_str())).collect();
    drop(seen);
    let mut keep = keep.into_iter();
    tags.retain(|_| keep.next().unwrap_or(true));
    within("list of tags", tags.len(), limits::TAGS_MAX, "entries")?;
    for tag in tags {
        within("tag", tag.chars().count(), limits::TAG_CHARS_MAX, "characters")?;
    }
    Ok(())
}

/// Leaves out unknown fields that are too many or too large, and says which.
fn settle_raw(raw: &mut BTreeMap<String, String>) {
    if let Some(value) = raw.remove("") {
        raw.entry(NAMELESS.to_owned()).or_insert(value);
    }
    let mut left_out: Vec<String> = Vec::new();
    let mut count = 0;
    raw.retain(|name, value| {
        if value.is_empty() {
            return false;
        }
        count += 1;
        let fits = count <= limits::RAW_FIELDS_MAX
            && name.len() <= limits::RAW_NAME_BYTES_MAX
            && value.len() <= limits::RAW_VALUE_BYTES_MAX;
        if !fits {
            left_out.push(echo(name));
        }
        fits
    });
    if !left_out.is_empty() {
        left_out.truncate(limits::RAW_FIELDS_MAX);
        raw.insert("left_out".to_owned(), echo(&left_out.join(", ")));
    }
}
