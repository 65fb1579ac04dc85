//! One gesture over many turns: one act, one moment, one answer.
//!
//! Each turn is whole in itself and writes at most some hundred items, so that others are not kept
//! waiting; whoever plans a gesture orders its turns so that it can be taken up again where a
//! stopped server left it.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{PersonId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::right::Right;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Done, Turn};
use shelf_ports::Failure;

/// A gesture, and what its turns did so far.
pub(crate) struct Gesture<'c> {
    ctx: &'c Ctx,
    scope: Scope,
    moment: i64,
    changed: Option<Changed>,
}

impl<'c> Gesture<'c> {
    /// A gesture that begins now.
    pub(crate) fn begin(ctx: &'c Ctx, scope: Scope) -> Self {
        Self { ctx, scope, moment: ctx.stores.clock.now_ms(), changed: None }
    }

    /// On whose behalf it is made.
    pub(crate) fn by(&self) -> (PersonId, Right) {
        (self.ctx.person, self.ctx.right)
    }

    /// Decides one more turn of it; how many outcomes that had.
    pub(crate) async fn turn(
        &mut self,
        reads: Reads,
        mut decide: impl FnMut(&mut Turn) -> Result<Done, Refused> + Send + 'static,
    ) -> Result<usize, Failure> {
        let (act, moment) = (self.changed.as_ref().and_then(|changed| changed.act), self.moment);
        let decide = move |turn: &mut Turn| {
            if let Some(act) = act {
                turn.continue_act(act);
            }
            turn.set_moment(moment);
            decide(turn)
        };
        let written = self.ctx.write(self.scope, None, reads, Box::new(decide)).await?;
        let count = written.done.outcomes.len();
        self.changed = Some(match self.changed.take() {
            Some(before) => before.and(written),
            None => written.into(),
        });
        Ok(count)
    }

    /// What all its turns did; `None` where there was none.
    pub(crate) fn ended(self) -> Option<Changed> {
        self.changed
    }
}
