//! What can be asked without changing anything: where each question begins.

use crate::graphql::account::Viewer;
use crate::graphql::asks;
use crate::graphql::asks::Page;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::library::Library;
use crate::graphql::node::{self, Node};
use crate::graphql::search::{FoundPages, Ranking, SearchArgs, found};
use crate::graphql::tenants::Tenant;
use async_graphql::{Context, Object, Result};

/// What can be asked.
#[derive(Debug, Default)]
pub(crate) struct Query;

/// What can be asked. Nothing is changed by it.
#[Object]
impl Query {
    /// The caller, and the right they ask with.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(asks(ctx).of("Query.viewer").read().await?)
    }

    /// A library the caller may use. What is read in it was written up to `atLeast` at least.
    async fn library(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        at_least: Option<u64>,
    ) -> Result<Library> {
        let ask = asks(ctx).of("Query.library").at("library", id.of(Named::Library));
        let library: Library = ask.read().await?;
        Ok(library.at_least(at_least))
    }

    /// The libraries the caller may use: their own first, then those shared with them, oldest
    /// first.
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let viewer: Viewer = asks(ctx).of("Query.libraries").read().await?;
        Ok(viewer.libraries)
    }

    /// Searches all libraries the caller may use. Pages lead to the 1000th hit; where there are
    /// several libraries, to the 200th.
    async fn search(
        &self,
        ctx: &Context<'_>,
        query: String,
        ranking: Option<Ranking>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<FoundPages> {
        let ask = asks(ctx).of("Query.search");
        Ok(found(ask, SearchArgs { query, ranking, first, after }).await?)
    }

    /// The tenants of the caller, oldest first.
    async fn tenants(&self, ctx: &Context<'_>) -> Result<Vec<Tenant>> {
        let page: Page<Tenant> = asks(ctx).of("Query.tenants").read().await?;
        Ok(page.items)
    }

    /// A tenant of the caller.
    async fn tenant(&self, ctx: &Context<'_>, id: NodeId) -> Result<Tenant> {
        Ok(asks(ctx).of("Query.tenant").at("tenant", id.of(Named::Tenant)).read().await?)
    }

    /// What has this id; null where there is none the caller may know of.
    async fn node(&self, ctx: &Context<'_>, id: NodeId) -> Result<Option<Node>> {
        Ok(node::one(asks(ctx), &id).await?)
    }

    /// The same for up to a hundred ids, in their order.
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<NodeId>) -> Result<Vec<Option<Node>>> {
        Ok(node::many(asks(ctx), ids).await?)
    }
}
