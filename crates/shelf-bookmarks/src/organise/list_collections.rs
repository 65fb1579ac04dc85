//! List the tree of collections, with how much stands in each.

use crate::ctx::Ctx;
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::view::Collection;
use shelf_ports::Failure;
use std::collections::{HashMap, HashSet};

/// One collection in its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The collection.
    pub collection: Collection,
    /// How deep it lies; 0 at the root.
    pub depth: usize,
    /// Bookmarks that stand directly in it.
    pub bookmarks: u64,
    /// Places of bookmarks in it and in all under it; one bookmark may count more than once.
    pub under: u64,
}

/// Every living collection, parents before children, siblings in their order. One in a collection
/// that does not live stands at the top.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_collections(ctx: &Ctx, scope: Scope) -> Result<Vec<Branch>, Failure> {
    Ok(tree(ctx.stores.views.collections(scope).await?))
}

/// One collection, in the trash or not, and where the log stood.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_collection(
    ctx: &Ctx,
    scope: Scope,
    id: ItemId,
) -> Result<(Collection, Head), Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().above(Some(id))).await?;
    match shelf.item(id).filter(|item| item.kind == Kind::Collection && !item.is_purged()) {
        Some(item) => {
            item.here()?;
            Ok((Collection::shown(&shelf, item), shelf.head.clone()))
        }
        None => Err(Refused::not_found(format!("collection {id}")).into()),
    }
}

/// Walks the tree without recursion: folders may lie thousands deep.
fn tree(rows: Vec<(Collection, u64)>) -> Vec<Branch> {
    let known: HashSet<ItemId> = rows.iter().map(|(collection, _)| collection.id).collect();
    let mut children: HashMap<Option<ItemId>, Vec<(Collection, u64)>> = HashMap::new();
    for (collection, bookmarks) in rows {
        let parent = collection.parent.filter(|parent| known.contains(parent));
        children.entry(parent).or_default().push((collection, bookmarks));
    }
    let mut take = |parent, depth| {
        let mut found: Vec<(Collection, u64, usize)> = children
            .remove(&parent)
            .into_iter()
            .flatten()
            .map(|(collection, bookmarks)| (collection, bookmarks, depth))
            .collect();
        found.sort_by(|(a, ..), (b, ..)| (&a.order, a.id).cmp(&(&b.order, b.id)));
        found.reverse();
        found
    };
    let mut open = take(None, 0);
    let mut branches = Vec::with_capacity(known.len());
    while let Some((collection, bookmarks, depth)) = open.pop() {
        open.extend(take(Some(collection.id), depth + 1));
        branches.push(Branch { collection, depth, bookmarks, under: bookmarks });
    }
    sum_up(&mut branches);
    branches
}

/// Adds the count of every branch to the one it hangs on, leaves first.
fn sum_up(branches: &mut [Branch]) {
    let at: HashMap<ItemId, usize> =
        branches.iter().enumerate().map(|(at, branch)| (branch.collection.id, at)).collect();
    for leaf in (0..branches.len()).rev() {
        let Some(branch) = branches.get(leaf) else { continue };
        let (under, parent) = (branch.under, branch.collection.parent);
        let parent = parent.and_then(|parent| at.get(&parent)).copied();
        if let Some(parent) = parent.and_then(|parent| branches.get_mut(parent)) {
            parent.under += under;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u8, parent: Option<u8>, order: &str, bookmarks: u64) -> (Collection, u64) {
        let id_of = |id: u8| ItemId::from_bytes([id; 16]);
        let collection = Collection {
            id: id_of(id),
            number: 0,
            version: 1,
            name: format!("folder {id}"),
            parent: parent.map(id_of),
            order: order.to_owned(),
            description: String::new(),
            icon: String::new(),
            query: String::new(),
            mount: None,
            created_at: None,
            modified_at: None,
            trashed_at: None,
        };
        (collection, bookmarks)
    }

    #[test]
    fn parents_come_before_children_and_siblings_in_their_order() {
        let rows = vec![row(1, None, "b", 1), row(2, None, "a", 2), row(3, Some(1), "a", 4)];
        let seen: Vec<(usize, u64, u64)> =
            tree(rows).iter().map(|b| (b.depth, b.bookmarks, b.under)).collect();
        assert_eq!(seen, [(0, 2, 2), (0, 1, 5), (1, 4, 4)]);
    }

    #[test]
    fn a_chain_of_thousands_is_walked() {
        let mut rows = vec![row(0, None, "a", 1)];
        rows.truncate(0);
        let id_of = |n: u16| {
            let mut bytes = [0; 16];
            bytes[..2].copy_from_slice(&n.to_be_bytes());
            ItemId::from_bytes(bytes)
        };
        for n in 1..4_000_u16 {
            let mut made = row(1, None, "a", 1);
            made.0.id = id_of(n);
            made.0.parent = (n > 1).then(|| id_of(n - 1));
            rows.push(made);
        }
        let branches = tree(rows);
        assert_eq!(branches.len(), 3_999);
        assert_eq!(branches[0].under, 3_999);
        assert_eq!(branches[3_998].depth, 3_998);
    }
}
