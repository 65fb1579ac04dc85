//! Who is in a library now: known to all processes together on Redis, and by each alone while it is
//! away.

use async_trait::async_trait;
use shelf_cluster::redis::{Redis, RedisPresence};
use shelf_domain::id::Scope;
use shelf_embedded::LocalPresence;
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::presence::{Presence, Seat, SessionId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long nothing is asked of a server that did not answer, microseconds.
const PAUSE_US: u64 = 1_000_000;

/// Presence on the server of the cache, if there is one; else of this process.
pub(crate) fn presence_of(cache: Option<&Redis>, clock: Arc<dyn Clock>) -> Arc<dyn Presence> {
    let here = LocalPresence::default();
    let Some(redis) = cache else { return Arc::new(here) };
    let far = RedisPresence::new(redis.clone());
    Arc::new(Shared { far, here, clock, paused_until: AtomicU64::new(0) })
}

/// Presence on Redis. What people of this process say is also known here, so that they go on seeing
/// each other while it does not answer.
#[derive(Debug)]
struct Shared {
    far: RedisPresence,
    here: LocalPresence,
    clock: Arc<dyn Clock>,
    /// When the server is asked again, by the ticks of the clock.
    paused_until: AtomicU64,
}

impl Shared {
    fn may_ask(&self) -> bool {
        self.clock.ticks_us() >= self.paused_until.load(Ordering::Relaxed)
    }

    /// What the server answered; after a fault it is left alone for a while.
    fn heard<T>(&self, answer: Result<T, Fault>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(fault) => {
                let until = self.clock.ticks_us().saturating_add(PAUSE_US);
                self.paused_until.store(until, Ordering::Relaxed);
                tracing::debug!(
                    error = &fault as &dyn std::error::Error,
                    "who is there is known here alone"
                );
                None
            }
        }
    }
}

#[async_trait]
impl Presence for Shared {
    async fn here(&self, scope: Scope, seat: &Seat, now_ms: i64) -> Result<(), Fault> {
        if self.may_ask() {
            self.heard(self.far.here(scope, seat, now_ms).await);
        }
        self.here.here(scope, seat, now_ms).await
    }

    async fn away(&self, scope: Scope, session: SessionId) -> Result<(), Fault> {
        if self.may_ask() {
            self.heard(self.far.away(scope, session).await);
        }
        self.here.away(scope, session).await
    }

    async fn present(&self, scope: Scope, now_ms: i64) -> Result<Vec<Seat>, Fault> {
        if self.may_ask()
            && let Some(seats) = self.heard(self.far.present(scope, now_ms).await)
        {
            return Ok(seats);
        }
        self.here.present(scope, now_ms).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemClock;
    use shelf_domain::id::{LibraryId, PersonId, TenantId};
    use shelf_ports::presence::Doing;

    #[tokio::test]
    async fn a_server_that_is_away_is_left_alone_and_people_of_one_process_see_each_other() {
        // Nothing listens there.
        let redis = Redis::open("redis://127.0.0.1:1").await.unwrap();
        let presence = presence_of(Some(&redis), Arc::new(SystemClock::start()));
        let (tenant, library) = (TenantId::from_bytes([1; 16]), LibraryId::from_bytes([2; 16]));
        let scope = Scope { tenant, library };
        let person = PersonId::from_bytes([3; 16]);
        let ada = Seat { session: SessionId([4; 16]), person, item: None, doing: Doing::Reading };
        presence.here(scope, &ada, 1_000).await.unwrap();
        assert_eq!(presence.present(scope, 1_000).await.unwrap(), [ada]);
        presence.away(scope, ada.session).await.unwrap();
        assert!(presence.present(scope, 1_000).await.unwrap().is_empty());
    }
}
