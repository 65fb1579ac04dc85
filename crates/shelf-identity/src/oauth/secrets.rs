//! The secrets of a program that was let in: what it acts with, and what it gets the next ones
//! with.
//!
//! The next ones are made of the one that is used up and of a seed that is kept beside it. So an
//! honest retry can be given the same answer although only hashes are stored: neither who has an
//! old secret nor who reads the store can make the next one.

use super::{ABSOLUTE_MS, ACCESS_MS, IDLE_MS};
use crate::secret::Secret;
use sha2::{Digest, Sha256};
use shelf_domain::permit::Permits;
use shelf_ports::accounts::{Grant, KeyPrint};
use shelf_ports::oauth::Issued;

/// The format of what is hashed.
const FORMAT: &[u8] = b"mindshelf.app.1";

/// What a program is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// What it acts with.
    pub access: Secret,
    /// How long that works from now, seconds.
    pub expires_in_s: i64,
    /// What it gets the next ones with; nothing for what acts alone.
    pub refresh: Option<Secret>,
    /// What it was let in for.
    pub permits: Permits,
    /// The key it must prove to have.
    pub bound: Option<KeyPrint>,
}

/// Two secrets, and what is stored of them.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
    pub(crate) issued: Issued,
}

impl Pair {
    /// Secrets made of `old` and `seed` at the moment `at`, for a grant that ends at `until` at the
    /// latest.
    pub(crate) fn made_of(old: &Secret, seed: [u8; 16], at: i64, until: i64) -> Self {
        let made = |what: &[u8]| {
            let hash = Sha256::new()
                .chain_update(FORMAT)
                .chain_update([0])
                .chain_update(what)
                .chain_update([0])
                .chain_update(seed)
                .chain_update(old.expose());
            Secret::made(hash.finalize().into())
        };
        let (access, refresh) = (made(b"access"), made(b"refresh"));
        let issued = Issued {
            access: access.hash(),
            access_until: (at + ACCESS_MS).min(until),
            refresh: refresh.hash(),
            refresh_until: (at + IDLE_MS).min(until),
        };
        Self { access, refresh, issued }
    }

    /// What the program is told of them at `now`.
    pub(crate) fn told(self, now: i64, grant: &Grant) -> Tokens {
        let expires_in_s = (self.issued.access_until - now).max(0) / 1_000;
        let (access, refresh) = (self.access, Some(self.refresh));
        let (permits, bound) = (grant.allows.permits, grant.bound);
        Tokens { access, expires_in_s, refresh, permits, bound }
    }
}

/// When a grant that begins at `now` ends at the latest.
pub(crate) fn latest_end(now: i64) -> i64 {
    now + ABSOLUTE_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_follow_from_both_the_old_one_and_the_seed() {
        let made = |old, seed| Pair::made_of(&Secret::sent(old), [seed; 16], 0, i64::MAX);
        let one = made("old", 1);
        assert_eq!(one.refresh, made("old", 1).refresh, "a retry gets the same");
        assert_eq!(one.access, made("old", 1).access);
        assert_ne!(one.access, one.refresh);
        assert_ne!(one.refresh, made("other", 1).refresh);
        assert_ne!(one.refresh, made("old", 2).refresh);
    }

    #[test]
    fn nothing_outlives_the_latest_end() {
        let late = Pair::made_of(&Secret::sent("old"), [0; 16], 1_000, 61_000);
        assert_eq!((late.issued.access_until, late.issued.refresh_until), (61_000, 61_000));
    }
}
