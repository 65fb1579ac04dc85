//! One law over a number of operations that is asked for, and printed: replicas converge.

use crate::oracle::{registers, registers_of};
use crate::steps::{number, skews, story};
use crate::texts::assert_no_text_lost;
use crate::valid::assert_valid;
use crate::world::World;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use shelf_domain::shelf::Shelf;

/// Operations, unless `MINDSHELF_OPERATIONS` says how many.
const OPERATIONS: u64 = 10_000;

/// The story with this number is the same in every run.
fn numbered(number: u64) -> TestRunner {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    TestRunner::new_with_rng(Config::default(), rng)
}

#[test]
fn after_many_operations_every_replica_has_what_the_server_has() {
    let asked = number("MINDSHELF_OPERATIONS").unwrap_or(OPERATIONS);
    let (mut stories, mut operations, mut rows) = (0_u64, 0_u64, 0_u64);
    while operations < asked {
        let mut runner = numbered(stories);
        let (skews, story) = (skews(), story()).new_tree(&mut runner).unwrap().current();
        let mut world = World::after(skews, &story);
        world.settle();
        let (server, at) = (&world.server, format!("story {stories}"));
        assert_eq!(Shelf::folded(&server.log), server.shelf, "{at}: the fold is the state");
        assert_eq!(registers(&server.log), registers_of(&server.shelf), "{at}: the latest wins");
        for replica in &world.replicas {
            assert_eq!(replica.base, server.shelf, "{at}: a replica differs");
        }
        assert_valid(&server.shelf);
        assert_no_text_lost(&server.log, &server.shelf);
        stories += 1;
        operations += u64::try_from(story.len()).unwrap();
        rows += u64::try_from(server.log.len()).unwrap();
    }
    println!("{operations} operations in {stories} stories, {rows} rows: 0 divergences, 0 cycles");
}
