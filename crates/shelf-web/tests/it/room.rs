//! The pages in process over one directory, with own time and seeded chance, and one signed-in browser.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use shelf_bookmarks::{
    Stores,
    search::{SearchPorts, ShownTexts},
};
use shelf_courier::Courier;
use shelf_domain::{
    change::Pushed,
    id::{DeviceId, PersonId},
    plan::Plans,
    turn::{Author, Turn, reads_of},
};
use shelf_embedded::{
    DirectoryBlobs, Embedded, LocalLimits,
    search::{BuiltInModel, EmbeddedSearch},
};
use shelf_identity::{
    Address, CsrfToken, Doors, Hashing, OAuthDoors, PasswordDoors, Plan, PrivacyDoors, Quotas,
    Secret, SsoDoors, Throttle, create_link, first_run, sign_in,
};
use shelf_ports::{
    accounts::Accounts,
    chance::{Chance, Clock},
    library::Library,
    machine::Quiet,
    replicas::{HeldChange, Replicas},
    usage::AnyRoom,
    webhooks::{EndpointEdit, EndpointState, Webhooks},
};
use shelf_testkit::{FakeInternet, FakeVault};
use shelf_web::Web;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub(crate) const ORIGIN: &str = "http://127.0.0.1:4747";

/// A clock that moves a millisecond each time it is read.
#[derive(Debug, Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        1_790_000_000_000 + i64::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    fn ticks_us(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Chance that counts.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Chance for Counting {
    fn seed(&self) -> [u8; 16] {
        let count = u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1);
        count.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
    }
}

/// The pages, with someone signed in.
pub(crate) struct Room {
    pub(crate) app: Router,
    pub(crate) session: String,
    pub(crate) csrf: String,
    /// A sign-in link that was not used yet.
    pub(crate) link: String,
    /// What letting programs in works with.
    pub(crate) oauth: OAuthDoors,
    /// What goes on beside its answer.
    pub(crate) tasks: TaskTracker,
    /// What identity providers are asked with.
    pub(crate) sso: SsoDoors,
    /// What there is beyond the door out.
    pub(crate) internet: Arc<FakeInternet>,
    /// How browsers reach the pages.
    origin: &'static str,
    store: Arc<Embedded>,
    dir: Arc<TempDir>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What people ask about what is theirs, and letting programs in.
fn open_to_all(store: &Arc<Embedded>, passwords: &PasswordDoors) -> (PrivacyDoors, OAuthDoors) {
    let privacy = PrivacyDoors {
        passwords: passwords.clone(),
        clients: store.clone(),
        authorizations: store.clone(),
        webhooks: store.clone(),
        sso: store.clone(),
        privacy: store.clone(),
        vault: Arc::new(FakeVault),
    };
    let (clients, authorizations) = (store.clone(), store.clone());
    (privacy, OAuthDoors { doors: passwords.doors.clone(), clients, authorizations })
}

/// Who is told what happens, over the same store.
fn courier_of(store: &Arc<Embedded>, stores: &Stores) -> Courier {
    Courier {
        webhooks: store.clone(),
        library: store.clone(),
        audit: store.clone(),
        clock: stores.clock.clone(),
        chance: stores.chance.clone(),
        vault: Arc::new(FakeVault),
        watched: Arc::default(),
        rooms: Arc::new(AnyRoom),
    }
}

/// Identity providers over the same store.
fn sso_of(
    store: &Arc<Embedded>,
    passwords: &PasswordDoors,
    internet: &Arc<FakeInternet>,
) -> SsoDoors {
    SsoDoors {
        passwords: passwords.clone(),
        sso: store.clone(),
        vault: Arc::new(FakeVault),
        outbound: internet.clone(),
        known: Arc::default(),
    }
}

/// All that is kept, in one store.
fn stores_of(
    store: &Arc<Embedded>,
    blobs: Arc<DirectoryBlobs>,
    clock: &Arc<Ticking>,
    chance: &Arc<Counting>,
) -> Stores {
    Stores {
        library: store.clone(),
        views: store.clone(),
        imports: store.clone(),
        captures: store.clone(),
        activity: store.clone(),
        accounts: store.clone(),
        tenants: store.clone(),
        audit: store.clone(),
        rooms: Arc::new(AnyRoom),
        replicas: store.clone(),
        leases: store.clone(),
        replica: None,
        blobs,
        clock: clock.clone(),
        chance: chance.clone(),
    }
}

impl Room {
    pub(crate) async fn new() -> Self {
        Self::on(Plan::Home).await
    }

    /// The pages of an installation on this plan.
    pub(crate) async fn on(plan: Plan) -> Self {
        Self::at(plan, ORIGIN).await
    }

    /// The pages as browsers reach them at this origin.
    pub(crate) async fn at(plan: Plan, origin: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let (clock, chance) = (Arc::new(Ticking::default()), Arc::new(Counting::default()));
        let blobs = Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap());
        let stores = stores_of(&store, blobs, &clock, &chance);
        let doors = Doors {
            accounts: store.clone(),
            tenants: store.clone(),
            audit: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock: clock.clone(),
            chance,
        };
        let quotas = Quotas::new(store.clone(), Plans::of(plan), clock.clone());
        let kept = store.clone();
        let hashing = Arc::new(Hashing::default());
        let passwords = PasswordDoors {
            doors: doors.clone(),
            credentials: store.clone(),
            passkeys: store.clone(),
            hashing,
        };
        let (privacy, oauth) = open_to_all(&store, &passwords);
        let kept_oauth = oauth.clone();
        let internet = Arc::new(FakeInternet::default());
        let sso = sso_of(&store, &passwords, &internet);
        let owner = first_run(&doors).await.unwrap().person.id;
        let used = create_link(&doors, owner).await.unwrap();
        let session = sign_in(&doors, &used.secret, "A browser").await.unwrap().secret;
        let link = create_link(&doors, owner).await.unwrap().secret.expose().to_owned();
        let index = Arc::new(EmbeddedSearch::open(&dir.path().join("search"), "tests").unwrap());
        let texts = Arc::new(ShownTexts { views: store.clone(), library: store });
        let embedder = Arc::new(BuiltInModel::default());
        let library = stores.library.clone();
        let tasks = TaskTracker::new();
        let web = Web {
            courier: courier_of(&kept, &stores),
            stores,
            search: SearchPorts { library, index, embedder, texts },
            tasks: tasks.clone(),
            throttle: Throttle::with(Arc::new(LocalLimits::default()), clock, quotas),
            machine: Arc::new(Quiet),
            doors,
            passwords,
            oauth,
            sso: sso.clone(),
            privacy,
            public_url: Some(origin.parse().unwrap()),
            development: true,
        };
        Self {
            app: shelf_web::router(web),
            csrf: CsrfToken::of(&Secret::sent(session.expose())).expose().to_owned(),
            session: session.expose().to_owned(),
            link,
            oauth: kept_oauth,
            sso,
            internet,
            origin,
            store: kept,
            tasks,
            dir: Arc::new(dir),
        }
    }

    /// The same pages in a browser nobody is signed in with.
    pub(crate) fn visitor(&self) -> Self {
        Self {
            app: self.app.clone(),
            session: String::new(),
            csrf: String::new(),
            link: String::new(),
            oauth: self.oauth.clone(),
            sso: self.sso.clone(),
            internet: self.internet.clone(),
            origin: self.origin,
            store: self.store.clone(),
            tasks: self.tasks.clone(),
            dir: self.dir.clone(),
        }
    }

    /// The same browser, signed in by the cookie this answer sets.
    pub(crate) fn signed_in_by(&self, told: &Told) -> Self {
        let cookie = told.header("set-cookie");
        let session = cookie.trim_start_matches("mindshelf_session=").split(';').next().unwrap();
        let csrf = CsrfToken::of(&Secret::sent(session)).expose().to_owned();
        Self { session: session.to_owned(), csrf, ..self.visitor() }
    }

    /// A browser that keeps `secret` as its session.
    pub(crate) fn keeping(&self, secret: &str) -> Self {
        Self { session: secret.to_owned(), ..self.visitor() }
    }

    /// Every library there is, oldest first.
    pub(crate) async fn libraries(&self) -> Vec<String> {
        let all = self.store.all_libraries().await.unwrap();
        all.iter().map(|library| library.id.to_string()).collect()
    }

    /// Lets the deletion of `items` by a device wait for a person; that device.
    pub(crate) async fn waits(&self, items: &[String]) -> String {
        let device = DeviceId::from_bytes([7; 16]);
        let scope = self.store.all_libraries().await.unwrap()[0].scope();
        let held = (1_u64..).zip(items).map(|(n, item)| HeldChange {
            device,
            at: 1_790_000_000_000,
            change: serde_json::from_value(serde_json::json!({
                "n": n, "hlc": "01a0c5e5c8000000", "base": 1_000, "item": item,
                "act": "0193f0a0-0000-7000-8000-00000000000a", "kind": "bookmark",
                "set": {"trashed_at": 1_790_000_000_000_i64}
            }))
            .unwrap(),
        });
        self.store.hold(scope, &held.collect::<Vec<_>>()).await.unwrap();
        device.to_string()
    }

    /// Has two devices write the notes of `item` without having seen each other: the second one's
    /// stand. The device of the first.
    pub(crate) async fn twice(&self, item: &str, notes: [&str; 2]) -> String {
        let scope = self.store.all_libraries().await.unwrap()[0].scope();
        let base = self.store.head(scope).await.unwrap().seq;
        let mut devices = Vec::new();
        for (at, notes) in (1_u64..).zip(notes) {
            let pushed: Pushed = serde_json::from_value(serde_json::json!({
                "n": 1, "hlc": format!("{:016x}", 0x01a0_c5e5_c800_0000_u64 + at), "base": base,
                "item": item, "act": "0193f0a0-0000-7000-8000-00000000000a", "kind": "bookmark",
                "set": {"notes": notes}
            }))
            .unwrap();
            let reads = reads_of([&pushed]);
            let decide = move |turn: &mut Turn| {
                let outcome = turn.push(&pushed)??;
                Ok(turn.done(vec![outcome]))
            };
            let (clock, chance) = (&self.oauth.doors.clock, &self.oauth.doors.chance);
            let device = DeviceId::from_bytes(chance.seed());
            let (now, seed) = (clock.now_ms(), chance.seed());
            let author = Author { device, now, seed };
            self.store.write(scope, author, None, reads, Box::new(decide)).await.unwrap();
            devices.push(device.to_string());
        }
        devices.swap_remove(0)
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Told {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Told { status: parts.status, headers: parts.headers, text }
    }

    /// A request of the signed-in browser.
    pub(crate) fn ask(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:4747")
            .header(header::COOKIE, format!("mindshelf_session={}", self.session))
    }

    /// A page, as the signed-in browser gets it.
    pub(crate) async fn get(&self, path: &str) -> Told {
        self.send(self.ask("GET", path).body(Body::empty()).unwrap()).await
    }

    /// A form of a page of ours.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("_csrf", &self.csrf).extend_pairs(fields);
        let request = self.ask("POST", path).header(header::ORIGIN, self.origin);
        self.send(request.body(Body::from(form.finish())).unwrap()).await
    }

    /// The same, sent from this address.
    pub(crate) async fn post_from(
        &self,
        address: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Told {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("_csrf", &self.csrf).extend_pairs(fields);
        let request = self.ask("POST", path).header(header::ORIGIN, self.origin);
        let mut request = request.body(Body::from(form.finish())).unwrap();
        request.extensions_mut().insert(Address::of(address.parse().unwrap()));
        self.send(request).await
    }

    /// Gives every endpoint up, as the courier does when nothing got through for days.
    pub(crate) async fn give_up(&self) {
        let edit = EndpointEdit { state: Some(EndpointState::Failing), ..EndpointEdit::default() };
        for library in self.store.all_libraries().await.unwrap() {
            for one in self.store.endpoints(library.scope()).await.unwrap() {
                self.store.edit_endpoint(library.scope(), one.id, &edit).await.unwrap();
            }
        }
    }

    /// Whose library it is.
    pub(crate) async fn owner(&self) -> PersonId {
        self.store.people().await.unwrap()[0].id
    }

    /// Saves a link with this title; its id.
    pub(crate) async fn saved(&self, url: &str, title: &str) -> String {
        let told = self.post("/save", &[("url", url), ("title", title)]).await;
        let id = told.header("location").split_once("item=").map(|(_, id)| id.to_owned());
        id.unwrap_or_else(|| panic!("not saved: {} {}", told.status, told.text))
    }
}
