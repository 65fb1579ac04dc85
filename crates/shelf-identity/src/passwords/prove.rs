//! Hold a name and a password against what is stored, with all limits.

use super::hashing::{Compared, Place};
use super::tries::{RULE, Way, key};
use super::{PasswordDoors, Typed};
use shelf_domain::login::LoginName;
use shelf_ports::Failure;
use shelf_ports::credentials::{Credential, Try};
use std::error::Error;

/// What a name and a password prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// They are those of this person.
    Of(Credential),
    /// They are nobody's.
    Wrong,
    /// There were too many wrong tries: nothing was looked at, and is not for this long.
    Closed {
        /// Milliseconds.
        wait_ms: i64,
    },
}

/// Counts a try, then compares. A name nobody has is compared with a password of nobody.
pub(crate) async fn prove(
    doors: &PasswordDoors,
    place: &Place<'_>,
    login: &str,
    typed: &Typed,
) -> Result<Proof, Failure> {
    let (key, now) = (key(Way::Password, login), doors.doors.clock.now_ms());
    if let Try::Closed { until } = doors.credentials.count_try(key, now, RULE).await? {
        return Ok(Proof::Closed { wait_ms: until - now });
    }
    let stored = match LoginName::read(login) {
        Ok(login) => doors.credentials.credential_by(&login).await?,
        Err(_) => None,
    };
    let compared = place.compare(typed, stored.as_ref().map(|stored| &stored.hash)).await?;
    let Some(stored) = stored.filter(|_| compared != Compared::Other) else {
        return Ok(Proof::Wrong);
    };
    doors.credentials.forgive(key).await?;
    if compared == Compared::SameButOld
        && let Err(failure) = renew(doors, place, &stored, typed).await
    {
        // It is as good as it was; the next time will do.
        tracing::warn!(error = &failure as &dyn Error, "the hash of a password was not renewed");
    }
    Ok(Proof::Of(stored))
}

/// Hashes the password anew, by the numbers of today.
async fn renew(
    doors: &PasswordDoors,
    place: &Place<'_>,
    stored: &Credential,
    typed: &Typed,
) -> Result<(), Failure> {
    let hash = place.hash(typed, doors.doors.chance.seed()).await?;
    doors.credentials.rehash(stored.person, &stored.hash, &hash).await?;
    Ok(())
}
