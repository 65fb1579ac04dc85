//! Finds the real data beside the repository and gives tests short words for nodes.

use shelf_bookmarks::import::{Entry, Folder, Format, Node, Options, RefusedRow, read, read_bytes};
use std::collections::HashMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// A moment at which tests import, 2026-01-01.
pub(crate) const NOW_MS: i64 = 1_767_225_600_000;

pub(crate) fn options() -> Options {
    Options { now_ms: NOW_MS, ..Options::default() }
}

/// A folder of the real data; `None`, said loudly, when it is not there (an error in CI).
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test is told where the data lies")]
    let (root, is_ci) = (std::env::var("MINDSHELF_SHARED"), std::env::var("CI"));
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let path = PathBuf::from(root.unwrap_or_else(|_| beside.to_owned())).join("data").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(is_ci.as_deref() != Ok("true"), "the real data must be there in CI: {name}");
    eprintln!("SKIPPED: {name} of the real data is not there");
    None
}

pub(crate) fn unpacked(path: &std::path::Path) -> Vec<u8> {
    let packed = std::fs::File::open(path).unwrap();
    let mut bytes = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// What a file holds, sorted by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) folders: Vec<Folder>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) notices: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
}

impl Content {
    pub(crate) fn of(nodes: Vec<Node>) -> Self {
        let mut content = Self::default();
        for node in nodes {
            match node {
                Node::Folder(folder) => content.folders.push(folder),
                Node::Bookmark(entry) => content.entries.push(*entry),
                Node::Refused(row) => content.refused.push(row),
                Node::Notice(text) => content.notices.push(text),
                Node::Comment(_) => {}
                Node::Tag(tag) => content.tags.push((tag.name, tag.colour)),
            }
        }
        content
    }

    pub(crate) fn read(bytes: &[u8]) -> (Format, Self) {
        let (format, nodes) = read_bytes(bytes, &options()).unwrap();
        (format, Self::of(nodes))
    }

    pub(crate) fn rows(&self) -> usize {
        self.entries.len() + self.refused.len()
    }

    /// The names that lead to a folder.
    pub(crate) fn path(&self, folder: Option<u32>) -> Vec<String> {
        let by_node: HashMap<u32, &Folder> = self.folders.iter().map(|f| (f.node, f)).collect();
        let mut names = Vec::new();
        let mut next = folder;
        while let Some(node) = next {
            names.push(by_node[&node].name.clone());
            next = by_node[&node].parent;
        }
        names.reverse();
        names
    }

    pub(crate) fn paths(&self, entry: &Entry) -> Vec<Vec<String>> {
        entry.places.iter().map(|place| self.path(place.folder)).collect()
    }
}

/// Reads as a given format, whatever the content is; checks what must hold for every input.
pub(crate) fn force(bytes: &[u8], format: Format) -> Option<Content> {
    let mut nodes = Vec::new();
    let mut input = bytes;
    let summary = read(&mut input, format, &options(), &mut |node| {
        nodes.push(node);
        ControlFlow::Continue(())
    })
    .ok()?;
    let content = Content::of(nodes);
    assert_eq!(summary.parsed, summary.bookmarks + summary.refused);
    assert_eq!(summary.bookmarks, content.entries.len() as u64);
    assert_eq!(summary.refused, content.refused.len() as u64);
    let mut known = std::collections::HashSet::new();
    for folder in &content.folders {
        assert!(folder.parent.is_none_or(|parent| known.contains(&parent)), "parents come first");
        assert!(known.insert(folder.node), "a folder comes once");
    }
    for place in content.entries.iter().flat_map(|entry| &entry.places) {
        assert!(place.folder.is_none_or(|folder| known.contains(&folder)), "places exist");
    }
    assert!(content.refused.iter().all(|row| !row.reason.is_empty()), "refusals have reasons");
    Some(content)
}
