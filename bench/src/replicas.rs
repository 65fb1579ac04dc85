//! A device that begins, and one that comes back: the first sync of a large library into a file, and
//! a few hundred changes later.

use crate::corpus::{Link, links};
use crate::machine;
use crate::own::{OwnChance, OwnClock};
use crate::server::{Server, binary};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shelf_client::{Client, Http, LibraryClient};
use shelf_domain::id::LibraryId;
use shelf_ports::chance::Clock;
use shelf_replica::{About, Progress, Replica, Way};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// Bookmarks of the library a device begins with.
const FIRST: usize = 40_000;
/// Bookmarks of the library it comes back to.
const LARGE: usize = 100_000;
/// Changes meanwhile.
const DELTA: u64 = 500;
/// How often it comes back.
const ROUNDS: u64 = 10;
/// How often a process is looked at while it runs.
const LOOK: Duration = Duration::from_millis(5);

/// Measures both and prints a Markdown page.
pub(crate) async fn run() -> Result<()> {
    println!("# Devices\n\nMachine: {}\n", machine::line());
    println!("Server: {}\n", Server::version()?);
    first(&links(FIRST)?).await?;
    delta(&links(LARGE)?).await?;
    println!("\nLoad at the end: {}", machine::load());
    Ok(())
}

fn file_of(links: &[Link]) -> String {
    links.iter().map(|link| link.to_line() + "\n").collect()
}

async fn first(links: &[Link]) -> Result<()> {
    let (dir, device) = (tempdir()?, tempdir()?);
    let server = Server::start(dir.path()).await?;
    server.import(file_of(links)).await?;
    let before = server.cpu_ms()?;
    let synced = ran(&server, device.path()).await?;
    let cpu = server.cpu_ms()? - before;
    println!("## First sync of {} bookmarks by `mindshelf sync`\n", links.len());
    println!(
        "{:.1} s (bar: 60); {:.0} ms CPU of the device, {cpu:.0} ms of the server; {:.0} MiB at the \
         peak; {} bytes of the replica's file. Once more, level already: ",
        synced.wall_s,
        synced.cpu_ms,
        synced.peak_mib,
        machine::disk_bytes(device.path())?
    );
    let again = ran(&server, device.path()).await?;
    println!("{:.2} s, {:.0} ms CPU, {:.0} MiB.\n", again.wall_s, again.cpu_ms, again.peak_mib);
    server.stop()
}

/// What a run of a program took.
struct Ran {
    wall_s: f64,
    cpu_ms: f64,
    peak_mib: f64,
}

/// Runs `mindshelf sync` into `dir` until it has ended.
async fn ran(server: &Server, dir: &Path) -> Result<Ran> {
    let began = Instant::now();
    let mut child = Command::new(binary())
        .args(["sync", "--server", server.base(), "--token", server.token(), "--data"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let (mut cpu_ms, mut peak_mib) = (0.0, 0.0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // It may end between two looks; what it took was told a moment before.
        cpu_ms = machine::cpu_ms(child.id()).unwrap_or(cpu_ms);
        peak_mib = machine::peak_mib(child.id()).unwrap_or(peak_mib);
        tokio::time::sleep(LOOK).await;
    };
    ensure!(status.success(), "mindshelf sync ended with {status}");
    Ok(Ran { wall_s: began.elapsed().as_secs_f64(), cpu_ms, peak_mib })
}

async fn delta(links: &[Link]) -> Result<()> {
    let (dir, device) = (tempdir()?, tempdir()?);
    let server = Server::start(dir.path()).await?;
    server.import(file_of(links)).await?;
    let id = server.library().parse::<LibraryId>().context("no library")?;
    let client = Client::new(Arc::new(Http::new(server.base())?), server.token())?;
    let library = client.library(id);
    let about = About {
        server: server.base().to_owned(),
        library: id,
        name: "Bookmarks".to_owned(),
        device_name: "bench".to_owned(),
    };
    let mut replica = Replica::make(&device.path().join("bench.replica"), about)?;
    let began = Instant::now();
    level(&mut replica, &library).await?;
    println!("## {DELTA} changes in a library of {} bookmarks\n", links.len());
    println!("The first sync took {:.1} s.\n", began.elapsed().as_secs_f64());
    let (mut pulls, mut applied) = (Vec::new(), Vec::new());
    let before = server.cpu_ms()?;
    for round in 0..ROUNDS {
        change(&server, round).await?;
        let cursor = replica.cursor().context("no cursor")?.to_owned();
        let began = Instant::now();
        let ask = [("cursor", cursor.as_str()), ("limit", "500")];
        let pulled = server.get("/v1/libraries/{}/changes", &ask).await?;
        pulls.push(began.elapsed().as_secs_f64() * 1e3);
        let rows = pulled["changes"].as_array().map_or(0, Vec::len) as u64;
        ensure!(rows == DELTA, "{rows} rows came instead of {DELTA}");
        let began = Instant::now();
        let came = level(&mut replica, &library).await?;
        applied.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(came == DELTA, "{came} rows were applied instead of {DELTA}");
    }
    let cpu = (server.cpu_ms()? - before) / ROUNDS as f64;
    println!("| | median ms | most ms | bar |\n|---|--:|--:|--:|");
    row("pulled", pulls);
    row("pulled and applied, durable", applied);
    println!("\n{cpu:.0} ms CPU of the server a round, the writes included.\n");
    server.stop()
}

/// Changes so many bookmarks by one request, as many rows of the log.
async fn change(server: &Server, round: u64) -> Result<()> {
    let device = device(server).await?;
    let head = server.get("/v1/libraries/{}/changes", &[("limit", "1")]).await?;
    let base = head["head"]["seq"].as_u64().context("no head")?;
    let now = u64::try_from(OwnClock::default().now_ms())?;
    let changes: Vec<Value> = (1..=DELTA)
        .map(|n| {
            let number = round * DELTA + n;
            serde_json::json!({
                "n": n, "base": base, "hlc": format!("{:016x}", (now << 16) + n),
                "act": format!("0193f0a0-0000-7000-9000-{number:012x}"),
                "item": format!("0193f0a0-0000-7000-8000-{number:012x}"), "kind": "bookmark",
                "set": { "url": format!("https://delta.example/{number}"), "title": "A change" },
            })
        })
        .collect();
    let body = serde_json::json!({ "device": device, "changes": changes }).to_string();
    let told = server.post("/v1/libraries/{}/changes", "application/json", body).await?;
    let answers = told["answers"].as_array().map_or(0, Vec::len) as u64;
    ensure!(answers == DELTA, "{answers} changes were looked at: {told}");
    Ok(())
}

/// A device that has pushed nothing yet.
async fn device(server: &Server) -> Result<Value> {
    let name = serde_json::json!({ "name": "bench, who writes" }).to_string();
    let paired = server.post("/v1/devices", "application/json", name).await?;
    Ok(paired["id"].clone())
}

/// Brings the replica level; how many rows came.
async fn level(replica: &mut Replica, library: &LibraryClient) -> Result<u64> {
    let (clock, chance) = (OwnClock::default(), OwnChance::default());
    let mut progress = |_: Progress| {};
    let mut way = Way {
        server: library,
        clock: &clock,
        chance: &chance,
        progress: &mut progress,
        verify: false,
    };
    Ok(replica.sync(&mut way).await?.pulled)
}

fn row(name: &str, mut walls: Vec<f64>) {
    walls.sort_by(f64::total_cmp);
    let median = walls.get(walls.len() / 2).copied().unwrap_or_default();
    let most = walls.last().copied().unwrap_or_default();
    println!("| {name} | {median:.1} | {most:.1} | 200 |");
}
