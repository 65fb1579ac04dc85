//! Finding: hits with marks and reasons, facets, and how complete the answer is.

use crate::cursor;
use crate::graphql::asks;
use crate::graphql::asks::Ask;
use crate::graphql::bookmarks::Bookmark;
use crate::graphql::ids::Named;
use crate::graphql::library::Library;
use crate::graphql::node;
use crate::graphql::scalars::{DateTime, word};
use crate::problem::Problem;
use async_graphql::connection::{Connection, Edge};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ranking {
    /// Words and meaning.
    Hybrid,
    /// Words alone.
    Words,
    /// Meaning alone.
    Meaning,
}

/// One bookmark that was found.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Hit {
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    library: ItemId,
    /// All hits of the page that are in the same library: they are read in one ask.
    #[serde(skip)]
    #[graphql(skip)]
    beside: Arc<[ItemId]>,
    /// Its address.
    url: String,
    /// Its title.
    title: String,
    /// Its title as HTML: escaped, with `<mark>` around what matched.
    title_html: String,
    /// The piece of its texts that matched best, as HTML: escaped, with `<mark>` around what
    /// matched.
    snippet: String,
    /// Higher is better; only comparable within one answer.
    score: f32,
    /// Why it was found, for people.
    why: String,
    /// Names of its tags.
    tags: Vec<String>,
    /// Paths of the collections it is in.
    collections: Vec<String>,
    /// When it was saved.
    created_at: DateTime,
    /// Whether it is still to be read.
    unread: bool,
    /// Whether it is a favourite.
    favourite: bool,
    /// Whether it is archived.
    archived: bool,
}

#[ComplexObject]
impl Hit {
    /// The id of the bookmark.
    async fn id(&self) -> ID {
        Named::Bookmark.id(&[self.library, self.id])
    }

    /// The bookmark as it is now; null where it was removed for good since.
    async fn bookmark(&self, ctx: &Context<'_>) -> Result<Option<Bookmark>> {
        let (asks, field) = (asks(ctx), "Hit.bookmark");
        Ok(node::bookmark_among(asks, field, self.library, &self.beside, self.id).await?)
    }

    /// The library it is in.
    async fn library(&self, ctx: &Context<'_>) -> Result<Library> {
        Ok(asks(ctx).of("Hit.library").at("library", self.library).read().await?)
    }
}

/// One value and how many found bookmarks have it.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct FacetValue {
    /// The value.
    value: String,
    /// How many.
    count: u64,
}

/// What the found bookmarks have in common.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Facets {
    /// Tags, for `tag:`.
    tags: Vec<FacetValue>,
    /// Sites, for `site:`.
    sites: Vec<FacetValue>,
    /// Collections, for `in:`.
    collections: Vec<FacetValue>,
    /// Years of saving.
    years: Vec<FacetValue>,
    /// States, for `is:`.
    flags: Vec<FacetValue>,
}

/// A word that was taken for another.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct Corrected {
    /// As typed.
    typed: String,
    /// As read.
    read: String,
}

/// The position a library was read at.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ReadAt {
    /// The library.
    library: ID,
    /// The position of its log.
    seq: u64,
}

/// What is said of an answer as a whole.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct About {
    /// How many were found in all.
    total_count: u64,
    /// How long it took, microseconds.
    took_us: u64,
    /// What those have in common.
    facets: Facets,
    /// What the query said that could not be taken as written.
    hints: Vec<String>,
    /// Words that were taken for others.
    corrected: Vec<Corrected>,
    /// The position each library was read at.
    heads: Vec<ReadAt>,
    /// How many changes written before the question are not searchable yet.
    behind: u64,
    /// What the answer lacks because an engine is away. `older`: only the bookmarks that came in
    /// last were looked at.
    degraded: Vec<String>,
}

/// A page of hits, best first.
pub(crate) type FoundPages = Connection<String, Hit, About>;

/// What to find.
#[derive(Debug)]
pub(crate) struct SearchArgs {
    /// The query.
    pub query: String,
    /// What ranks.
    pub ranking: Option<Ranking>,
    /// Hits.
    pub first: Option<u32>,
    /// Where the page begins.
    pub after: Option<String>,
}

/// What REST answers.
#[derive(Debug, Deserialize)]
struct Found {
    hits: Vec<Hit>,
    total: u64,
    took_us: u64,
    facets: Facets,
    hints: Vec<String>,
    corrected: Vec<Corrected>,
    heads: BTreeMap<ItemId, u64>,
    behind: u64,
    degraded: Vec<String>,
    next_cursor: Option<String>,
}

/// What `ask` finds by `args`.
pub(crate) async fn found(
    ask: Ask<'_>,
    args: SearchArgs,
) -> std::result::Result<FoundPages, Problem> {
    let SearchArgs { query, ranking, first, after } = args;
    let ask = ask.with("q", Some(query)).with("mode", ranking.and_then(word));
    let ask = ask.with("limit", first).with("cursor", after.as_deref());
    let found = ask.read::<Found>().await.map_err(|problem| {
        let problem = problem.named("?q", "query").named("?limit", "first");
        problem.named("?cursor", "after").named("?at_least", "atLeast")
    })?;
    let at = |(library, seq)| ReadAt { library: Named::Library.id(&[library]), seq };
    let about = About {
        total_count: found.total,
        took_us: found.took_us,
        facets: found.facets,
        hints: found.hints,
        corrected: found.corrected,
        heads: found.heads.into_iter().map(at).collect(),
        behind: found.behind,
        degraded: found.degraded,
    };
    // A cursor of a search is how many hits stand before it.
    let before = match &after {
        Some(after) => cursor::open::<usize>("search", after)?,
        None => 0,
    };
    let (more, hits) = (found.next_cursor.is_some(), beside(found.hits));
    let mut pages = Connection::with_additional_fields(after.is_some(), more, about);
    let numbered = hits.into_iter().enumerate();
    pages.edges = numbered
        .map(|(at, hit)| Edge::new(cursor::seal("search", &(before + at + 1)), hit))
        .collect();
    Ok(pages)
}

/// `hits`, each knowing those in the same library.
fn beside(mut hits: Vec<Hit>) -> Vec<Hit> {
    let mut of: BTreeMap<ItemId, Vec<ItemId>> = BTreeMap::new();
    for hit in &hits {
        of.entry(hit.library).or_default().push(hit.id);
    }
    let of: BTreeMap<ItemId, Arc<[ItemId]>> =
        of.into_iter().map(|(library, ids)| (library, ids.into())).collect();
    for hit in &mut hits {
        hit.beside = of.get(&hit.library).cloned().unwrap_or_default();
    }
    hits
}
