//! No typed text is lost: each is a winner, a copy, or was replaced by someone who had seen it.

use crate::steps::{Recipe, Texts, cases, edits, skews, story};
use crate::valid::assert_valid;
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::change::Change;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Register, field};
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;

/// The long field a register is of, a copy's included.
fn long_field(register: &Register) -> Option<&str> {
    let name = register.as_str();
    let name = name.split_once("/copy/").map_or(name, |(name, _)| name);
    field::LONG.contains(&name).then_some(name)
}

/// Stops the test where a typed long text has silently gone.
pub(crate) fn assert_no_text_lost(log: &[Change], shelf: &Shelf) {
    for row in log {
        let item = shelf.resolve(row.item);
        let Some(now) = shelf.item(item).filter(|now| !now.is_purged()) else { continue };
        let joined = shelf.aliases().any(|(younger, _)| shelf.resolve(younger) == item);
        for (register, value) in &row.set {
            let Some(name) = long_field(register) else { continue };
            let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
            // Of two bookmarks that join only the notes are put together; history has the rest.
            if joined && name == field::DESCRIPTION {
                continue;
            }
            let held = now.registers.iter().any(|(register, held)| {
                long_field(register) == Some(name)
                    && held
                        .value
                        .as_ref()
                        .and_then(Value::as_text)
                        .is_some_and(|all| all.contains(text))
            });
            assert!(
                held || replaced_knowingly(log, shelf, row, item, name),
                "{text:?} of row {} ({name} of {item}) is gone",
                row.seq
            );
        }
    }
}

fn replaced_knowingly(
    log: &[Change],
    shelf: &Shelf,
    row: &Change,
    item: ItemId,
    name: &str,
) -> bool {
    log.iter().filter(|later| later.seq > row.seq && shelf.resolve(later.item) == item).any(
        |later| {
            let seen = later.base >= row.seq || later.device == row.device;
            seen && later.set.keys().any(|register| long_field(register) == Some(name))
        },
    )
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_happens_no_typed_text_is_lost(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        world.settle();
        assert_no_text_lost(&world.server.log, &world.server.shelf);
    }

    #[test]
    fn any_interleaving_of_offline_pushes_keeps_every_text(
        skews in skews(), story in story(), edits in edits(16),
        order in prop::collection::vec(0..4_usize, 64),
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        for (who, what) in &edits {
            world.replicas[usize::from(*who)].edit(what, world.server.now);
        }
        for who in order {
            drop(world.replicas[who].push(&mut world.server, 1, false));
        }
        world.settle();
        assert_no_text_lost(&world.server.log, &world.server.shelf);
        assert_valid(&world.server.shelf);
    }

    #[test]
    fn a_refused_change_stays_with_its_device(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        let sent: Vec<_> = world.replicas.iter().map(|replica| replica.queue.clone()).collect();
        for (replica, sent) in world.replicas.iter_mut().zip(sent) {
            let kept = replica.refused.len();
            let told = replica.push(&mut world.server, usize::MAX, false);
            let refused: Vec<_> = sent.into_iter().zip(told)
                .filter(|(_, told)| told.as_ref().unwrap().is_err())
                .map(|(sent, _)| sent)
                .collect();
            prop_assert_eq!(&replica.refused[kept..], &refused[..]);
        }
    }
}

fn note(id: u8) -> Recipe {
    Recipe::Note { id, texts: Texts::First }
}

/// A world in which all devices have seen note 0, by device 0.
fn one_note() -> World {
    let mut world = World::new([0; 4]);
    world.replicas[0].edit(&note(0), world.server.now);
    world.settle();
    world
}

fn bodies(world: &World) -> Vec<(String, String)> {
    let item = world.server.shelf.items().next().unwrap();
    let held = item.registers.iter().filter_map(|(register, held)| {
        Some((register.as_str().to_owned(), held.value.as_ref()?.as_text()?.to_owned()))
    });
    held.collect()
}

#[test]
fn of_two_blind_edits_the_later_wins_and_the_other_is_a_copy() {
    let mut world = one_note();
    world.replicas[1].edit(&note(0), world.server.now);
    world.replicas[2].edit(&note(0), world.server.now + 5);
    drop(world.replicas[2].push(&mut world.server, 1, false));
    drop(world.replicas[1].push(&mut world.server, 1, false));
    let copy = Register::copy(field::BODY, world.replicas[1].device);
    let want = vec![
        ("body".to_owned(), "d2.1.".to_owned()),
        (copy.as_str().to_owned(), "d1.1.".to_owned()),
    ];
    assert_eq!(bodies(&world), want);
}

#[test]
fn a_copy_stays_until_someone_who_saw_it_clears_it() {
    let mut world = one_note();
    for who in [1, 2] {
        world.replicas[who].edit(&note(0), world.server.now);
    }
    world.settle();
    assert_eq!(bodies(&world).len(), 2);
    // Device 1 settles what it sees, while device 3 loses against it unseen.
    assert_eq!(crate::steps::any_of_pools(17), crate::steps::of_pool(5, 0));
    world.replicas[0].edit(&Recipe::Settle { any: 17 }, world.server.now);
    world.replicas[1].edit(&note(0), world.server.now - 50);
    drop(world.replicas[1].push(&mut world.server, 1, false));
    drop(world.replicas[0].push(&mut world.server, 1, false));
    assert_no_text_lost(&world.server.log, &world.server.shelf);
}

#[test]
fn a_later_edit_of_the_same_device_replaces_its_own_without_a_copy() {
    let mut world = World::new([0; 4]);
    for _ in 0..3 {
        world.replicas[0].edit(&note(0), world.server.now);
    }
    world.settle();
    assert_eq!(bodies(&world), [("body".to_owned(), "d0.3.".to_owned())]);
}
