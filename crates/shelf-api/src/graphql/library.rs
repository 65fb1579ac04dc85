//! A library, and where all that is in it begins; the caller's own doings in it.

use crate::graphql::asks;
use crate::graphql::asks::{Ask, Page};
use crate::graphql::bookmarks::{Bookmark, BookmarkFilter, BookmarkSort, ListArgs, bookmarks_of};
use crate::graphql::collections::Collection;
use crate::graphql::comments::{Conflict, conflict_cursor};
use crate::graphql::history::{Act, act_cursor};
use crate::graphql::ids::Named;
use crate::graphql::imports::Import;
use crate::graphql::pages::{Pages, page, pages};
use crate::graphql::presence::PersonHere;
use crate::graphql::scalars::{DateTime, Home, Right};
use crate::graphql::search::{FoundPages, Ranking, SearchArgs, found};
use crate::graphql::sharing::Share;
use crate::graphql::tags::Tag;
use crate::graphql::tenants::Tenant;
use crate::graphql::trash::{Trashed, trashed_cursor};
use crate::graphql::webhooks::Webhook;
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use serde::Deserialize;
use shelf_domain::id::ItemId;

/// A library.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Library {
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    tenant: ItemId,
    #[serde(skip)]
    #[graphql(skip)]
    at_least: Option<u64>,
    /// Its name.
    name: String,
    /// What the caller may do in it.
    right: Right,
    /// When it was made.
    created_at: DateTime,
    /// How much it holds.
    counts: Counts,
}

/// How much a library holds.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Counts {
    /// Living bookmarks, archived ones included.
    bookmarks: u64,
    /// In no collection.
    unsorted: u64,
    /// Still to be read.
    unread: u64,
    /// Favourites.
    favourite: u64,
    /// Archived.
    archived: u64,
    /// Collections.
    collections: u64,
    /// Tags.
    tags: u64,
    /// Items in the trash.
    trashed: u64,
    /// Items that hold two versions of a text.
    conflicts: u64,
}

/// Where a library's log stands.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Head {
    /// Raised when a backup is restored.
    epoch: u32,
    /// Position of the last change.
    seq: u64,
    /// Below this a reader starts from the beginning.
    floor: u64,
    /// When the last change was written.
    at: DateTime,
}

/// One thing the person did.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Event {
    /// When.
    at: DateTime,
    /// What: `opened`, `read`, `kept` or `dismissed`.
    deed: String,
    /// With which bookmark; null when it was removed for good.
    bookmark: Option<Bookmark>,
}

impl Library {
    /// The same, read as it was at this position of its log at least.
    pub(crate) fn at_least(self, at_least: Option<u64>) -> Self {
        Self { at_least, ..self }
    }

    fn home(&self) -> Home {
        Home { library: self.id, at_least: self.at_least }
    }

    /// An ask of `field` about what is in this library.
    fn ask<'a>(&self, ctx: &Context<'a>, field: &'static str) -> Ask<'a> {
        asks(ctx).of(field).at("library", self.id).at_least(self.at_least)
    }
}

#[ComplexObject]
impl Library {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Library.id(&[self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// The tenant it belongs to; null where the caller does not.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        let tenant = asks(ctx).of("Library.owner").at("tenant", self.tenant).read().await;
        Ok(match tenant {
            Err(problem) if problem.status == axum::http::StatusCode::NOT_FOUND => None,
            told => Some(told?),
        })
    }

    /// Where its log stands.
    async fn head(&self, ctx: &Context<'_>) -> Result<Head> {
        #[derive(Deserialize)]
        struct Pulled {
            head: Head,
        }
        let ask = self.ask(ctx, "Library.head").with("limit", Some(1));
        Ok(ask.read::<Pulled>().await?.head)
    }

    /// Living bookmarks. All that is said must hold.
    async fn bookmarks(
        &self,
        ctx: &Context<'_>,
        filter: Option<BookmarkFilter>,
        sort: Option<BookmarkSort>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Bookmark>> {
        let args = ListArgs { filter: filter.unwrap_or_default(), sort, first, after };
        Ok(bookmarks_of(self.ask(ctx, "Library.bookmarks"), self.home(), args).await?)
    }

    /// Its tags, by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        let page: Page<Tag> = self.ask(ctx, "Library.tags").read().await?;
        Ok(page.items.into_iter().map(|tag| tag.settled(self.home())).collect())
    }

    /// The tree of its collections: every living one, parents before children, siblings in their
    /// order.
    async fn collections(&self, ctx: &Context<'_>) -> Result<Vec<Collection>> {
        let page: Page<Collection> = self.ask(ctx, "Library.collections").read().await?;
        Ok(page.items.into_iter().map(|one| one.settled(self.home())).collect())
    }

    /// Searches it. Pages lead to the 1000th hit.
    async fn search(
        &self,
        ctx: &Context<'_>,
        query: String,
        ranking: Option<Ranking>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<FoundPages> {
        let ask = asks(ctx).of("Library.search").at("library", self.id);
        let ask = ask.with("at_least", self.at_least);
        Ok(found(ask, SearchArgs { query, ranking, first, after }).await?)
    }

    /// What was done in it, latest first.
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Act>> {
        let after = after.as_deref();
        let mut told = page::<Act>(self.ask(ctx, "Library.history"), first, after).await?;
        told.items.iter_mut().for_each(|act| act.settle(self.home()));
        Ok(pages(told, after, act_cursor))
    }

    /// Texts of which two versions were written at the same time; `first` counts their items.
    async fn conflicts(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Conflict>> {
        let after = after.as_deref();
        let mut told = page::<Conflict>(self.ask(ctx, "Library.conflicts"), first, after).await?;
        told.items.iter_mut().for_each(|conflict| conflict.settle(self.home()));
        Ok(pages(told, after, conflict_cursor))
    }

    /// What is in its trash, latest first.
    async fn trash(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Trashed>> {
        let after = after.as_deref();
        let mut told = page::<Trashed>(self.ask(ctx, "Library.trash"), first, after).await?;
        told.items.iter_mut().for_each(|trashed| trashed.settle(self.home()));
        Ok(pages(told, after, trashed_cursor))
    }

    /// What the caller did lately in it, latest first; at most `limit`, 1 to 200, 50 where it is
    /// not said.
    async fn activity(&self, ctx: &Context<'_>, limit: Option<u32>) -> Result<Vec<Event>> {
        let ask = self.ask(ctx, "Library.activity").with("limit", limit);
        let mut page: Page<Event> = ask.read().await?;
        for event in &mut page.items {
            event.bookmark = event.bookmark.take().map(|one| one.settled(self.home()));
        }
        Ok(page.items)
    }

    /// Who else is in it now, by name; at most 50.
    async fn presence(&self, ctx: &Context<'_>) -> Result<Vec<PersonHere>> {
        let page: Page<PersonHere> = self.ask(ctx, "Library.presence").read().await?;
        Ok(page.items.into_iter().map(|here| here.settled(self.home())).collect())
    }

    /// Files that came in.
    async fn imports(&self, ctx: &Context<'_>) -> Result<Vec<Import>> {
        let page: Page<Import> = self.ask(ctx, "Library.imports").read().await?;
        Ok(page.items.into_iter().map(|import| import.settled(self.home())).collect())
    }

    /// Who may use it; for who manages it, and admins of its tenant.
    async fn shares(&self, ctx: &Context<'_>) -> Result<Vec<Share>> {
        let page: Page<Share> =
            asks(ctx).of("Library.shares").at("library", self.id).read().await?;
        Ok(page.items)
    }

    /// Who is told what happens in it, oldest first; for who manages it.
    async fn webhooks(&self, ctx: &Context<'_>) -> Result<Vec<Webhook>> {
        let ask = asks(ctx).of("Library.webhooks").at("library", self.id);
        let page: Page<Webhook> = ask.read().await?;
        Ok(page.items.into_iter().map(|webhook| webhook.settled(self.home())).collect())
    }
}
