//! The interfaces of other servers, for apps that were made for those: linkding's under `/linkding`,
//! Karakeep's under `/karakeep`.
//!
//! No rule lives here: what a facade does is operations of REST, asked in process as fields of
//! GraphQL do (`graphql/asks.rs`), so that cost, scope, rights and refusals are those. What is
//! decided here is how another server says it: its addresses, its ids, its words for what is wrong.

mod call;
mod dress;
mod rows;
mod seen;
pub(crate) mod linkding;
mod karakeep;

use crate::Api;
use crate::graphql::Gateway;
use axum::routing::MethodRouter;
use axum::{Extension, Router, middleware};
use seen::Seen;
use shelf_domain::rate::Cost;
use std::fmt;

/// What begins the addresses of linkding's interface.
const LINKDING: &str = "/linkding";
/// What begins those of Karakeep's.
const KARAKEEP: &str = "/karakeep";

/// What stands in one list of Karakeep's. floccus asks it of each folder by itself, and does not come
/// back where that is too much: two thousand folders are to be read with what a plan gives at once.
const FOLDER: &str = "/karakeep/api/v1/lists/{id}/bookmarks";
/// What that costs besides what it asks.
const FOLDER_COST: Cost = Cost::tenths(2);
/// What each of the three operations costs that it asks.
const FOLDER_ASK: Cost = Cost::tenths(1);

/// Each facade, and the operations it may ask.
pub(crate) const ROWS: &[(&str, &[&str])] = &[
    (
        LINKDING,
        &[
            "get_me",
            "list_bookmarks",
            "save_bookmark",
            "edit_bookmark",
            "trash_bookmark",
            "list_tags",
            "create_tag",
            "trash_tag",
            "list_collections",
            "create_collection",
            "edit_collection",
            "trash_collection",
            "list_files",
            "add_file",
            "get_file_content",
            "remove_file",
        ],
    ),
    (
        KARAKEEP,
        &[
            "get_me",
            "list_bookmarks",
            "save_bookmark",
            "get_bookmark",
            "edit_bookmark",
            "trash_bookmark",
            "get_item_history",
            "add_place",
            "remove_place",
            "list_collections",
            "create_collection",
            "get_collection",
            "edit_collection",
            "trash_collection",
            "list_tags",
            "search_library",
        ],
    ),
];

/// Whether `route` is an address of a facade.
pub(crate) fn has(route: &str) -> bool {
    [LINKDING, KARAKEEP].iter().any(|facade| {
        route.strip_prefix(facade).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// What a request to `route` costs besides what it asks, if that is an address of a facade.
pub(crate) fn price(route: &str) -> Option<Cost> {
    has(route).then(|| if is_folder(route) { FOLDER_COST } else { Cost::units(1) })
}

/// What each operation costs at most that a request to `route` asks, where there is a bound.
fn rate(route: &str) -> Option<Cost> {
    is_folder(route).then_some(FOLDER_ASK)
}

fn is_folder(route: &str) -> bool {
    route.trim_end_matches('/') == FOLDER
}

/// What facades ask through. Cloning shares it.
#[derive(Clone)]
struct Facades {
    gateway: Gateway,
    seen: Seen,
}

impl fmt::Debug for Facades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facades").finish_non_exhaustive()
    }
}

/// Where they are answered; `bound` holds routes to what every request is held to.
pub(crate) fn routes(gateway: &Gateway, bound: impl Fn(Router<Api>) -> Router) -> Router {
    let facades = Facades { gateway: gateway.clone(), seen: Seen::default() };
    let part = |routes: Router<Api>| bound(routes.layer(Extension(facades.clone())));
    let linkding = part(linkding::routes()).layer(middleware::from_fn(dress::linkding));
    let karakeep = part(karakeep::routes()).layer(middleware::from_fn(dress::karakeep));
    linkding.merge(karakeep)
}

/// `router` with `methods` at `path`, which ends without a slash, and at the same with one.
fn with(router: Router<Api>, path: &str, methods: MethodRouter<Api>) -> Router<Api> {
    router.route(path, methods.clone()).route(&format!("{path}/"), methods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::row_of;

    #[test]
    fn a_facade_asks_for_operations_there_are() {
        for (facade, operations) in ROWS {
            for operation in *operations {
                assert!(row_of(operation).is_some(), "{facade} asks for {operation}");
            }
        }
    }

    #[test]
    fn the_addresses_of_facades_are_known_by_how_they_begin() {
        assert!(has("/linkding/api/bookmarks/{id}/") && has("/karakeep/{*rest}"));
        assert!(!has("/linkdings") && !has("/v1/me") && !has(""));
    }
}
