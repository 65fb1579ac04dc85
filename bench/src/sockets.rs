//! Thousands of sockets of sync on one server: what each takes, how soon all are told, and how long it
//! takes until all are level again after all were cut at once.

mod crowd;
mod people;
mod wire;

use crate::cluster;
use crate::machine;
use crate::server::{Server, announced};
use anyhow::{Context, Result, bail, ensure};
use crowd::{Board, Life, Post, Until};
use people::Reader;
use shelf_cluster::postgres::Postgres;
use shelf_domain::id::LibraryId;
use shelf_embedded::Embedded;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Sockets of one person: their devices.
const OF_ONE: usize = 3;
/// Writes of the fan-out, and of the storm.
const WRITES: usize = 1_000;
/// The time between two of them.
const WRITE_EVERY: Duration = Duration::from_millis(10);
/// Writes that are told while nothing else is.
const LONE: usize = 20;
/// The number of the first of those: after those of the fan-out and of the storm.
const LONE_FROM: usize = 2 * WRITES;
/// The time between two of those.
const LONE_EVERY: Duration = Duration::from_secs(1);
/// Where all follow one library, one of so many reads all it is told.
const READER_EVERY: usize = 50;
/// How long sockets lie idle while that is measured.
const IDLE: Duration = Duration::from_secs(10);
/// How long anything may take to settle before it is measured.
const SETTLE: Duration = Duration::from_secs(5);
/// How long all may take to open, or to become level.
const LONG: Duration = Duration::from_mins(5);
/// Files a process has open besides its sockets.
const OTHER_FILES: u64 = 500;

/// What is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mix {
    /// One library by all.
    One,
    /// One library of each person, by their own sockets.
    Many,
}

/// A server with sockets.
struct Site {
    server: Server,
    /// Where the sockets are, and the process that has them.
    at: String,
    pid: u32,
    readers: Vec<Reader>,
    _dirs: Vec<TempDir>,
}

/// Measures `sockets` sockets, and prints a Markdown page.
pub(crate) async fn run(sockets: usize) -> Result<()> {
    ensure!(sockets > 0, "no sockets are no measure");
    println!("# {sockets} sockets\n\nMachine: {}\n", machine::line());
    println!("Server: {}\n", Server::version()?);
    println!(
        "Server and clients share the machine. A wall is from asking for a write to hearing of it, the \
         write itself included. Kernel memory is what its slabs and the buffers of TCP grew by, of \
         which each end is taken to have half. Where all follow one library, one socket of \
         {READER_EVERY} reads all rows, and walls are of those; the others look that each message goes \
         on from the one before.\n"
    );
    for (name, mix) in [("one library", Mix::One), ("a library of each three", Mix::Many)] {
        let site = alone(sockets).await?;
        series(&format!("one process, {name}"), &site, mix, sockets).await?;
    }
    if std::env::var_os("BENCH_RECORDS").is_some() {
        let site = split(sockets).await?;
        series("split, one process of sync, one library", &site, Mix::One, sockets).await?;
        series("split, one process of sync, a library of each three", &site, Mix::Many, sockets)
            .await?;
    }
    println!("\nLoad at the end: {}", machine::load());
    Ok(())
}

/// Begins this program anew with a limit of open files that lets it have so many sockets, where it has
/// another.
pub(crate) fn with_files(sockets: usize) -> Result<()> {
    let (now, most) = machine::files_max()?;
    let wanted = u64::try_from(sockets)? + OTHER_FILES;
    if now >= wanted {
        return Ok(());
    }
    ensure!(
        most >= wanted,
        "{sockets} sockets need {wanted} open files and this process may have {most}: raise the hard \
         limit first, as by `ulimit -Hn {wanted}` of whoever may"
    );
    let mut anew = Command::new("sh");
    anew.args(["-c", &format!("ulimit -n {wanted} && exec \"$0\" \"$@\"")]);
    anew.arg(std::env::current_exe()?).args(std::env::args_os().skip(1));
    bail!("cannot begin anew: {}", anew.exec())
}

fn people_of(sockets: usize) -> usize {
    sockets.div_ceil(OF_ONE)
}

fn bounds(sockets: usize) -> [(&'static str, String); 2] {
    [
        ("MINDSHELF_SOCKETS", (sockets + 100).to_string()),
        ("MINDSHELF_CONNECTIONS", "2048".to_owned()),
    ]
}

/// One process on its own files.
async fn alone(sockets: usize) -> Result<Site> {
    let dir = tempdir()?;
    // The first start makes the owner.
    Server::start(dir.path()).await?.stop()?;
    let store = Arc::new(Embedded::open(dir.path())?);
    let readers = people::add(store, people_of(sockets)).await?;
    let server = Server::start_with(dir.path(), &bounds(sockets)).await?;
    let (at, pid) = (server.base().to_owned(), server.pid());
    Ok(Site { server, at, pid, readers, _dirs: vec![dir] })
}

/// A gateway that is written to, and a process of sync that has the sockets, on engines of their own.
async fn split(sockets: usize) -> Result<Site> {
    let dirs: Vec<TempDir> = (0..3).map(|_| tempdir()).collect::<Result<_, _>>()?;
    let root = dirs[0].path().join("shared.key");
    std::fs::write(&root, "A".repeat(43)).context("cannot write a root key")?;
    let settings = |role| cluster::settings(role, &root);
    let server = Server::start_with(dirs[0].path(), &settings("gateway")?).await?;
    let server = server.with_beside(dirs[1].path(), &settings("bookmarks")?)?;
    let mut of_sync = settings("sync")?;
    of_sync.extend(bounds(sockets));
    let server = server.with_beside(dirs[2].path(), &of_sync)?;
    let pid = server.pid_beside().context("no process of sync")?;
    let at = announced(dirs[2].path()).await?;
    let records = std::env::var("BENCH_RECORDS").context("BENCH_RECORDS names no engine")?;
    let store = Arc::new(Postgres::open(&records).await?);
    let readers = people::add(store, people_of(sockets)).await?;
    Ok(Site { server, at, pid, readers, _dirs: dirs })
}

async fn series(name: &str, site: &Site, mix: Mix, sockets: usize) -> Result<()> {
    println!("## {name}\n");
    let address = site.at.trim_start_matches("http://").parse::<SocketAddr>()?;
    let board = Arc::new(Board::new(address, site.server.base().to_owned(), LONE_FROM + LONE)?);
    let shared = site.server.library().parse::<LibraryId>().context("no library")?;
    let posts: Vec<Post> = (0..sockets).map(|at| post(site, mix, shared, at)).collect();
    let writers = match mix {
        Mix::One => vec![(site.server.token().to_owned(), shared)],
        Mix::Many => site.readers.iter().map(|one| (one.token.clone(), one.library)).collect(),
    };
    tokio::time::sleep(SETTLE).await;
    let (until, _) = watch::channel(Until::Told);
    let crowd = opening(site, &board, posts, &until).await?;
    println!("| | times | p50 ms | p99 ms | most ms | CPU ms |\n|---|--:|--:|--:|--:|--:|");
    let cpu = machine::cpu_ms(site.pid)?;
    let writes = board.write(0..WRITES, WRITE_EVERY, &writers).await?;
    tokio::time::sleep(SETTLE).await;
    let cpu = machine::cpu_ms(site.pid)? - cpu;
    row("a write, answered, 100 a second", writes, "");
    let lone = board.write(LONE_FROM..LONE_FROM + LONE, LONE_EVERY, &writers).await?;
    tokio::time::sleep(SETTLE).await;
    until.send_replace(Until::Cut);
    let lives = ended(crowd).await?;
    let told = walls(&lives, |number| number < WRITES);
    row("told (bars: p99 100, P8 1000)", told, &format!("{cpu:.0}"));
    row("a write, answered, one a second", lone, "");
    row("told (bar: all within 500)", walls(&lives, |number| number >= LONE_FROM), "");
    let pokes: usize = lives.iter().map(|life| life.pokes).sum();
    println!("\n{pokes} times somebody was told to pull, because they were slow.\n");
    storm(site, &board, lives.into_iter().map(|life| life.post).collect(), &writers).await
}

/// When each was told of the writes whose numbers are `wanted`, milliseconds.
fn walls(lives: &[Life], wanted: impl Fn(usize) -> bool) -> Vec<f64> {
    let walls = lives.iter().flat_map(|life| &life.walls);
    let walls = walls.filter(|(number, _)| wanted(*number));
    walls.map(|(_, wall)| f64::from(*wall) / 1e3).collect()
}

fn post(site: &Site, mix: Mix, shared: LibraryId, at: usize) -> Post {
    let reader = &site.readers[at % site.readers.len()];
    let library = match mix {
        Mix::One => shared,
        Mix::Many => reader.library,
    };
    // Addresses beyond the first, which everything else comes from.
    let from = u8::try_from(2 + at % 200).unwrap_or(2);
    let is_reader = mix == Mix::Many || at.is_multiple_of(READER_EVERY);
    Post { token: reader.token.clone(), library, from, is_reader, had: None }
}

/// Opens all sockets, and says what that and having them takes.
async fn opening(
    site: &Site,
    board: &Arc<Board>,
    posts: Vec<Post>,
    until: &watch::Sender<Until>,
) -> Result<JoinSet<Result<Life>>> {
    let count = posts.len();
    let (resident, kernel) = (machine::resident_mib(site.pid)?, machine::kernel_bytes());
    let (began, cpu) = (Instant::now(), machine::cpu_ms(site.pid)?);
    let mut crowd = crowd::begin(board, posts, until);
    all_open(board, &mut crowd, count).await?;
    println!(
        "Opened in {:.1} s, {:.3} ms CPU of the server each.",
        began.elapsed().as_secs_f64(),
        (machine::cpu_ms(site.pid)? - cpu) / count as f64
    );
    tokio::time::sleep(SETTLE).await;
    let user = (machine::resident_mib(site.pid)? - resident) * 1_048_576.0 / count as f64;
    let kernel = (machine::kernel_bytes() - kernel) / (2 * count) as f64;
    println!(
        "Memory of a socket: {:.1} KB of the server and {:.1} KB of the kernel (bar: 12 together).",
        user / 1e3,
        kernel / 1e3
    );
    let idle = machine::cpu_ms(site.pid)?;
    tokio::time::sleep(IDLE).await;
    let idle = (machine::cpu_ms(site.pid)? - idle) / IDLE.as_secs_f64();
    println!("Idle: {idle:.1} ms CPU a second for all of them.\n");
    Ok(crowd)
}

/// Waits until all are open.
async fn all_open(board: &Board, crowd: &mut JoinSet<Result<Life>>, count: usize) -> Result<()> {
    let began = Instant::now();
    while board.open.load(Ordering::Relaxed) < count {
        if let Some(ended) = crowd.try_join_next() {
            ended??;
        }
        let open = board.open.load(Ordering::Relaxed);
        ensure!(began.elapsed() < LONG, "only {open} of {count} sockets were opened");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Has all come back at once with their cursors, while writes go on, until all are level.
async fn storm(
    site: &Site,
    board: &Arc<Board>,
    posts: Vec<Post>,
    writers: &[(String, LibraryId)],
) -> Result<()> {
    let (until, _) = watch::channel(Until::Told);
    let (count, of_all) = (posts.len(), posts.clone());
    let (began, cpu) = (Instant::now(), machine::cpu_ms(site.pid)?);
    let mut crowd = crowd::begin(board, posts, &until);
    let back = async {
        all_open(board, &mut crowd, count).await?;
        anyhow::Ok(began.elapsed().as_secs_f64())
    };
    let (back, written) = tokio::join!(back, board.write(WRITES..LONE_FROM, WRITE_EVERY, writers));
    drop(written?);
    let back = back?;
    let wrote = began.elapsed().as_secs_f64();
    until.send_replace(Until::Level(Arc::new(board.heads(&of_all).await?)));
    ended(crowd).await?;
    println!(
        "Storm: all {count} cut at once, back with their cursors after {back:.1} s, level {:.1} s after \
         the cut (bar: 60), writes going on for {wrote:.1} s of that; no change was missed; {:.0} ms \
         CPU.\n",
        began.elapsed().as_secs_f64(),
        machine::cpu_ms(site.pid)? - cpu
    );
    Ok(())
}

/// What became of all, when they have ended.
async fn ended(mut crowd: JoinSet<Result<Life>>) -> Result<Vec<Life>> {
    let mut lives = Vec::with_capacity(crowd.len());
    let all = async {
        while let Some(life) = crowd.join_next().await {
            lives.push(life??);
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(LONG, all).await.context("not all are level")??;
    Ok(lives)
}

fn row(name: &str, mut walls: Vec<f64>, cpu: &str) {
    walls.sort_by(f64::total_cmp);
    let at = |share: usize| walls.get(walls.len() * share / 100).copied().unwrap_or_default();
    let most = walls.last().copied().unwrap_or_default();
    let count = walls.len();
    println!("| {name} | {count} | {:.1} | {:.1} | {most:.1} | {cpu} |", at(50), at(99));
}
