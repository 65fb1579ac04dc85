//! How often something may be done, counted on Redis for all processes together.

use super::Redis;
use async_trait::async_trait;
use fred::interfaces::LuaInterface;
use shelf_domain::rate::Level;
use shelf_ports::limits::{Draw, Drawn, Limits};
use shelf_ports::{Away, Fault};
use std::time::Duration;

/// How long an answer may take: every request waits for it.
const ANSWER_MAX: Duration = Duration::from_millis(50);
/// How keys begin.
const PREFIX: &[u8] = b"mindshelf:limit:";
/// What is done in one round trip, on all buckets or on none. The arithmetic is that of
/// `shelf_domain::rate`; prices and spans come in, so that no quota is kept here. A key ends when
/// its bucket is full, as one that is not there.
const SCRIPT: &str = include_str!("limits.lua");

/// Buckets that all processes share, as long as the server keeps them.
#[derive(Clone, Debug)]
pub struct RedisLimits {
    redis: Redis,
}

impl RedisLimits {
    /// Buckets on `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Whether the server is reached now.
    pub fn is_up(&self) -> bool {
        self.redis.is_up()
    }

    /// Runs `verb` on the buckets of `draws`: whether it was done, and how full they are.
    async fn run(
        &self,
        verb: &str,
        draws: &[Draw],
        now_us: i64,
    ) -> Result<(bool, Vec<Level>), Fault> {
        if draws.is_empty() {
            return Ok((true, Vec::new()));
        }
        if !self.is_up() {
            return Err(away("the server is not reached"));
        }
        let keys: Vec<Vec<u8>> = draws.iter().map(key).collect();
        let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let mut said = vec![verb.to_owned(), now_us.to_string()];
        for Draw { quota, cost, .. } in draws {
            said.push(quota.price_us(*cost).to_string());
            said.push(quota.span_us().to_string());
        }
        let asked = self.redis.client.eval::<Vec<i64>, _, _, _>(SCRIPT, keys, said);
        let answer = tokio::time::timeout(ANSWER_MAX, asked).await;
        let answer = answer.map_err(away)?.map_err(away)?;
        let Some((done, levels)) = answer.split_first().filter(|(_, all)| all.len() == draws.len())
        else {
            return Err(away("the answer has other buckets"));
        };
        Ok((*done == 1, levels.iter().copied().map(Level).collect()))
    }
}

fn key(draw: &Draw) -> Vec<u8> {
    [PREFIX, draw.key.0.as_slice()].concat()
}

/// Whatever it was, it passes, and limits are counted elsewhere meanwhile.
fn away(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::new("counting on Redis", Away(cause.into()))
}

fn us_of(ms: i64) -> i64 {
    ms.saturating_mul(1_000)
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take(&self, draws: &[Draw], now_ms: i64) -> Result<Drawn, Fault> {
        let now_us = us_of(now_ms);
        let (taken, levels) = self.run("take", draws, now_us).await?;
        Ok(Drawn::of(draws, &levels, taken, now_us))
    }

    async fn owe(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.run("owe", draws, us_of(now_ms)).await.map(drop)
    }

    async fn give_back(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.run("give back", draws, us_of(now_ms)).await.map(drop)
    }
}
