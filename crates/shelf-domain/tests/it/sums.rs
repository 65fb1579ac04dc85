//! Laws of the checksum and of items as they stand on the wire: any difference is found, and what
//! was stated while the log went on leads to the same state.

use crate::steps::{cases, skews, story};
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::change::Change;
use shelf_domain::item::Item;
use shelf_domain::shelf::Shelf;
use shelf_domain::stated::Stated;
use shelf_domain::sums::{Sums, range_of};
use std::collections::{BTreeMap, BTreeSet};

/// What a shelf holds, however it came to.
fn content(shelf: &Shelf) -> (BTreeMap<String, Item>, BTreeMap<String, String>) {
    let items = shelf.items().map(|item| (item.id.to_string(), item.clone())).collect();
    let aliases = shelf.aliases().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    (items, aliases)
}

/// `item` sent and received.
fn sent(item: &Item) -> Item {
    let text = serde_json::to_string(&Stated::from(item)).unwrap();
    serde_json::from_str::<Stated>(&text).unwrap().into()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn sums_follow_from_the_state_and_from_nothing_else(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let mut stuttering = Shelf::default();
        for row in &server.log {
            stuttering.fold(row);
            stuttering.fold(row);
        }
        prop_assert_eq!(Sums::of(&stuttering), Sums::of(&server.shelf));
        let mut backwards = Sums::default();
        let mut items: Vec<&Item> = server.shelf.items().collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.id));
        for item in &items {
            backwards.add_item(item.id, item.version());
        }
        server.shelf.aliases().for_each(|(a, b)| backwards.add_alias(a, b));
        prop_assert_eq!(backwards, Sums::of(&server.shelf));
    }

    #[test]
    fn any_single_difference_is_found_and_in_its_range(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let whole = Sums::of(&server.shelf);
        for item in server.shelf.items() {
            let mut missing = whole.clone();
            missing.add_item(item.id, item.version());
            prop_assert_eq!(missing.differing(&whole), [range_of(item.id)]);
            let mut behind = missing.clone();
            behind.add_item(item.id, item.version() + 1);
            prop_assert_eq!(behind.differing(&whole), [range_of(item.id)]);
            prop_assert_ne!(behind.whole(), whole.whole());
        }
        for (younger, older) in server.shelf.aliases() {
            let mut missing = whole.clone();
            missing.add_alias(younger, older);
            prop_assert_eq!(missing.differing(&whole), [range_of(younger)]);
        }
    }

    #[test]
    fn a_row_that_was_lost_is_found(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let newest: BTreeSet<u64> = server.shelf.items().map(Item::version).collect();
        for lost in newest {
            let rest = Shelf::folded(server.log.iter().filter(|row| row.seq != lost));
            prop_assert_ne!(Sums::of(&rest), Sums::of(&server.shelf), "row {}", lost);
        }
    }

    #[test]
    fn what_was_stated_while_the_log_went_on_leads_to_the_same_state(
        skews in skews(), story in story(), cuts in any::<[prop::sample::Index; 3]>()
    ) {
        let World { server, .. } = World::after(skews, &story);
        let rows = server.log.len();
        let mut cuts = cuts.map(|cut| cut.index(rows + 1));
        cuts.sort_unstable();
        let [first, middle, last] = cuts;
        let at = |cut: usize| Shelf::folded(&server.log[..cut]);
        // The first half of the items is from one moment, the second from a later one.
        let mut copy = Shelf::at(at(first).head);
        for (shelf, half) in [(at(middle), true), (at(last), false)] {
            for item in shelf.items().filter(|item| (range_of(item.id) < 128) == half) {
                copy.insert(sent(item));
            }
        }
        at(last).aliases().for_each(|(younger, older)| copy.alias(younger, older));
        let after: &[Change] = &server.log[first..];
        for row in after {
            copy.fold(row);
        }
        prop_assert_eq!(content(&copy), content(&server.shelf));
        prop_assert_eq!(Sums::of(&copy), Sums::of(&server.shelf));
        prop_assert_eq!(&copy.head, &server.shelf.head);
    }
}
