//! How many sockets are open: of all together, and of each person.

use shelf_domain::id::PersonId;
use shelf_domain::refusal::{Code, Refused};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most sockets of GraphQL that are open at once.
const ALL_MAX: usize = 1_000;
/// Most sockets of one person.
pub(crate) const OF_ONE_MAX: usize = 50;

/// The sockets that are open. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    /// How many there are.
    most: usize,
    all: Arc<Semaphore>,
    of_one: Arc<Mutex<HashMap<PersonId, usize>>>,
}

/// The place of a socket, before it is known whose; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat(#[expect(dead_code, reason = "held, never looked at")] OwnedSemaphorePermit);

/// The place of a socket of somebody; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    person: PersonId,
    of_one: Arc<Mutex<HashMap<PersonId, usize>>>,
}

impl Default for Seats {
    fn default() -> Self {
        Self::of_all(ALL_MAX)
    }
}

impl Seats {
    /// So many places.
    pub(crate) fn of_all(most: usize) -> Self {
        // The setting is bounded; what a semaphore cannot hold would panic.
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { most, all: Arc::new(Semaphore::new(most)), of_one: Arc::default() }
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.most.saturating_sub(self.all.available_permits())
    }

    /// A place for one more socket, if there is one.
    pub(crate) fn one(&self) -> Option<Seat> {
        Arc::clone(&self.all).try_acquire_owned().ok().map(Seat)
    }

    /// A place for one more socket of `person`, if they may have one.
    pub(crate) fn of(&self, person: PersonId) -> Option<Taken> {
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_one.entry(person).or_default();
        if *count >= OF_ONE_MAX {
            return None;
        }
        *count += 1;
        drop(of_one);
        Some(Taken { person, of_one: Arc::clone(&self.of_one) })
    }

    /// The place of a socket that `person` opens, if it is known who does: before it is said who asks, no
    /// more of them are open either. Refused where they have as many as they may.
    pub(crate) fn opened_by(&self, person: Option<PersonId>) -> Result<Option<Taken>, Refused> {
        let Some(person) = person else { return Ok(None) };
        let full = || Refused::new(Code::SlowDown, "", "too many of your sockets are open");
        self.of(person).map(Some).ok_or_else(full)
    }

    /// A place for `person`, who is said to ask: the one the socket `had`, where that is theirs.
    pub(crate) fn said_by(&self, had: Option<Taken>, person: PersonId) -> Option<Taken> {
        had.filter(|had| had.person == person).or_else(|| self.of(person))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of_one.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                of_one.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_so_many_sockets_and_takes_none_from_others() {
        let seats = Seats::default();
        let [ada, eve] = [1, 2].map(|byte| PersonId::from_bytes([byte; 16]));
        let mut held: Vec<Taken> = (0..OF_ONE_MAX).map(|_| seats.of(ada).unwrap()).collect();
        assert!(seats.of(ada).is_none());
        assert!(seats.of(eve).is_some());
        held.pop();
        assert!(seats.of(ada).is_some(), "a place that was given back is there again");
        held.clear();
        assert!(seats.of_one.lock().unwrap().is_empty());
        let had = seats.opened_by(Some(ada)).unwrap();
        let taken = seats.said_by(had, ada);
        assert_eq!(seats.of_one.lock().unwrap().get(&ada), Some(&1), "it counts once");
        let other = seats.said_by(taken, eve);
        assert_eq!(seats.of_one.lock().unwrap().get(&ada), None, "somebody else asks");
        drop(other);
        assert!(seats.opened_by(None).unwrap().is_none());
        let all: Vec<Seat> = (0..ALL_MAX).map(|_| seats.one().unwrap()).collect();
        assert!(seats.one().is_none());
        assert_eq!(seats.taken(), ALL_MAX);
        drop(all);
        assert!(seats.one().is_some());
        assert_eq!(seats.taken(), 0);
        let few = Seats::of_all(1);
        let one = few.one();
        assert!(one.is_some() && few.one().is_none());
    }
}
