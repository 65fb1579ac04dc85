//! A decision over the part of a library it asked for is the decision over the whole.

use crate::server::Server;
use crate::steps::{cases, skews, story};
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::turn::{Author, Turn, reads_of};
use std::collections::BTreeMap;

/// The part of `whole` that `reads` names, as a store loads it.
fn part(whole: &Shelf, reads: &Reads) -> Shelf {
    let mut part = Shelf::at(whole.head.clone());
    let mut wanted: Vec<ItemId> = reads.items.iter().copied().collect();
    wanted.extend(reads.urls.iter().filter_map(|url| whole.by_url(url)).map(|item| item.id));
    wanted.extend(reads.tags.iter().filter_map(|name| whole.tag_named(name)).map(|item| item.id));
    for bookmark in &reads.places {
        wanted.push(*bookmark);
        wanted.extend(whole.places_of(*bookmark).iter().map(|place| place.id));
        wanted.extend(whole.item(*bookmark).iter().flat_map(|item| item.tags()));
    }
    for bookmark in &reads.notes {
        wanted.push(*bookmark);
        wanted.extend(whole.notes_of(*bookmark).iter().map(|note| note.id));
    }
    for collection in &reads.above {
        wanted.push(*collection);
        wanted.extend(whole.ancestors(*collection));
    }
    let aliases: BTreeMap<ItemId, ItemId> = whole.aliases().collect();
    while let Some(id) = wanted.pop() {
        if let Some(older) = aliases.get(&id) {
            part.alias(id, *older);
            wanted.push(*older);
            continue;
        }
        let Some(item) = whole.item(id) else { continue };
        if item.kind == Kind::Tag && item.is_trashed() {
            wanted.extend(whole.tag_named(item.text(field::NAME)).map(|owner| owner.id));
        }
        part.insert(item.clone());
    }
    part
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_push_is_decided_alike_over_a_part_and_over_the_whole(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        let server: Server = world.server.clone();
        for replica in &mut world.replicas {
            for sent in &replica.queue.clone() {
                let author = Author { device: replica.device, now: world.server.now, seed: [9; 16] };
                let n = world.server.last.get(&replica.device).copied().unwrap_or(0);
                let mut over_part = Turn::new(part(&world.server.shelf, &reads_of([sent])), author.clone(), n);
                let mut over_all = Turn::new(world.server.shelf.clone(), author, n);
                let answers = world.server.answers.get(&replica.device).cloned().unwrap_or_default();
                (over_part.answers, over_all.answers) = (answers.clone(), answers);
                prop_assert_eq!(over_part.push(sent), over_all.push(sent));
                prop_assert_eq!(&over_part.rows, &over_all.rows);
                drop(world.server.push(replica.device, std::slice::from_ref(sent)));
            }
        }
        prop_assert!(world.server.log.len() >= server.log.len());
    }
}
