//! A thousand sockets on the server that runs: each is small, all are told all, and all that were cut
//! off come back with their cursors and miss nothing.

use crate::program::{Server, mindshelf, said};
use futures::{SinkExt, StreamExt};
use mindshelf::system::{SystemChance, SystemClock};
use serde_json::{Value, json};
use shelf_client::{Client, Http};
use shelf_domain::id::{Ids, LibraryId, PersonId, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_embedded::Embedded;
use shelf_identity::{CreateToken, Doors, create_token};
use shelf_ports::accounts::{Accounts, LibraryInfo, Person, SecretHash};
use shelf_ports::tenants::{Invitation, Joining, Tenants};
use shelf_ports::usage::AnyRoom;
use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Sockets.
const SOCKETS: usize = 1_000;
/// Sockets of one person; the server lets be fifty.
const OF_ONE: usize = 40;
/// Open files of this process that are not sockets.
const OTHER_FILES: usize = 300;
/// Sockets that are about to be opened at once.
const OPENING: usize = 50;
/// Saves in each half of the story.
const SAVES: usize = 60;
/// How long each half may take.
const LONG: Duration = Duration::from_mins(3);
/// What a socket may take in the server: without bounds its buffers alone are twice as much. It is
/// not built to be small here; `bench` measures the one that is.
const SOCKET_BYTES_MAX: u64 = 64 << 10;

/// Where each log stands, once all is written.
type Heads = Option<Arc<HashMap<LibraryId, u64>>>;

/// Somebody who follows.
#[derive(Clone)]
struct Device {
    token: String,
    library: LibraryId,
    /// The cursor it has, and its position; none, where it begins at the head.
    had: Option<(String, u64)>,
}

/// A server, and how many sockets are open there.
struct Crowd {
    address: String,
    open: AtomicUsize,
    opening: Semaphore,
}

/// How many sockets this process may have.
fn many() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let files = files.split_whitespace().nth(3).unwrap();
    let files = files.parse().unwrap_or(usize::MAX);
    let many = SOCKETS.min(files.saturating_sub(OTHER_FILES));
    assert!(many >= OF_ONE, "this process may open {files} files alone");
    many
}

/// Adds so many people, who may read the first library too; each one's token and own library.
async fn people(data: &Path, count: usize) -> (LibraryId, Vec<Device>) {
    let store = Arc::new(Embedded::open(data).unwrap());
    let doors = Doors {
        accounts: store.clone(),
        tenants: store.clone(),
        audit: store.clone(),
        rooms: Arc::new(AnyRoom),
        clock: Arc::new(SystemClock::start()),
        chance: Arc::new(SystemChance),
    };
    let shared = store.all_libraries().await.unwrap().remove(0);
    let owner = Accounts::people(&*store).await.unwrap().remove(0).id;
    let mut devices = Vec::new();
    for _ in 0..count {
        let (now, secret) = (doors.clock.now_ms(), SecretHash(doors.chance.secret()));
        let mut ids = Ids::new(now, doors.chance.seed());
        let (tenant, id, library): (TenantId, PersonId, LibraryId) =
            (ids.make(), ids.make(), ids.make());
        let person = Person { id, tenant, name: "reader".to_owned() };
        let own = LibraryInfo { id: library, tenant, name: "Own".to_owned(), created_at: now };
        let invitation = Invitation {
            id: ids.make(),
            tenant: shared.tenant,
            role: Role::Member,
            share: Some((shared.id, Right::Read)),
            note: String::new(),
            made_by: owner,
            expires_at: now + 60_000,
        };
        store.put_invitation(&invitation, secret).await.unwrap();
        let joined = store.take_invitation(secret, &Joining::New(person, own), now).await.unwrap();
        assert!(joined.is_some());
        let made = create_token(&doors, id.into(), CreateToken::called("story")).await.unwrap();
        devices.push(Device { token: made.secret.expose().to_owned(), library, had: None });
    }
    (shared.id, devices)
}

impl Crowd {
    /// Opens the socket of `device` and follows, from where it has come.
    async fn opened(&self, device: &mut Device) -> WebSocketStream<TcpStream> {
        let _turn = self.opening.acquire().await.unwrap();
        let place = self.address.trim_start_matches("http://");
        let mut request = format!("ws://{place}/v1/sync").into_client_request().unwrap();
        let bearer = format!("Bearer {}", device.token);
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        let protocol = "mindshelf.sync.v1".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let stream = TcpStream::connect(place).await.unwrap();
        let small = WebSocketConfig::default().read_buffer_size(2 << 10).write_buffer_size(0);
        let opened = client_async_with_config(request, stream, Some(small)).await;
        let (mut socket, _) = opened.unwrap();
        say(&mut socket, &json!({ "type": "hello" })).await;
        assert_eq!(hear(&mut socket).await["type"], "welcome");
        let cursor = device.had.as_ref().map(|(cursor, _)| cursor);
        let follow = json!({ "type": "follow", "library": device.library, "cursor": cursor });
        say(&mut socket, &follow).await;
        let told = hear(&mut socket).await;
        assert_eq!(told["type"], "following", "{told}");
        if device.had.is_none() {
            let head = told["head"]["seq"].as_u64().unwrap();
            device.had = Some((told["cursor"].as_str().unwrap().to_owned(), head));
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        socket
    }

    /// Follows until the device has come as far as `heads` say.
    async fn follow(&self, mut device: Device, mut heads: watch::Receiver<Heads>) -> Device {
        let mut socket = self.opened(&mut device).await;
        loop {
            let at = device.had.as_ref().map_or(0, |(_, at)| *at);
            let head = heads.borrow_and_update().as_ref().map(|heads| heads[&device.library]);
            if head.is_some_and(|head| at >= head) {
                return device;
            }
            tokio::select! {
                told = hear(&mut socket) => device.takes(&told),
                changed = heads.changed() => changed.unwrap(),
            }
        }
    }
}

impl Device {
    /// Takes rows, which go on from where it has come.
    fn takes(&mut self, told: &Value) {
        assert_eq!(told["type"], "changes", "{told}");
        let at = self.had.as_ref().map_or(0, |(_, at)| *at);
        assert_eq!(told["from"], json!(at), "a change was missed");
        let to = told["to"].as_u64().unwrap();
        let rows = told["changes"].as_array().unwrap();
        let seqs = rows.iter().map(|row| row["seq"].as_u64().unwrap());
        assert!(seqs.eq(at + 1..=to), "a change was missed: {told}");
        self.had = Some((told["next_cursor"].as_str().unwrap().to_owned(), to));
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message. It may be called off.
async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            other => assert!(other.is_ping() || other.is_pong(), "the socket ended: {other:?}"),
        }
    }
}

/// Begins a client for each of `devices`.
fn begin(
    crowd: &Arc<Crowd>,
    devices: Vec<Device>,
    heads: &watch::Sender<Heads>,
) -> JoinSet<Device> {
    crowd.open.store(0, Ordering::Relaxed);
    let mut all = JoinSet::new();
    for device in devices {
        let (crowd, heads) = (Arc::clone(crowd), heads.subscribe());
        all.spawn(async move { crowd.follow(device, heads).await });
    }
    all
}

/// Waits until all are open; whoever ended before broke a promise.
async fn all_open(crowd: &Crowd, all: &mut JoinSet<Device>) {
    let count = all.len();
    while crowd.open.load(Ordering::Relaxed) < count {
        let ended = tokio::time::timeout(Duration::from_millis(20), all.join_next()).await;
        assert!(
            ended.is_err(),
            "a client ended: {:?}",
            ended.map(|one| one.map(|one| one.is_ok()))
        );
    }
}

/// Saves addresses of their own in each of the libraries of `writers` in turn.
async fn saved(address: &str, writers: &[Device], round: usize) {
    let http = Arc::new(Http::new(address).unwrap());
    for save in 0..SAVES {
        let writer = &writers[save % writers.len()];
        let client = Client::new(http.clone(), &writer.token).unwrap();
        let body = json!({ "url": format!("https://crowd.example/{round}/{save}") });
        let path = format!("/v1/libraries/{}/bookmarks", writer.library);
        client.post::<Value>(&path, &body).await.unwrap();
    }
}

/// Where the log of each library stands.
async fn heads(address: &str, writers: &[Device]) -> Heads {
    let http = Arc::new(Http::new(address).unwrap());
    let mut heads = HashMap::new();
    for writer in writers {
        let client = Client::new(http.clone(), &writer.token).unwrap();
        let pulled = client.library(writer.library).pull(None, 1).await.unwrap();
        heads.insert(writer.library, pulled.head.seq);
    }
    Some(Arc::new(heads))
}

/// Bytes that are resident of the server.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sockets_are_small_and_miss_nothing_when_all_come_back_at_once() {
    let many = many();
    if many < SOCKETS {
        eprintln!("only {many} sockets, not {SOCKETS}: this process may not open more files");
    }
    let dir = tempfile::tempdir().unwrap();
    let owner = said(mindshelf(dir.path()).args(["token", "create", "--name", "story"]));
    let (shared, people) = people(dir.path(), many.div_ceil(OF_ONE)).await;
    let mut command = mindshelf(dir.path());
    command.env("MINDSHELF_SOCKETS", (many + 10).to_string()).stderr(Stdio::null());
    let server = Server::start_as(command);
    // Half of them follow one library, half of them one of their own.
    let devices: Vec<Device> = (0..many)
        .map(|at| {
            let person = people[at / OF_ONE].clone();
            let library = if at % 2 == 0 { shared } else { person.library };
            Device { library, ..person }
        })
        .collect();
    let token = owner.trim().to_owned();
    let writers = std::iter::repeat_n(Device { token, library: shared, had: None }, people.len());
    // In the one library as often as in all the others.
    let writers: Vec<Device> = writers.zip(people).flat_map(|(one, own)| [one, own]).collect();
    let (opening, open) = (Semaphore::new(OPENING), AtomicUsize::new(0));
    let crowd = Arc::new(Crowd { address: server.address.clone(), open, opening });

    let first = async {
        let (told, _) = watch::channel(None);
        let before = resident(&server);
        let mut all = begin(&crowd, devices, &told);
        all_open(&crowd, &mut all).await;
        let bytes = resident(&server).saturating_sub(before) / u64::try_from(many).unwrap();
        saved(&crowd.address, &writers, 1).await;
        told.send_replace(heads(&crowd.address, &writers).await);
        (bytes, all.join_all().await)
    };
    let (bytes, devices) = tokio::time::timeout(LONG, first).await.unwrap();
    assert_eq!(devices.len(), many, "all are level");
    assert!(bytes < SOCKET_BYTES_MAX, "a socket takes {bytes} bytes");

    // All were cut at once, and come back while it is written.
    let second = async {
        let (told, _) = watch::channel(None);
        let mut all = begin(&crowd, devices, &told);
        tokio::join!(saved(&crowd.address, &writers, 2), all_open(&crowd, &mut all));
        told.send_replace(heads(&crowd.address, &writers).await);
        all.join_all().await
    };
    let devices = tokio::time::timeout(LONG, second).await.unwrap();
    assert_eq!(devices.len(), many, "all are level again");
    assert!(server.stop());
}
