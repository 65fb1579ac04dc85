//! Replicas converge: with the same prefix they are equal byte for byte, and nobody is asked.

use crate::oracle::{registers, registers_of};
use crate::replica::Replica;
use crate::server::Server;
use crate::steps::{Recipe, Texts, convergence, edits, skews, story};
use crate::valid::assert_valid;
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::kind::Register;
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;
use std::collections::BTreeMap;

/// A library in canonical bytes: its items packed, in order of their ids, and who joined whom.
fn bytes(shelf: &Shelf) -> Vec<u8> {
    let items: BTreeMap<_, _> = shelf.all_items().map(|item| (item.id, item)).collect();
    let mut out = Vec::new();
    for (id, item) in items {
        out.extend(id.to_bytes());
        out.extend(item.kind.name().bytes());
        out.extend(item.pack());
    }
    for (younger, older) in shelf.aliases().collect::<BTreeMap<_, _>>() {
        out.extend(younger.to_bytes());
        out.extend(older.to_bytes());
    }
    out.extend(serde_json::to_vec(&shelf.head).unwrap());
    out
}

proptest! {
    #![proptest_config(convergence())]

    #[test]
    fn replicas_that_edit_offline_converge_byte_for_byte(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        world.settle();
        let server = bytes(&world.server.shelf);
        for replica in &world.replicas {
            prop_assert_eq!(&bytes(&replica.base), &server);
            prop_assert_eq!(&bytes(&replica.view(world.server.now)), &server);
        }
        let naive = registers(&world.server.log);
        prop_assert_eq!(registers_of(&world.server.shelf), naive);
    }

    #[test]
    fn two_replicas_with_the_same_prefix_are_equal(
        skews in skews(), story in story(), stops in prop::collection::vec(1..9_usize, 1..20),
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        let (mut one, mut other) = (Replica::new(0, 0), Replica::new(1, 86_400_000));
        for stop in stops {
            one.pull(&world.server.log, stop);
            for _ in 0..stop {
                other.pull(&world.server.log, 1);
            }
            prop_assert_eq!(bytes(&one.base), bytes(&other.base));
        }
    }

    #[test]
    fn what_a_replica_shows_is_always_a_valid_library(skews in skews(), story in story()) {
        let mut world = World::new(skews);
        for step in &story {
            world.play(step);
        }
        for replica in &world.replicas {
            assert_valid(&replica.view(world.server.now));
        }
    }

    #[test]
    fn what_a_lonely_device_shows_is_what_the_library_becomes(
        skews in skews(), edits in edits(24),
    ) {
        let (shown, becomes) = lonely(skews[0], edits.iter().map(|(_, what)| what));
        prop_assert_eq!(values(&shown), values(&becomes));
        prop_assert_eq!(&shown.head.numbers, &becomes.head.numbers);
    }
}

/// What a device shows that pulled nothing, and what the library is when it has pushed.
fn lonely<'a>(skew: i64, edits: impl Iterator<Item = &'a Recipe>) -> (Shelf, Shelf) {
    let mut server = Server::new();
    let mut replica = Replica::new(0, skew);
    for what in edits {
        replica.edit(what, server.now);
    }
    let shown = replica.view(server.now);
    drop(replica.push(&mut server, usize::MAX, false));
    (shown, server.shelf)
}

fn values(shelf: &Shelf) -> impl PartialEq + std::fmt::Debug {
    let values = registers_of(shelf).into_iter().map(|(key, cell)| (key, cell.1));
    values.collect::<BTreeMap<_, _>>()
}

/// Each join stamps what it carries over later than what it replaces, so two of them in the queue
/// pass the device's own clock: what is typed then must be stamped later than what is shown.
#[test]
fn what_is_typed_after_joins_that_wait_is_later_than_they_are() {
    let bookmark = |id, url, texts| Recipe::Bookmark { id, url, title: false, flag: None, texts };
    let edits = [
        bookmark(1, Some(3), Texts::None),
        bookmark(2, Some(1), Texts::None),
        bookmark(3, Some(1), Texts::First),
        bookmark(3, Some(3), Texts::First),
        bookmark(1, None, Texts::First),
    ];
    for skew in [0, 60_001] {
        let (shown, becomes) = lonely(skew, edits.iter());
        assert_eq!(values(&shown), values(&becomes));
        let notes = Register::from("notes");
        let held = shown.all_items().find_map(|item| item.registers.get(&notes)).unwrap();
        assert_eq!(held.value, Some(Value::from("d0.3.")), "the last text typed");
    }
}
