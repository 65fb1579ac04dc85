//! Argon2id on threads of its own, a few passwords at a time, so that memory is bounded.

use super::Typed;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::credentials::PasswordHash;
use shelf_ports::{Failure, Fault};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

// The least of what OWASP's Password Storage Cheat Sheet (2024) names for Argon2id: 19 MiB, two
// passes, one lane. A hash made with other numbers is made anew when its owner signs in.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Most memory a stored hash may ask for, KiB: a backup of others must not take the machine's.
const MEMORY_KIB_MAX: u32 = 128 * 1_024;
/// Most passes and lanes a stored hash may ask for.
const PASSES_MAX: u32 = 16;

/// Passwords hashed at once, each in [`MEMORY_KIB`].
pub const AT_ONCE_MAX: usize = 2;
/// Passwords that are hashed or wait for it; more are refused.
pub const WAITING_MAX: usize = 32;

/// What the password of nobody is held against, with the numbers of every other; no password known
/// has this hash.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWluZHNoZWxmIG5vYm9keQ$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords.
#[derive(Debug)]
pub struct Hashing {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    runs: AtomicU64,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            waiting: Semaphore::new(WAITING_MAX),
            runs: AtomicU64::new(0),
        }
    }
}

/// How a password compares with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is another one.
    Other,
    /// It is the one.
    Same,
    /// It is the one, and the hash has numbers of former days.
    SameButOld,
}

impl Hashing {
    /// How many passwords were hashed since the start.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// A place among those that wait; refused `slow_down` where there is none.
    pub(crate) fn place(&self) -> Result<Place<'_>, Refused> {
        let Ok(waits) = self.waiting.try_acquire() else {
            let detail = "too many people are signing in; try again in a moment";
            return Err(Refused::new(Code::SlowDown, "", detail));
        };
        Ok(Place { hashing: self, _waits: waits })
    }

    /// Runs `work` beside the other threads when its turn comes. It keeps its turn until it is done,
    /// also where nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let doing = "hashing a password";
        let running = Arc::clone(&self.running);
        let turn = running.acquire_owned().await.map_err(|error| Fault::new(doing, error))?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let worked = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        let done = worked.await.map_err(|join| Fault::new(doing, join))?;
        done.map_err(|error| Fault::new(doing, error))
    }
}

/// A place among those whose passwords are hashed.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    hashing: &'a Hashing,
    _waits: SemaphorePermit<'a>,
}

impl Place<'_> {
    /// The hash of a password under `salt`.
    pub(crate) async fn hash(&self, typed: &Typed, salt: [u8; 16]) -> Result<PasswordHash, Fault> {
        let typed = typed.clone();
        let work = move || -> Result<Phc, password_hash::Error> {
            argon2()?.hash_password_with_salt(typed.text().as_bytes(), &salt)
        };
        self.hashing.run(work).await.map(|hash| PasswordHash(hash.to_string()))
    }

    /// Compares a password with a hash, or with that of nobody, which costs the same.
    pub(crate) async fn compare(
        &self,
        typed: &Typed,
        with: Option<&PasswordHash>,
    ) -> Result<Compared, Failure> {
        let is_somebodys = with.is_some();
        let hash = with.map_or(NOBODYS, |hash| hash.0.as_str());
        let (hash, numbers) = read(hash)?;
        let is_old = numbers != (MEMORY_KIB, PASSES, LANES);
        let typed = typed.clone();
        let work = move || match argon2()?.verify_password(typed.text().as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        };
        let is_same = self.hashing.run(work).await?;
        Ok(match (is_same && is_somebodys, is_old) {
            (false, _) => Compared::Other,
            (true, false) => Compared::Same,
            (true, true) => Compared::SameButOld,
        })
    }
}

fn argon2() -> Result<Argon2<'static>, password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A stored hash with its memory, passes and lanes, unless it asks for too much.
pub(crate) fn read(text: &str) -> Result<(Phc, (u32, u32, u32)), Fault> {
    let doing = "reading the hash of a password";
    let hash = Phc::new(text).map_err(|error| Fault::new(doing, error))?;
    let params = Params::try_from(&hash).map_err(|error| Fault::new(doing, error))?;
    let numbers = (params.m_cost(), params.t_cost(), params.p_cost());
    if numbers.0 > MEMORY_KIB_MAX || numbers.1 > PASSES_MAX || numbers.2 > PASSES_MAX {
        return Err(Fault::new(doing, "it asks for more memory or passes than are given"));
    }
    Ok((hash, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_costs_what_every_other_does() {
        assert_eq!(read(NOBODYS).unwrap().1, (MEMORY_KIB, PASSES, LANES));
    }

    #[test]
    fn a_hash_that_asks_for_the_machines_memory_is_not_tried() {
        let greedy = NOBODYS.replace("m=19456", "m=4194304");
        assert!(read(&greedy).is_err());
        assert!(read("$argon2id$nonsense").is_err());
    }

    #[tokio::test]
    async fn a_password_is_its_own_alone_and_hashed_by_the_numbers_of_today() {
        let hashing = Hashing::default();
        let place = hashing.place().unwrap();
        let (typed, other) = (Typed::new("correct horse"), Typed::new("correct horsf"));
        let hash = place.hash(&typed, [7; 16]).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_ne!(place.hash(&typed, [8; 16]).await.unwrap(), hash);
        assert_eq!(place.compare(&typed, Some(&hash)).await.unwrap(), Compared::Same);
        assert_eq!(place.compare(&other, Some(&hash)).await.unwrap(), Compared::Other);
        assert_eq!(place.compare(&typed, None).await.unwrap(), Compared::Other);
        assert_eq!(hashing.runs(), 5);
    }

    #[test]
    fn more_than_can_wait_are_refused() {
        let hashing = Hashing::default();
        let places: Vec<_> = (0..WAITING_MAX).map(|_| hashing.place().unwrap()).collect();
        assert_eq!(hashing.place().unwrap_err().code, Code::SlowDown);
        drop(places);
        assert!(hashing.place().is_ok());
    }
}
