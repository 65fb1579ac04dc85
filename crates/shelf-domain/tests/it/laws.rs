//! Laws of the fold: the log is the state, whatever happened.

use crate::oracle;
use crate::steps::{convergence, skews, story};
use crate::valid::assert_valid;
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::change::Change;
use shelf_domain::shelf::Shelf;
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(convergence())]

    #[test]
    fn the_fold_of_the_log_is_the_state(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let folded = Shelf::folded(&server.log);
        prop_assert_eq!(&folded, &server.shelf);
        prop_assert_eq!(oracle::registers(&server.log), oracle::registers_of(&folded));
        let aliases: BTreeMap<_, _> = folded.aliases().collect();
        prop_assert_eq!(oracle::aliases(&server.log), aliases);
    }

    #[test]
    fn folding_twice_changes_nothing(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let mut twice = server.shelf.clone();
        server.log.iter().for_each(|row| twice.fold(row));
        prop_assert_eq!(&twice, &server.shelf);
        let mut stuttering = Shelf::default();
        server.log.iter().for_each(|row| {
            stuttering.fold(row);
            stuttering.fold(row);
        });
        prop_assert_eq!(&stuttering, &server.shelf);
    }

    #[test]
    fn every_prefix_folds_to_a_valid_state(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let mut shelf = Shelf::default();
        for (at, row) in server.log.iter().enumerate() {
            prop_assert_eq!(row.seq, u64::try_from(at).unwrap() + 1);
            prop_assert!(row.at >= shelf.head.at);
            prop_assert!(row.base < row.seq);
            prop_assert!(row.hlc.millis() <= row.at + shelf_domain::stamp::AHEAD_MAX_MS + 1);
            shelf.fold(row);
            assert_valid(&shelf);
        }
    }

    #[test]
    fn every_row_survives_the_wire_and_the_store(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        for row in &server.log {
            let wire = row.to_wire();
            let read: Change = serde_json::from_str(&wire).unwrap();
            prop_assert_eq!(&read, row);
            prop_assert_eq!(read.to_wire(), wire);
            let mut blank = row.clone();
            (blank.set, blank.also) = Default::default();
            prop_assert_eq!(&blank.clone().with_body(&row.body()).unwrap(), row);
            prop_assert_eq!(&blank.clone().with_body(&[]).unwrap(), &blank);
        }
    }

    #[test]
    fn counters_of_every_device_are_dense_and_used_once(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let mut used: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for row in &server.log {
            used.entry(row.device).or_default().push(row.n);
        }
        for (device, ns) in used {
            prop_assert!(ns.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", ns);
            prop_assert!(ns.last() <= server.last.get(&device));
        }
    }

    #[test]
    fn blanking_what_was_purged_changes_no_state(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let gone: Vec<_> = server.shelf.all_items().filter(|item| item.is_purged()).collect();
        let purge = |row: &Change| row.set.contains_key(&"purged".into());
        let blanked: Vec<Change> = server.log.iter().cloned().map(|mut row| {
            let of_gone = gone.iter().any(|item| item.id == server.shelf.resolve(row.item));
            if of_gone && !purge(&row) {
                (row.set, row.also) = Default::default();
            }
            row
        }).collect();
        prop_assert_eq!(&Shelf::folded(&blanked), &server.shelf);
    }

    #[test]
    fn rows_that_win_nothing_can_leave_the_log(skews in skews(), story in story()) {
        let World { server, .. } = World::after(skews, &story);
        let winning: Vec<_> = server.shelf.all_items()
            .flat_map(|item| item.registers.values().map(|held| held.seq))
            .collect();
        let kept = server.log.iter().filter(|row| {
            row.number.is_some() || row.joined.is_some() || winning.contains(&row.seq)
        });
        let folded = Shelf::folded(kept);
        prop_assert_eq!(oracle::registers_of(&folded), oracle::registers_of(&server.shelf));
        let aliases = |shelf: &Shelf| -> BTreeMap<_, _> { shelf.aliases().collect() };
        prop_assert_eq!(aliases(&folded), aliases(&server.shelf));
    }
}
