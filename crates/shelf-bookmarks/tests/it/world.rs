//! A reader with an empty library on a real store, their clock and their chance.

use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::organise::{CreateCollection, create_collection};
use shelf_bookmarks::save_bookmark::{SaveBookmark, SavePlace, Saved, save_bookmark};
use shelf_bookmarks::{Ctx, Stores};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::right::Right;
use shelf_embedded::{DirectoryBlobs, Embedded};
use shelf_ports::Failure;
use shelf_ports::usage::AnyRoom;
use shelf_testkit::{Desk, FakeClock, SeededChance};
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) ctx: Ctx,
    pub(crate) scope: Scope,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Embedded,
    _dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        let desk = Desk::new(&store, 1).await;
        let clock = Arc::new(FakeClock::default());
        let stores = Stores {
            library: Arc::new(store.clone()),
            views: Arc::new(store.clone()),
            imports: Arc::new(store.clone()),
            captures: Arc::new(store.clone()),
            activity: Arc::new(store.clone()),
            accounts: Arc::new(store.clone()),
            tenants: Arc::new(store.clone()),
            audit: Arc::new(store.clone()),
            rooms: Arc::new(AnyRoom),
            replicas: Arc::new(store.clone()),
            leases: Arc::new(store.clone()),
            replica: None,
            blobs: Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap()),
            clock: Arc::<FakeClock>::clone(&clock),
            chance: Arc::new(SeededChance::new(7)),
        };
        let ctx = Ctx { stores, device: desk.device, person: desk.person, right: Right::Manage };
        Self { ctx, scope: desk.scope, clock, store, _dir: dir }
    }

    pub(crate) async fn save(&self, ask: SaveBookmark) -> Saved {
        self.clock.advance(1_000);
        let saved = save_bookmark(&self.ctx, self.scope, ask, None).await.unwrap();
        let got = get_bookmark(&self.ctx, self.scope, saved.bookmark.id).await.unwrap();
        assert_eq!(saved.bookmark, got.bookmark, "the answer is what is read afterwards");
        saved
    }

    pub(crate) async fn url(&self, url: &str) -> ItemId {
        self.save(SaveBookmark::of(url)).await.bookmark.id
    }

    pub(crate) async fn tagged(&self, url: &str, tags: &[&str]) -> ItemId {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.save(SaveBookmark { tags, ..SaveBookmark::of(url) }).await.bookmark.id
    }

    pub(crate) async fn url_in(&self, url: &str, folder: ItemId) -> ItemId {
        let spot = SavePlace { parent: Some(folder), ..SavePlace::default() };
        let ask = SaveBookmark { places: vec![spot], ..SaveBookmark::of(url) };
        self.save(ask).await.bookmark.id
    }

    pub(crate) async fn folder(&self, name: &str, parent: Option<ItemId>) -> ItemId {
        self.clock.advance(1_000);
        let ask = CreateCollection { name: name.into(), parent, ..CreateCollection::default() };
        create_collection(&self.ctx, self.scope, ask, None).await.unwrap().item().unwrap()
    }

    /// The tag called `name`.
    pub(crate) async fn tag(&self, name: &str) -> ItemId {
        let tags = shelf_bookmarks::tags::list_tags(&self.ctx, self.scope).await.unwrap();
        tags.iter().find(|(tag, _)| tag.name == name).unwrap().0.id
    }
}

/// The refusal that was due.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refused {
    match result {
        Err(Failure::Refused(refused)) => refused,
        other => panic!("a refusal was due, not {other:?}"),
    }
}
