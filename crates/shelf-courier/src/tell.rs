//! The courier's follower: turns acts in the log into deliveries. Posts nothing, and reads nothing of
//! what anybody typed.

use crate::courier::Courier;
use async_trait::async_trait;
use shelf_domain::change::Change;
use shelf_domain::event::{EventType, EventTypes};
use shelf_domain::id::Scope;
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_ports::projection::Projection;
use shelf_ports::webhooks::{SETTLE_MS, Told};

/// An act with so many rows in one batch may go on over several turns: it is waited for.
const GOES_ON_ROWS: usize = 100;

/// Keeps deliveries at the log. A library without endpoints is always where its log is.
#[derive(Debug)]
pub struct TellFollower {
    courier: Courier,
}

impl TellFollower {
    /// A follower for the endpoints of `courier`.
    pub fn new(courier: Courier) -> Self {
        Self { courier }
    }
}

/// The acts of a batch, in the order they begin.
fn acts_of(batch: &[Change]) -> Vec<Told> {
    let mut acts: Vec<Told> = Vec::new();
    for row in batch {
        let types: EventTypes = EventType::of(row).into_iter().collect();
        match acts.iter_mut().rev().find(|act| act.act == row.act) {
            Some(act) => act.rows.push((row.seq, types)),
            None => acts.push(Told { act: row.act, rows: vec![(row.seq, types)], from: 0 }),
        }
    }
    acts
}

#[async_trait]
impl Projection for TellFollower {
    fn name(&self) -> &'static str {
        "courier"
    }

    async fn position(&self, scope: Scope) -> Result<Seq, Fault> {
        match self.courier.webhooks.followed(scope).await? {
            Some(seq) => Ok(seq),
            None => Ok(self.courier.library.head(scope).await?.seq),
        }
    }

    async fn apply(&self, scope: Scope, after: Seq, batch: &[Change]) -> Result<(), Fault> {
        let Some(last) = batch.last() else { return Ok(()) };
        let now = self.courier.clock.now_ms();
        // The last act of a batch may be cut off by its end.
        let next = self.courier.library.changes(scope, last.seq, 1).await?;
        let cut_off = next.first().map(|row| row.act);
        let mut acts = acts_of(batch);
        for act in &mut acts {
            let waits = act.rows.len() >= GOES_ON_ROWS || cut_off == Some(act.act);
            act.from = if waits { now + SETTLE_MS } else { now };
        }
        self.courier.webhooks.tell_acts(scope, (after, last.seq), &acts, now).await?;
        self.courier.watched.stir();
        Ok(())
    }

    /// Nothing: what was told was told, and is not told again because an index is built anew.
    async fn reset(&self, _: Scope) -> Result<(), Fault> {
        Ok(())
    }
}
