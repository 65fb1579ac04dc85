//! The storm: the built program is killed while writers save; nothing acknowledged is lost.
//!
//! `kill -9` proves nothing about the disk (the page cache survives); that commits are synchronous
//! and answers leave after them is asserted beside the stories.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::{Value, json};
use shelf_client::{Client, ClientFailure, Http, Method, Request, header};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Rounds of the short form, and of the long one (`MINDSHELF_LONG=1`).
const ROUNDS: (u32, u32) = (25, 1_000);
/// Writers at once.
const WRITERS: u64 = 8;
/// The longest restart.
const RESTART_MAX: Duration = Duration::from_secs(5);

/// A server and how to reach it.
struct Server {
    child: Child,
    address: String,
    key: String,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "measures how long a restart takes")]
    fn start(data: &Path) -> (Self, Duration) {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mindshelf"));
        command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map(Result::unwrap).find(|line| line.contains("is ready on")).unwrap();
        let took = begun.elapsed();
        let address = ready.split_whitespace().next_back().unwrap().to_owned();
        let text = std::fs::read_to_string(data.join("server.json")).unwrap();
        let running: Value = serde_json::from_str(&text).unwrap();
        let key = running["key"].as_str().unwrap().to_owned();
        (Self { child, address, key }, took)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What writers were told: addresses, by the id they were saved under.
type Acknowledged = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Clone)]
struct Caller {
    client: Client,
    library: String,
}

impl Caller {
    async fn of(server: &Server) -> Self {
        let http = Http::new(&server.address).unwrap();
        let client = Client::new(Arc::new(http), &server.key).unwrap();
        let library = client.library_called(None).await.unwrap().id().to_string();
        Self { client, library }
    }

    async fn get(&self, path: &str) -> Value {
        self.client.get(path).await.unwrap()
    }

    /// Saves; the id, if the server acknowledged. Only a dead server is no answer.
    async fn save(&self, url: &str, key: &str) -> Option<String> {
        let target = format!("/v1/libraries/{}/bookmarks", self.library);
        let request = Request::new(Method::POST, target)
            .header(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))
            .header(header::HeaderName::from_static("idempotency-key"), key.parse().unwrap())
            .bytes(json!({ "url": url, "tags": ["storm"] }).to_string());
        let answer = match self.client.send(request).await {
            Ok(answer) => answer,
            Err(ClientFailure::Unreachable { .. }) => return None,
            Err(refused) => unreachable!("{refused}"),
        };
        let body: Value = serde_json::from_slice(&answer.bytes().await.ok()?).unwrap();
        Some(body["item"]["id"].as_str().unwrap().to_owned())
    }
}

async fn write(caller: Caller, writer: u64, told: Acknowledged, counter: Arc<AtomicU64>) {
    loop {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        let url = format!("https://example.org/{writer}/{number}");
        match caller.save(&url, &format!("\"{writer}-{number}\"")).await {
            Some(id) => told.lock().unwrap().push((url, id)),
            None => return,
        }
    }
}

/// Every acknowledged address is there under its id, once, and the log has no gap.
async fn check(caller: &Caller, told: &[(String, String)]) -> (u64, usize) {
    let (mut cursor, mut seq, mut created) = (String::new(), 0, Vec::new());
    loop {
        let path = format!("/v1/libraries/{}/changes?limit=1000{cursor}", caller.library);
        let page = caller.get(&path).await;
        for change in page["changes"].as_array().unwrap() {
            seq += 1;
            assert_eq!(change["seq"], seq, "seqs are gapless");
            if change["kind"] == "bookmark" {
                let url = change["set"]["url"].as_str().unwrap_or_default().to_owned();
                created.push((url, change["item"].as_str().unwrap().to_owned()));
            }
        }
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
        if page["has_more"] != true {
            break;
        }
    }
    let count = created.len();
    created.sort();
    created.dedup_by(|a, b| a.0 == b.0);
    assert_eq!(created.len(), count, "no save has two effects");
    for told in told {
        assert!(created.binary_search(told).is_ok(), "acknowledged and lost: {told:?}");
    }
    (seq, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_kills_loses_no_acknowledged_write() {
    let long = std::env::vars().any(|(name, value)| name == "MINDSHELF_LONG" && value == "1");
    let rounds = if long { ROUNDS.1 } else { ROUNDS.0 };
    let dir = tempfile::tempdir().unwrap();
    let told: Acknowledged = Arc::default();
    let counter = Arc::new(AtomicU64::new(0));
    let mut slowest = Duration::ZERO;
    let mut in_doubt = 0;
    for round in 0..rounds {
        let (mut server, took) = Server::start(dir.path());
        assert!(took <= RESTART_MAX, "the restart of round {round} took {took:?}");
        slowest = slowest.max(took);
        let caller = Caller::of(&server).await;
        let begin =
            |writer| tokio::spawn(write(caller.clone(), writer, told.clone(), counter.clone()));
        let writers: Vec<_> = (0..WRITERS).map(begin).collect();
        // A moment that differs from round to round, spread over the life of a commit.
        let moment = Duration::from_micros(30_000 + u64::from(round) * 7_919 % 90_000);
        let until = tokio::time::Instant::now() + moment;
        tokio::time::sleep_until(until).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        in_doubt += WRITERS;
    }
    let (mut server, _) = Server::start(dir.path());
    let caller = Caller::of(&server).await;
    let told = told.lock().unwrap().clone();
    let (seq, found) = check(&caller, &told).await;
    assert!(found as u64 <= told.len() as u64 + in_doubt, "only what was in flight may be more");
    let health = caller.get("/local/doctor").await;
    assert_eq!(health["damage"], json!([]), "integrity_check");
    server.kill();
    assert!(told.len() > rounds as usize, "the writers wrote: {}", told.len());
    println!(
        "{rounds} kills, {WRITERS} writers: {} acknowledged, {found} found, {seq} changes, \
         slowest restart {} ms",
        told.len(),
        slowest.as_millis()
    );
}
