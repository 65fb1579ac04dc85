//! Who is in a library now: known to all processes together on Redis, and by each alone while it is
//! away.

use crate::pause::Pause;
use async_trait::async_trait;
use shelf_cluster::redis::{Redis, RedisPresence};
use shelf_domain::id::Scope;
use shelf_embedded::LocalPresence;
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::presence::{Presence, Seat, SessionId};
use std::sync::Arc;

/// Presence on the server of the cache, if there is one; else of this process.
pub(crate) fn presence_of(cache: Option<&Redis>, clock: Arc<dyn Clock>) -> Arc<dyn Presence> {
    let here = LocalPresence::default();
    let Some(redis) = cache else { return Arc::new(here) };
    let far = RedisPresence::new(redis.clone());
    Arc::new(Shared { far, here, pause: Pause::new(clock, "who is there is known here alone") })
}

/// Presence on Redis. What people of this process say is also known here, so that they go on seeing
/// each other while it does not answer.
#[derive(Debug)]
struct Shared {
    far: RedisPresence,
    here: LocalPresence,
    pause: Pause,
}

#[async_trait]
impl Presence for Shared {
    async fn here(&self, scope: Scope, seat: &Seat, now_ms: i64) -> Result<(), Fault> {
        if self.pause.is_over() {
            self.pause.heard(self.far.here(scope, seat, now_ms).await);
        }
        self.here.here(scope, seat, now_ms).await
    }

    async fn away(&self, scope: Scope, session: SessionId) -> Result<(), Fault> {
        if self.pause.is_over() {
            self.pause.heard(self.far.away(scope, session).await);
        }
        self.here.away(scope, session).await
    }

    async fn present(&self, scope: Scope, now_ms: i64) -> Result<Vec<Seat>, Fault> {
        if self.pause.is_over()
            && let Some(seats) = self.pause.heard(self.far.present(scope, now_ms).await)
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
