//! What depends on what, and that nothing depends on itself: an append comes after the one before it
//! in its list (ww), a read after what it saw (wr), an append after a read that did not see it (rw),
//! and what a client asks after what it was told before.

use super::{Asked, Event, List, Lists, Told, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened at one moment, though nobody knows at which.
#[derive(Clone, Debug)]
struct Node {
    what: String,
    /// What has to come later, and why.
    later: Vec<(usize, &'static str)>,
}

/// All that happened, and what comes after what.
#[derive(Debug, Default)]
struct Graph {
    nodes: Vec<Node>,
    appends: BTreeMap<(List, String), usize>,
}

impl Graph {
    fn add(&mut self, what: String) -> usize {
        self.nodes.push(Node { what, later: Vec::new() });
        self.nodes.len() - 1
    }

    fn order(&mut self, earlier: usize, later: usize, why: &'static str) {
        if earlier != later {
            self.nodes[earlier].later.push((later, why));
        }
    }

    /// Appends, in the order of the log (ww).
    fn append_all(&mut self, lists: &Lists) {
        for (list, words) in lists.all() {
            let mut before = None;
            for (seq, word) in words {
                let node = self.add(format!("append of {word:?} to {list:?} by row {seq}"));
                if let Some(before) = before.replace(node) {
                    self.order(before, node, "ww");
                }
                self.appends.insert((list, word.clone()), node);
            }
        }
    }

    /// A read of `words`: after the last it saw (wr), before the first it did not see (rw).
    fn read(&mut self, client: usize, list: List, words: &[String], lists: &Lists) -> usize {
        let node = self.add(format!("read of {list:?} by client {client}: {} words", words.len()));
        let (mut last, mut first_unseen) = (None, None);
        let seen: BTreeSet<&String> = words.iter().collect();
        for (_, word) in lists.of_list(list) {
            let append = self.appends[&(list, word.clone())];
            if seen.contains(word) {
                last = Some(append);
            } else if first_unseen.is_none() {
                first_unseen = Some(append);
            }
        }
        if let Some(last) = last {
            self.order(last, node, "wr");
        }
        if let Some(unseen) = first_unseen {
            self.order(node, unseen, "rw");
        }
        node
    }

    /// What is left when everything that nothing comes before is taken away, again and again.
    fn left(&self) -> BTreeSet<usize> {
        let mut before = vec![0_usize; self.nodes.len()];
        for (later, _) in self.nodes.iter().flat_map(|node| &node.later) {
            before[*later] += 1;
        }
        let mut left: BTreeSet<usize> = (0..self.nodes.len()).collect();
        let mut free: Vec<usize> = left.iter().copied().filter(|node| before[*node] == 0).collect();
        while let Some(node) = free.pop() {
            left.remove(&node);
            for (later, _) in &self.nodes[node].later {
                before[*later] -= 1;
                if before[*later] == 0 {
                    free.push(*later);
                }
            }
        }
        left
    }

    /// One cycle among `left`, in words. From each of them something of them comes before, so whoever
    /// walks back comes to where they were.
    fn told(&self, left: &BTreeSet<usize>) -> String {
        let mut earlier: BTreeMap<usize, (usize, &'static str)> = BTreeMap::new();
        for node in left {
            for (later, why) in &self.nodes[*node].later {
                earlier.entry(*later).or_insert((*node, *why));
            }
        }
        let mut walked: Vec<(usize, &'static str)> = Vec::new();
        let mut at = left.first().copied().unwrap_or_default();
        while !walked.iter().any(|(node, _)| *node == at) {
            let Some((before, why)) = earlier.get(&at) else { break };
            walked.push((at, *why));
            at = *before;
        }
        let begin = walked.iter().position(|(node, _)| *node == at).unwrap_or_default();
        let steps = walked[begin..].iter().rev();
        let steps = steps.map(|(node, why)| format!("-{why}-> {}", self.nodes[*node].what));
        steps.collect::<Vec<_>>().join(" ")
    }
}

/// A cycle, if there is one.
pub(super) fn cycle(events: &[Event], lists: &Lists) -> Option<Violation> {
    let mut graph = Graph::default();
    graph.append_all(lists);
    let mut sessions: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for event in events {
        let node = match (&event.asked, &event.told) {
            (Asked::Read { list, .. }, Told::Read { words, .. }) => {
                graph.read(event.client, *list, words, lists)
            }
            // Only the first time that it is told says when it was done.
            (Asked::Write { key, adds: Some(adds), .. }, Told::Written { .. })
                if told.insert(key) =>
            {
                let Some(node) = graph.appends.get(adds) else { continue };
                *node
            }
            _ => continue,
        };
        // What was asked at once, as the parts of a batch were, has no order.
        if let Some((before, ended)) = sessions.get(&event.client)
            && *ended < event.span.0
        {
            graph.order(*before, node, "then");
        }
        sessions.insert(event.client, (node, event.span.1));
    }
    let left = graph.left();
    let shown_by = (!left.is_empty()).then(|| graph.told(&left))?;
    Some(Violation { promise: "no cycle", shown_by })
}
