//! Folders, places, tags and the trash, on a real store.

use crate::world::{World, refused};
use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::list_bookmarks::{Filter, ListBookmarks, Sort, list_bookmarks};
use shelf_bookmarks::organise::{
    AddPlace, Branch, EditCollection, MoveItem, Spot, add_place, delete_collection,
    edit_collection, list_collections, move_item, remove_place,
};
use shelf_bookmarks::tags::{CreateTag, EditTag, create_tag, delete_tag, edit_tag, list_tags};
use shelf_bookmarks::trash::{
    ListTrash, empty_trash, list_trash, purge_items, purge_overdue, restore_items, trash_items,
};
use shelf_domain::id::ItemId;
use shelf_domain::refusal::Code;
use shelf_domain::turn::Status;
use shelf_ports::chance::Clock;

async fn names(world: &World) -> Vec<(String, usize, u64)> {
    let branches = list_collections(&world.ctx, world.scope).await.unwrap();
    let said = |branch: Branch| (branch.collection.name, branch.depth, branch.under);
    branches.into_iter().map(said).collect()
}

async fn standing_in(world: &World, folder: ItemId) -> Vec<ItemId> {
    let filter = Filter { collection: Some(folder), ..Filter::default() };
    let ask = ListBookmarks { filter, sort: Sort::Place, ..ListBookmarks::default() };
    let page = list_bookmarks(&world.ctx, world.scope, ask).await.unwrap();
    page.bookmarks.into_iter().map(|bookmark| bookmark.id).collect()
}

#[tokio::test]
async fn the_tree_is_listed_with_what_stands_under_each_folder() {
    let world = World::new().await;
    let top = world.folder("top", None).await;
    let low = world.folder("low", Some(top)).await;
    world.folder("other", None).await;
    world.url_in("https://example.org/1", low).await;
    world.url_in("https://example.org/2", top).await;
    let want = [("top", 0, 2), ("low", 1, 1), ("other", 0, 0)];
    assert_eq!(names(&world).await, want.map(|(name, d, n)| (name.to_owned(), d, n)));
}

#[tokio::test]
async fn a_folder_is_moved_among_its_siblings_and_never_into_itself() {
    let world = World::new().await;
    let a = world.folder("a", None).await;
    let b = world.folder("b", None).await;
    let c = world.folder("c", None).await;
    let go = async |item, parent, spot| {
        move_item(&world.ctx, world.scope, MoveItem { item, parent, spot }).await
    };
    go(c, None, Spot::Start).await.unwrap();
    go(a, None, Spot::After(b)).await.unwrap();
    let order: Vec<String> = names(&world).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(order, ["c", "b", "a"]);
    go(b, Some(a), Spot::End).await.unwrap();
    assert_eq!(refused(go(a, Some(b), Spot::End).await).code, Code::Cycle);
    let into_itself = EditCollection { parent: Some(Some(b)), ..EditCollection::of(a) };
    let edited = edit_collection(&world.ctx, world.scope, into_itself).await;
    assert_eq!(refused(edited).code, Code::Cycle);
    let up = EditCollection { name: Some("B".into()), parent: Some(None), ..EditCollection::of(b) };
    edit_collection(&world.ctx, world.scope, up).await.unwrap();
    let order: Vec<String> = names(&world).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(order, ["c", "a", "B"]);
}

#[tokio::test]
async fn a_bookmark_stands_in_several_folders_and_leaves_them_one_by_one() {
    let world = World::new().await;
    let (a, b) = (world.folder("a", None).await, world.folder("b", None).await);
    let id = world.url_in("https://example.org/", a).await;
    let ask = || AddPlace { bookmark: id, collection: Some(b), title: "Another name".into() };
    let added = add_place(&world.ctx, world.scope, ask()).await.unwrap();
    let again = add_place(&world.ctx, world.scope, ask()).await.unwrap();
    assert_eq!(again.outcomes[0].status, Status::Noop, "it stands there already");
    assert_eq!((standing_in(&world, a).await, standing_in(&world, b).await), (vec![id], vec![id]));
    remove_place(&world.ctx, world.scope, added.item().unwrap()).await.unwrap();
    assert_eq!(standing_in(&world, b).await, []);
    let is = get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
    assert_eq!((is.places.len(), is.trashed_at), (1, None));
}

#[tokio::test]
async fn a_deleted_folder_takes_along_only_what_stands_nowhere_else() {
    let world = World::new().await;
    let (gone, kept) = (world.folder("gone", None).await, world.folder("kept", None).await);
    let inner = world.folder("inner", Some(gone)).await;
    let only = world.url_in("https://example.org/only", inner).await;
    let both = world.url_in("https://example.org/both", gone).await;
    world.url_in("https://example.org/both", kept).await;
    delete_collection(&world.ctx, world.scope, gone).await.unwrap();
    let trashed = async |id| {
        get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark.trashed_at.is_some()
    };
    assert!(trashed(only).await && !trashed(both).await);
    assert_eq!(names(&world).await.len(), 1);
    restore_items(&world.ctx, world.scope, vec![gone]).await.unwrap();
    assert!(!trashed(only).await);
    assert_eq!(standing_in(&world, inner).await, [only]);
    assert_eq!(standing_in(&world, gone).await, [both]);
}

#[tokio::test]
async fn the_trash_is_listed_emptied_and_purged_after_thirty_days() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let a = world.url_in("https://example.org/a", folder).await;
    let b = world.url("https://example.org/b").await;
    let c = world.url("https://example.org/c").await;
    trash_items(&world.ctx, world.scope, vec![a, b]).await.unwrap();
    let page = |after| {
        let ask = ListTrash { after, limit: 1 };
        list_trash(&world.ctx, world.scope, ask)
    };
    let first = page(None).await.unwrap();
    let second = page(first.next).await.unwrap();
    assert!(first.next.is_some() && second.next.is_none());
    assert_eq!(first.items.len() + second.items.len(), 2);
    let living = purge_items(&world.ctx, world.scope, vec![b, c]).await;
    assert_eq!(refused(living).code, Code::Invalid, "what lives is not purged");
    purge_items(&world.ctx, world.scope, vec![b]).await.unwrap();
    assert_eq!(refused(get_bookmark(&world.ctx, world.scope, b).await).code, Code::NotFound);
    assert!(purge_overdue(&world.ctx, world.scope).await.unwrap().is_none());
    world.clock.advance(31 * 86_400_000);
    trash_items(&world.ctx, world.scope, vec![c]).await.unwrap();
    assert!(purge_overdue(&world.ctx, world.scope).await.unwrap().is_some());
    let left = list_trash(&world.ctx, world.scope, ListTrash { after: None, limit: 10 }).await;
    assert_eq!(left.unwrap().items.iter().map(|row| row.id).collect::<Vec<_>>(), [c]);
    assert!(empty_trash(&world.ctx, world.scope).await.unwrap().is_some());
    assert!(empty_trash(&world.ctx, world.scope).await.unwrap().is_none());
    let past = world.ctx.stores.library.changes(world.scope, 0, 100).await.unwrap();
    let said = format!("{past:?}");
    for url in ["example.org/a", "example.org/b", "example.org/c"] {
        assert!(!said.contains(url), "the log still says {url}");
    }
}

#[tokio::test]
async fn a_clock_that_is_years_behind_does_not_empty_the_trash() {
    let world = World::new().await;
    let a = world.url("https://example.org/a").await;
    let now = world.clock.now_ms();
    world.clock.set(now - 10 * 365 * 86_400_000);
    trash_items(&world.ctx, world.scope, vec![a]).await.unwrap();
    world.clock.set(now);
    assert!(purge_overdue(&world.ctx, world.scope).await.unwrap().is_none(), "it came today");
    world.clock.advance(31 * 86_400_000);
    assert!(purge_overdue(&world.ctx, world.scope).await.unwrap().is_some());
}

#[tokio::test]
async fn a_tag_renamed_to_one_that_lives_is_merged_into_it() {
    let world = World::new().await;
    let id = world.tagged("https://example.org/1", &["js"]).await;
    world.tagged("https://example.org/2", &["javascript"]).await;
    let (js, full) = (world.tag("js").await, world.tag("javascript").await);
    let ask = EditTag::rename(js, "JavaScript");
    let merged = edit_tag(&world.ctx, world.scope, ask).await.unwrap();
    assert_eq!((merged.outcomes[0].status, merged.item()), (Status::Joined, Some(full)));
    let tags = list_tags(&world.ctx, world.scope).await.unwrap();
    assert_eq!(tags.iter().map(|(t, n)| (t.id, *n)).collect::<Vec<_>>(), [(full, 2)]);
    let is = get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
    assert_eq!(is.tags.iter().map(|tag| tag.id).collect::<Vec<_>>(), [full]);
}

#[tokio::test]
async fn a_deleted_tag_comes_back_to_its_bearers_or_joins_its_successor() {
    let world = World::new().await;
    let id = world.tagged("https://example.org/1", &["draft"]).await;
    let tag = world.tag("draft").await;
    delete_tag(&world.ctx, world.scope, tag).await.unwrap();
    let bears = async || get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark.tags;
    assert!(bears().await.is_empty());
    restore_items(&world.ctx, world.scope, vec![tag]).await.unwrap();
    assert_eq!(bears().await[0].id, tag);
    delete_tag(&world.ctx, world.scope, tag).await.unwrap();
    let ask = CreateTag { name: " Draft ".into(), colour: "red".into() };
    let successor = create_tag(&world.ctx, world.scope, ask).await.unwrap().item().unwrap();
    assert_ne!(successor, tag);
    restore_items(&world.ctx, world.scope, vec![tag]).await.unwrap();
    assert_eq!(bears().await[0].id, successor);
    let again = CreateTag { name: "DRAFT".into(), colour: String::new() };
    let again = create_tag(&world.ctx, world.scope, again).await.unwrap();
    assert_eq!((again.outcomes[0].status, again.item()), (Status::Noop, Some(successor)));
}

#[tokio::test]
async fn a_bookmark_with_two_places_in_a_folder_is_listed_there_once() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let other = world.folder("other", None).await;
    let first = world.url_in("https://example.org/first", folder).await;
    let second = world.url_in("https://example.org/second", folder).await;
    let ask = AddPlace { bookmark: first, collection: Some(other), title: String::new() };
    let spot = add_place(&world.ctx, world.scope, ask).await.unwrap().item().unwrap();
    // Moving a place is how a bookmark comes to stand twice in one folder.
    let ask = MoveItem { item: spot, parent: Some(folder), spot: Spot::End };
    move_item(&world.ctx, world.scope, ask).await.unwrap();
    assert_eq!(standing_in(&world, folder).await, [first, second]);
    for sort in [Sort::Newest, Sort::Oldest, Sort::Number] {
        let filter = Filter { collection: Some(folder), ..Filter::default() };
        let ask = ListBookmarks { filter, sort, limit: 1, ..ListBookmarks::default() };
        let page = list_bookmarks(&world.ctx, world.scope, ask.clone()).await.unwrap();
        let rest = ListBookmarks { after: page.next.clone(), ..ask };
        let rest = list_bookmarks(&world.ctx, world.scope, rest).await.unwrap();
        assert_ne!(page.bookmarks[0].id, rest.bookmarks[0].id, "{sort:?}");
        assert!(rest.next.is_none(), "{sort:?}");
    }
}

#[tokio::test]
async fn a_thousand_moves_to_one_spot_keep_their_order_and_short_keys() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let anchor = world.folder("anchor", Some(folder)).await;
    let mut want = Vec::new();
    for at in 0..10 {
        want.push(world.folder(&format!("f{at}"), Some(folder)).await);
    }
    for turn in 0..1_000 {
        // Always the last one, to right behind the first.
        let item = want.pop().unwrap();
        let ask = MoveItem { item, parent: Some(folder), spot: Spot::After(anchor) };
        move_item(&world.ctx, world.scope, ask).await.unwrap();
        want.insert(0, item);
        if turn % 100 == 99 {
            let tree = list_collections(&world.ctx, world.scope).await.unwrap();
            let inside: Vec<_> = tree.iter().filter(|branch| branch.depth == 1).collect();
            assert_eq!(inside[0].collection.id, anchor);
            let order: Vec<ItemId> = inside[1..].iter().map(|b| b.collection.id).collect();
            assert_eq!(order, want, "after {turn} moves");
            let longest = inside.iter().map(|branch| branch.collection.order.len()).max();
            assert!(longest.unwrap() <= 48, "{longest:?} characters after {turn} moves");
        }
    }
}
