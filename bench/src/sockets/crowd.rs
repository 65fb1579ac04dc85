//! Clients that follow libraries: what each was told and when, and that nothing was left out.

use super::wire::Socket;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shelf_domain::id::LibraryId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::interval;

/// What begins the addresses that are saved; a number follows.
const MARK: &str = "fan.example/";
/// Clients that are about to open a socket at once.
const OPENING: usize = 500;
/// Rows of a pull.
const ROWS: usize = 1_000;
/// What follows the rows of a message.
const REST: &str = "],\"from\":";

/// What all clients of a series know.
pub(super) struct Board {
    /// Where the sockets are.
    pub(super) at: SocketAddr,
    /// Where is written and pulled.
    pub(super) base: String,
    http: reqwest::Client,
    began: Instant,
    /// When each write was asked for, microseconds; 0 is not yet.
    asked: Vec<AtomicU64>,
    /// Sockets that were opened.
    pub(super) open: AtomicUsize,
    opening: Semaphore,
}

/// One client: whose it is, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) token: String,
    pub(super) library: LibraryId,
    /// The last number of the address it comes from.
    pub(super) from: u8,
    /// Whether it reads all rows and notes when it was told of them. Others look where a message leads
    /// only, so that it is the server that is measured and not its readers.
    pub(super) is_reader: bool,
    /// What it has; none, where it begins at the head.
    pub(super) had: Option<(String, u64)>,
}

/// How long clients go on.
#[derive(Clone, Debug)]
pub(super) enum Until {
    /// On and on.
    Told,
    /// No longer.
    Cut,
    /// Until they have come so far.
    Level(Arc<HashMap<LibraryId, u64>>),
}

/// What became of a client.
pub(super) struct Life {
    pub(super) post: Post,
    /// Of which writes it was told, by number, and how long after each was asked for, microseconds.
    pub(super) walls: Vec<(usize, u32)>,
    /// How often it was told to pull.
    pub(super) pokes: usize,
}

/// What is read of a message.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "type", borrow)]
    kind: &'a str,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    to: u64,
    #[serde(default)]
    changes: Vec<IgnoredAny>,
    #[serde(default)]
    next_cursor: Option<String>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    head: Option<Stands>,
}

/// What is read of a message by who does not read its rows.
#[derive(Deserialize)]
struct Rest {
    from: u64,
    to: u64,
    next_cursor: String,
}

/// Where a log stands.
#[derive(Deserialize)]
struct Stands {
    seq: u64,
}

/// What is read of the answer to a pull.
#[derive(Deserialize)]
struct Pulled {
    changes: Vec<IgnoredAny>,
    from: u64,
    to: u64,
    next_cursor: String,
    has_more: bool,
    head: Stands,
}

impl Board {
    /// For so many writes.
    pub(super) fn new(at: SocketAddr, base: String, writes: usize) -> Result<Self> {
        let http = reqwest::Client::builder().tls_certs_only([]).build()?;
        let asked = std::iter::repeat_with(AtomicU64::default).take(writes).collect();
        let (open, opening) = (AtomicUsize::new(0), Semaphore::new(OPENING));
        Ok(Self { at, base, http, began: Instant::now(), asked, open, opening })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Saves the addresses of these numbers, one at a time and then so much later the next, in turns by
    /// those who may write; how long each took, milliseconds.
    pub(super) async fn write(
        self: &Arc<Self>,
        numbers: Range<usize>,
        every: Duration,
        writers: &[(String, LibraryId)],
    ) -> Result<Vec<f64>> {
        let mut ticks = interval(every);
        let mut writes = JoinSet::new();
        for number in numbers {
            ticks.tick().await;
            let (token, library) = writers[number % writers.len()].clone();
            let board = Arc::clone(self);
            board.asked[number].store(board.now().max(1), Ordering::Relaxed);
            writes.spawn(async move { board.save(number, &token, library).await });
        }
        let mut walls = Vec::new();
        while let Some(wall) = writes.join_next().await {
            walls.push(wall??);
        }
        Ok(walls)
    }

    async fn save(&self, number: usize, token: &str, library: LibraryId) -> Result<f64> {
        let body = serde_json::json!({
            "url": format!("https://{MARK}{number}"), "title": format!("Told page {number}"),
            "description": "A page about gardening on balconies, told to all who follow.",
        });
        let url = format!("{}/v1/libraries/{library}/bookmarks", self.base);
        let ask = self.http.post(url).bearer_auth(token).header("content-type", "application/json");
        let began = Instant::now();
        let answer = ask.body(body.to_string()).send().await?;
        let status = answer.status();
        let told = answer.text().await?;
        ensure!(status.is_success(), "a save: {status} {told}");
        Ok(began.elapsed().as_secs_f64() * 1e3)
    }

    async fn pull(&self, post: &Post, cursor: Option<&str>, limit: usize) -> Result<Pulled> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let (base, library) = (&self.base, post.library);
        let url = format!("{base}/v1/libraries/{library}/changes?limit={limit}{cursor}");
        let answer = self.http.get(url).bearer_auth(&post.token).send().await?;
        let status = answer.status();
        let told = answer.text().await?;
        ensure!(status.is_success(), "a pull: {status} {told}");
        Ok(serde_json::from_str(&told)?)
    }

    /// Where the log of each library of `posts` stands.
    pub(super) async fn heads(&self, posts: &[Post]) -> Result<HashMap<LibraryId, u64>> {
        let mut heads = HashMap::new();
        for post in posts {
            if heads.contains_key(&post.library) {
                continue;
            }
            let pulled = self.pull(post, None, 1).await?;
            heads.insert(post.library, pulled.head.seq);
        }
        Ok(heads)
    }
}

/// Begins a client for each of `posts`.
pub(super) fn begin(
    board: &Arc<Board>,
    posts: Vec<Post>,
    until: &watch::Sender<Until>,
) -> JoinSet<Result<Life>> {
    board.open.store(0, Ordering::Relaxed);
    let mut crowd = JoinSet::new();
    for post in posts {
        let (board, until) = (Arc::clone(board), until.subscribe());
        crowd.spawn(async move { follow(&board, post, until).await });
    }
    crowd
}

async fn follow(board: &Board, post: Post, mut until: watch::Receiver<Until>) -> Result<Life> {
    let mut life = Life { post, walls: Vec::new(), pokes: 0 };
    let mut socket = opened(board, &mut life.post).await?;
    board.open.fetch_add(1, Ordering::Relaxed);
    loop {
        if life.is_over(&until.borrow_and_update()) {
            return Ok(life);
        }
        tokio::select! {
            heard = socket.hear() => {
                let text = heard?.context("the server hung up")?;
                life.told(board, &mut socket, &text).await?;
            }
            changed = until.changed() => changed?,
        }
    }
}

/// Opens a socket and follows, from where the client has come.
async fn opened(board: &Board, post: &mut Post) -> Result<Socket> {
    let turn = board.opening.acquire().await?;
    let mut socket = Socket::open(post.from, board.at, &post.token).await?;
    socket.say(r#"{"type":"hello"}"#).await?;
    let welcome = socket.hear().await?.context("no welcome")?;
    ensure!(welcome.contains("\"welcome\""), "no welcome: {welcome}");
    socket.say(&follows(post)).await?;
    let text = socket.hear().await?.context("not followed")?;
    let told: Told<'_> = serde_json::from_str(&text)?;
    ensure!(told.kind == "following", "not followed: {text}");
    if post.had.is_none() {
        let (cursor, head) = (told.cursor.context("no cursor")?, told.head.context("no head")?);
        post.had = Some((cursor, head.seq));
    }
    drop(turn);
    Ok(socket)
}

fn follows(post: &Post) -> String {
    let cursor = post.had.as_ref().map(|(cursor, _)| cursor);
    serde_json::json!({ "type": "follow", "library": post.library, "cursor": cursor }).to_string()
}

impl Life {
    fn at(&self) -> u64 {
        self.post.had.as_ref().map_or(0, |(_, at)| *at)
    }

    fn is_over(&self, until: &Until) -> bool {
        match until {
            Until::Told => false,
            Until::Cut => true,
            Until::Level(heads) => {
                heads.get(&self.post.library).is_none_or(|head| self.at() >= *head)
            }
        }
    }

    /// Takes a message.
    async fn told(&mut self, board: &Board, socket: &mut Socket, text: &str) -> Result<()> {
        if !self.post.is_reader
            && let Some(at) = text.rfind(REST)
        {
            let rest: Rest = serde_json::from_str(&format!("{{{}", &text[at + 2..]))?;
            return self.takes(rest.from, rest.to, None, Some(rest.next_cursor));
        }
        let told: Told<'_> = serde_json::from_str(text)?;
        match told.kind {
            "changes" => {
                self.takes(told.from, told.to, Some(told.changes.len()), told.next_cursor)?;
                self.walls.extend(walls(board, text));
            }
            "poke" => {
                self.pokes += 1;
                loop {
                    let cursor = self.post.had.as_ref().map(|(cursor, _)| cursor.as_str());
                    let pulled = board.pull(&self.post, cursor, ROWS).await?;
                    let Pulled { changes, from, to, next_cursor, has_more, .. } = pulled;
                    self.takes(from, to, Some(changes.len()), Some(next_cursor))?;
                    if !has_more {
                        break;
                    }
                }
                socket.say(&follows(&self.post)).await?;
            }
            "following" => {}
            _ => bail!("told {text}"),
        }
        Ok(())
    }

    /// Takes rows, which go on from where it has come; so many, where they were counted.
    fn takes(
        &mut self,
        from: u64,
        to: u64,
        rows: Option<usize>,
        cursor: Option<String>,
    ) -> Result<()> {
        let at = self.at();
        ensure!(from == at && to >= from, "a change was missed: {from} to {to} follows {at}");
        if let Some(rows) = rows {
            ensure!(to - from == u64::try_from(rows)?, "a change was missed: {rows} rows to {to}");
        }
        self.post.had = Some((cursor.context("no cursor")?, to));
        Ok(())
    }
}

/// Which writes `text` tells of, and how long ago each was asked for, microseconds.
fn walls(board: &Board, text: &str) -> Vec<(usize, u32)> {
    let now = board.now();
    let mut numbers: Vec<usize> = text
        .match_indices(MARK)
        .filter_map(|(at, _)| {
            let rest = &text[at + MARK.len()..];
            let end = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
        .collect();
    numbers.dedup();
    let asked = |number: usize| board.asked.get(number).map(|asked| asked.load(Ordering::Relaxed));
    let wall = |asked: u64| u32::try_from(now.saturating_sub(asked)).unwrap_or(u32::MAX);
    let asked = numbers.into_iter().filter_map(|number| Some((number, asked(number)?)));
    asked.filter(|(_, asked)| *asked > 0).map(|(number, asked)| (number, wall(asked))).collect()
}
