//! The transport to a router in the same process: commands take the same road as HTTP.

use axum::Router;
use axum::body::Body;
use futures::TryStreamExt;
use shelf_client::header::{HOST, HeaderValue};
use shelf_client::{Answer, Answering, ClientFailure, Request, Transport};
use tower::ServiceExt;

/// A server in this process.
#[derive(Clone, Debug)]
pub(crate) struct Inside(pub(crate) Router);

impl Transport for Inside {
    fn send(&self, request: Request) -> Answering<'_> {
        Box::pin(ask(self.0.clone(), request))
    }
}

async fn ask(router: Router, request: Request) -> Result<Answer, ClientFailure> {
    let body = request.body.map_or_else(Body::empty, Body::from_stream);
    let mut asked = axum::http::Request::builder()
        .method(request.method)
        .uri(&request.target)
        .body(body)
        .map_err(|error| ClientFailure::Unreadable(error.to_string()))?;
    *asked.headers_mut() = request.headers;
    asked.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
    let Ok(answer) = router.oneshot(asked).await;
    let (parts, body) = answer.into_parts();
    let chunks = body.into_data_stream().map_err(std::io::Error::other);
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: Box::pin(chunks) })
}
