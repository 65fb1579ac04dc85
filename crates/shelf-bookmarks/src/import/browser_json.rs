//! Walks the folder trees of Chrome's and Firefox's JSON with a stack of its own.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use super::json::{Broken, Event, Events};
use super::node::{Entry, Folder, PlaceRef, Role};
use super::out::Out;

/// One object of the tree, while it is read: its plain members as text.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Members that are strings, numbers or booleans, by name.
    pub(super) plain: BTreeMap<String, String>,
    /// Members of inner objects (`meta_info`, annotations), by `member.name`.
    pub(super) inner: BTreeMap<String, String>,
    /// The member of the surrounding object under which it stood.
    pub(super) key: String,
    /// The folder this object lies in.
    parent: Option<u32>,
    /// The number this object has as a folder, given when its children begin.
    folder: Option<u32>,
    is_handed_over: bool,
    /// Lies in something that does not count.
    is_hidden: bool,
}

impl Raw {
    pub(super) fn get(&self, name: &str) -> &str {
        self.plain.get(name).map_or("", String::as_str)
    }
}

/// What an object of the tree is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A bookmark.
    Link(Box<Entry>),
    /// A folder with this name, times and role.
    Folder(Folder),
    /// A container that is no folder a person sees: its children go to its parent.
    Through,
    /// Neither row nor folder, and nothing inside counts.
    Nothing,
}

/// What differs between the browsers.
pub(super) trait Dialect {
    /// What a complete object is.
    fn kind(&mut self, raw: &Raw) -> Kind;
    /// What an object is whose `children` begin before all its members were seen.
    fn folder_members() -> &'static [&'static str];
}

/// Walks `bytes` twice: once for the members of folders, which may follow their children, once to
/// hand everything over with parents first.
pub(super) fn walk(bytes: &[u8], dialect: &mut impl Dialect, out: &mut Out<'_>) {
    let members = folder_members(bytes, dialect);
    let mut walker = Walker { members, next_member: 0, stack: Vec::new(), out };
    if let Err(broken) = walker.run(bytes, dialect) {
        walker.salvage(dialect);
        let what = if broken.is_cut { "ends too early" } else { "is damaged" };
        let at = broken.at;
        walker.out.notice(format!(
            "the file {what} at byte {at}; what follows there is lost, export again"
        ));
    }
}

/// What the first walk learns about an object that has children.
#[derive(Debug, Default)]
struct Members {
    plain: BTreeMap<String, String>,
    has_children: bool,
}

/// One open container of the first walk.
#[derive(Debug, Default)]
struct Seen {
    plain: BTreeMap<String, String>,
    /// Where its members go, once it has children.
    index: Option<usize>,
    /// Whose children this array holds.
    children_of: Option<usize>,
}

/// The members of every object that has children, in the order in which their children begin.
fn folder_members<D: Dialect>(bytes: &[u8], _: &D) -> Vec<Members> {
    let mut events = Events::new(bytes);
    let mut found: Vec<Members> = Vec::new();
    let mut stack: Vec<Seen> = Vec::new();
    let mut key = String::new();
    while let Ok(Some(event)) = events.next_event() {
        match event {
            Event::Key(name) => key = name.into_owned(),
            Event::ObjectStart => {
                let owner = stack.last().and_then(|seen| seen.children_of);
                if let Some(owner) = owner.and_then(|index| found.get_mut(index)) {
                    owner.has_children = true;
                }
                stack.push(Seen::default());
            }
            Event::ArrayStart => {
                let mut children_of = None;
                if key == "children"
                    && let Some(owner) = stack.last_mut()
                {
                    owner.index = Some(found.len());
                    children_of = owner.index;
                    found.push(Members::default());
                }
                key.clear();
                stack.push(Seen { children_of, ..Seen::default() });
            }
            Event::ObjectEnd | Event::ArrayEnd => {
                leave(&mut stack, &mut found);
                key.clear();
            }
            Event::Text(value) => keep_member::<D>(&mut stack, &key, &value),
            Event::Bare(value) => keep_member::<D>(&mut stack, &key, value),
        }
    }
    while !stack.is_empty() {
        leave(&mut stack, &mut found);
    }
    found
}

fn leave(stack: &mut Vec<Seen>, found: &mut [Members]) {
    if let Some(seen) = stack.pop()
        && let Some(slot) = seen.index.and_then(|index| found.get_mut(index))
    {
        slot.plain = seen.plain;
    }
}

fn keep_member<D: Dialect>(stack: &mut [Seen], key: &str, value: &str) {
    if let Some(seen) = stack.last_mut()
        && D::folder_members().contains(&key)
    {
        seen.plain.insert(key.to_owned(), value.to_owned());
    }
}

/// One open container of the second walk.
#[derive(Debug)]
enum Open {
    Node(Raw),
    /// The array of a node's children.
    Children,
    /// Anything else: an annotation, `meta_info`, `roots`.
    Other(String),
}

struct Walker<'w, 'a> {
    members: Vec<Members>,
    next_member: usize,
    stack: Vec<Open>,
    out: &'w mut Out<'a>,
}

impl Walker<'_, '_> {
    fn run(&mut self, bytes: &[u8], dialect: &mut impl Dialect) -> Result<(), Broken> {
        let mut events = Events::new(bytes);
        let mut key = String::new();
        while let Some(event) = events.next_event()? {
            match event {
                Event::Key(name) => {
                    key = name.into_owned();
                    if key == "sync_metadata" {
                        events.skip_value()?;
                        key.clear();
                    }
                }
                Event::ObjectStart => {
                    self.open_object(std::mem::take(&mut key));
                }
                Event::ArrayStart => self.open_array(std::mem::take(&mut key), dialect),
                Event::ObjectEnd | Event::ArrayEnd => {
                    self.close(dialect);
                    key.clear();
                }
                Event::Text(value) => self.member(std::mem::take(&mut key), &value),
                Event::Bare("null") => key.clear(),
                Event::Bare(value) => self.member(std::mem::take(&mut key), value),
            }
            if self.out.is_stopped() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The folder into which a node opened now falls.
    fn here(&self) -> (Option<u32>, bool) {
        let nearest = self.stack.iter().rev().find_map(|open| match open {
            Open::Node(raw) => Some((raw.folder, raw.is_hidden)),
            _ => None,
        });
        nearest.unwrap_or_default()
    }

    fn open_object(&mut self, key: String) {
        let is_node = match self.stack.last() {
            None | Some(Open::Children) => true,
            Some(Open::Other(name)) => name == "roots",
            Some(Open::Node(_)) => false,
        };
        if is_node {
            let (parent, is_hidden) = self.here();
            self.stack.push(Open::Node(Raw { key, parent, is_hidden, ..Raw::default() }));
        } else {
            self.stack.push(Open::Other(key));
        }
    }

    fn open_array(&mut self, key: String, dialect: &mut impl Dialect) {
        let Some(Open::Node(raw)) = self.stack.last_mut() else {
            self.stack.push(Open::Other(key));
            return;
        };
        if key != "children" {
            self.stack.push(Open::Other(key));
            return;
        }
        let members = self.members.get_mut(self.next_member).map(std::mem::take);
        let mut members = members.unwrap_or_default();
        raw.plain.append(&mut members.plain);
        self.next_member += 1;
        match dialect.kind(raw) {
            Kind::Folder(folder) if !raw.is_handed_over && !raw.is_hidden => {
                // A root of the browser in which nothing lies is nobody's folder.
                if folder.role == Role::None || members.has_children {
                    raw.folder = Some(hand_over(raw, folder, self.out));
                }
                raw.is_handed_over = true;
            }
            Kind::Nothing => raw.is_hidden = true,
            _ => raw.folder = raw.folder.or(raw.parent),
        }
        self.stack.push(Open::Children);
    }

    fn member(&mut self, key: String, value: &str) {
        let depth = self.stack.len();
        match self.stack.last_mut() {
            Some(Open::Node(raw)) => {
                raw.plain.insert(key, value.to_owned());
            }
            Some(Open::Other(name)) => {
                let name = format!("{name}.{key}");
                // An annotation lies in an array of its node, `meta_info` in the node itself.
                for back in 2..=3 {
                    let above = depth.checked_sub(back).and_then(|at| self.stack.get_mut(at));
                    if let Some(Open::Node(raw)) = above {
                        raw.inner.insert(name, value.to_owned());
                        return;
                    }
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, dialect: &mut impl Dialect) {
        let Some(Open::Node(raw)) = self.stack.last() else {
            let closed = self.stack.pop();
            if matches!(closed, Some(Open::Other(name)) if name.is_empty()) {
                self.close_annotation();
            }
            return;
        };
        if !raw.is_handed_over
            && let Some(Open::Node(mut raw)) = self.stack.pop()
        {
            self.finish(&mut raw, dialect);
        } else {
            self.stack.pop();
        }
    }

    /// An annotation is a name and a value in one object: joins them under the name.
    fn close_annotation(&mut self) {
        let above = self.stack.len().checked_sub(2).and_then(|at| self.stack.get_mut(at));
        if let Some(Open::Node(raw)) = above
            && let (Some(name), Some(value)) =
                (raw.inner.remove(".name"), raw.inner.remove(".value"))
        {
            raw.inner.insert(name, value);
        }
    }

    fn finish(&mut self, raw: &mut Raw, dialect: &mut impl Dialect) {
        if raw.is_hidden {
            return;
        }
        match dialect.kind(raw) {
            Kind::Link(mut entry) => {
                entry.row = self.out.rows() + 1;
                let order = self.out.order_in(raw.parent);
                entry.places.push(PlaceRef { folder: raw.parent, title: String::new(), order });
                self.out.bookmark(*entry);
            }
            Kind::Folder(folder) if folder.role == Role::None => {
                hand_over(raw, folder, self.out);
            }
            Kind::Folder(_) | Kind::Through | Kind::Nothing => {}
        }
    }

    /// Hands over the nodes that were open when the file broke off, if they are usable.
    fn salvage(&mut self, dialect: &mut impl Dialect) {
        while let Some(open) = self.stack.pop() {
            if let Open::Node(mut raw) = open
                && !raw.is_handed_over
                && raw.folder.is_none()
                && matches!(dialect.kind(&raw), Kind::Link(entry) if !entry.url.is_empty())
            {
                self.finish(&mut raw, dialect);
            }
        }
    }
}

/// Hands a folder over and says its number.
fn hand_over(raw: &Raw, mut folder: Folder, out: &mut Out<'_>) -> u32 {
    folder.node = out.folder_number();
    folder.parent = raw.parent;
    folder.order = out.order_in(raw.parent);
    let node = folder.node;
    out.folder(folder);
    node
}
