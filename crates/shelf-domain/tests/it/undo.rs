//! Undo: as if the act had not been, except what others have changed since, which is listed.

use crate::server::Server;
use crate::steps::{DEVICES, Step, cases, skews, story};
use crate::valid::assert_valid;
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::id::{ActId, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Register, field};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Stamp;
use shelf_domain::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What an item holds, others by the ids they go by now.
fn shown(shelf: &Shelf, item: &Item) -> (BTreeMap<String, Value>, BTreeSet<ItemId>) {
    let values = item
        .registers
        .iter()
        .filter(|(register, _)| register.as_tag().is_none())
        .filter_map(|(register, held)| {
            let leads_to = match register.as_str() {
                field::BOOKMARK | field::PARENT => item.reference(register.as_str()),
                _ => None,
            };
            let value = leads_to.map(|id| Value::from(shelf.resolve(id))).or(held.value.clone())?;
            Some((register.as_str().to_owned(), value))
        })
        .collect();
    (values, item.tags().map(|tag| shelf.resolve(tag)).collect())
}

fn all_shown(shelf: &Shelf) -> BTreeMap<ItemId, (BTreeMap<String, Value>, BTreeSet<ItemId>)> {
    shelf.items().map(|item| (item.id, shown(shelf, item))).collect()
}

/// What would win `register` of `item` without the rows of `act`.
fn without(server: &Server, act: ActId, item: ItemId, register: &Register) -> Option<Value> {
    let mut best: Option<(Stamp, Option<Value>)> = None;
    for row in server.log.iter().filter(|row| row.act != act && row.item == item) {
        for (_, value, stamp) in row.puts().filter(|(name, _, _)| *name == register) {
            if best.as_ref().is_none_or(|(held, _)| stamp > *held) {
                best = Some((stamp, value.clone()));
            }
        }
    }
    best.and_then(|(_, value)| value)
}

/// The item as it should be after the undo.
fn wanted(server: &Server, act: ActId, item: &Item) -> Item {
    let by_act = |seq: u64| server.log[usize::try_from(seq).unwrap() - 1].act == act;
    let mut wanted = item.clone();
    for (register, held) in &mut wanted.registers {
        if by_act(held.seq) {
            held.value = without(server, act, item.id, register);
        }
    }
    wanted
}

fn check(before: &Server, after: &Server, act: ActId, left: &[ItemId]) {
    let touched: BTreeSet<ItemId> =
        before.log.iter().filter(|row| row.act == act).map(|row| row.item).collect();
    for item in before.shelf.items() {
        let now = after.shelf.item(item.id).unwrap();
        if !touched.contains(&item.id) {
            assert_eq!(now, item, "an item the act did not touch is untouched");
            continue;
        }
        let made = before.log[usize::try_from(item.created_seq).unwrap() - 1].act == act;
        if left.contains(&item.id) {
            let same = shown(&after.shelf, now) == shown(&before.shelf, item);
            let undone =
                shown(&after.shelf, now) == shown(&before.shelf, &wanted(before, act, item));
            assert!(same || (undone && !made), "what is left is as others left it");
        } else if made {
            assert!(now.is_trashed(), "what the act made is in the trash");
            let (mut then, now) = (shown(&before.shelf, item), shown(&after.shelf, now));
            then.0.insert(field::TRASHED_AT.to_owned(), now.0[field::TRASHED_AT].clone());
            assert_eq!(now, then);
        } else {
            let want = wanted(before, act, item);
            assert_eq!(
                shown(&after.shelf, now),
                shown(&before.shelf, &want),
                "as if it had not been"
            );
        }
    }
}

/// What a story led to, and one of its acts.
fn one_act(
    skews: [i64; DEVICES as usize],
    story: &[Step],
    which: prop::sample::Index,
) -> Result<(World, ActId), TestCaseError> {
    let mut world = World::after(skews, story);
    world.settle();
    let acts = world.server.acts();
    if acts.is_empty() {
        return Err(TestCaseError::reject("nobody did anything"));
    }
    let act = acts[which.index(acts.len())];
    Ok((world, act))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn after_an_undo_it_is_as_if_the_act_had_not_been(
        skews in skews(), story in story(), which in any::<prop::sample::Index>(),
    ) {
        let (mut world, act) = one_act(skews, &story, which)?;
        let before = world.server.clone();
        let done = world.server.undo(act).unwrap();
        assert_valid(&world.server.shelf);
        check(&before, &world.server, act, &done.left);
    }

    #[test]
    fn the_undo_of_an_undo_does_it_again(
        skews in skews(), story in story(), which in any::<prop::sample::Index>(),
    ) {
        let (mut world, act) = one_act(skews, &story, which)?;
        let before = all_shown(&world.server.shelf);
        world.server.undo(act).unwrap();
        let last = world.server.acts().pop().unwrap();
        if last != act && all_shown(&world.server.shelf) != before {
            let redone = world.server.undo(last).unwrap();
            prop_assert!(redone.left.is_empty(), "nobody came in between: {:?}", redone.left);
            prop_assert_eq!(all_shown(&world.server.shelf), before);
        }
    }

    #[test]
    fn the_time_machine_puts_every_item_back(
        skews in skews(), story in story(), cut in any::<prop::sample::Index>(),
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        let server = &mut world.server;
        prop_assume!(!server.log.is_empty());
        let moment = u64::try_from(cut.index(server.log.len())).unwrap();
        let then = Shelf::folded(server.log.iter().take_while(|row| row.seq <= moment));
        let mut items: Vec<ItemId> =
            server.log.iter().filter(|row| row.seq > moment).map(|row| row.item).collect();
        items.sort();
        items.dedup();
        let done = server.write(|turn| turn.take_back(&items, |row| row.seq > moment)).unwrap();
        assert_valid(&server.shelf);
        for item in server.shelf.items().filter(|item| !done.left.contains(&item.id)) {
            match then.item(item.id) {
                Some(was) => prop_assert_eq!(shown(&server.shelf, item), shown(&server.shelf, was), "{}", item.id),
                None => prop_assert!(item.is_trashed()),
            }
        }
    }
}
