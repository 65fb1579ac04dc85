//! List bookmarks, page by page.

use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

pub use shelf_ports::views::{Filter, Page, Position, Sort};

/// Most rows of one page.
pub const LIMIT_MAX: usize = 200;
/// Most tags one filter may name.
const TAGS_MAX: usize = 50;

/// Which bookmarks, in which order, from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListBookmarks {
    /// What must hold.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// Where the page begins; the beginning, where it is not said.
    pub after: Option<Position>,
    /// Rows, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

impl Default for ListBookmarks {
    fn default() -> Self {
        Self { filter: Filter::default(), sort: Sort::Newest, after: None, limit: 50 }
    }
}

impl ListBookmarks {
    fn checked(self) -> Result<Self, Refused> {
        if !(1..=LIMIT_MAX).contains(&self.limit) {
            return Err(Refused::invalid("limit", format!("a page has 1 to {LIMIT_MAX} rows")));
        }
        if self.filter.tags.len() > TAGS_MAX {
            return Err(Refused::invalid("tags", format!("name at most {TAGS_MAX} tags")));
        }
        if self.sort == Sort::Place && self.filter.collection.is_none() {
            return Err(Refused::invalid("sort", "the order of places is one of a collection"));
        }
        if self.filter.unsorted && self.filter.collection.is_some() {
            return Err(Refused::invalid("unsorted", "what is in a collection is not unsorted"));
        }
        Ok(self)
    }
}

/// One page of living bookmarks.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_bookmarks(ctx: &Ctx, scope: Scope, ask: ListBookmarks) -> Result<Page, Failure> {
    let ask = ask.checked()?;
    let views = &ctx.stores.views;
    Ok(views.bookmarks(scope, &ask.filter, ask.sort, ask.after.as_ref(), ask.limit).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_nothing_or_of_too_much_is_refused() {
        for limit in [0, LIMIT_MAX + 1] {
            assert!(ListBookmarks { limit, ..ListBookmarks::default() }.checked().is_err());
        }
        assert!(ListBookmarks::default().checked().is_ok());
    }

    #[test]
    fn the_order_of_places_needs_a_collection() {
        let ask = ListBookmarks { sort: Sort::Place, ..ListBookmarks::default() };
        assert_eq!(ask.checked().unwrap_err().at, "sort");
    }
}
