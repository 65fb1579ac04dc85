//! A server in process with two people, own time and seeded chance.

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shelf_api::probes::AlwaysReady;
use shelf_api::{Api, Background, Gate, Probes, Replays, Sockets};
use shelf_bookmarks::Stores;
use shelf_bookmarks::search::{SearchPorts, ShownTexts, TextFollower};
use shelf_courier::Courier;
use shelf_domain::id::{LibraryId, PasskeyId, PersonId, ReceiptId, Scope, TenantId};
use shelf_domain::permit::Permits;
use shelf_domain::plan::Plans;
use shelf_embedded::search::{BuiltInModel, EmbeddedSearch};
use shelf_embedded::{DirectoryBlobs, Embedded, LocalLimits, LocalPresence};
use shelf_identity::privacy::record::Processing;
use shelf_identity::{
    CreateToken, CsrfToken, Doors, Hashing, OAuthDoors, PasswordDoors, Plan, PrivacyDoors, Quotas,
    Secret, Signed, SsoDoors, Throttle, authenticate, create_link, create_token, sign_in,
};
use shelf_ports::accounts::{Accounts, LibraryInfo, Person};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::machine::Quiet;
use shelf_ports::passkeys::{Added, Answered, Passkey, Passkeys};
use shelf_ports::privacy::{Erasure, Privacy, Receipt};
use shelf_ports::projection::Projection;
use shelf_ports::replicas::{HeldChange, Replicas};
use shelf_ports::usage::AnyRoom;
use shelf_testkit::{FakeInternet, FakeProvider, FakeVault};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tower::ServiceExt;

/// A clock that moves a millisecond each time it is read.
#[derive(Debug, Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        1_790_000_000_000 + i64::try_from(ticks).unwrap()
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
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        (u128::from(count).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_be_bytes()
    }
}

/// Someone with a library, a token and a session.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    pub(crate) person: PersonId,
    pub(crate) tenant: TenantId,
    pub(crate) library: LibraryId,
    pub(crate) token: String,
    pub(crate) session: String,
    pub(crate) csrf: String,
}

/// The largest file the world takes in, bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 8 << 20;

/// A server with two strangers.
pub(crate) struct World {
    pub(crate) app: Router,
    /// A process of sync alone over the same stores.
    pub(crate) sync: Router,
    pub(crate) sockets: Sockets,
    pub(crate) ada: Someone,
    pub(crate) eve: Someone,
    follower: TextFollower,
    clock: Arc<Ticking>,
    pub(crate) stores: Stores,
    store: Arc<Embedded>,
    dir: TempDir,
    /// What there is beyond the door out.
    pub(crate) internet: Arc<FakeInternet>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }

    /// The text at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> String {
        match self.json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            other => panic!("no text at {pointer}: {other:?} in {}", self.text),
        }
    }
}

/// What is said of one table.
fn processing() -> Processing {
    Processing {
        table: "people".to_owned(),
        purpose: "who uses this server".to_owned(),
        basis: "contract".to_owned(),
        retention: "until the person is erased".to_owned(),
        personal: vec!["name".to_owned()],
        sealed: Vec::new(),
    }
}

/// What people ask about what is theirs, over the same store.
fn privacy_of(store: &Arc<Embedded>, passwords: &PasswordDoors) -> PrivacyDoors {
    PrivacyDoors {
        passwords: passwords.clone(),
        clients: store.clone(),
        authorizations: store.clone(),
        webhooks: store.clone(),
        sso: store.clone(),
        privacy: store.clone(),
        vault: Arc::new(FakeVault),
    }
}

/// Identity providers over the same store.
fn sso_of(store: &Arc<Embedded>, doors: &Doors, internet: &Arc<FakeInternet>) -> SsoDoors {
    let (doors, hashing) = (doors.clone(), Arc::new(Hashing::default()));
    SsoDoors {
        passwords: PasswordDoors {
            doors,
            credentials: store.clone(),
            passkeys: store.clone(),
            hashing,
        },
        sso: store.clone(),
        vault: Arc::new(FakeVault),
        outbound: internet.clone(),
        known: Arc::default(),
    }
}

/// The provider of the examples, beyond the door out.
fn internet(clock: &Arc<Ticking>) -> Arc<FakeInternet> {
    let internet = Arc::new(FakeInternet::default());
    internet.has(&FakeProvider::new("https://id.example.org", clock.clone()));
    internet
}

/// Who is told what happens in these stores.
fn courier_of(store: &Arc<Embedded>, stores: &Stores) -> Courier {
    Courier {
        webhooks: store.clone(),
        library: store.clone(),
        audit: store.clone(),
        rooms: Arc::new(AnyRoom),
        clock: stores.clock.clone(),
        chance: stores.chance.clone(),
        vault: Arc::new(FakeVault),
        watched: Arc::default(),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Arc::new(AlwaysReady), Plan::Home).await
    }

    /// A world whose process has these probes and this plan.
    pub(crate) async fn with(probes: Arc<dyn Probes>, plan: Plan) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let clock = Arc::new(Ticking::default());
        let chance = Arc::new(Counting::default());
        let stores = Stores {
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
            blobs: Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap()),
            clock: clock.clone(),
            chance: chance.clone(),
        };
        let doors = Doors {
            accounts: store.clone(),
            tenants: store.clone(),
            audit: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock: clock.clone(),
            chance,
        };
        let ada = someone(&doors, 1).await;
        let eve = someone(&doors, 2).await;
        store.put_setting(ada.person, "operator", "yes").await.unwrap();
        let quotas = Quotas::new(store.clone(), Plans::of(plan), stores.clock.clone());
        let gate = Arc::new(Gate::new("127.0.0.1:4747".parse().unwrap(), &[], &[]));
        let index = Arc::new(EmbeddedSearch::open(&dir.path().join("search"), "tests").unwrap());
        let embedder = Arc::new(BuiltInModel::default());
        let internet = internet(&clock);
        let sso = sso_of(&store, &doors, &internet);
        let follower =
            TextFollower::new(store.clone(), store.clone(), index.clone(), embedder.clone());
        let texts = Arc::new(ShownTexts { views: store.clone(), library: store.clone() });
        let sockets = Sockets::of(1_000);
        let api = Api {
            stores: stores.clone(),
            search: SearchPorts { library: stores.library.clone(), index, embedder, texts },
            courier: courier_of(&store, &stores),
            background: Background::new(FILE_BYTES_MAX),
            replays: Replays::new(store.clone()),
            gate,
            throttle: Throttle::with(
                Arc::new(LocalLimits::default()),
                stores.clock.clone(),
                quotas,
            ),
            machine: Arc::new(Quiet),
            probes,
            clients: store.clone(),
            authorizations: store.clone(),
            privacy: privacy_of(&store, &sso.passwords),
            sso,
            processing: Arc::new(vec![processing()]),
            news: store.clone(),
            presence: Arc::new(LocalPresence::default()),
            sockets: sockets.clone(),
            public_url: None,
        };
        let (sync, app) = (shelf_api::sync_part(api.clone()), shelf_api::router(api));
        Self { app, sync, sockets, ada, eve, follower, clock, stores, store, dir, internet }
    }

    /// Lets so many seconds pass.
    pub(crate) fn rest(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    /// Somebody more, told apart by `number`.
    pub(crate) async fn newcomer(&self, number: u8) -> Someone {
        let Stores { accounts, tenants, audit, rooms, clock, chance, .. } = self.stores.clone();
        someone(&Doors { accounts, tenants, audit, rooms, clock, chance }, number).await
    }

    /// Gives somebody a passkey, with which they confirmed just now in this session; its id.
    pub(crate) async fn with_passkey(&self, who: &Someone, session: &str) -> String {
        let (chance, now) = (&self.stores.chance, self.stores.clock.now_ms());
        let passkey = Passkey {
            id: PasskeyId::from_bytes(chance.seed()),
            person: who.person,
            credential: chance.secret().to_vec(),
            handle: chance.secret().to_vec(),
            key: vec![0xa0],
            name: "Laptop".to_owned(),
            created_at: now,
            used_at: None,
            count: 0,
            synced: true,
            backed_up: true,
            copied_at: None,
        };
        let answered = Answered { challenge: chance.secret(), until: now + 300_000, at: now };
        let added = self.store.add_passkey(&passkey, answered, 20).await.unwrap();
        assert_eq!(added, Added::Fresh);
        let confirmed = format!("{session} {}", now + 300_000);
        let put = self.store.put_setting(who.person, "confirmed_session", &confirmed);
        put.await.unwrap();
        passkey.id.to_string()
    }

    /// Lets `who` wait for their erasure, and keeps the receipt of somebody else's; its id.
    pub(crate) async fn erasing(&self, who: &Someone) -> String {
        let id = ReceiptId::from_bytes(self.stores.chance.seed());
        let now = self.stores.clock.now_ms();
        let erasure = Erasure {
            person: who.person,
            receipt: id,
            asked_at: now,
            due_at: now + 7 * 86_400_000,
            begun_at: None,
            plan: String::new(),
        };
        assert!(self.store.put_erasure(&erasure).await.unwrap());
        let body = r#"{"key":"","signature":"","text":"{}"}"#.to_owned();
        let receipt = Receipt { id, until: now + 30 * 86_400_000, body };
        self.store.end_erasure(PersonId::from_bytes([0xee; 16]), &receipt).await.unwrap();
        id.to_string()
    }

    /// Lets the deletion of `item` by the device of `who` wait for a person.
    pub(crate) async fn waits(&self, who: &Someone, device: &str, item: &str) {
        let change = json!({
            "n": 1, "hlc": "01a0c5e5c8000000", "base": 1_000, "item": item,
            "act": "0193f0a0-0000-7000-8000-00000000000a", "kind": "bookmark",
            "set": {"trashed_at": 1_790_000_000_000_i64}
        });
        let change = serde_json::from_value(change).unwrap();
        let at = self.stores.clock.now_ms();
        let held = HeldChange { device: device.parse().unwrap(), at, change };
        let scope = Scope { tenant: who.tenant, library: who.library };
        self.store.hold(scope, &[held]).await.unwrap();
    }

    /// `who`, signed in with their browser.
    pub(crate) async fn signed(&self, who: &Someone) -> Signed {
        let doors = self.oauth().doors;
        authenticate(&doors, &Secret::sent(&who.session)).await.unwrap().unwrap()
    }

    /// What letting programs in works with.
    pub(crate) fn oauth(&self) -> OAuthDoors {
        let Stores { accounts, tenants, audit, rooms, clock, chance, .. } = self.stores.clone();
        OAuthDoors {
            doors: Doors { accounts, tenants, audit, rooms, clock, chance },
            clients: self.store.clone(),
            authorizations: self.store.clone(),
        }
    }

    /// `who` with a token that is good for `scopes` alone.
    pub(crate) async fn limited(&self, who: &Someone, scopes: &str) -> Someone {
        let permits = Some(Permits::read(scopes).unwrap());
        let ask = CreateToken { permits, ..CreateToken::called("limited") };
        let Stores { accounts, tenants, audit, rooms, clock, chance, .. } = self.stores.clone();
        let doors = Doors { accounts, tenants, audit, rooms, clock, chance };
        let token = create_token(&doors, who.person.into(), ask).await.unwrap().secret;
        Someone { token: token.expose().to_owned(), ..who.clone() }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Told {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Told { status: parts.status, headers: parts.headers, text, json }
    }

    /// Asks as `who` for `path`, which may name their library as `{library}`.
    pub(crate) fn ask<'w>(
        &'w self,
        who: &Someone,
        method: Method,
        path: &str,
        body: &str,
    ) -> impl Future<Output = Told> + use<'w> {
        self.send(who.request(method, path, body))
    }

    pub(crate) fn get<'w>(
        &'w self,
        who: &Someone,
        path: &str,
    ) -> impl Future<Output = Told> + use<'w> {
        self.ask(who, Method::GET, path, "")
    }

    pub(crate) fn post<'w>(
        &'w self,
        who: &Someone,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = Told> + use<'w> {
        self.ask(who, Method::POST, path, &body.to_string())
    }

    pub(crate) fn patch<'w>(
        &'w self,
        who: &Someone,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = Told> + use<'w> {
        self.ask(who, Method::PATCH, path, &body.to_string())
    }

    /// Brings the search index of `who` to the head of their log.
    pub(crate) async fn follow(&self, who: &Someone) {
        let scope = Scope { tenant: who.tenant, library: who.library };
        let after = self.follower.position(scope).await.unwrap();
        let rows = self.stores.library.changes(scope, after, 100_000).await.unwrap();
        self.follower.apply(scope, after, &rows).await.unwrap();
    }

    /// Every byte of the database, the part that waits beside it included.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let files = ["shelf.db", "shelf.db-wal"].map(|name| self.dir.path().join(name));
        files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect()
    }

    /// Files that came in and are still kept.
    pub(crate) fn kept_files(&self) -> usize {
        std::fs::read_dir(self.blobs()).unwrap().count()
    }

    /// Where files lie.
    pub(crate) fn blobs(&self) -> std::path::PathBuf {
        self.dir.path().join("blobs")
    }

    /// Imports `file` for `who` and gives the finished job.
    pub(crate) async fn imported(&self, who: &Someone, query: &str, file: &str) -> Told {
        let path = format!("/v1/libraries/{{library}}/imports?{query}");
        let begun = self.ask(who, Method::POST, &path, file).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
        loop {
            let job = self.get(who, begun.header("location")).await;
            if job.at("/state") != "running" {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Saves a bookmark of `who` and gives its id.
    pub(crate) async fn saved(&self, who: &Someone, url: &str) -> String {
        let told =
            self.post(who, "/v1/libraries/{library}/bookmarks", &serde_json::json!({"url": url}));
        told.await.at("/item/id")
    }
}

impl Someone {
    /// A request of theirs with their token.
    pub(crate) fn request(&self, method: Method, path: &str, body: &str) -> Request<Body> {
        let path = path.replace("{library}", &self.library.to_string());
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost:4747")
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }
}

async fn someone(doors: &Doors, number: u8) -> Someone {
    let tenant = TenantId::from_bytes([number; 16]);
    let id = PersonId::from_bytes([number; 16]);
    let library = LibraryId::from_bytes([number + 0x10; 16]);
    let person = Person { id, tenant, name: format!("Person {number}") };
    let info = LibraryInfo {
        id: library,
        tenant,
        name: "Bookmarks".to_owned(),
        created_at: 1_789_000_000_000,
    };
    doors.accounts.add_person(&person, &info).await.unwrap();
    let ask = CreateToken::called("tests");
    let token = create_token(doors, id.into(), ask).await.unwrap().secret;
    let link = create_link(doors, id).await.unwrap();
    let session = sign_in(doors, &link.secret, "A browser").await.unwrap().secret;
    Someone {
        person: id,
        tenant,
        library,
        token: token.expose().to_owned(),
        csrf: CsrfToken::of(&session).expose().to_owned(),
        session: session.expose().to_owned(),
    }
}
