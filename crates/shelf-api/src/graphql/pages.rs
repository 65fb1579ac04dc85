//! Lists in pages, as Relay has them, over the pages and cursors of REST.

use crate::graphql::asks::{Ask, Page};
use crate::problem::Problem;
use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};
use serde::de::DeserializeOwned;

/// Rows of a list, each with the cursor after which the list goes on.
pub(crate) type Pages<T> = Connection<String, T>;

/// The page that `ask` is answered with: `first` rows after `after`.
pub(crate) async fn page<T: DeserializeOwned>(
    ask: Ask<'_>,
    first: Option<u32>,
    after: Option<&str>,
) -> Result<Page<T>, Problem> {
    let page = ask.with("limit", first).with("cursor", after).read().await;
    page.map_err(|problem: Problem| problem.named("?limit", "first").named("?cursor", "after"))
}

/// The rows of `page` with their cursors: that of the last one is the one REST gave, those of the
/// others are made alike by `cursor`.
pub(crate) fn pages<T: OutputType>(
    page: Page<T>,
    after: Option<&str>,
    cursor: impl Fn(&T) -> String,
) -> Pages<T> {
    let Page { items, next_cursor } = page;
    let mut pages = Connection::new(after.is_some(), next_cursor.is_some());
    let count = items.len();
    for (at, row) in items.into_iter().enumerate() {
        let given = next_cursor.clone().filter(|_| at + 1 == count);
        pages.edges.push(Edge::new(given.unwrap_or_else(|| cursor(&row)), row));
    }
    pages
}
