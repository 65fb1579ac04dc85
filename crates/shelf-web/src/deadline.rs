//! How long a page may take: to come in whole, and to be made. What is sent after its head may take
//! as long as its reader needs.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::trouble::Trouble;

/// How long a page or a form may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long a file may take to come in.
const UPLOAD_MAX: Duration = Duration::from_mins(30);
/// Where files come in.
const UPLOADS: [&str; 2] = ["/import", "/items/{id}/files"];

fn deadline(route: &str) -> Duration {
    if UPLOADS.contains(&route) { UPLOAD_MAX } else { ANSWER_MAX }
}

/// Gives up what takes longer.
pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let limit = deadline(route);
    let answered = tokio::time::timeout(limit, next.run(request)).await;
    answered.unwrap_or_else(|_| Trouble::TooSlow.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, http::StatusCode, middleware::from_fn, routing::post};
    use futures::stream;
    use tower::ServiceExt;

    async fn read(body: Body) {
        drop(axum::body::to_bytes(body, 9).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_never_ends_is_given_up_and_a_file_is_waited_for_longer() {
        let [import, files] = UPLOADS;
        let router = Router::new().route("/save", post(read)).route(import, post(read));
        let router = router.route(files, post(read)).layer(from_fn(in_time));
        let files = "/items/1/files";
        for (route, least, most) in
            [("/save", 30, 31), (import, 1_800, 1_801), (files, 1_800, 1_801)]
        {
            let endless = stream::pending::<Result<Vec<u8>, std::io::Error>>();
            let request = Request::post(route).body(Body::from_stream(endless)).unwrap();
            let began = tokio::time::Instant::now();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT, "{route}");
            assert!((least..most).contains(&began.elapsed().as_secs()), "{route}");
            assert!(answer.headers().contains_key("X-Problem"));
        }
    }
}
