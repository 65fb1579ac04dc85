//! The history of a library: what was done, act by act, latest first.

use super::names::{self, Writer, Writers};
use super::steps::{self, Step};
use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;

pub use shelf_ports::library::ActLine;

/// Most acts of one page.
pub const LIMIT_MAX: usize = 200;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryHistory {
    /// Only acts whose last row is before this one.
    pub before: Option<Seq>,
    /// Acts, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// One act, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// The act.
    pub line: ActLine,
    /// What the item of its first row is, if it is still known.
    pub kind: Option<Kind>,
    /// What that item is called now; `None` when it was purged.
    pub name: Option<String>,
    /// What its owner calls the device or grant.
    pub device_name: Option<String>,
    /// Who did it; unknown where they were erased.
    pub person: Option<Writer>,
    /// The file, where the act is an import.
    pub import: Option<String>,
    /// What its first rows did; empty where the act is an import.
    pub steps: Vec<Step>,
}

/// One page of acts.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn library_history(
    ctx: &Ctx,
    scope: Scope,
    ask: LibraryHistory,
) -> Result<(Vec<ActRow>, Option<Seq>), Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("a page has 1 to {LIMIT_MAX} acts");
        return Err(Refused::invalid("limit", detail).into());
    }
    let mut lines = ctx.stores.library.acts(scope, ask.before, ask.limit + 1).await?;
    let more = lines.len() > ask.limit;
    lines.truncate(ask.limit);
    let next = lines.last().map(|line| line.last).filter(|_| more);
    Ok((told(ctx, scope, lines).await?, next))
}

/// These acts, told.
pub(super) async fn told(
    ctx: &Ctx,
    scope: Scope,
    lines: Vec<ActLine>,
) -> Result<Vec<ActRow>, Failure> {
    let writers = Writers::of(ctx, lines.iter().map(|line| line.device).collect()).await?;
    let shelf = names::items(ctx, scope, lines.iter().map(|line| line.item).collect()).await?;
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        // An import is the only act of many rows that has a name of its own.
        let job = match line.rows {
            0 | 1 => None,
            _ => ctx.stores.imports.job(scope, line.act).await?,
        };
        let steps = match &job {
            Some(_) => Vec::new(),
            None => steps::of(ctx, scope, &line).await?,
        };
        rows.push(ActRow {
            kind: shelf.item(line.item).map(|item| item.kind.clone()),
            name: names::of(&shelf, line.item),
            device_name: writers.device_name(line.device),
            person: writers.person(line.device),
            import: job.map(|job| job.file_name),
            steps,
            line,
        });
    }
    Ok(rows)
}
