//! Which library a page is of: `/in/{library}/tags` is the page `/tags` of that library, and all it
//! links to stays there. Without it pages are of the first library somebody has, so that whoever has
//! one never sees this.

use axum::{
    Router, extract::Request, http::Uri, middleware::Next, middleware::from_fn, response::Response,
};
use shelf_domain::id::LibraryId;

use crate::readdress::Base;

/// How addresses begin that name their library.
pub(crate) const PREFIX: &str = "/in/";
/// What is the same in every library, or names its own.
const SPARED: &[&str] = &["/assets/", "/app.webmanifest", "/worker.js", "/waiting", PREFIX];

/// The library an address names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within(pub(crate) LibraryId);

impl Within {
    /// The path its pages stand beneath.
    pub(crate) fn path(self) -> String {
        format!("{PREFIX}{}", self.0)
    }

    fn of(uri: &Uri) -> Option<Self> {
        let id = uri.path().strip_prefix(PREFIX)?.split('/').next()?;
        id.parse().ok().map(Self)
    }
}

/// `inner`, also beneath the path of each library.
pub(crate) fn within(inner: Router) -> Router {
    Router::new().fallback_service(inner).layer(from_fn(enter))
}

async fn enter(mut request: Request, next: Next) -> Response {
    let Some(library) = Within::of(request.uri()) else { return next.run(request).await };
    let path = library.path();
    let base = Base { path: &path, spared: SPARED };
    let Some(uri) = base.without(request.uri()) else { return next.run(request).await };
    *request.uri_mut() = uri;
    request.extensions_mut().insert(library);
    base.before(next.run(request).await).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_library_or_none() {
        let of = |uri: &str| Within::of(&uri.parse().unwrap()).map(|within| within.0.to_string());
        let id = "0193f0a0-0000-7000-8000-000000000000";
        assert_eq!(of(&format!("/in/{id}/tags?a=b")).as_deref(), Some(id));
        assert_eq!(of(&format!("/in/{id}")).as_deref(), Some(id));
        for wrong in ["/in/", "/in/x/tags", "/library", "/inside"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
