//! Everything of the caller as one signed archive.

use super::exports::{ended, rest};
use crate::Api;
use crate::caller::Me;
use crate::page::Params;
use crate::problem::Problem;
use crate::wire::{Answer, done};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use shelf_bookmarks::archive::{Contents, OwnFile, Sign, WriteArchive, write_archive};
use shelf_identity::audit::record_export;
use shelf_identity::privacy::account_file::{ACCOUNT_FILE, account_file};
use shelf_identity::privacy::signing::signing_key;
use tokio::sync::mpsc::channel;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Pieces that may wait for a slow reader.
const WAITING_MAX: usize = 4;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(everything))
}

/// Which files of bookmarks to take out.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FilesIn {
    /// All of them.
    #[default]
    All,
    /// None, but what is known of each.
    None,
}

/// What to take out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EverythingQuery {
    /// Which files that are kept with bookmarks are in it; `all` where it is not said.
    #[param(inline)]
    files: Option<FilesIn>,
}

/// Take everything out as one signed archive.
///
/// A ZIP file: the account, every library the caller may use as JSON Lines, HTML and CSV with its
/// history, the files of its bookmarks and what they opened, and a signed manifest. It can be imported
/// again, files too. More than 50,000 files are refused before anything is sent: `files=none` leaves
/// them out. Takes a token without limits, or a browser that is signed in.
#[utoipa::path(get, path = "/v1/privacy/export", tag = "privacy",
    operation_id = "export_everything", params(EverythingQuery),
    responses((status = 200, description = "The archive.", body = String,
        content_type = "application/zip")))]
async fn everything(
    me: Me,
    State(api): State<Api>,
    Params(query): Params<EverythingQuery>,
) -> Answer {
    let download = api.throttle.download(me.signed.person.id)?;
    let contents = match query.files.unwrap_or_default() {
        FilesIn::All => Contents::All,
        FilesIn::None => Contents::Without,
    };
    let (ask, sign) = archive_of(&me, &api, contents).await?;
    let (sender, mut chunks) = channel(WAITING_MAX);
    let turn = api.background.export()?;
    let ctx = me.ctx;
    let work = api.background.tasks.spawn(async move {
        let written = write_archive(&ctx, ask, sign, sender).await;
        drop((turn, download));
        written
    });
    // The first piece is waited for, so that what fails at once is answered as a problem.
    let Some(first) = chunks.recv().await else {
        ended(work).await?;
        return done();
    };
    let named = "attachment; filename=\"mindshelf-archive.zip\"";
    let headers = [(CONTENT_TYPE, "application/zip"), (CONTENT_DISPOSITION, named)];
    Ok((headers, Body::from_stream(rest(first, chunks, work))).into_response())
}

/// What the archive of the caller holds, and what signs it.
async fn archive_of(
    me: &Me,
    api: &Api,
    contents: Contents,
) -> Result<(WriteArchive, Sign), Problem> {
    let account = account_file(&api.privacy, &me.signed).await?;
    let key = signing_key(&api.privacy).await?;
    let reach = shelf_identity::libraries(&api.doors(), &me.signed).await?;
    for reach in &reach {
        record_export(&api.doors(), me.actor(), reach.library.scope()).await?;
    }
    let what = "what is known of the account, without secrets".to_owned();
    let ask = WriteArchive {
        server: api.public_url.clone().unwrap_or_default(),
        name: me.signed.person.name.clone(),
        key: key.public(),
        files: vec![OwnFile { path: ACCOUNT_FILE.to_owned(), what, bytes: account }],
        libraries: reach.into_iter().map(|reach| reach.library).collect(),
        contents,
    };
    let sign: Sign = Box::new(move |bytes| key.sign(bytes));
    Ok((ask, sign))
}
