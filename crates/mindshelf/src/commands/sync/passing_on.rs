//! Changes to what lives in another library now, queued in the replica of that one.

use super::link::of_library;
use super::now;
use crate::system::SystemChance;
use anyhow::Result;
use shelf_domain::id::LibraryId;
use shelf_domain::refusal::Code;
use shelf_domain::turn::{Taken, Turn};
use shelf_ports::chance::Chance;
use shelf_replica::{Aside, Replica, ReplicaFailure};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
        let change = &aside.change;
        let put = |turn: &mut Turn| {
            let (kind, set) = (change.kind.clone(), change.set.clone());
            turn.put(change.item, kind, set, Taken::Joins).map(drop)
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

/// The library that was named as where the item lives now.
fn lives_in(aside: &Aside) -> Option<LibraryId> {
    let refused = aside.refused.as_ref().filter(|refused| refused.code == Code::Moved.name())?;
    refused.pointer.parse().ok()
}
