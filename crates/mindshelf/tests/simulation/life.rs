//! One life of the server: the real application on a directory, which is asked one request at a
//! time, crashes, and comes back from backups.
//!
//! Nothing runs beside a request: tasks that the application started are never polled, since nobody
//! drives their runtime, and a request is led to its end before anything else happens. What they
//! would do in time, the simulation does when it decides to.

use crate::wire::{Letter, Reply};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use mindshelf::Restoring;
use mindshelf::app::{App, Setup};
use serde_json::Value;
use shelf_bookmarks::Ctx;
use shelf_bookmarks::trash::purge_overdue;
use shelf_client::Method;
use shelf_client::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use shelf_domain::change::Change;
use shelf_domain::id::{DeviceId, Ids, LibraryId, PersonId, TenantId};
use shelf_domain::right::Right;
use shelf_domain::stamp::Seq;
use shelf_embedded::Embedded;
use shelf_identity::{CreateToken, Doors, create_token};
use shelf_ports::Fault;
use shelf_ports::accounts::{LibraryInfo, Person};
use shelf_ports::archive::{Archive, Batch, Entry, Taking};
use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// Most bytes of an answer.
const BYTES_MAX: usize = 64 << 20;
/// How long answers to pushes are kept, milliseconds: thirty days, as the keeper does.
pub(crate) const ANSWERS_MS: i64 = 30 * 86_400_000;
/// How often, and how many times, is looked whether a request that hangs goes on.
const LOOKS: (Duration, u32) = (Duration::from_secs(10), 12);

/// Wakes the thread that waits.
struct Waiting {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// What `work` answers, led to its end on this thread; nothing else is polled meanwhile.
fn waited<T>(work: impl Future<Output = T>) -> T {
    let is_woken = AtomicBool::new(false);
    let waiting = Arc::new(Waiting { thread: std::thread::current(), is_woken });
    let waker = Waker::from(Arc::clone(&waiting));
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        let mut looks = 0;
        while !waiting.is_woken.swap(false, Ordering::SeqCst) {
            assert!(looks < LOOKS.1, "the server hangs");
            looks += 1;
            std::thread::park_timeout(LOOKS.0);
        }
    }
}

/// All that a server held at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    batches: Vec<Batch>,
    /// Where the log of the library stood.
    pub(crate) seq: Seq,
    rows: Vec<String>,
}

impl Backup {
    /// Whether a row of the log says `text`.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.rows.iter().any(|row| row.contains(text))
    }
}

#[derive(Debug, Default)]
struct Taken(Vec<Batch>);

#[async_trait::async_trait]
impl Taking for Taken {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        self.0.push(batch);
        Ok(())
    }
}

/// A server that is up.
pub(crate) struct Life {
    // Goes before its runtime, and that before the directory.
    app: App,
    runtime: Runtime,
    dir: TempDir,
}

impl Life {
    /// Opens the application on what is in `dir`.
    pub(crate) fn begin(dir: TempDir, setup: &Setup) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let app = waited(App::open(dir.path(), setup)).unwrap();
        drop(inside);
        Self { app, runtime, dir }
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let _inside = self.runtime.enter();
        waited(work)
    }

    /// The key of the owner.
    pub(crate) fn key(&self) -> String {
        self.app.key().to_owned()
    }

    /// What it answers to `letter`, shown with `key`.
    pub(crate) fn answer(&self, key: &str, letter: &Letter) -> Reply {
        let mut request = Request::new(Body::from(letter.body.clone()));
        *request.method_mut() = letter.method.clone();
        *request.uri_mut() = letter.target.parse().unwrap();
        *request.headers_mut() = letter.headers.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        let router = self.app.router();
        self.run(async move {
            let answer = router.oneshot(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, BYTES_MAX).await.unwrap().to_vec();
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }

    /// Asks for `target` with `body` as JSON, a merge patch where it is one.
    pub(crate) fn ask(&self, key: &str, method: Method, target: &str, body: &Value) -> Reply {
        let mut headers = HeaderMap::new();
        let is_patch = method == Method::PATCH;
        let json = if is_patch { "application/merge-patch+json" } else { "application/json" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(json));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.answer(key, &Letter { method, target: target.to_owned(), headers, body })
    }

    /// The same, which must be done; what it was answered.
    pub(crate) fn must(&self, key: &str, method: Method, target: &str, body: &Value) -> Value {
        let reply = self.ask(key, method, target, body);
        let said = String::from_utf8_lossy(&reply.body);
        assert!((200..300).contains(&reply.status), "{target}: {} {said}", reply.status);
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// The whole log of `library`.
    pub(crate) fn log(&self, key: &str, library: LibraryId) -> Vec<Change> {
        let (mut log, mut cursor): (Vec<Change>, _) = (Vec::new(), String::new());
        loop {
            let target = format!("/v1/libraries/{library}/changes?limit=1000{cursor}");
            let page = self.must(key, Method::GET, &target, &Value::Null);
            log.extend(serde_json::from_value::<Vec<Change>>(page["changes"].clone()).unwrap());
            if page["has_more"] != true {
                return log;
            }
            cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
        }
    }

    /// Somebody who joined the tenant `tenant`; what they show.
    pub(crate) fn joined(&self, tenant: &str) -> String {
        let stores = self.app.stores.clone();
        let mut ids = Ids::new(stores.clock.now_ms(), stores.chance.seed());
        let (home, id, library): (TenantId, PersonId, LibraryId) =
            (ids.make(), ids.make(), ids.make());
        let (name, created_at) = ("a second person".to_owned(), stores.clock.now_ms());
        let person = Person { id, tenant: home, name: name.clone() };
        let library = LibraryInfo { id: library, tenant: home, name, created_at };
        let token = self.run(async {
            stores.accounts.add_person(&person, &library).await.unwrap();
            let doors = Doors {
                accounts: stores.accounts.clone(),
                tenants: stores.tenants.clone(),
                audit: stores.audit.clone(),
                rooms: stores.rooms.clone(),
                clock: stores.clock.clone(),
                chance: stores.chance.clone(),
            };
            let ask = CreateToken::called("simulation");
            create_token(&doors, id.into(), ask).await.unwrap().secret.expose().to_owned()
        });
        let (owner, ask) = (self.key(), serde_json::json!({ "role": "member" }));
        let path = format!("/v1/tenants/{tenant}/invitations");
        let invited = self.must(&owner, Method::POST, &path, &ask);
        let ask = serde_json::json!({ "invitation": invited["secret"] });
        self.must(&token, Method::POST, "/v1/memberships", &ask);
        token
    }

    /// The keeper's round: what was long in the trash goes, and old answers are forgotten.
    pub(crate) fn keep(&self) {
        let stores = self.app.stores.clone();
        let until = stores.clock.now_ms() - ANSWERS_MS;
        let (device, person) = (DeviceId::KEEPER, PersonId::from_bytes([0; 16]));
        self.run(async move {
            let ctx = Ctx { stores: stores.clone(), device, person, right: Right::Write };
            for library in stores.accounts.all_libraries().await.unwrap() {
                let scope = library.scope();
                drop(purge_overdue(&ctx, scope).await.unwrap());
                stores.library.forget_answers(scope, until).await.unwrap();
            }
        });
    }

    /// The server is killed between two requests, and comes up on what lies in its files: they are
    /// copied as they are, and nothing was closed in order.
    pub(crate) fn crashed(self, setup: &Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path());
        drop(self);
        Self::begin(dir, setup)
    }

    /// All it holds at this moment.
    pub(crate) fn backup(&self, library: LibraryId) -> Backup {
        let store = Embedded::open_to_read(self.dir.path()).unwrap();
        let mut taken = Taken::default();
        self.run(store.tell(&mut taken)).unwrap();
        let (batches, mut seq, mut rows) = (taken.0, 0, Vec::new());
        let is_of = |batch: &&Batch| batch.scope.is_some_and(|scope| scope.library == library);
        for entry in batches.iter().filter(is_of).flat_map(|batch| &batch.entries) {
            if let Entry::Change(change) = entry {
                seq = change.seq;
                rows.push(change.to_wire());
            }
        }
        Backup { batches, seq, rows }
    }

    /// The server is lost; another one comes up on what `backup` holds, in a new epoch.
    pub(crate) fn restored(self, backup: &Backup, setup: &Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["root.key", "local.key"] {
            fs::copy(self.dir.path().join(name), dir.path().join(name)).unwrap();
        }
        let mut restoring = Restoring::new(i64::MAX, setup.clock.now_ms());
        self.run(async {
            let store = Embedded::open(dir.path()).unwrap();
            store.take(restoring.mark()).await.unwrap();
            for batch in &backup.batches {
                let batch = restoring.of(batch.clone());
                if !batch.entries.is_empty() {
                    store.take(batch).await.unwrap();
                }
            }
            store.settle().await.unwrap();
        });
        drop(self);
        Self::begin(dir, setup)
    }
}

/// Copies what is in `from` into `to`.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&there).unwrap();
            copy(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}
