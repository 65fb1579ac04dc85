//! Files that are kept with an item: brought, taken out, removed. None is shown as a page.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Multipart, Path, Request, State, multipart::Field},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use shelf_bookmarks::captures::{KeepFile, keep_file, list_files, open_file, remove_file};
use shelf_bookmarks::import::{Received, receive};
use shelf_domain::{id::CaptureId, limits::CAPTURE_BYTES_MAX, refusal::Refused, view::Bookmark};
use shelf_ports::captures::{Capture, CaptureKind};
use tokio_util::io::ReaderStream;

use super::{Answer, items::drawn_again};
use crate::{
    pages::files::FileLine,
    policy::Sandboxed,
    posted::{Posted, Said, is_ours, item_id},
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, moment},
    web::Web,
};

/// Most bytes of a form: a file and what stands around it.
pub(crate) const FORM_BYTES_MAX: usize = 26 << 20;
/// Most parts of a form that are looked at; ours has two.
const PARTS_MAX: usize = 8;
/// Most bytes of what shows that a form is ours.
const PROOF_BYTES_MAX: usize = 1 << 10;

/// The files of `bookmark`; none are shown in the trash.
pub(super) async fn files_of(visit: &Visit, bookmark: &Bookmark) -> Result<Vec<FileLine>, Trouble> {
    if bookmark.trashed_at.is_some() {
        return Ok(Vec::new());
    }
    let files = list_files(&visit.ctx, visit.scope, bookmark.id).await?;
    let line = |file: Capture| FileLine {
        id: file.id.to_string(),
        name: file.name,
        bytes: file.bytes,
        at: moment(file.made_at),
        is_page: file.kind == CaptureKind::Snapshot,
    };
    Ok(files.into_iter().map(line).collect())
}

fn file_id(text: &str) -> Result<CaptureId, Refused> {
    text.parse().map_err(|_| Refused::not_found("file"))
}

/// Keeps the file in a form.
pub(crate) async fn add(
    State(web): State<Web>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::from_request_parts(&mut parts, &web).await?;
    visit.ctx.to_write()?;
    if !is_ours(&parts.headers, &visit.reached) {
        return Err(Trouble::StaleForm);
    }
    let _turn = visit.web.throttle.file(visit.ctx.person)?;
    let said = Said::read(parts.uri.query().unwrap_or_default().as_bytes());
    let Sent { name, kind, received } = sent(&visit, Request::from_parts(parts, body)).await?;
    let ask = KeepFile {
        bookmark: item_id("item", &id)?,
        kind: CaptureKind::Upload,
        name,
        content_type: kind,
    };
    keep_file(&visit.ctx, visit.scope, ask, received).await?;
    let told = Toast { words: "The file is kept".to_owned(), undo: None };
    Ok(visit.go(said.back(), Some(&told)))
}

/// A file that came in a form.
struct Sent {
    name: String,
    kind: Option<String>,
    received: Received,
}

/// Takes in the file of a form, piece by piece. The form's proof stands before it: of a form that is
/// not ours no file is read.
async fn sent(visit: &Visit, request: Request) -> Result<Sent, Trouble> {
    let none = || Refused::invalid("file", "no file was sent");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| none())?;
    let mut is_proven = false;
    for _ in 0..PARTS_MAX {
        let broken = |_| Refused::invalid("file", "it broke off before its end; send it again");
        let Some(part) = form.next_field().await.map_err(broken)? else { break };
        let name = part.name().map(str::to_owned);
        match name.as_deref() {
            Some("_csrf") => is_proven = visit.csrf.is(&proof(part).await),
            Some("file") if !is_proven => return Err(Trouble::StaleForm),
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                let kind = part.content_type().map(str::to_owned);
                let blobs = &*visit.ctx.stores.blobs;
                let received = receive(blobs, part, CAPTURE_BYTES_MAX).await?;
                return Ok(Sent { name, kind, received });
            }
            _ => {}
        }
    }
    Err(none().into())
}

/// What a part of a form says; nothing where it is longer than proofs are, or broken off.
async fn proof(mut part: Field<'_>) -> String {
    let mut text = Vec::new();
    loop {
        match part.chunk().await {
            Ok(Some(chunk)) if text.len() + chunk.len() <= PROOF_BYTES_MAX => text.extend(chunk),
            Ok(None) => return String::from_utf8(text).unwrap_or_default(),
            Ok(Some(_)) | Err(_) => return String::new(),
        }
    }
}

/// Gives a file out, to be kept by whoever asks.
pub(crate) async fn content(Path((_, file)): Path<(String, String)>, visit: Visit) -> Answer {
    let turn = visit.web.throttle.file(visit.ctx.person)?;
    let (capture, file) = open_file(&visit.ctx, visit.scope, file_id(&file)?).await?;
    let pieces = ReaderStream::new(tokio::fs::File::from_std(file));
    // The turn is over when the last piece was read, or nobody reads on.
    let pieces = stream::unfold((pieces, turn), |(mut pieces, turn)| async move {
        let piece = pieces.next().await?;
        Some((piece, (pieces, turn)))
    });
    // Whoever compresses it asks once more after the end.
    Ok(download(&capture, Body::from_stream(pieces.fuse())))
}

fn download(capture: &Capture, body: Body) -> Response {
    let mut response = body.into_response();
    response.extensions_mut().insert(Sandboxed);
    let headers = response.headers_mut();
    let said = [
        (header::CONTENT_TYPE, capture.type_out().to_owned()),
        (header::CONTENT_DISPOSITION, attached(&capture.name)),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    for (name, value) in said {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// That a file is to be kept under `name` (RFC 6266).
fn attached(name: &str) -> String {
    let whole: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let whole = whole.replace('+', "%20").replace('*', "%2A");
    format!("attachment; filename*=UTF-8''{whole}")
}

/// Removes a file, for good.
pub(crate) async fn remove(
    Path((id, file)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    remove_file(&visit.ctx, visit.scope, file_id(&file)?).await?;
    let told = Toast { words: "The file is removed".to_owned(), undo: None };
    drawn_again(&visit, &said, &id, Some(&told)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_stays_within_its_header() {
        let told = attached("a b*\"\r\nX: ü");
        assert_eq!(told, "attachment; filename*=UTF-8''a%20b%2A%22%0D%0AX%3A%20%C3%BC");
    }
}
