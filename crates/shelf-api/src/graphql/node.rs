//! What an id leads back to. What belongs to others is as absent as what never was.

use crate::graphql::asks::{Ask, Asks, Page};
use crate::graphql::bookmarks::Bookmark;
use crate::graphql::collections::Collection;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::imports::Import;
use crate::graphql::library::Library;
use crate::graphql::scalars::Home;
use crate::graphql::tags::Tag;
use crate::graphql::tenants::Tenant;
use crate::graphql::webhooks::{Delivery, Webhook};
use crate::problem::Problem;
use async_graphql::{ID, Interface};
use serde::de::DeserializeOwned;
use shelf_domain::id::ItemId;
use shelf_domain::refusal::{Code, Refused};
use std::collections::{BTreeMap, HashMap};

/// Most ids of one question.
const NODES_MAX: usize = 100;

/// What has an id of its own.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id."))]
pub(crate) enum Node {
    /// A library.
    Library(Library),
    /// A bookmark.
    Bookmark(Bookmark),
    /// A collection.
    Collection(Collection),
    /// A tag.
    Tag(Tag),
    /// A tenant.
    Tenant(Tenant),
    /// An endpoint of webhooks.
    Webhook(Webhook),
    /// A delivery to one.
    Delivery(Delivery),
    /// An import.
    Import(Import),
}

/// What has the id `id`.
pub(crate) async fn one(asks: &Asks, id: &NodeId) -> Result<Option<Node>, Problem> {
    if matches!(id.named(), Some(Named::Bookmark | Named::Item)) {
        let mut found = bookmarks(asks, "Query.node", id.home(), &[id.own()]).await?;
        if let Some(bookmark) = found.remove(&id.own()) {
            return Ok(Some(Node::Bookmark(bookmark)));
        }
    }
    other(asks, "Query.node", id).await
}

/// What has these ids, in their order. Bookmarks of one library are one ask.
pub(crate) async fn many(asks: &Asks, ids: Vec<NodeId>) -> Result<Vec<Option<Node>>, Problem> {
    if ids.len() > NODES_MAX {
        let detail = format!("these are at most {NODES_MAX}");
        return Err(Refused::new(Code::Invalid, "ids", detail).into());
    }
    let mut wanted: BTreeMap<ItemId, Vec<ItemId>> = BTreeMap::new();
    for id in ids.iter().filter(|id| matches!(id.named(), Some(Named::Bookmark | Named::Item))) {
        wanted.entry(id.home()).or_default().push(id.own());
    }
    let mut found: HashMap<(ItemId, ItemId), Bookmark> = HashMap::new();
    for (library, items) in wanted {
        let all = bookmarks(asks, "Query.nodes", library, &items).await?;
        found.extend(all.into_iter().map(|(item, bookmark)| ((library, item), bookmark)));
    }
    let mut nodes = Vec::with_capacity(ids.len());
    for id in &ids {
        nodes.push(match found.get(&(id.home(), id.own())) {
            Some(bookmark) => Some(Node::Bookmark(bookmark.clone())),
            None => other(asks, "Query.nodes", id).await?,
        });
    }
    Ok(nodes)
}

/// The bookmarks `items` of `library` that are there, by the id they were asked for by.
pub(crate) async fn bookmarks(
    asks: &Asks,
    field: &'static str,
    library: ItemId,
    items: &[ItemId],
) -> Result<HashMap<ItemId, Bookmark>, Problem> {
    if items.is_empty() {
        return Ok(HashMap::new());
    }
    let ask = asking(asks, field, library, items);
    let page: Option<Page<Bookmark>> = absent(ask.read().await)?;
    let home = Home::now(library);
    let all = page.map(|page| page.items).unwrap_or_default();
    Ok(all.into_iter().map(|bookmark| (bookmark.item(), bookmark.settled(home))).collect())
}

/// The bookmark `own` of `library`, by the ask for all of `items`, which it is one of.
pub(crate) async fn bookmark_among(
    asks: &Asks,
    field: &'static str,
    library: ItemId,
    items: &[ItemId],
    own: ItemId,
) -> Result<Option<Bookmark>, Problem> {
    let found: Option<Bookmark> =
        absent(asking(asks, field, library, items).row(own).await)?.flatten();
    Ok(found.map(|bookmark| bookmark.settled(Home::now(library))))
}

/// An ask of `field` for the bookmarks `items` of `library`.
fn asking<'a>(asks: &'a Asks, field: &'static str, library: ItemId, items: &[ItemId]) -> Ask<'a> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items.dedup();
    let ids = items.iter().map(ItemId::to_string).collect::<Vec<_>>().join(",");
    asks.by(field, "list_bookmarks").at("library", library).with("ids", Some(ids))
}

/// What has the id `id` and is no bookmark.
async fn other(asks: &Asks, field: &'static str, id: &NodeId) -> Result<Option<Node>, Problem> {
    let (library, own) = (id.home(), id.own());
    Ok(match id.named() {
        Some(Named::Library) => {
            read(asks.by(field, "get_library").at("library", own)).await?.map(Node::Library)
        }
        Some(Named::Tenant) => {
            read(asks.by(field, "get_tenant").at("tenant", own)).await?.map(Node::Tenant)
        }
        Some(Named::Collection) => {
            let ask = asks.by(field, "list_collections").at("library", library);
            let found: Option<Collection> = absent(ask.row(own).await)?.flatten();
            found.map(|one| Node::Collection(one.settled(Home::now(library))))
        }
        Some(Named::Tag) => {
            let ask = asks.by(field, "list_tags").at("library", library);
            let found: Option<Tag> = absent(ask.row(own).await)?.flatten();
            found.map(|one| Node::Tag(one.settled(Home::now(library))))
        }
        Some(Named::Webhook) => {
            let ask = asks.by(field, "get_webhook").at("library", library).at("endpoint", own);
            let one: Option<Webhook> = read(ask).await?;
            one.map(|one| Node::Webhook(one.settled(Home::now(library))))
        }
        Some(Named::Delivery) => {
            let ask = asks.by(field, "get_delivery").at("library", library);
            let ask = ask.at("endpoint", id.middle()).at("delivery", own);
            let one: Option<Delivery> = read(ask).await?;
            one.map(|one| Node::Delivery(one.settled(Home::now(library), id.middle())))
        }
        Some(Named::Import) => {
            let ask = asks.by(field, "get_import").at("library", library).at("import", own);
            let one: Option<Import> = read(ask).await?;
            one.map(|one| Node::Import(one.settled(Home::now(library))))
        }
        _ => None,
    })
}

async fn read<T: DeserializeOwned>(ask: Ask<'_>) -> Result<Option<T>, Problem> {
    absent(ask.read().await)
}

/// Nothing where there is none the caller may know of.
fn absent<T>(read: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.code == Code::NotFound.name() => Ok(None),
        Err(problem) => Err(problem),
    }
}
