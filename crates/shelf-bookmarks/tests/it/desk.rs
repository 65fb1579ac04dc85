//! A library on the embedded store, with a clock and chance of its own.

use shelf_bookmarks::export::{ExportFormat, Exported, export_library};
use shelf_bookmarks::import::{ImportFile, import_file};
use shelf_bookmarks::{Ctx, Stores};
use shelf_domain::id::{DeviceId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::Right;
use shelf_domain::view::Bookmark;
use shelf_embedded::{DirectoryBlobs, Embedded};
use shelf_ports::accounts::{Accounts, LibraryInfo, Person};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::imports::{ImportJob, LedgerRow};
use shelf_ports::usage::AnyRoom;
use shelf_ports::views::{Filter, Sort};
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;

use crate::shared::NOW_MS;

#[derive(Debug, Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        NOW_MS + self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn ticks_us(&self) -> u64 {
        0
    }
}

#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Chance for Counting {
    fn seed(&self) -> [u8; 16] {
        let count = u128::from(self.0.fetch_add(1, Ordering::Relaxed));
        count.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
    }
}

/// One person at one library.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) ctx: Ctx,
    pub(crate) scope: Scope,
    dir: TempDir,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let (tenant, id) = (TenantId::from_bytes([1; 16]), LibraryId::from_bytes([2; 16]));
        let person = Person { id: PersonId::from_bytes([3; 16]), tenant, name: "Ada".to_owned() };
        let library = LibraryInfo { id, tenant, name: "Mine".to_owned(), created_at: NOW_MS };
        store.add_person(&person, &library).await.unwrap();
        let stores = Stores {
            library: Arc::clone(&store) as _,
            views: Arc::clone(&store) as _,
            imports: Arc::clone(&store) as _,
            captures: Arc::clone(&store) as _,
            activity: Arc::clone(&store) as _,
            accounts: Arc::clone(&store) as _,
            tenants: Arc::clone(&store) as _,
            audit: Arc::clone(&store) as _,
            rooms: Arc::new(AnyRoom),
            replicas: Arc::clone(&store) as _,
            leases: store,
            replica: None,
            blobs: Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap()),
            clock: Arc::new(Ticking::default()),
            chance: Arc::new(Counting::default()),
        };
        let ctx = Ctx {
            stores,
            device: DeviceId::from_bytes([4; 16]),
            person: person.id,
            right: Right::Manage,
        };
        Self { ctx, scope: Scope { tenant, library: id }, dir }
    }

    /// The stores as the process after this one has them.
    pub(crate) fn next_process(&self) -> Stores {
        let store = Embedded::open(self.dir.path()).unwrap();
        Stores { leases: Arc::new(store), ..self.ctx.stores.clone() }
    }

    pub(crate) async fn import(&self, bytes: &[u8]) -> ImportJob {
        self.import_as(bytes, ImportFile::default()).await
    }

    pub(crate) async fn import_as(&self, bytes: &[u8], ask: ImportFile) -> ImportJob {
        let source = Box::new(Cursor::new(bytes.to_vec()));
        let job = import_file(&self.ctx, self.scope, ask, source).await.unwrap();
        assert_eq!(job.parsed, job.stored + job.merged + job.refused, "the ledger adds up");
        let kept = self.ctx.stores.imports.job(self.scope, job.id).await.unwrap();
        assert_eq!(kept.as_ref(), Some(&job), "the job is kept as it was told");
        job
    }

    pub(crate) async fn ledger(&self, job: &ImportJob) -> Vec<LedgerRow> {
        self.ctx.stores.imports.rows(self.scope, job.id, None, 0, 100_000).await.unwrap()
    }

    pub(crate) async fn bookmarks(&self) -> Vec<Bookmark> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let views = &self.ctx.stores.views;
            let page = views
                .bookmarks(self.scope, &Filter::default(), Sort::Number, after.as_ref(), 500)
                .await
                .unwrap();
            all.extend(page.bookmarks);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    pub(crate) async fn bookmark(&self, url: &str) -> Bookmark {
        self.bookmarks().await.into_iter().find(|bookmark| bookmark.url == url).unwrap()
    }

    /// The names of all folders with their parents' names before them, in order.
    pub(crate) async fn folders(&self) -> Vec<String> {
        let tree = shelf_bookmarks::organise::list_collections(&self.ctx, self.scope).await;
        let mut path: Vec<String> = Vec::new();
        let mut names = Vec::new();
        for branch in tree.unwrap() {
            path.truncate(branch.depth);
            path.push(branch.collection.name);
            names.push(path.join("/"));
        }
        names
    }

    pub(crate) async fn export(&self, format: ExportFormat) -> (Exported, Vec<u8>) {
        let (chunks, mut received) = tokio::sync::mpsc::channel(2);
        let collect = async {
            let mut bytes = Vec::new();
            while let Some(chunk) = received.recv().await {
                bytes.extend(chunk);
            }
            bytes
        };
        let (exported, bytes) =
            tokio::join!(export_library(&self.ctx, self.scope, format, chunks), collect);
        (exported.unwrap(), bytes)
    }
}
