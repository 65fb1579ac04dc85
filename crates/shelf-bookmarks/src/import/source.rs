//! Reads a file on a thread of its own and passes its nodes on in portions of one turn.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use shelf_domain::limits::BATCH_MAX;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::import_file::Source;
use super::limits::HEAD_BYTES;
use super::{Format, Node, Options, ReadError, detect, read};

/// Portions that may wait for the writer.
const WAITING_MAX: usize = 2;
/// Most nodes of one portion, however little they weigh.
const PORTION_MAX: usize = 2_000;

/// Detects the format of a file and goes back to its beginning.
pub(super) fn identify(mut source: &mut dyn Source) -> Result<Format, ReadError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.seek(SeekFrom::Start(0))?;
    (&mut source).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    source.seek(SeekFrom::Start(0))?;
    Ok(detect(&head, head.len() as u64)?)
}

/// Counts the rows of a file, for a progress bar, and goes back to its beginning.
pub(super) fn count(
    mut source: Box<dyn Source>,
    format: Format,
    options: &Options,
) -> Result<(Box<dyn Source>, u64), ReadError> {
    let summary = read(&mut source, format, options, &mut |_| ControlFlow::Continue(()))?;
    source.seek(SeekFrom::Start(0))?;
    Ok((source, summary.parsed))
}

/// Starts to read. The portions end when the file does; the handle says how that went.
pub(super) fn start(
    mut source: Box<dyn Source>,
    format: Format,
    options: Options,
) -> (mpsc::Receiver<Vec<Node>>, JoinHandle<Result<(), ReadError>>) {
    let (portions, receiver) = mpsc::channel(WAITING_MAX);
    let handle = tokio::task::spawn_blocking(move || {
        let mut portion = Portion::default();
        read(&mut source, format, &options, &mut |node| {
            let weight = portion.weight_of(&node);
            if !portion.nodes.is_empty() && !portion.has_room(weight) {
                let full = portion.take();
                if portions.blocking_send(full).is_err() {
                    return ControlFlow::Break(());
                }
            }
            portion.add(node, weight);
            ControlFlow::Continue(())
        })?;
        let last = portion.take();
        if !last.is_empty() {
            // Whoever no longer receives no longer wants it.
            drop(portions.blocking_send(last));
        }
        Ok(())
    });
    (receiver, handle)
}

/// Nodes that together write at most [`BATCH_MAX`] items.
#[derive(Default)]
struct Portion {
    nodes: Vec<Node>,
    items: usize,
    /// Names of tags that came by: only a new name can make an item.
    tags: HashSet<String>,
}

impl Portion {
    /// How many items a node may write: itself, its places, its new tags.
    fn weight_of(&mut self, node: &Node) -> usize {
        match node {
            Node::Folder(_) | Node::Tag(_) | Node::Comment(_) => 1,
            Node::Refused(_) | Node::Notice(_) => 0,
            Node::Bookmark(entry) => {
                let tags = entry.tags.iter().filter(|tag| !self.tags.contains(*tag));
                let new: Vec<String> = tags.cloned().collect();
                let count = new.len();
                self.tags.extend(new);
                1 + entry.places.len() + count
            }
        }
    }

    fn has_room(&self, weight: usize) -> bool {
        self.items + weight <= BATCH_MAX && self.nodes.len() < PORTION_MAX
    }

    fn add(&mut self, node: Node, weight: usize) {
        self.items += weight;
        self.nodes.push(node);
    }

    fn take(&mut self) -> Vec<Node> {
        self.items = 0;
        std::mem::take(&mut self.nodes)
    }
}
