//! Puts folders and bookmarks into reading order without recursion.

use std::collections::HashMap;

use super::{ExportFolder, ExportPlace};

/// One step of the walk through the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The folder with this index opens.
    Enter(usize),
    /// The folder opened last closes.
    Leave,
    /// The bookmark with this index stands here, by its place with this index (if any).
    Bookmark(usize, Option<usize>),
}

/// Walks the whole tree: every folder once, every place once, a bookmark without place at the top.
/// `places` are those of each bookmark.
pub(super) fn walk<'a>(
    folders: &[ExportFolder],
    places: impl Iterator<Item = &'a [ExportPlace]>,
) -> Vec<Step> {
    let index: HashMap<&str, usize> =
        folders.iter().enumerate().map(|(at, folder)| (folder.id.as_str(), at)).collect();
    let find = |id: &Option<String>| id.as_ref().and_then(|id| index.get(id.as_str()).copied());
    let mut children: HashMap<Option<usize>, Vec<(u64, Step)>> = HashMap::new();
    for (at, folder) in folders.iter().enumerate() {
        let parent = find(&folder.parent).filter(|parent| *parent != at);
        children.entry(parent).or_default().push((folder.order, Step::Enter(at)));
    }
    for (at, places) in places.enumerate() {
        for (place_at, place) in places.iter().enumerate() {
            let step = Step::Bookmark(at, Some(place_at));
            children.entry(find(&place.folder)).or_default().push((place.order, step));
        }
        if places.is_empty() {
            children.entry(None).or_default().push((u64::MAX, Step::Bookmark(at, None)));
        }
    }
    for list in children.values_mut() {
        list.sort_by_key(|(order, _)| *order);
    }
    let mut steps = Vec::new();
    descend(None, &mut children, &mut steps);
    // What only a cycle holds up stands at the top, so that nothing is ever left out.
    for at in 0..folders.len() {
        if children.contains_key(&Some(at)) {
            steps.push(Step::Enter(at));
            descend(Some(at), &mut children, &mut steps);
            steps.push(Step::Leave);
        }
    }
    steps
}

fn descend(
    from: Option<usize>,
    children: &mut HashMap<Option<usize>, Vec<(u64, Step)>>,
    steps: &mut Vec<Step>,
) {
    let take = |children: &mut HashMap<_, Vec<(u64, Step)>>, parent| {
        children.remove(&parent).unwrap_or_default().into_iter()
    };
    let mut stack = vec![take(children, from)];
    while let Some(list) = stack.last_mut() {
        match list.next() {
            Some((_, Step::Enter(at))) => {
                steps.push(Step::Enter(at));
                stack.push(take(children, Some(at)));
            }
            Some((_, step)) => steps.push(step),
            None => {
                stack.pop();
                if !stack.is_empty() {
                    steps.push(Step::Leave);
                }
            }
        }
    }
}
