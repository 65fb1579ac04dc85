//! A server, some replicas and a story played on them.

use crate::replica::Replica;
use crate::server::Server;
use crate::steps::{DEVICES, Step};

/// Everything there is.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The sequencer.
    pub(crate) server: Server,
    /// The devices.
    pub(crate) replicas: Vec<Replica>,
}

impl World {
    /// An empty library and devices whose clocks are off by `skews` milliseconds.
    pub(crate) fn new(skews: [i64; DEVICES as usize]) -> Self {
        let replicas = (0..DEVICES).zip(skews).map(|(at, skew)| Replica::new(at, skew)).collect();
        Self { server: Server::new(), replicas }
    }

    /// The world after `steps`.
    pub(crate) fn after(skews: [i64; DEVICES as usize], steps: &[Step]) -> Self {
        let mut world = Self::new(skews);
        for step in steps {
            world.play(step);
        }
        world
    }

    /// Plays one step.
    pub(crate) fn play(&mut self, step: &Step) {
        let server = &mut self.server;
        match step {
            Step::Edit { who, what } => self.replicas[usize::from(*who)].edit(what, server.now),
            Step::Push { who, count, deaf } => {
                drop(self.replicas[usize::from(*who)].push(server, usize::from(*count), *deaf));
            }
            Step::Pull { who, count } => {
                self.replicas[usize::from(*who)].pull(&server.log, usize::from(*count));
            }
            Step::Rest(ask) => drop(server.rest(ask)),
            Step::Wait(ms) => server.now += i64::from(*ms),
        }
    }

    /// Everyone pushes all they have, and pulls all there is.
    pub(crate) fn settle(&mut self) {
        for replica in &mut self.replicas {
            drop(replica.push(&mut self.server, usize::MAX, false));
        }
        for replica in &mut self.replicas {
            replica.pull(&self.server.log, usize::MAX);
        }
    }
}
