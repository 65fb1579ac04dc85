//! Clients of the built program that know it only from outside, on connections that are delayed, cut and
//! swallowed, while it is killed; and bytes that no client would send.
//!
//! `MINDSHELF_TEST_SEED` repeats one seed, `MINDSHELF_LONG=1` runs many.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../it/program.rs"]
#[expect(dead_code, reason = "shared with the tests of commands")]
mod program;
mod caller;
mod stage;
mod folded;
mod writer;
mod device;
mod frames;
mod follower;
mod verdict;
mod one_server;
mod malformed;

/// The seed of the short form.
const SEED: u64 = 20_270;
/// Seeds of the long form: of about ten seconds each.
const LONG: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_server_that_is_killed_and_cut_off_see_every_promise_kept() {
    for seed in verdict::seeds(SEED, LONG) {
        println!("{}", one_server::run(seed).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_no_client_would_send_break_nothing() {
    for seed in verdict::seeds(SEED, LONG / 6) {
        println!("{}", malformed::run(seed).await);
    }
}
