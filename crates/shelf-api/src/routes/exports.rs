//! Exports: a whole library as one file, streamed.

use crate::Api;
use crate::caller::{Format, In};
use crate::problem::Problem;
use crate::wire::Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use shelf_bookmarks::export::{ExportFormat, export_library};
use shelf_domain::refusal::Refused;
use shelf_identity::audit::record_export;
use shelf_ports::Failure;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Pieces that may wait for a slow reader.
const WAITING_MAX: usize = 4;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(export))
}

/// Export a library.
///
/// As `jsonl` (loses nothing), `html` (what browsers import) or `csv`. The trash is left out.
#[utoipa::path(get, path = "/v1/libraries/{library}/exports/{format}", tag = "exports",
    operation_id = "export_library",
    params(("format" = String, Path, description = "jsonl, html or csv.", example = "jsonl")),
    responses((status = 200, description = "The file, in the media type of its format.",
        body = String, content_type = "application/jsonl")))]
async fn export(within: In, State(api): State<Api>, Format(name): Format) -> Answer {
    // An address that names no format is one that is not there.
    let missing = |_| Problem::from(Refused::not_found("such export: jsonl, html or csv"));
    let format = ExportFormat::named(&name).map_err(missing)?;
    let download = api.throttle.download(within.actor.person)?;
    record_export(&api.doors(), within.actor, within.scope).await?;
    let (sender, mut chunks) = channel(WAITING_MAX);
    let (ctx, scope) = (within.ctx, within.scope);
    let turn = api.background.export()?;
    let work = api.background.tasks.spawn(async move {
        let exported = export_library(&ctx, scope, format, sender).await;
        drop((turn, download));
        exported
    });
    // The first piece is waited for, so that what fails at once is answered as a problem.
    let Some(first) = chunks.recv().await else {
        return match ended(work).await {
            Ok(_) => Ok(file(format, Body::empty())),
            Err(failure) => Err(failure.into()),
        };
    };
    Ok(file(format, Body::from_stream(rest(first, chunks, work))))
}

fn file(format: ExportFormat, body: Body) -> axum::response::Response {
    let name = format!("attachment; filename=\"bookmarks.{}\"", format.name());
    let kind = format.media_type().to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], body).into_response()
}

/// What came of an export.
pub(super) async fn ended<T>(work: JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
    match work.await {
        Ok(result) => result,
        Err(join) => Err(shelf_ports::Fault::new("exporting", join).into()),
    }
}

/// All pieces; an export that fails in the middle breaks the answer off, so that nobody takes a
/// part for the whole.
pub(super) fn rest<T: Send + 'static>(
    first: Vec<u8>,
    chunks: Receiver<Vec<u8>>,
    work: JoinHandle<Result<T, Failure>>,
) -> impl futures::Stream<Item = Result<Vec<u8>, Failure>> {
    futures::stream::unfold(Some((Some(first), chunks, work)), |state| async move {
        let (first, mut chunks, work) = state?;
        let next = match first {
            Some(first) => Some(first),
            None => chunks.recv().await,
        };
        match next {
            Some(chunk) => Some((Ok(chunk), Some((None, chunks, work)))),
            None => ended(work).await.err().map(|failure| {
                tracing::error!(%failure, "an export broke off");
                (Err(failure), None)
            }),
        }
    })
}
