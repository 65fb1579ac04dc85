//! Taking everything out, streamed.

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use shelf_bookmarks::{
    counts,
    export::{ExportFormat, export_library},
};
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::audit::record_export;
use shelf_ports::Failure;
use tokio::{sync::mpsc, task::JoinHandle};

use super::Answer;
use crate::{frame::Here, pages::export::export, visit::Visit};

/// Chunks that may wait for the browser.
const WAITING_MAX: usize = 4;
/// Imports and exports that are under way at once.
const UNDER_WAY_MAX: usize = 24;

/// The formats to choose from.
pub(crate) async fn page(visit: Visit) -> Answer {
    let total = counts(&visit.ctx, visit.scope).await?.bookmarks;
    let frame = visit.frame("Export", Here::Import).await?;
    Ok(visit.page(&frame, &export(total), None))
}

/// The library as a file; a failure on the way breaks the download off, so that half a file is
/// never taken for a whole one.
pub(crate) async fn file(visit: Visit, Path(format): Path<String>) -> Answer {
    let format = ExportFormat::named(&format)?;
    room_beside(&visit)?;
    let under_way = visit.web.throttle.download(visit.ctx.person)?;
    record_export(&visit.web.doors, visit.actor(), visit.scope).await?;
    let (chunks, receiver) = mpsc::channel::<Vec<u8>>(WAITING_MAX);
    let (ctx, scope) = (visit.ctx.clone(), visit.scope);
    let writing = visit.web.tasks.spawn(async move {
        let exported = export_library(&ctx, scope, format, chunks).await;
        drop(under_way);
        exported
    });
    Ok(download(format, body_of(receiver, writing)))
}

/// Refuses what goes on beside its answer where too much does already.
pub(super) fn room_beside(visit: &Visit) -> Result<(), Refused> {
    if visit.web.tasks.len() < UNDER_WAY_MAX {
        return Ok(());
    }
    Err(Refused::new(Code::SlowDown, "", "too many imports and exports are under way"))
}

/// What `receiver` gets, until `writing` ends; what fails on the way breaks it off.
pub(super) fn body_of<T: Send + 'static>(
    receiver: mpsc::Receiver<Vec<u8>>,
    writing: JoinHandle<Result<T, Failure>>,
) -> Body {
    let body =
        stream::unfold((receiver, Some(writing)), |(mut receiver, mut writing)| async move {
            if let Some(chunk) = receiver.recv().await {
                return Some((Ok(Bytes::from(chunk)), (receiver, writing)));
            }
            match writing.take()?.await {
                Ok(Ok(_)) => None,
                Ok(Err(failure)) => Some((Err(std::io::Error::other(failure)), (receiver, None))),
                Err(join) => Some((Err(std::io::Error::other(join)), (receiver, None))),
            }
        });
    // Whoever compresses it asks once more after the end.
    Body::from_stream(body.fuse())
}

fn download(format: ExportFormat, body: Body) -> Response {
    let name = format!("attachment; filename=\"mindshelf.{}\"", format.name());
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
