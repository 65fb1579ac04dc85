//! Sharing a folder, on a real store: it goes on where it stopped, and takes along what came meanwhile.

use crate::captures::kept;
use crate::world::{World, refused};
use async_trait::async_trait;
use shelf_bookmarks::captures::{list_files, open_file};
use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::history::undo_act;
use shelf_bookmarks::list_bookmarks::{ListBookmarks, list_bookmarks};
use shelf_bookmarks::organise::{
    AddPlace, ToShare, add_place, get_collection, list_collections, mount_library, share_folder,
    to_share,
};
use shelf_bookmarks::save_bookmark::{SaveBookmark, SavePlace};
use shelf_bookmarks::trash::trash_items;
use shelf_bookmarks::{Ctx, Stores, counts};
use shelf_domain::edit::Edit;
use shelf_domain::id::{ActId, ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Code;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Author;
use shelf_domain::value::Value;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::captures::content_of;
use shelf_ports::library::{Decision, IdempotencyKey, Library, Over, Written};
use shelf_ports::{Failure, Fault};
use shelf_testkit::Few;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A library that does so many writes and then fails, and that somebody else edits after its first.
#[derive(Debug)]
struct Disturbed {
    inner: Arc<dyn Library>,
    left: AtomicU64,
    edits: Option<(Scope, ItemId)>,
}

impl Disturbed {
    async fn edit(&self, author: Author, (scope, item): (Scope, ItemId)) {
        let edit = Edit::default().put(field::NOTES, Some(Value::from("more salt")));
        let reads = edit.reads(item);
        let decide: Decision = Box::new(move |turn| {
            let outcome = turn.edit(item, &Kind::Bookmark, &edit)?;
            Ok(turn.done(vec![outcome]))
        });
        self.inner.write(scope, author, None, reads, decide).await.unwrap();
    }
}

#[async_trait]
impl Over for Disturbed {
    fn inner(&self) -> &dyn Library {
        &*self.inner
    }

    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(Fault::new("writing", "the power went").into());
        }
        self.left.store(left - 1, Ordering::Relaxed);
        let written = self.inner.write(scope, author.clone(), key, reads, decide).await?;
        if let Some(edits) = self.edits
            && left == u64::MAX
        {
            self.edit(author, edits).await;
        }
        Ok(written)
    }
}

/// A library with the folder "Recipes", "Soups" in it and "Weekend" beside: a soup in Soups, bread
/// in Recipes and in Weekend.
struct Kitchen {
    world: World,
    recipes: ItemId,
    soup: ItemId,
    bread: ItemId,
}

impl Kitchen {
    async fn new() -> Self {
        let world = World::new().await;
        let recipes = world.folder("Recipes", None).await;
        let soups = world.folder("Soups", Some(recipes)).await;
        let weekend = world.folder("Weekend", None).await;
        let soup = world.url_in("https://example.org/soup", soups).await;
        let bread = world.url_in("https://example.org/bread", recipes).await;
        let place = AddPlace { bookmark: bread, collection: Some(weekend), title: String::new() };
        add_place(&world.ctx, world.scope, place).await.unwrap();
        Self { world, recipes, soup, bread }
    }

    /// What sharing the recipes comes to, and the library that was made for it.
    async fn begun(&self) -> (ToShare, Scope) {
        let Ctx { stores, person, .. } = &self.world.ctx;
        let scope = self.world.scope;
        let ask = to_share(&self.world.ctx, scope, self.recipes).await.unwrap();
        let into = Scope { library: ask.library, ..scope };
        let name = ask.name.clone();
        let made = LibraryInfo { id: ask.library, tenant: scope.tenant, name, created_at: 1 };
        stores.tenants.add_library(&made, *person).await.unwrap();
        (ask, into)
    }

    fn disturbed(&self, left: u64, edits: Option<(Scope, ItemId)>) -> Ctx {
        let inner = Arc::clone(&self.world.ctx.stores.library);
        let library = Arc::new(Disturbed { inner, left: AtomicU64::new(left), edits });
        let stores = Stores { library, ..self.world.ctx.stores.clone() };
        Ctx { stores, ..self.world.ctx.clone() }
    }

    async fn urls(&self, scope: Scope) -> Vec<String> {
        let page = list_bookmarks(&self.world.ctx, scope, ListBookmarks::default()).await.unwrap();
        let mut urls: Vec<String> = page.bookmarks.into_iter().map(|one| one.url).collect();
        urls.sort();
        urls
    }

    async fn folders(&self, scope: Scope) -> Vec<String> {
        let branches = list_collections(&self.world.ctx, scope).await.unwrap();
        branches.into_iter().map(|branch| branch.collection.name).collect()
    }
}

#[tokio::test]
async fn sharing_that_breaks_off_leaves_the_library_whole_and_ends_the_same() {
    let kitchen = Kitchen::new().await;
    let (ctx, scope) = (&kitchen.world.ctx, kitchen.world.scope);
    let (ask, into) = kitchen.begun().await;
    let before = ctx.stores.library.head(scope).await.unwrap();
    let mut writes = 0;
    let shared = loop {
        match share_folder(&kitchen.disturbed(writes, None), scope, &ask, into).await {
            Ok(shared) => break shared,
            Err(Failure::Refused(refused)) => panic!("{refused}"),
            Err(Failure::Fault(_)) => writes += 1,
        }
        assert_eq!(ctx.stores.library.head(scope).await.unwrap(), before);
        assert_eq!(kitchen.urls(scope).await.len(), 2);
    };
    assert!(writes > 1 && shared.act.is_some());
    assert_eq!((shared.moved, shared.copied), (1, 1));
    assert_eq!(kitchen.urls(scope).await, ["https://example.org/bread"]);
    let both = ["https://example.org/bread", "https://example.org/soup"];
    assert_eq!(kitchen.urls(into).await, both);
    assert_eq!(kitchen.folders(scope).await, ["Recipes", "Weekend"]);
    assert_eq!(kitchen.folders(into).await, ["Recipes", "Soups"]);
    let told = counts(ctx, scope).await.unwrap();
    assert_eq!((told.bookmarks, told.collections, told.trashed), (1, 2, 0));
    let (recipes, _) = get_collection(ctx, scope, kitchen.recipes).await.unwrap();
    assert_eq!(recipes.mount, Some(into.library));
    let gone = refused(get_bookmark(ctx, scope, kitchen.soup).await);
    assert_eq!((gone.code, gone.at), (Code::Moved, into.library.to_string()));
    let again = to_share(ctx, scope, kitchen.recipes).await.unwrap();
    assert!(again.is_mounted && again.library == into.library);
    assert_eq!(share_folder(ctx, scope, &again, into).await.unwrap().act, None);
}

#[tokio::test]
async fn what_others_change_meanwhile_is_taken_along() {
    let kitchen = Kitchen::new().await;
    let scope = kitchen.world.scope;
    let (ask, into) = kitchen.begun().await;
    let ctx = kitchen.disturbed(u64::MAX, Some((scope, kitchen.soup)));
    share_folder(&ctx, scope, &ask, into).await.unwrap();
    let soup = get_bookmark(&kitchen.world.ctx, into, kitchen.soup).await.unwrap();
    assert_eq!(soup.bookmark.notes, "more salt");
}

#[tokio::test]
async fn what_an_earlier_try_carried_does_not_use_up_the_room_of_the_next() {
    let kitchen = Kitchen::new().await;
    let scope = kitchen.world.scope;
    let (ask, into) = kitchen.begun().await;
    let full = |ctx: Ctx| {
        let stores = Stores { rooms: Arc::new(Few(0)), ..ctx.stores };
        Ctx { stores, ..ctx }
    };
    let told = refused(share_folder(&full(kitchen.world.ctx.clone()), scope, &ask, into).await);
    assert_eq!(told.code, Code::Quota, "the bread would be one more");
    share_folder(&kitchen.disturbed(1, None), scope, &ask, into).await.unwrap_err();
    let shared = share_folder(&full(kitchen.world.ctx.clone()), scope, &ask, into).await.unwrap();
    assert_eq!((shared.moved, shared.copied), (1, 1));
}

#[tokio::test]
async fn what_is_thrown_away_between_two_tries_is_not_shared() {
    let kitchen = Kitchen::new().await;
    let (ctx, scope) = (&kitchen.world.ctx, kitchen.world.scope);
    let (ask, into) = kitchen.begun().await;
    share_folder(&kitchen.disturbed(1, None), scope, &ask, into).await.unwrap_err();
    trash_items(ctx, scope, vec![kitchen.soup]).await.unwrap();
    share_folder(ctx, scope, &ask, into).await.unwrap();
    assert_eq!(kitchen.urls(into).await, ["https://example.org/bread"]);
    let trashed = get_bookmark(ctx, scope, kitchen.soup).await.unwrap();
    assert!(trashed.bookmark.trashed_at.is_some(), "the trash stays where it is");
}

#[tokio::test]
async fn files_go_where_their_bookmarks_go() {
    let kitchen = Kitchen::new().await;
    let (ctx, scope) = (&kitchen.world.ctx, kitchen.world.scope);
    let of_soup = kept(ctx, scope, kitchen.soup, "soup.pdf").await.unwrap();
    let of_bread = kept(ctx, scope, kitchen.bread, "bread.pdf").await.unwrap();
    let (ask, into) = kitchen.begun().await;
    share_folder(ctx, scope, &ask, into).await.unwrap();
    for (item, file) in [(kitchen.soup, &of_soup), (kitchen.bread, &of_bread)] {
        let there = list_files(ctx, into, item).await.unwrap();
        assert_eq!(there, std::slice::from_ref(file));
        let (_, content) = open_file(ctx, into, file.id).await.unwrap();
        let read = std::io::read_to_string(content).unwrap();
        assert_eq!(read, file.name);
    }
    let stayed = list_files(ctx, scope, kitchen.bread).await.unwrap();
    assert_eq!(stayed, [of_bread], "it stands in both");
    let blobs = &ctx.stores.blobs;
    assert!(blobs.open(&content_of(scope, of_soup.id)).await.unwrap().is_none(), "it left");
    assert_eq!(ctx.stores.captures.left_over(scope, i64::MAX, 9).await.unwrap(), []);
}

#[tokio::test]
async fn undo_leaves_the_way_to_the_new_library() {
    let kitchen = Kitchen::new().await;
    let (ctx, scope) = (&kitchen.world.ctx, kitchen.world.scope);
    let (ask, into) = kitchen.begun().await;
    let act: ActId = share_folder(ctx, scope, &ask, into).await.unwrap().act.unwrap();
    let undone = undo_act(ctx, scope, act).await.unwrap();
    assert!(undone.items.is_empty());
    assert!(undone.left.contains(&kitchen.soup) && undone.left.contains(&kitchen.recipes));
    assert!(!undone.left.contains(&kitchen.bread), "it stayed as well");
    let own = refused(mount_library(ctx, scope, kitchen.recipes, Some(scope.library)).await);
    assert_eq!(own.code, Code::Invalid);
    mount_library(ctx, scope, kitchen.recipes, None).await.unwrap();
    let later = to_share(ctx, scope, kitchen.recipes).await.unwrap();
    assert_ne!(later.library, into.library, "shared again it becomes another library");
}

#[tokio::test]
async fn what_is_marked_private_is_counted_before_it_goes_along_and_when_it_went() {
    let kitchen = Kitchen::new().await;
    let (ctx, scope) = (&kitchen.world.ctx, kitchen.world.scope);
    let spot = SavePlace { parent: Some(kitchen.recipes), ..SavePlace::default() };
    let private = |url: &str| SaveBookmark { private: Some(true), ..SaveBookmark::of(url) };
    let inside = SaveBookmark { places: vec![spot], ..private("https://example.org/secret") };
    kitchen.world.save(inside).await;
    kitchen.world.save(private("https://example.org/elsewhere")).await;
    let (ask, into) = kitchen.begun().await;
    assert_eq!((ask.bookmarks, ask.private), (3, 1));
    let shared = share_folder(ctx, scope, &ask, into).await.unwrap();
    assert_eq!((shared.moved, shared.copied, shared.private), (2, 1, 1));
    let after = to_share(ctx, scope, kitchen.recipes).await.unwrap();
    assert_eq!((after.is_mounted, after.private), (true, 0), "there is nothing to say any more");
}
