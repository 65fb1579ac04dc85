//! Imports: a file comes in, a job reads it, a ledger proves that nothing of it was lost.

use crate::Api;
use crate::background::Turn;
use crate::body::{Asked, Once};
use crate::caller::{Import, In};
use crate::cursor;
use crate::moment::Moment;
use crate::page::{Here, Paged, Params, cut, limit_of};
use crate::problem::Problem;
use crate::replays;
use crate::wire::{Answer, Id, json, located};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::import::{
    ImportFile, Received, begin_import, receive, run_import, undo_import,
};
use shelf_domain::id::ActId;
use shelf_domain::refusal::Refused;
use shelf_ports::imports::{ImportJob, JobState, LedgerRow, RowOutcome};
use std::fs::File;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest name of a file, in characters.
const NAME_CHARS_MAX: usize = 255;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(read))
        .routes(routes!(rows))
        .routes(routes!(undo))
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
struct JobOut {
    /// Its id, which is also the act that undo takes.
    id: Id,
    /// The name of the file.
    file_name: String,
    /// The format that was detected.
    format: String,
    /// `running`, `done`, `failed` or `undone`.
    #[schema(value_type = String)]
    state: JobState,
    /// Whether it only says what it would do.
    dry_run: bool,
    /// Rows found so far: stored + merged + refused.
    parsed: u64,
    /// New bookmarks.
    stored: u64,
    /// Rows that joined a bookmark with the same address.
    merged: u64,
    /// Rows that were not taken.
    refused: u64,
    /// New collections.
    folders: u64,
    /// Rows in the file, once known.
    total: Option<u64>,
    /// When it began.
    started_at: Moment,
    /// When it ended.
    ended_at: Option<Moment>,
    /// Why it failed, or what is worth knowing.
    problem: Option<String>,
}

impl From<ImportJob> for JobOut {
    fn from(job: ImportJob) -> Self {
        Self {
            id: Id::from(job.id),
            file_name: job.file_name,
            format: job.format,
            state: job.state,
            dry_run: job.dry_run,
            parsed: job.parsed,
            stored: job.stored,
            merged: job.merged,
            refused: job.refused,
            folders: job.folders,
            total: job.total,
            started_at: Moment(job.started_at),
            ended_at: job.ended_at.map(Moment),
            problem: job.problem,
        }
    }
}

/// How to import.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BeginQuery {
    /// Only say what would be done.
    dry_run: Option<bool>,
    /// The name of the file, for people.
    file_name: Option<String>,
    /// Whether a row is private that does not say so.
    private: Option<bool>,
    /// Completes addresses without a scheme.
    base_url: Option<String>,
}

/// Import a file.
///
/// The body is the file as it is, in any of the formats that are read; the format is told from
/// its content. The answer is the job, which goes on working.
#[utoipa::path(post, path = "/v1/libraries/{library}/imports", tag = "imports",
    operation_id = "begin_import", params(BeginQuery),
    request_body(content = String, content_type = "application/octet-stream",
        example = "{\"url\": \"https://example.org/imported\", \"title\": \"One\"}\n"),
    responses((status = 202, description = "The file is in; the job works.", body = JobOut)))]
async fn begin(
    within: In,
    State(api): State<Api>,
    Params(query): Params<BeginQuery>,
    asked: Option<Asked>,
    body: Body,
) -> Answer {
    let file_name = query.file_name.unwrap_or_default();
    if file_name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("a name has at most {NAME_CHARS_MAX} characters");
        return Err(Problem::query("file_name", detail));
    }
    let background = api.background.clone();
    let turn = background.import()?;
    let received = receive(&*api.stores.blobs, body.into_data_stream(), background.bytes_max);
    let Received { file, digest } = received.await?;
    let ask = ImportFile {
        file_name,
        dry_run: query.dry_run.unwrap_or_default(),
        missing_private: query.private,
        base_url: query.base_url,
    };
    let key = asked.map(|asked| asked.key(&digest));
    let again = api.clone();
    let work = async move { started(within, api, turn, ask, file).await.into_response() };
    Ok(replays::keyed(&again, key, work).await)
}

/// Begins the import of a file that is in, and lets it go on.
async fn started(within: In, api: Api, turn: Turn, ask: ImportFile, file: File) -> Answer {
    let (ctx, scope) = (within.ctx, within.scope);
    let begun = begin_import(&ctx, scope, ask, Box::new(file)).await?;
    let job = begun.job.clone();
    let location = format!("/v1/libraries/{}/imports/{}", scope.library, job.id);
    let background = api.background.clone();
    api.background.tasks.spawn(async move {
        let _working = background.working().await;
        if let Err(failure) = run_import(&ctx, scope, begun).await {
            tracing::warn!(%failure, "an import stopped");
        }
        drop(turn);
    });
    Ok(located((StatusCode::ACCEPTED, Json(JobOut::from(job))).into_response(), &location))
}

/// Which imports.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Imports, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List the imports, latest first.
#[utoipa::path(get, path = "/v1/libraries/{library}/imports", tag = "imports",
    operation_id = "list_imports", params(ListQuery),
    responses((status = 200, description = "The latest.", body = Paged<JobOut>)))]
async fn list(within: In, Params(query): Params<ListQuery>) -> Answer {
    let limit = limit_of(query.limit)?;
    let jobs = within.ctx.stores.imports.jobs(within.scope, limit).await?;
    json(Paged::whole(jobs.into_iter().map(JobOut::from).collect()))
}

/// Read an import: how far it is.
#[utoipa::path(get, path = "/v1/libraries/{library}/imports/{import}", tag = "imports",
    operation_id = "get_import",
    responses((status = 200, description = "The import.", body = JobOut)))]
async fn read(within: In, Import(id): Import) -> Answer {
    json(JobOut::from(known(&within, id).await?))
}

async fn known(within: &In, id: ActId) -> Result<ImportJob, Problem> {
    let job = within.ctx.stores.imports.job(within.scope, id).await?;
    job.ok_or_else(|| Refused::not_found(format!("import {id}")).into())
}

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// `merged` or `refused`; both, where it is not said.
    #[param(value_type = Option<String>)]
    outcome: Option<RowOutcome>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// One row of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerRow)]
struct RowOut {
    /// Its number in the file, from 1.
    row: u64,
    /// `stored`, `merged` or `refused`.
    #[schema(value_type = String)]
    outcome: RowOutcome,
    /// Why.
    reason: String,
    /// Its address.
    url: String,
    /// Its title.
    title: String,
    /// The bookmark it joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Id>,
    /// The title of that bookmark, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_title: Option<String>,
}

impl From<LedgerRow> for RowOut {
    fn from(row: LedgerRow) -> Self {
        Self {
            row: row.row,
            outcome: row.outcome,
            reason: row.reason,
            url: row.url,
            title: row.title,
            item: row.item.map(Id),
            kept_title: row.kept_title,
        }
    }
}

/// The ledger of an import: all rows that were not plainly stored.
#[utoipa::path(get, path = "/v1/libraries/{library}/imports/{import}/rows", tag = "imports",
    operation_id = "list_import_rows", params(RowsQuery),
    responses((status = 200, description = "A page.", body = Paged<RowOut>)))]
async fn rows(
    within: In,
    Import(id): Import,
    here: Here,
    Params(query): Params<RowsQuery>,
) -> Answer {
    let id = known(&within, id).await?.id;
    let limit = limit_of(query.limit)?;
    let after = cursor::after("rows", query.cursor.as_deref())?;
    let imports = &within.ctx.stores.imports;
    let after = after.unwrap_or(0_u64);
    let mut rows = imports.rows(within.scope, id, query.outcome, after, limit + 1).await?;
    let next_cursor = cut(&mut rows, limit).map(|last| cursor::seal("rows", &last.row));
    Ok(Paged { items: rows.into_iter().map(RowOut::from).collect(), next_cursor }.answer(&here))
}

/// Undo an import.
///
/// What it made goes into the trash, what it filled is emptied; what others changed since stays.
#[utoipa::path(post, path = "/v1/libraries/{library}/imports/{import}/undo", tag = "imports",
    operation_id = "undo_import",
    responses((status = 200, description = "Undone.", body = JobOut)))]
async fn undo(within: In, Import(id): Import, Once(key): Once) -> Answer {
    json(JobOut::from(undo_import(&within.under(key), within.scope, id).await?))
}
