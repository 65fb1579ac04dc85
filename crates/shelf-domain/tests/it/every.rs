//! Every order: what two devices do to one thing, with each push heard, or not heard as by a crash
//! between commit and answer, in all orders there are; from wherever they are, all end alike.

use crate::server::Server;
use crate::steps::{Recipe, Texts, Where, number};
use crate::texts::assert_no_text_lost;
use crate::valid::assert_valid;
use crate::world::World;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many changes each of the two makes, and how many where `MINDSHELF_LONG` is 1.
const CHANGES: [usize; 2] = [2, 1];
const CHANGES_LONG: [usize; 2] = [3, 2];
/// A clock that is further ahead than a server believes, milliseconds.
const AHEAD_MS: i64 = 90_000;

/// What each of the two does, in its order.
type Scripts = [Vec<Recipe>; 2];

/// Somewhere on the way: the world, and how much each has done.
#[derive(Clone)]
struct State {
    world: World,
    done: [usize; 2],
}

impl State {
    /// All that what follows depends on, hashed.
    fn key(&self) -> [u8; 32] {
        let Server { now, log, answers, last, .. } = &self.world.server;
        let mut text = format!("{now} {:?} {answers:?} {last:?}", self.done);
        for row in log {
            write!(text, "\n{}", row.to_wire()).unwrap();
        }
        for replica in &self.world.replicas {
            write!(text, "\n{} {:?}", replica.base.head.seq, replica.queue).unwrap();
        }
        Sha256::digest(text.as_bytes()).into()
    }

    /// The state after something that one of them does.
    fn after(&self, does: impl FnOnce(&mut World)) -> Self {
        let mut state = self.clone();
        does(&mut state.world);
        state
    }

    /// Every state that comes next.
    fn next(&self, scripts: &Scripts) -> Vec<Self> {
        let mut states = Vec::new();
        for (who, script) in scripts.iter().enumerate() {
            if let Some(what) = script.get(self.done[who]) {
                let now = self.world.server.now;
                let mut state = self.after(|world| world.replicas[who].edit(what, now));
                state.done[who] += 1;
                states.push(state);
            }
            let (replica, server) = (&self.world.replicas[who], &self.world.server);
            if let Some(first) = replica.queue.first() {
                states.push(self.after(|world| push(world, who, false)));
                if server.last.get(&replica.device).is_none_or(|last| *last < first.n) {
                    states.push(self.after(|world| push(world, who, true)));
                }
            }
            if usize::try_from(replica.base.head.seq).unwrap() < server.log.len() {
                states.push(self.after(|world| {
                    world.replicas[who].pull(&world.server.log, usize::MAX);
                }));
            }
        }
        states
    }

    /// From here, all that waits is pushed and pulled, and what must be true then is.
    fn check(&self) {
        let mut world = self.world.clone();
        world.settle();
        let server = &world.server;
        let counters: BTreeSet<_> = server.log.iter().map(|row| (row.device, row.n)).collect();
        assert_eq!(counters.len(), server.log.len(), "a change has two rows");
        for (row, seq) in server.log.iter().zip(1..) {
            assert_eq!(row.seq, seq, "the log has a gap");
        }
        for replica in &world.replicas {
            assert_eq!(replica.base, server.shelf, "a replica differs");
        }
        assert_valid(&server.shelf);
        assert_no_text_lost(&server.log, &server.shelf);
    }
}

fn push(world: &mut World, who: usize, deaf: bool) {
    let World { server, replicas } = world;
    drop(replicas[who].push(server, 1, deaf));
}

/// Goes every way there is; how many states there are.
fn walk(scripts: &Scripts) -> usize {
    let first = State { world: World::new([0, AHEAD_MS, 0, 0]), done: [0, 0] };
    let mut seen = BTreeSet::from([first.key()]);
    let mut open = vec![first];
    while let Some(state) = open.pop() {
        state.check();
        for next in state.next(scripts) {
            if seen.insert(next.key()) {
                open.push(next);
            }
        }
    }
    seen.len()
}

/// Two that save one address under two ids, and write about it.
fn joining() -> Scripts {
    let bookmark =
        |id, url| Recipe::Bookmark { id, url, title: false, flag: Some(true), texts: Texts::First };
    let trash = Recipe::Trash { any: 0, on: true };
    [
        vec![bookmark(0, Some(0)), bookmark(0, None), trash],
        vec![bookmark(1, Some(2)), bookmark(1, None)],
    ]
}

/// Two that put folders into each other's.
fn nesting() -> Scripts {
    let folder = |id, parent| Recipe::Folder { id, parent, texts: Texts::First };
    [
        vec![folder(0, Where::Root), folder(0, Where::Into(1)), folder(0, Where::Into(0))],
        vec![folder(1, Where::Into(0)), folder(1, Where::Root)],
    ]
}

/// Two that write on one note.
fn writing() -> Scripts {
    let note = |texts| Recipe::Note { id: 0, texts };
    [
        vec![note(Texts::First), note(Texts::Cleared), note(Texts::First)],
        vec![note(Texts::First), note(Texts::First)],
    ]
}

#[test]
fn whatever_two_devices_do_they_end_alike_in_every_order() {
    let is_long = number("MINDSHELF_LONG") == Some(1_u8);
    let most = if is_long { CHANGES_LONG } else { CHANGES };
    for mut scripts in [joining(), nesting(), writing()] {
        scripts.iter_mut().zip(most).for_each(|(script, most)| script.truncate(most));
        println!("{} and {} changes: {} states", most[0], most[1], walk(&scripts));
    }
}
