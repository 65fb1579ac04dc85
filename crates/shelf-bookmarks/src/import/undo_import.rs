//! Undo an import: one act takes back what its turns wrote.

use std::collections::BTreeMap;

use shelf_domain::id::{ActId, ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_ports::imports::{ImportJob, JobState};
use shelf_ports::library::Touched;
use shelf_ports::{Failure, Fault};

use crate::ctx::Ctx;
use crate::history::undo_act;

/// Undoes the import `id`: what it made goes into the trash, what it filled is emptied again; what
/// others changed since stays and is
/// told of in the job. A dry run, and an import still running, are refused.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn undo_import(ctx: &Ctx, scope: Scope, id: ActId) -> Result<ImportJob, Failure> {
    ctx.to_write()?;
    let Some(mut job) = ctx.stores.imports.job(scope, id).await? else {
        return Err(Refused::not_found(format!("import {id}")).into());
    };
    match job.state {
        JobState::Undone => return Ok(job),
        JobState::Running => {
            let detail = "the import still runs; undo it when it is done";
            return Err(Refused::new(Code::Busy, id.to_string(), detail).into());
        }
        JobState::Done | JobState::Failed if job.dry_run => {
            let detail = "a dry run wrote nothing that could be undone";
            return Err(Refused::invalid(id.to_string(), detail).into());
        }
        JobState::Done | JobState::Failed => {}
    }
    // An import of which every row was merged may have changed nothing at all.
    if !ctx.stores.library.touched(scope, Touched::By(id), 0, 1).await?.is_empty() {
        let undone = undo_act(ctx, scope, id).await?;
        job.problem = what_stayed(ctx, scope, &undone.left).await?;
    }
    job.state = JobState::Undone;
    ctx.stores.imports.put(scope, &job, &[]).await?;
    Ok(job)
}

/// Says what of an import is still there after it was undone, and why.
async fn what_stayed(ctx: &Ctx, scope: Scope, left: &[ItemId]) -> Result<Option<String>, Fault> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for ids in left.chunks(BATCH_MAX) {
        let reads = Reads::none().items(ids.iter().copied());
        let shelf = ctx.stores.library.read(scope, reads).await?;
        for item in ids.iter().filter_map(|id| shelf.item(*id)).filter(|item| item.is_living()) {
            let word = match item.kind {
                Kind::Bookmark => "bookmark",
                Kind::Collection => "folder",
                Kind::Tag => "tag",
                Kind::Place => "place in a folder",
                _ => "item",
            };
            *counts.entry(word).or_default() += 1;
        }
    }
    let told: Vec<String> = counts
        .into_iter()
        .map(|(word, count)| match (count, word) {
            (1, _) => format!("1 {word}"),
            (_, "place in a folder") => format!("{count} places in folders"),
            _ => format!("{count} {word}s"),
        })
        .collect();
    let sentence = "left as they are, because they were changed since or something that stays uses";
    Ok((!told.is_empty()).then(|| format!("{sentence} them: {}", told.join(", "))))
}
