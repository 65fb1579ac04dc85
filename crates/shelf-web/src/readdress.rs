//! Addresses of ours beneath a path: the path is taken off what arrives, and put before what leaves,
//! in headers, and in the attributes of pages that browsers follow.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use shelf_ports::Fault;

use crate::trouble::Trouble;

/// The largest page whose addresses are written anew, bytes; pages are bounded far below.
const PAGE_BYTES_MAX: usize = 16 << 20;
/// The headers that name addresses of ours.
const NAMING: [&str; 6] =
    ["location", "x-location", "hx-redirect", "hx-location", "hx-push-url", "hx-replace-url"];
/// The attributes that browsers, htmx and our scripts follow.
const FOLLOWED: [&str; 7] =
    ["href", "src", "action", "formaction", "hx-get", "hx-post", "data-base"];

/// A path that addresses of ours stand beneath.
#[derive(Clone, Debug)]
pub(crate) struct Base<'a> {
    /// The path, such as `/shelf`; neither empty nor with a slash at its end.
    pub(crate) path: &'a str,
    /// How addresses begin that do not stand beneath it.
    pub(crate) spared: &'static [&'static str],
}

impl Base<'_> {
    /// `uri` without this path, if it stands beneath it.
    pub(crate) fn without(&self, uri: &Uri) -> Option<Uri> {
        let whole = uri.path_and_query()?.as_str().strip_prefix(self.path)?;
        let inside = match whole.as_bytes().first() {
            Some(b'/') => whole.to_owned(),
            None | Some(b'?') => format!("/{whole}"),
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(inside).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// `response` with this path before every address of ours it names.
    pub(crate) async fn before(&self, mut response: Response) -> Response {
        self.before_headers(response.headers_mut());
        if is_page(response.headers()) { self.before_page(response).await } else { response }
    }

    fn before_headers(&self, headers: &mut HeaderMap) {
        for name in NAMING.map(HeaderName::from_static) {
            let Some(path) = headers.get(&name).and_then(|path| path.to_str().ok()) else {
                continue;
            };
            if !self.moves(path) {
                continue;
            }
            if let Ok(moved) = HeaderValue::try_from(format!("{}{path}", self.path)) {
                headers.insert(name, moved);
            }
        }
    }

    async fn before_page(&self, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let read = to_bytes(body, PAGE_BYTES_MAX).await;
        let Some(page) = read.ok().and_then(|bytes| String::from_utf8(bytes.into()).ok()) else {
            let fault = Fault::new("moving a page", "it is no text, or too long");
            return Trouble::Fault(fault).into_response();
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(self.before_all(&page)))
    }

    /// `page` with this path before every address of ours. Pages write quotation marks of their
    /// content as `&quot;`, so `="/` is the beginning of an attribute and never something a person
    /// typed.
    fn before_all(&self, page: &str) -> String {
        const OPENING: &str = "=\"";
        const FOUND: &str = "=\"/";
        let mut out = String::with_capacity(page.len() + page.len() / 8);
        let mut rest = page;
        while let Some(at) = rest.find(FOUND) {
            let (before, after) = rest.split_at(at + OPENING.len());
            let name = before[..at].rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or("");
            out.push_str(before);
            if FOLLOWED.contains(&name) && self.moves(after) {
                out.push_str(self.path);
            }
            out.push('/');
            rest = &after[1..];
        }
        out.push_str(rest);
        out
    }

    /// Whether `address` is one of this server that stands beneath this path.
    fn moves(&self, address: &str) -> bool {
        let is_ours = address.starts_with('/') && !address.starts_with("//");
        is_ours && !self.spared.iter().any(|spared| address.starts_with(spared))
    }
}

/// Whether this is a page, and not a file to keep.
fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
        && !headers.contains_key(header::CONTENT_DISPOSITION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::html;

    const SHELF: Base<'static> = Base { path: "/shelf", spared: &["/assets/"] };

    fn stripped(uri: &str) -> Option<String> {
        SHELF.without(&uri.parse().unwrap()).map(|uri| uri.to_string())
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
            link href="/assets/app.css";
            a href="/tags/1" title="/tags" { "=\"/x" }
            a href="//elsewhere.example/" {}
            a href="https://elsewhere.example/" {}
            a href="#main" {}
            input name="back" value="/trash";
            form action="/save" hx-post="/save" {}
        };
        let moved = SHELF.before_all(&page.into_string());
        let wanted = html! {
            link href="/assets/app.css";
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
        assert_eq!(SHELF.before_all(&page), page);
    }

    #[test]
    fn headers_move_too() {
        let mut headers = HeaderMap::new();
        headers.insert("location", HeaderValue::from_static("/library?a=b"));
        headers.insert("x-location", HeaderValue::from_static("/assets/x"));
        headers.insert("hx-redirect", HeaderValue::from_static("https://elsewhere.example/"));
        SHELF.before_headers(&mut headers);
        assert_eq!(headers["location"], "/shelf/library?a=b");
        assert_eq!(headers["x-location"], "/assets/x");
        assert_eq!(headers["hx-redirect"], "https://elsewhere.example/");
    }
}
