//! Serving everything beneath a path, such as `/shelf` behind a proxy that serves other things too.
//!
//! Pages and interfaces are written as if they stood at the root.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tower_http::compression::CompressionLayer;

use crate::readdress::Base;

/// `inner` beneath `base`, such as `/shelf`; requests without it are answered too, so that a
/// probe need not know it. An empty `base` changes nothing.
pub fn beneath(base: &str, inner: Router) -> Router {
    if base.is_empty() {
        return inner;
    }
    let base: Arc<str> = base.into();
    Router::new()
        .fallback_service(inner)
        .layer(from_fn_with_state(base, moved))
        .layer(CompressionLayer::new())
}

async fn moved(State(path): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    let base = Base { path: &path, spared: &[] };
    if let Some(uri) = base.without(request.uri()) {
        *request.uri_mut() = uri;
    }
    // Pages must come as text to be read; they are compressed after that.
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    let mut response = next.run(request).await;
    narrow(&path, response.headers_mut());
    base.before(response).await
}

/// Keeps cookies beneath `path`.
fn narrow(path: &str, headers: &mut HeaderMap) {
    let header::Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) else { return };
    for cookie in cookies.iter_mut() {
        let narrowed = cookie.to_str().map(|c| c.replace("; Path=/;", &format!("; Path={path};")));
        if let Some(narrowed) = narrowed.ok().and_then(|c| HeaderValue::try_from(c).ok()) {
            *cookie = narrowed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_stay_beneath_the_path() {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1; Path=/; HttpOnly"));
        headers.append("set-cookie", HeaderValue::from_static("b=1; Path=/; HttpOnly"));
        narrow("/shelf", &mut headers);
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Path=/shelf; HttpOnly", "b=1; Path=/shelf; HttpOnly"]);
    }
}
