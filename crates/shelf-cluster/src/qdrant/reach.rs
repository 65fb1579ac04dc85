//! Whether the server answered lately: while it does not, searches do not wait for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long nobody who only searches asks a server that did not answer.
const REST: Duration = Duration::from_secs(1);

/// What is known of the server: when to look again, if it was away.
#[derive(Debug, Default)]
pub(super) struct Reach(Mutex<Option<Instant>>);

/// What whoever wants to ask the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Asks: it answered, or nobody asked yet.
    Ask,
    /// Looks whether it is there again; all others do without it meanwhile.
    Look,
    /// Does without it.
    Rest,
}

impl Reach {
    /// The server answered.
    pub(super) fn answered(&self) {
        *self.lock() = None;
    }

    /// The server did not answer.
    pub(super) fn missed(&self, now: Instant) {
        *self.lock() = Some(now + REST);
    }

    /// Whose turn it is `now`.
    pub(super) fn turn(&self, now: Instant) -> Turn {
        let mut rests = self.lock();
        match *rests {
            None => Turn::Ask,
            Some(until) if now < until => Turn::Rest,
            Some(_) => {
                *rests = Some(now + REST);
                Turn::Look
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_search_a_second_looks_for_a_server_that_is_away() {
        let (reach, now) = (Reach::default(), Instant::now());
        assert_eq!(reach.turn(now), Turn::Ask);
        reach.missed(now);
        assert_eq!([now, now + REST / 2].map(|at| reach.turn(at)), [Turn::Rest; 2]);
        let later = now + REST;
        assert_eq!([later, later].map(|at| reach.turn(at)), [Turn::Look, Turn::Rest]);
        reach.answered();
        assert_eq!(reach.turn(later), Turn::Ask);
    }
}
