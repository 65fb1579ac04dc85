//! Who is in a library now, said on Redis for all processes together.

use super::Redis;
use async_trait::async_trait;
use fred::interfaces::LuaInterface;
use shelf_domain::id::{ItemId, PersonId, Scope};
use shelf_ports::presence::{
    Doing, PRESENT_MS, Presence, SEATS_MAX, SESSIONS_MAX, Seat, SessionId, Taken, seated,
};
use shelf_ports::{Away, Fault};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How long an answer may take: a socket waits for it.
const ANSWER_MAX: Duration = Duration::from_millis(50);
/// How keys begin.
const PREFIX: &[u8] = b"mindshelf:here:";
/// What is written for no item.
const NO_ITEM: &str = "-";
/// Takes a seat in one round trip, with the bounds of the contract, which come in. A key ends with
/// its last seat.
const TAKE: &str = include_str!("presence.lua");
/// Gives a seat back.
const GIVE_BACK: &str = "redis.call('HDEL', KEYS[1], ARGV[1]) return {}";
/// All seats, those that ended too: sessions and what was said, in turn.
const ALL: &str = "return redis.call('HGETALL', KEYS[1])";
/// The time of the server: seconds, and microseconds of the next one.
const TIME: &str = "return redis.call('TIME')";
/// How long it holds how far the server's clock is ahead of one's own, milliseconds.
const CLOCK_HOLDS_MS: i64 = 300_000;

/// Seats that all processes share, as long as the server keeps them. Cloning shares them.
///
/// They are taken and end by the clock of the server: processes whose own ones differ would not see each
/// other's people, or see them for too long.
#[derive(Clone, Debug)]
pub struct RedisPresence {
    redis: Redis,
    ahead: Arc<Mutex<Option<Ahead>>>,
}

/// How far the clock of the server is ahead of the caller's.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// When it was asked for, by the caller's clock.
    asked_at: i64,
    ms: i64,
}

impl Ahead {
    /// Whether it need not be asked for again. A clock that was put back is another one.
    fn holds(self, now_ms: i64) -> bool {
        (0..CLOCK_HOLDS_MS).contains(&now_ms.saturating_sub(self.asked_at))
    }
}

impl RedisPresence {
    /// Seats on `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis, ahead: Arc::default() }
    }

    /// The moment that the caller's clock calls `now_ms`, by the clock of the server.
    async fn shared(&self, scope: Scope, now_ms: i64) -> Result<i64, Fault> {
        let known = *self.ahead();
        if let Some(ahead) = known.filter(|ahead| ahead.holds(now_ms)) {
            return Ok(now_ms.saturating_add(ahead.ms));
        }
        let told = self.run(scope, TIME, Vec::new()).await?;
        let there = moment(&told).ok_or_else(|| away("the server does not tell the time"))?;
        *self.ahead() = Some(Ahead { asked_at: now_ms, ms: there.saturating_sub(now_ms) });
        Ok(there)
    }

    fn ahead(&self) -> MutexGuard<'_, Option<Ahead>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `script` on the seats of a library.
    async fn run(
        &self,
        scope: Scope,
        script: &'static str,
        said: Vec<String>,
    ) -> Result<Vec<String>, Fault> {
        if !self.redis.is_up() {
            return Err(away("the server is not reached"));
        }
        let key = key(scope);
        let asked =
            self.redis.client.eval::<Vec<String>, _, _, _>(script, vec![key.as_slice()], said);
        let answer = tokio::time::timeout(ANSWER_MAX, asked).await;
        answer.map_err(away)?.map_err(away)
    }
}

fn key(scope: Scope) -> Vec<u8> {
    let (tenant, library) = (scope.tenant.to_bytes(), scope.library.to_bytes());
    [PREFIX, tenant.as_slice(), library.as_slice()].concat()
}

fn field(session: SessionId) -> String {
    Uuid::from_bytes(session.0).to_string()
}

/// What a field says: when the seat was taken, whose it is, at which item, and what for.
fn read(session: &str, said: &str) -> Option<Taken> {
    let session = SessionId(session.parse::<Uuid>().ok()?.into_bytes());
    let mut words = said.split(' ');
    let at: i64 = words.next()?.parse().ok()?;
    let person: PersonId = words.next()?.parse().ok()?;
    let item: Option<ItemId> = match words.next()? {
        NO_ITEM => None,
        item => Some(item.parse().ok()?),
    };
    let doing = Doing::named(words.next()?)?;
    Some((Seat { session, person, item, doing }, at))
}

/// What the server tells of the time, in milliseconds.
fn moment(told: &[String]) -> Option<i64> {
    let [seconds, micros] = told else { return None };
    let seconds: i64 = seconds.parse().ok()?;
    let micros: i64 = micros.parse().ok()?;
    seconds.checked_mul(1_000)?.checked_add(micros / 1_000)
}

/// Whatever it was, it passes, and each process knows who is there by itself meanwhile.
fn away(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::new("asking Redis who is there", Away(cause.into()))
}

#[async_trait]
impl Presence for RedisPresence {
    async fn here(&self, scope: Scope, seat: &Seat, now_ms: i64) -> Result<(), Fault> {
        let now_ms = self.shared(scope, now_ms).await?;
        let item = seat.item.map_or_else(|| NO_ITEM.to_owned(), |item| item.to_string());
        let said = vec![
            field(seat.session),
            now_ms.to_string(),
            seat.person.to_string(),
            format!("{item} {}", seat.doing.name()),
            PRESENT_MS.to_string(),
            SESSIONS_MAX.to_string(),
            SEATS_MAX.to_string(),
        ];
        self.run(scope, TAKE, said).await.map(drop)
    }

    async fn away(&self, scope: Scope, session: SessionId) -> Result<(), Fault> {
        self.run(scope, GIVE_BACK, vec![field(session)]).await.map(drop)
    }

    async fn present(&self, scope: Scope, now_ms: i64) -> Result<Vec<Seat>, Fault> {
        let now_ms = self.shared(scope, now_ms).await?;
        let said = self.run(scope, ALL, Vec::new()).await?;
        // What another version of this program wrote is passed over.
        let read = |pair: &[String]| match pair {
            [session, said] => read(session, said),
            _ => None,
        };
        let taken: Vec<Taken> = said.chunks_exact(2).filter_map(read).collect();
        Ok(seated(&taken, now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "0193f0a0-0000-7000-8000-000000000001";

    #[test]
    fn the_clock_of_the_server_is_asked_for_again_after_a_while_and_where_ones_own_was_put_back() {
        let told = ["1790000000", "123456"].map(str::to_owned);
        assert_eq!(moment(&told), Some(1_790_000_000_123));
        assert_eq!(moment(&told[..1]), None);
        let ahead = Ahead { asked_at: 1_000, ms: 5 };
        assert!(ahead.holds(1_000) && ahead.holds(1_000 + CLOCK_HOLDS_MS - 1));
        assert!(!ahead.holds(999) && !ahead.holds(1_000 + CLOCK_HOLDS_MS));
    }

    #[test]
    fn what_is_no_seat_is_passed_over() {
        let said = format!("1790000000000 {SESSION} - writing");
        let (seat, at) = read(SESSION, &said).unwrap();
        assert_eq!((seat.doing, seat.item, at), (Doing::Writing, None, 1_790_000_000_000));
        for wrong in ["", "1", "x y - reading", &format!("1 {SESSION} - sleeping")] {
            assert_eq!(read(SESSION, wrong), None, "{wrong}");
        }
        assert_eq!(read("none", &said), None);
    }
}
