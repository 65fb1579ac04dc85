//! The part of Karakeep's interface that floccus and small tools ask for: lists are our collections,
//! and that a bookmark is in a list is a place of it there. Ids are ours.

mod shown;
mod read;
mod lists;
mod bookmarks;
mod rest;

use super::{KARAKEEP, with};
use crate::Api;
use axum::Router;
use axum::routing::{any, get, post, put};

/// The routes.
pub(super) fn routes() -> Router<Api> {
    let one = get(bookmarks::read).patch(bookmarks::edit).delete(bookmarks::remove);
    let all = [
        ("/api/health", get(rest::health)),
        ("/api/v1/users/me", get(rest::me)),
        ("/api/v1/tags", get(rest::tags)),
        ("/api/v1/lists", get(lists::list).post(lists::create)),
        ("/api/v1/lists/{id}", get(lists::read).patch(lists::edit).delete(lists::remove)),
        ("/api/v1/lists/{id}/bookmarks", get(lists::bookmarks)),
        ("/api/v1/lists/{id}/bookmarks/{bookmark}", put(lists::put).delete(lists::take)),
        ("/api/v1/bookmarks", get(bookmarks::list).post(bookmarks::create)),
        ("/api/v1/bookmarks/search", get(bookmarks::search)),
        ("/api/v1/bookmarks/check-url", get(bookmarks::check)),
        ("/api/v1/bookmarks/{id}", one),
        ("/api/v1/bookmarks/{id}/lists", get(lists::of_bookmark)),
        ("/api/v1/bookmarks/{id}/tags", post(bookmarks::attach).delete(bookmarks::detach)),
    ];
    let none = Router::new().route("/karakeep/{*rest}", any(rest::missing));
    all.into_iter()
        .fold(none, |router, (path, methods)| with(router, &format!("{KARAKEEP}{path}"), methods))
}
