//! linkding's interface, as its apps for phones and browsers ask for it: ids are the small numbers
//! of items, and every address is answered with and without its last slash.

mod no;
mod names;
mod terms;
mod fields;
mod read;
mod shown;
mod window;
mod listing;
mod bookmarks;
mod bundle;
mod bundles;
mod tags;
mod assets;
mod rest;
#[cfg(any(test, fuzzing))]
pub(crate) mod thrown;

use super::with;
use crate::Api;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use no::No;

/// What a route answers.
type Told = Result<Response, No>;

/// The routes.
pub(super) fn routes() -> Router<Api> {
    let list = get(bookmarks::list).post(bookmarks::create);
    let one = get(bookmarks::read).put(bookmarks::replace).patch(bookmarks::edit);
    let bundle = get(bundles::read).put(bundles::replace).patch(bundles::edit);
    let all = [
        ("", get(rest::home)),
        ("/bookmarks/new", get(rest::save_page)),
        ("/health", get(rest::health)),
        ("/api", get(rest::root)),
        ("/api/user/profile", get(rest::profile)),
        ("/api/bookmarks", list),
        ("/api/bookmarks/archived", get(bookmarks::archived)),
        ("/api/bookmarks/shared", get(bookmarks::shared)),
        ("/api/bookmarks/check", get(bookmarks::check)),
        ("/api/bookmarks/singlefile", with_file(post(assets::snapshot))),
        ("/api/bookmarks/{id}", one.delete(bookmarks::remove)),
        ("/api/bookmarks/{id}/archive", post(bookmarks::archive)),
        ("/api/bookmarks/{id}/unarchive", post(bookmarks::unarchive)),
        ("/api/bookmarks/{id}/assets", get(assets::list)),
        ("/api/bookmarks/{id}/assets/upload", with_file(post(assets::upload))),
        ("/api/bookmarks/{id}/assets/{asset}", get(assets::read).delete(assets::remove)),
        ("/api/bookmarks/{id}/assets/{asset}/download", get(assets::download)),
        ("/api/tags", get(tags::list).post(tags::create)),
        ("/api/tags/{id}", get(tags::read).delete(tags::remove)),
        ("/api/bundles", get(bundles::list).post(bundles::create)),
        ("/api/bundles/{id}", bundle.delete(bundles::remove)),
    ];
    let none = Router::new().route("/linkding/{*rest}", any(rest::missing));
    all.into_iter().fold(none, |router, (path, methods)| {
        with(router, &format!("{}{path}", super::LINKDING), methods)
    })
}

/// What takes a form with a file in it.
fn with_file(methods: MethodRouter<Api>) -> MethodRouter<Api> {
    methods.layer(DefaultBodyLimit::max(assets::FORM_BYTES_MAX))
}
