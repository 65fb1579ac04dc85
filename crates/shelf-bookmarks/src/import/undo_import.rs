//! Undo an import: one act takes back what its turns wrote; and what a stopped server left open.

use shelf_domain::id::{ActId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::imports::{ImportJob, JobState};
use shelf_ports::library::Touched;
use shelf_ports::{Failure, Fault};

use crate::ctx::{Ctx, Stores};
use crate::history::undo_act;

/// Jobs a look back considers.
const JOBS_MAX: usize = 1_000;

/// Undoes the import `id`: what it made goes into the trash, what it filled is emptied again; what
/// others changed since stays. A dry run, and an import still running, are refused.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn undo_import(ctx: &Ctx, scope: Scope, id: ActId) -> Result<ImportJob, Failure> {
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
    let touched = ctx.stores.library.touched(scope, Touched::By(id), None, 1).await?;
    // An import of which every row was merged may have changed nothing at all.
    if !touched.is_empty() {
        undo_act(ctx, scope, id).await?;
    }
    job.state = JobState::Undone;
    ctx.stores.imports.put(scope, &job, &[]).await?;
    Ok(job)
}

/// Marks the imports of `scope` that a stopped server left running as failed; for the start of a
/// server, before anything can run. How many there were.
pub async fn settle_interrupted(stores: &Stores, scope: Scope) -> Result<usize, Fault> {
    let mut count = 0;
    for mut job in stores.imports.jobs(scope, JOBS_MAX).await? {
        if job.state != JobState::Running {
            continue;
        }
        job.state = JobState::Failed;
        job.ended_at = Some(stores.clock.now_ms());
        job.problem = Some(
            "the server stopped meanwhile; import the file again, what is stored will merge"
                .to_owned(),
        );
        stores.imports.put(scope, &job, &[]).await?;
        count += 1;
    }
    Ok(count)
}
