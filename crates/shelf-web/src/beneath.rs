//! Serving everything beneath a path, such as `/shelf` behind a proxy that serves other things too.
//!
//! Pages and interfaces are written as if they stood at the root. Here the path is taken off every
//! request, and put on every address of ours that leaves: in headers, and in the attributes of
//! pages that browsers follow.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use shelf_ports::Fault;
use tower_http::compression::CompressionLayer;

use crate::trouble::Trouble;

/// The largest page whose addresses are written anew, bytes; pages are bounded far below.
const PAGE_BYTES_MAX: usize = 16 << 20;
/// The headers that name addresses of ours.
const NAMING: [&str; 6] =
    ["location", "x-location", "hx-redirect", "hx-location", "hx-push-url", "hx-replace-url"];
/// The attributes that browsers, htmx and our scripts follow.
const FOLLOWED: [&str; 7] =
    ["href", "src", "action", "formaction", "hx-get", "hx-post", "data-base"];

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

async fn moved(State(base): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    if let Some(uri) = without(&base, request.uri()) {
        *request.uri_mut() = uri;
    }
    // Pages must come as text to be read; they are compressed after that.
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    let mut response = next.run(request).await;
    readdress(&base, response.headers_mut());
    if is_page(response.headers()) { rewritten(&base, response).await } else { response }
}

/// `uri` without the path `base`, if it stands beneath it.
fn without(base: &str, uri: &Uri) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let inside = match whole.as_bytes().first() {
        Some(b'/') => whole.to_owned(),
        None | Some(b'?') => format!("/{whole}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(inside).ok()?);
    Uri::from_parts(parts).ok()
}

/// Puts `base` before the addresses in headers, and keeps cookies beneath it.
fn readdress(base: &str, headers: &mut HeaderMap) {
    for name in NAMING.map(HeaderName::from_static) {
        let Some(path) = headers.get(&name).and_then(|path| path.to_str().ok()) else { continue };
        if !is_ours(path) {
            continue;
        }
        if let Ok(moved) = HeaderValue::try_from(format!("{base}{path}")) {
            headers.insert(name, moved);
        }
    }
    if let header::Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            let narrowed =
                cookie.to_str().map(|c| c.replace("; Path=/;", &format!("; Path={base};")));
            if let Some(narrowed) = narrowed.ok().and_then(|c| HeaderValue::try_from(c).ok()) {
                *cookie = narrowed;
            }
        }
    }
}

/// Whether `path` is one of this server rather than another host's.
fn is_ours(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//")
}

/// Whether this is a page, and not a file to keep.
fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
        && !headers.contains_key(header::CONTENT_DISPOSITION)
}

async fn rewritten(base: &str, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let read = to_bytes(body, PAGE_BYTES_MAX).await;
    let Some(page) = read.ok().and_then(|bytes| String::from_utf8(bytes.into()).ok()) else {
        let fault = Fault::new("moving a page", "it is no text, or too long");
        return Trouble::Fault(fault).into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(with_base(base, &page)))
}

/// `page` with `base` before every address of ours. Pages write quotation marks of their content
/// as `&quot;`, so `="/` is the beginning of an attribute and never something a person typed.
fn with_base(base: &str, page: &str) -> String {
    const OPENING: &str = "=\"/";
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    let mut rest = page;
    while let Some(at) = rest.find(OPENING) {
        let (before, after) = rest.split_at(at + OPENING.len());
        let name = before[..at].rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or("");
        out.push_str(&before[..before.len() - 1]);
        if FOLLOWED.contains(&name) && !after.starts_with('/') {
            out.push_str(base);
        }
        out.push('/');
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::html;

    fn stripped(uri: &str) -> Option<String> {
        without("/shelf", &uri.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn the_path_is_taken_off_once_and_only_where_it_stands() {
        assert_eq!(stripped("/shelf/tags?a=b").unwrap(), "/tags?a=b");
        assert_eq!(stripped("/shelf").unwrap(), "/");
        assert_eq!(stripped("/shelf?a=b").unwrap(), "/?a=b");
        assert_eq!(stripped("/shelf/shelf/x").unwrap(), "/shelf/x");
        assert_eq!(stripped("/shelfmark"), None);
        assert_eq!(stripped("/tags"), None);
    }

    #[test]
    fn what_browsers_follow_moves_and_nothing_else_does() {
        let page = html! {
            a href="/tags/1" title="/tags" { "=\"/x" }
            a href="//elsewhere.example/" {}
            a href="https://elsewhere.example/" {}
            a href="#main" {}
            input name="back" value="/trash";
            form action="/save" hx-post="/save" {}
        };
        let moved = with_base("/shelf", &page.into_string());
        let wanted = html! {
            a href="/shelf/tags/1" title="/tags" { "=\"/x" }
            a href="//elsewhere.example/" {}
            a href="https://elsewhere.example/" {}
            a href="#main" {}
            input name="back" value="/trash";
            form action="/shelf/save" hx-post="/shelf/save" {}
        };
        assert_eq!(moved, wanted.into_string());
    }

    #[test]
    fn what_a_person_typed_is_never_an_attribute() {
        let typed = "x href=\"/evil\" =\"/ <a href=\"/y\">";
        let page = html! { p title=(typed) { (typed) } }.into_string();
        assert_eq!(with_base("/shelf", &page), page);
    }

    #[test]
    fn headers_move_too() {
        let mut headers = HeaderMap::new();
        headers.insert("location", HeaderValue::from_static("/library?a=b"));
        headers.insert("hx-redirect", HeaderValue::from_static("https://elsewhere.example/"));
        headers.append("set-cookie", HeaderValue::from_static("a=1; Path=/; HttpOnly"));
        headers.append("set-cookie", HeaderValue::from_static("b=1; Path=/; HttpOnly"));
        readdress("/shelf", &mut headers);
        assert_eq!(headers["location"], "/shelf/library?a=b");
        assert_eq!(headers["hx-redirect"], "https://elsewhere.example/");
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Path=/shelf; HttpOnly", "b=1; Path=/shelf; HttpOnly"]);
    }
}
