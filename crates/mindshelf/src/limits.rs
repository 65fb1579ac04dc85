//! How often something may be done: counted in this process, or by all together on Redis.

use crate::pause::Pause;
use async_trait::async_trait;
use shelf_cluster::redis::{Redis, RedisLimits};
use shelf_embedded::LocalLimits;
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::limits::{Draw, Drawn, Limits as Port};
use std::sync::Arc;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Corrections that wait for their turn; one more is counted by this process alone.
const CORRECTIONS_MAX: usize = 1_024;

/// The limits of this process.
#[derive(Clone, Debug)]
pub(crate) enum Limits {
    /// Counted by this process alone.
    Own(LocalLimits),
    /// Counted by all processes together.
    Shared(Arc<Shared>),
}

/// Limits on Redis, and in this process while it does not answer.
#[derive(Debug)]
pub(crate) struct Shared {
    far: Arc<Far>,
    here: LocalLimits,
    corrections: Sender<Correction>,
}

/// The limits on Redis, left alone for a while after each fault.
#[derive(Debug)]
struct Far {
    limits: RedisLimits,
    pause: Pause,
}

/// What turns out after a request was let through.
#[derive(Debug)]
struct Correction {
    kind: Kind,
    draws: Vec<Draw>,
    now_ms: i64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Owed,
    GivenBack,
}

impl Limits {
    /// Limits on the server of the cache, if there is one.
    pub(crate) fn of(cache: Option<&Redis>, clock: Arc<dyn Clock>) -> Self {
        let here = LocalLimits::default();
        let Some(redis) = cache else { return Self::Own(here) };
        let limits = RedisLimits::new(redis.clone());
        let far = Arc::new(Far { limits, pause: Pause::new(clock, "limits are counted here") });
        let (corrections, waiting) = mpsc::channel(CORRECTIONS_MAX);
        // Ends when nobody can send to it any more.
        drop(tokio::spawn(correct(Arc::clone(&far), waiting)));
        Self::Shared(Arc::new(Shared { far, here, corrections }))
    }

    /// The port.
    pub(crate) fn port(&self) -> Arc<dyn Port> {
        match self {
            Self::Own(limits) => Arc::new(limits.clone()),
            Self::Shared(limits) => limits.clone(),
        }
    }

    /// Whether what is to be counted together is.
    pub(crate) fn is_up(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Shared(limits) => limits.far.limits.is_up() && limits.far.pause.is_over(),
        }
    }
}

/// Tells the server of corrections, one after the other, while it answers.
async fn correct(far: Arc<Far>, mut waiting: Receiver<Correction>) {
    while let Some(Correction { kind, draws, now_ms }) = waiting.recv().await {
        if far.pause.is_over() {
            far.pause.heard(match kind {
                Kind::Owed => far.limits.owe(&draws, now_ms).await,
                Kind::GivenBack => far.limits.give_back(&draws, now_ms).await,
            });
        }
    }
}

impl Shared {
    /// Has the server told without waiting for it: no answer is late for a correction.
    fn later(&self, kind: Kind, draws: &[Draw], now_ms: i64) {
        let correction = Correction { kind, draws: draws.to_vec(), now_ms };
        if self.corrections.try_send(correction).is_err() {
            tracing::debug!("a correction of limits was counted here alone");
        }
    }
}

#[async_trait]
impl Port for Shared {
    async fn take(&self, draws: &[Draw], now_ms: i64) -> Result<Drawn, Fault> {
        if self.far.pause.is_over()
            && let Some(drawn) = self.far.pause.heard(self.far.limits.take(draws, now_ms).await)
        {
            return Ok(drawn);
        }
        self.here.take(draws, now_ms).await
    }

    /// Owed at both: a debt outlives the server.
    async fn owe(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.later(Kind::Owed, draws, now_ms);
        self.here.owe(draws, now_ms).await
    }

    async fn give_back(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.later(Kind::GivenBack, draws, now_ms);
        self.here.give_back(draws, now_ms).await
    }
}
