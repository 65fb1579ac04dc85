//! What others did in a library after a position of its log, latest first.
//!
//! Own acts are passed over before anything is asked about them, so that many of one's own hide nothing of
//! others.

use super::library_history::{ActLine, ActRow, told};
use super::names::Writers;
use crate::ctx::Ctx;
use shelf_domain::id::{DeviceId, Scope};
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;

/// Acts that are looked at in one turn.
const AT_ONCE: usize = 200;
/// Turns: what lies further back is not looked for.
const TURNS_MAX: usize = 5;

/// After where, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActsOfOthers {
    /// Only acts whose last row is after this one.
    pub after: Seq,
    /// Acts that are told, at most.
    pub limit: usize,
}

/// What others did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfOthers {
    /// The latest acts, told.
    pub rows: Vec<ActRow>,
    /// How many more there are.
    pub more: u64,
    /// Up to where in the log this was looked for.
    pub through: Seq,
}

/// What people other than the one who asks did.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn acts_of_others(
    ctx: &Ctx,
    scope: Scope,
    ask: ActsOfOthers,
) -> Result<OfOthers, Failure> {
    let ActsOfOthers { after, limit } = ask;
    let (mut lines, mut before, mut through) = (Vec::new(), None, after);
    for _ in 0..TURNS_MAX {
        let page = ctx.stores.library.acts(scope, before, AT_ONCE).await?;
        through = page.iter().map(|line| line.last).fold(through, Seq::max);
        before = page.last().map(|line| line.last);
        let is_end = page.len() < AT_ONCE || before.is_none_or(|last| last <= after);
        let fresh: Vec<ActLine> = page.into_iter().filter(|line| line.last > after).collect();
        let writers = Writers::of(ctx, fresh.iter().map(|line| line.device).collect()).await?;
        lines.extend(fresh.into_iter().filter(|line| is_of_others(ctx, line, &writers)));
        if is_end {
            break;
        }
    }
    let more = u64::try_from(lines.len().saturating_sub(limit)).unwrap_or(u64::MAX);
    lines.truncate(limit);
    Ok(OfOthers { rows: told(ctx, scope, lines).await?, more, through })
}

/// Whether somebody else did it, and not the server itself.
fn is_of_others(ctx: &Ctx, line: &ActLine, writers: &Writers) -> bool {
    let is_server = [DeviceId::SEQUENCER, DeviceId::KEEPER].contains(&line.device);
    !is_server && writers.person(line.device).is_none_or(|writer| writer.id != ctx.person)
}
