//! What the clients of a run share, and which clients there are.

use crate::caller::{Broken, Caller};
use crate::device::Device;
use crate::folded::Folded;
use crate::follower::Follower;
use crate::writer::Writer;
use serde_json::{Value, json};
use shelf_client::Client;
use shelf_domain::change::Change;
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::stamp::Seq;
use shelf_testkit::history::{End, Event, Recorder};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinHandle;

/// Pages whose lists are appended to.
const PAGES: usize = 6;
/// Clients that save, edit and read by REST.
const WRITERS: usize = 3;
/// Devices that push and pull.
const DEVICES: usize = 2;
/// Clients that follow by a socket.
const FOLLOWERS: usize = 2;
/// Most words that one client appends.
pub(crate) const WORDS_MAX: u32 = 120;
/// Most rows of an answer, when a whole log is read.
const ROWS: usize = 1_000;

/// A page whose lists are appended to.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) id: ItemId,
    pub(crate) url: String,
}

/// What the clients of a run share.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) recorder: Recorder,
    pub(crate) pages: Arc<Vec<Page>>,
    pub(crate) broken: Broken,
    /// The highest position of the log that anybody was told.
    highest: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Stage {
    /// A stage with pages that `owner` saves.
    pub(crate) async fn set((client, library): &(Client, String)) -> Self {
        let mut pages = Vec::new();
        for at in 0..PAGES {
            let url = format!("https://chaos.example/{at}");
            let ask = json!({ "url": url, "title": format!("Page {at}") });
            let saved: Value = client.post(&format!("{library}/bookmarks"), &ask).await.unwrap();
            pages.push(Page { id: saved["item"]["id"].as_str().unwrap().parse().unwrap(), url });
        }
        Self {
            recorder: Recorder::default(),
            pages: Arc::new(pages),
            broken: Broken::default(),
            highest: Arc::default(),
            over: Arc::default(),
        }
    }

    /// Somebody was told that the log is at `seq`.
    pub(crate) fn heard(&self, seq: Seq) {
        self.highest.fetch_max(seq, Ordering::SeqCst);
    }

    /// The highest position that anybody was told.
    pub(crate) fn highest(&self) -> Seq {
        self.highest.load(Ordering::SeqCst)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// The ports of wires to the servers.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    /// To those that answer all of the interface.
    pub(crate) gateways: Vec<u16>,
    /// To those that devices and followers sync by.
    pub(crate) syncing: Vec<u16>,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Cast {
    stage: Stage,
    /// Whoever holds a replica gives it back.
    working: Vec<JoinHandle<Option<Folded>>>,
}

impl Cast {
    /// Lets all begin, on ways through `ports`, with a token that `owner` has; devices are paired
    /// with the owner.
    pub(crate) async fn begin(
        stage: &Stage,
        ports: &Ports,
        owner: &(Client, String),
        token: &str,
        seed: u64,
    ) -> Self {
        let caller = |ports: &[u16], client: usize| {
            let seed = seed.wrapping_mul(1_000).wrapping_add(client as u64);
            Caller::new(ports, (token, owner.1.as_str()), seed).telling(&stage.broken)
        };
        let (by_rest, by_sync) = (
            |client: usize| caller(ports.gateways.as_slice(), client),
            |client: usize| caller(ports.syncing.as_slice(), client),
        );
        let mut working = Vec::new();
        let mut next = 0..;
        for client in next.by_ref().take(WRITERS) {
            let writer = Writer::new(client, by_rest(client), stage.clone(), seed);
            working.push(tokio::spawn(writer.writes()));
        }
        for client in next.by_ref().take(DEVICES) {
            let replica = Folded::new(client, by_sync(client), stage.clone());
            let device = Device::new(replica, paired(&owner.0, client).await, seed);
            working.push(tokio::spawn(device.pushes()));
        }
        for client in next.by_ref().take(FOLLOWERS) {
            let replica = Folded::new(client, by_sync(client), stage.clone());
            working.push(tokio::spawn(Follower::new(replica).follows()));
        }
        for client in next.by_ref().take(1) {
            let reader = Writer::new(client, by_rest(client), stage.clone(), seed);
            working.push(tokio::spawn(reader.reads()));
        }
        Self { stage: stage.clone(), working }
    }

    /// Lets all come to an end, nothing being harmed any more: what they saw, and how it is then, as
    /// `owner` sees it past the wires.
    pub(crate) async fn end(self, (client, library): &(Client, String)) -> (Vec<Event>, End) {
        self.stage.over.store(true, Ordering::SeqCst);
        let mut replicas = Vec::new();
        for working in self.working {
            replicas.extend(working.await.unwrap());
        }
        let (epoch, log) = whole_log(client, library).await;
        let sums: Value = client.get(&format!("{library}/checksum")).await.unwrap();
        let checksum = sums["checksum"].as_str().unwrap().to_owned();
        let mut folded = Vec::new();
        for mut replica in replicas {
            replica.pull_all().await;
            folded.push((replica.client, replica.shelf));
        }
        (self.stage.recorder.events(), End { epoch, log, checksum, replicas: folded })
    }
}

async fn paired(owner: &Client, client: usize) -> DeviceId {
    let ask = json!({ "name": format!("device {client}") });
    let paired: Value = owner.post("/v1/devices", &ask).await.unwrap();
    paired["id"].as_str().unwrap().parse().unwrap()
}

/// The epoch and every row of the log.
async fn whole_log(client: &Client, library: &str) -> (u32, Vec<Change>) {
    let (mut log, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{library}/changes?limit={ROWS}{cursor}");
        let mut page: Value = client.get(&path).await.unwrap();
        let rows: Vec<Change> = serde_json::from_value(page["changes"].take()).unwrap();
        log.extend(rows);
        if page["has_more"] != true {
            let epoch = page["head"]["epoch"].as_u64().unwrap();
            return (u32::try_from(epoch).unwrap(), log);
        }
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
    }
}
