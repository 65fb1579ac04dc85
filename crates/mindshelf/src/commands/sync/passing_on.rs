//! Changes to what lives in another library now, queued in the replica of that one.

use super::link::of_library;
use super::now;
use crate::system::SystemChance;
use anyhow::Result;
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::LibraryId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::share::Leaving;
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::{Taken, Turn};
use shelf_domain::value::Value;
use shelf_ports::chance::Chance;
use shelf_replica::{Aside, Replica, ReplicaFailure};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Queues what was refused `moved` in the replicas in `dir` of the libraries that were named; how
/// many changes those were. A change is durable there before it is dropped here: after a stop in
/// between it is queued once more, which changes nothing. What cannot be queued there stays here.
pub(in crate::commands) fn pass_on(dir: &Path, replica: &mut Replica) -> Result<usize> {
    let mut passed = 0;
    // Each is read once, however much goes there.
    let mut known: BTreeMap<LibraryId, Option<Replica>> = BTreeMap::new();
    for aside in replica.aside()? {
        let Some(library) = lives_in(&aside) else { continue };
        let there = match known.entry(library) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let file = of_library(dir, replica.about(), library)?;
                let there = file.map(|file| Replica::open(&file, now())).transpose()?;
                entry.insert(there)
            }
        };
        let Some(there) = there else { continue };
        let (change, here) = (&aside.change, replica.shown());
        let put = |turn: &mut Turn| {
            let set = with_bookmark(turn, here, change)?;
            turn.put(change.item, change.kind.clone(), set, Taken::Joins).map(drop)
        };
        match there.act(now(), SystemChance.seed(), put) {
            Ok(()) => {
                replica.drop_aside(aside.id)?;
                passed += 1;
            }
            // It does not know the item yet, never synced, or is busy: the next sync tries again.
            Err(
                ReplicaFailure::Refused(_)
                | ReplicaFailure::Unusable(_)
                | ReplicaFailure::Overtaken,
            ) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(passed)
}

/// What `change` puts. Where it puts a bookmark that stayed here into a folder that is there, the
/// bookmark comes along, as one does that stood in the folder before: it would be of no use alone.
fn with_bookmark(turn: &mut Turn, here: &Shelf, change: &Pushed) -> Result<Puts, Refused> {
    let (mut set, register) = (change.set.clone(), Register::from(field::BOOKMARK));
    let named = set.get(&register).and_then(Option::as_ref).and_then(Value::as_text);
    let named = named.and_then(|id| id.parse().ok()).filter(|_| change.kind == Kind::Place);
    let bookmark = named.and_then(|id| here.item(id)).filter(|bookmark| bookmark.is_living());
    let Some(bookmark) = bookmark.filter(|bookmark| turn.shelf.item(bookmark.id).is_none()) else {
        return Ok(set);
    };
    let (folder, tags) = (change.item, BTreeSet::new());
    let alone = Leaving { folder, tags, carried: vec![bookmark.id], goes: Vec::new() };
    let (mut puts, _) = here.carried_puts(bookmark, &alone);
    let names = here.tags_of(bookmark).into_iter().filter_map(|tag| here.item(tag));
    let names: Vec<String> = names.map(|tag| tag.text(field::NAME).to_owned()).collect();
    for tag in turn.tags_called(&names)? {
        puts.insert(Register::tag(tag), Some(Value::from(true)));
    }
    turn.put(bookmark.id, Kind::Bookmark, puts, Taken::Joins)?;
    set.insert(register, Some(Value::from(bookmark.id)));
    Ok(set)
}

/// The library that was named as where the item lives now.
fn lives_in(aside: &Aside) -> Option<LibraryId> {
    let refused = aside.refused.as_ref().filter(|refused| refused.code == Code::Moved.name())?;
    refused.pointer.parse().ok()
}
