//! Lists of bookmarks by the parameters of linkding: walks the library's own list and keeps what
//! was asked for.

use super::bundles;
use super::no::No;
use super::terms::{Looked, Terms};
use super::window::Window;
use crate::facades::call::{Call, PAGE};
use crate::facades::rows::{Bookmark, Moment, read_time};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use axum::http::StatusCode;
use shelf_domain::id::ItemId;

/// Most bookmarks that are looked at for one list, the newest or the oldest, as it is sorted.
const WALKED_MAX: usize = 100_000;

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Added,
    Modified,
    Title,
}

/// Which bookmarks, in which order.
#[derive(Debug)]
pub(super) struct Listing {
    archived: bool,
    terms: Option<Terms>,
    bundle: Option<u32>,
    by: By,
    rising: bool,
    unread: Option<bool>,
    shared: Option<bool>,
    added_since: Option<i64>,
    modified_since: Option<i64>,
    window: Window,
}

/// A part of a list, and how much there is in all.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub rows: Vec<Bookmark>,
    pub count: usize,
}

impl Listing {
    /// What `call` asks for, among those that are archived or not.
    pub(super) fn of(call: &Call, archived: bool) -> Result<Self, No> {
        let flag = |name: &str| match call.said(name) {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            _ => None,
        };
        let bundle = call.said("bundle").filter(|id| !id.is_empty()).map(str::parse::<u32>);
        let bundle = bundle
            .transpose()
            .map_err(|_| No::detail(StatusCode::BAD_REQUEST, "A bundle is a number."))?;
        let since = |name: &str| call.said(name).and_then(read_time);
        let (by, rising) = match call.said("sort") {
            Some("added_asc") => (By::Added, true),
            Some("modified_asc") => (By::Modified, true),
            Some("modified_desc") => (By::Modified, false),
            Some("title_asc") => (By::Title, true),
            Some("title_desc") => (By::Title, false),
            _ => (By::Added, false),
        };
        Ok(Self {
            archived,
            terms: Terms::read(call.said("q").unwrap_or_default()),
            bundle,
            by,
            rising,
            unread: flag("unread"),
            shared: flag("shared"),
            added_since: since("added_since"),
            modified_since: since("modified_since"),
            window: Window::of(call),
        })
    }

    /// The part of the list that was asked for.
    pub(super) async fn listed(&self, call: &Call) -> Result<Listed, Problem> {
        let Some(terms) = self.terms.as_ref().filter(|_| self.shared != Some(true)) else {
            return Ok(Listed::default());
        };
        let narrowed = self.narrowed(call, terms).await?;
        let terms = &narrowed;
        let known = self.known(call, terms);
        if let Some(count) = known.filter(|count| *count <= self.window.offset) {
            // Asked all the same: there it is decided whether this key may list.
            self.page(call, None).await?;
            return Ok(Listed { rows: Vec::new(), count });
        }
        match self.by {
            By::Added => self.in_order(call, terms, known).await,
            By::Modified | By::Title => self.sorted(call, terms).await,
        }
    }

    /// `terms`, and what the bundle asks for that is named; one that is not there asks for nothing.
    async fn narrowed(&self, call: &Call, terms: &Terms) -> Result<Terms, Problem> {
        let bundle = match self.bundle {
            Some(number) => bundles::named(call, number).await?,
            None => None,
        };
        Ok(match (bundle.map(|bundle| bundle.terms()), terms) {
            (None | Some(Terms::All), terms) => terms.clone(),
            (Some(of_bundle), Terms::All) => of_bundle,
            (Some(of_bundle), terms) => Terms::And(vec![terms.clone(), of_bundle]),
        })
    }

    /// How many there are, where the library knows it.
    fn known(&self, call: &Call, terms: &Terms) -> Option<usize> {
        let is_all = *terms == Terms::All
            && self.unread.is_none()
            && self.added_since.is_none()
            && self.modified_since.is_none();
        let counts = &call.library.counts;
        let others = counts.bookmarks.saturating_sub(counts.archived);
        is_all.then_some(if self.archived { counts.archived } else { others })
    }

    /// One page of the library's own list, narrowed as far as that can be.
    async fn page(&self, call: &Call, after: Option<String>) -> Result<Page<Bookmark>, Problem> {
        let sort = if self.rising && self.by == By::Added { "oldest" } else { "newest" };
        let ask = call.ask("list_bookmarks").with("archived", Some(self.archived));
        let ask = ask.with("unread", self.unread).with("sort", Some(sort));
        ask.with("limit", Some(PAGE)).with("cursor", after).read().await
    }

    fn holds(&self, row: &Bookmark, terms: &Terms) -> bool {
        let Moment(changed) = row.changed_at;
        self.added_since.is_none_or(|since| row.created_ms() > since)
            && self.modified_since.is_none_or(|since| changed > since)
            && (*terms == Terms::All || terms.hold(&Looked::at(row)))
    }

    /// The list in the order in which it is walked.
    async fn in_order(
        &self,
        call: &Call,
        terms: &Terms,
        known: Option<usize>,
    ) -> Result<Listed, Problem> {
        let (mut listed, mut walked, mut after) = (Listed::default(), 0, None);
        loop {
            let page = self.page(call, after).await?;
            walked += page.items.len();
            for row in page.items.into_iter().filter(|row| self.holds(row, terms)) {
                if self.window.holds(listed.count) {
                    listed.rows.push(row);
                }
                listed.count += 1;
            }
            let is_full = known.is_some() && listed.count >= self.window.end();
            after = page.next_cursor;
            if after.is_none() || is_full || walked >= WALKED_MAX {
                break;
            }
        }
        listed.count = known.unwrap_or(listed.count).max(self.window.offset_of(&listed.rows));
        Ok(listed)
    }

    /// The list in another order: all of it is walked, sorted by what decides, and the part read
    /// again.
    async fn sorted(&self, call: &Call, terms: &Terms) -> Result<Listed, Problem> {
        let (mut all, mut walked, mut after) = (Vec::new(), 0, None);
        loop {
            let page = self.page(call, after).await?;
            walked += page.items.len();
            let rows = page.items.into_iter().filter(|row| self.holds(row, terms));
            all.extend(rows.map(|row| (self.key(&row), row.number, row.id)));
            after = page.next_cursor;
            if after.is_none() || walked >= WALKED_MAX {
                break;
            }
        }
        all.sort_unstable();
        if !self.rising {
            all.reverse();
        }
        let count = all.len();
        let part = all.into_iter().skip(self.window.offset).take(self.window.limit);
        let ids: Vec<ItemId> = part.map(|(_, _, id)| id).collect();
        Ok(Listed { rows: call.by_ids(&ids).await?, count })
    }

    /// What decides where a bookmark stands.
    fn key(&self, row: &Bookmark) -> (i64, String) {
        let Moment(changed) = row.changed_at;
        match self.by {
            By::Added => (row.created_ms(), String::new()),
            By::Modified => (changed, String::new()),
            By::Title if row.title.is_empty() => (0, row.url.to_lowercase()),
            By::Title => (0, row.title.to_lowercase()),
        }
    }
}
