//! Figures of one kind of request: CPU of the server beside wall time of the client.

use crate::server::Server;
use anyhow::Result;
use std::time::Instant;

/// What a series of requests cost.
pub(crate) struct Figures {
    /// Requests made.
    pub(crate) count: usize,
    /// Server CPU per request, milliseconds.
    pub(crate) cpu_ms: f64,
    /// Median wall time, milliseconds.
    pub(crate) p50_ms: f64,
    /// 99th percentile of wall time, milliseconds.
    pub(crate) p99_ms: f64,
    /// The request that took longest.
    pub(crate) slowest: String,
}

impl Figures {
    /// Makes one request for each of `asks`, one after the other.
    pub(crate) async fn of<F>(
        server: &Server,
        asks: &[String],
        mut request: impl FnMut(String) -> F,
    ) -> Result<Self>
    where
        F: Future<Output = Result<()>>,
    {
        let before = server.cpu_ms()?;
        let mut walls = Vec::with_capacity(asks.len());
        for ask in asks {
            let began = Instant::now();
            request(ask.clone()).await?;
            walls.push((began.elapsed().as_secs_f64() * 1e3, ask));
        }
        let cpu = server.cpu_ms()? - before;
        walls.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
            let rank = ((walls.len() as f64 * share).ceil() as usize).clamp(1, walls.len());
            walls[rank - 1].0
        };
        Ok(Self {
            count: walls.len(),
            cpu_ms: cpu / walls.len() as f64,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            slowest: walls.last().map(|(_, ask)| (*ask).clone()).unwrap_or_default(),
        })
    }

    /// One row of the table.
    pub(crate) fn print(&self, size: usize, name: &str, bar: &str) {
        println!(
            "| {size} | {name} | {} | {:.3} | {:.2} | {:.2} | {bar} |",
            self.count, self.cpu_ms, self.p50_ms, self.p99_ms
        );
    }
}
