//! Laws of a device's queue: once, in order, and never blocked by a refusal.

use crate::replica::Replica;
use crate::server::Server;
use crate::steps::{cases, edits, skews, story};
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{AHEAD_MAX_MS, Hlc};
use shelf_domain::turn::{Outcome, Status};

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_push_repeated_has_the_same_answer_and_no_effect(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        let replica = &mut world.replicas[0];
        let queue = replica.queue.clone();
        let told = world.server.push(replica.device, &queue);
        let (log, shelf) = (world.server.log.clone(), world.server.shelf.clone());
        for again in 0..3 {
            world.server.now += 1_000 * again;
            prop_assert_eq!(&world.server.push(replica.device, &queue), &told);
        }
        prop_assert_eq!(&world.server.log, &log);
        prop_assert_eq!(&world.server.shelf, &shelf);
        for sent in &queue {
            let mut other = sent.clone();
            other.hlc = other.hlc.next();
            let told = world.server.push(replica.device, &[other]).remove(0);
            prop_assert_eq!(told.unwrap_err().code, Code::DeviceReused);
        }
        prop_assert_eq!(&world.server.log, &log);
    }

    #[test]
    fn a_counter_that_skips_is_a_gap_and_uses_up_nothing(edits in edits(8), skip in 1..4_u64) {
        let mut server = Server::new();
        let mut replica = Replica::new(0, 0);
        for (_, what) in &edits {
            replica.edit(what, server.now);
        }
        let queue = replica.queue.clone();
        for sent in &queue {
            let mut early = sent.clone();
            early.n += skip;
            let told = server.push(replica.device, &[early]).remove(0);
            prop_assert_eq!(told.unwrap_err().code, Code::Gap);
            prop_assert!(server.push(replica.device, std::slice::from_ref(sent))[0].is_ok());
        }
    }

    #[test]
    fn a_refusal_uses_up_its_counter_and_blocks_nothing(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        for replica in &mut world.replicas {
            let queue = replica.queue.clone();
            let told = replica.push(&mut world.server, usize::MAX, false);
            prop_assert!(told.iter().all(Result::is_ok));
            if let Some(last) = queue.last() {
                prop_assert_eq!(world.server.last[&replica.device], last.n);
            }
            prop_assert!(replica.queue.is_empty());
        }
    }

    #[test]
    fn how_a_queue_is_cut_into_batches_changes_nothing_that_is_held(
        skews in skews(), edits in edits(24), cuts in prop::collection::vec(1..4_usize, 24),
    ) {
        let mut replica = Replica::new(0, skews[0]);
        let mut whole = Server::new();
        for (_, what) in &edits {
            replica.edit(what, whole.now);
        }
        let mut parts = whole.clone();
        let mut other = replica.clone();
        let told = replica.push(&mut whole, usize::MAX, false);
        let mut told_in_parts = Vec::new();
        for cut in cuts {
            told_in_parts.extend(other.push(&mut parts, cut, false));
        }
        told_in_parts.extend(other.push(&mut parts, usize::MAX, false));
        let status = |told: &[crate::server::Told]| -> Vec<_> {
            told.iter().map(|told| told.as_ref().unwrap().as_ref().map(|ok| ok.status).map_err(|no| no.code)).collect()
        };
        prop_assert_eq!(status(&told), status(&told_in_parts));
        let values = |server: &Server| -> Vec<_> {
            crate::oracle::registers_of(&server.shelf).into_iter().map(|(key, cell)| (key, cell.1)).collect()
        };
        prop_assert_eq!(values(&whole), values(&parts));
    }

    #[test]
    fn a_change_that_was_held_is_decided_as_it_would_have_been(skews in skews(), edits in edits(12)) {
        let mut replica = Replica::new(0, skews[0]);
        let mut pushed = Server::new();
        for (_, what) in &edits {
            replica.edit(what, pushed.now);
        }
        let (device, queue) = (replica.device, replica.queue.clone());
        let mut held = pushed.clone();
        let at_once: Vec<_> = pushed.push(device, &queue).into_iter().map(Result::unwrap).collect();
        let mut turn = held.turn(device);
        for change in &queue {
            // What is not valid in itself is refused at once, as by a push.
            let told = turn.hold(change).unwrap();
            prop_assert!(told.is_err() || told.is_ok_and(|one| one.status == Status::Held));
        }
        prop_assert!(turn.rows.is_empty(), "nothing of it is in the log");
        held.commit(device, turn);
        let mut turn = held.turn(device);
        let later: Vec<_> = queue.iter().map(|change| turn.confirm(change)).collect();
        held.commit(device, turn);
        let status = |told: &Result<_, _>| told.clone().map(|one: Outcome| one.status).map_err(|no: Refused| no.code);
        prop_assert_eq!(later.iter().map(status).collect::<Vec<_>>(), at_once.iter().map(status).collect::<Vec<_>>());
        let values = |server: &Server| -> Vec<_> {
            crate::oracle::registers_of(&server.shelf).into_iter().map(|(key, cell)| (key, cell.1)).collect()
        };
        prop_assert_eq!(values(&pushed), values(&held));
        let mut turn = held.turn(device);
        for (change, told) in queue.iter().zip(&later) {
            prop_assert_eq!(&turn.confirm(change), told);
        }
        prop_assert!(turn.rows.is_empty(), "what was decided is not decided again");
    }

    #[test]
    fn a_clock_that_is_ahead_is_clamped(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        world.settle();
        prop_assert!(world.server.shelf.head.hlc <= Hlc::at(world.server.now + AHEAD_MAX_MS + 1));
    }

    #[test]
    fn a_put_never_loses_to_one_its_author_had_seen(skews in skews(), story in story()) {
        let mut world = World::after(skews, &story);
        world.settle();
        let mut shelf = Shelf::default();
        for row in &world.server.log {
            let before = shelf.item(row.item).filter(|_| row.joined.is_none());
            for held in row.set.keys().filter_map(|register| before?.registers.get(register)) {
                let seen = held.seq <= row.base || held.stamp.device == row.device;
                prop_assert!(!seen || row.stamp() > held.stamp, "row {} loses", row.seq);
            }
            shelf.fold(row);
        }
    }
}
