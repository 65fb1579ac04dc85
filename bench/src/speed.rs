//! The server over HTTP: import, search, save, memory, disk and start.

use crate::corpus::{Link, links};
use crate::figures::Figures;
use crate::machine;
use crate::queries;
use crate::server::Server;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// Distinct queries of the mixed series.
const QUERIES: usize = 1_000;
/// How often the few queries of a small series are asked, after once to warm up.
const REPEATED: usize = 10;
/// Single saves.
const SAVES: usize = 500;

/// Measures at each of `sizes` and prints a Markdown page.
pub(crate) async fn run(sizes: &[usize]) -> Result<()> {
    println!("Machine: {}\n", machine::line());
    println!("Server: {}\n", Server::version()?);
    idle().await?;
    for size in sizes {
        at(*size).await?;
    }
    println!("\nLoad at the end: {}", machine::load());
    Ok(())
}

async fn idle() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path()).await?;
    tokio::time::sleep(Duration::from_mins(1)).await;
    println!(
        "Empty start: ready in {:.2} s; {:.1} MiB resident after 60 s (bar: 40).\n",
        server.ready_s,
        machine::resident_mib(server.pid())?
    );
    server.stop()
}

async fn at(size: usize) -> Result<()> {
    let links = links(size)?;
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path()).await?;
    import(&server, &links).await?;
    server.stop()?;
    let server = Server::start(dir.path()).await?;
    println!("Start with {size} stored: ready in {:.2} s (bar: 0.5).\n", server.ready_s);
    println!(
        "| bookmarks | request | requests | server CPU ms | p50 ms | p99 ms | bar |\n|--:|---|--:|--:|--:|--:|---|"
    );
    searches(&server, &links).await?;
    saves(&server, size).await?;
    let resident = machine::resident_mib(server.pid())?;
    let of_files = machine::of_files_mib(server.pid())?;
    server.stop()?;
    let disk = machine::disk_bytes(dir.path())?;
    println!(
        "\nAfter {size}: {resident:.1} MiB resident, {of_files:.1} of it pages of files (bar at 100k: 150, at 1M: 400); {} bytes on disk a bookmark (bar: 2048).\n",
        disk / links.len() as u64
    );
    Ok(())
}

async fn import(server: &Server, links: &[Link]) -> Result<()> {
    let mut file: String = links.iter().map(|link| link.to_line() + "\n").collect();
    file += r#"{"url":"https://bench.example/last","title":"Zyzzyva the last"}"#;
    let before = machine::cpu_ms(server.pid())?;
    let began = Instant::now();
    let job = server.import(file).await?;
    let stored = began.elapsed();
    let accounted = ["stored", "merged", "refused"]
        .iter()
        .map(|key| job[key].as_u64().unwrap_or(0))
        .sum::<u64>();
    ensure!(job["parsed"].as_u64() == Some(accounted), "the ledger does not add up: {job}");
    while server.search("zyzzyva", "words").await?["total"].as_u64() == Some(0) {
        ensure!(began.elapsed() < Duration::from_mins(10), "the import is never found");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cpu = machine::cpu_ms(server.pid())? - before;
    println!(
        "## {} bookmarks\n\nImport: stored in {:.1} s, searchable in {:.1} s, {:.3} ms CPU a bookmark (bar: 50k searchable in 10 s). Ledger: {} stored, {} merged, {} refused.\n",
        links.len(),
        stored.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        cpu / links.len() as f64,
        job["stored"],
        job["merged"],
        job["refused"],
    );
    Ok(())
}

async fn searches(server: &Server, links: &[Link]) -> Result<()> {
    let size = links.len();
    let warm = queries::mixed(links, QUERIES + 100);
    let (warm, mixed) = warm.split_at(100);
    let search = |mode: &'static str| {
        move |q: String| async move { server.search(&q, mode).await.map(drop) }
    };
    Figures::of(server, warm, search("hybrid")).await?;
    for (mode, bar) in [("hybrid", "CPU 1.0 at 10k; p99 8 at 100k"), ("words", ""), ("meaning", "")]
    {
        let figures = Figures::of(server, mixed, search(mode)).await?;
        figures.print(size, &format!("search, {mode}"), bar);
        eprintln!("slowest by {mode} of {size}: {}", figures.slowest);
    }
    let bar = "CPU 3 x hybrid";
    for (name, asks) in
        [("stop words only", queries::stop_words()), ("one letter", queries::letters())]
    {
        Figures::of(server, &asks, search("hybrid")).await?;
        let again: Vec<String> = std::iter::repeat_n(asks, REPEATED).flatten().collect();
        Figures::of(server, &again, search("hybrid")).await?.print(size, name, bar);
    }
    let pages: Vec<String> = (0..200).map(|at| at.to_string()).collect();
    let list = |_| async move {
        server.get("/v1/libraries/{}/bookmarks", &[("limit", "20")]).await.map(drop)
    };
    Figures::of(server, &pages, list).await?.print(size, "list 20", "");
    crate::peers::run(links, mixed)
}

async fn saves(server: &Server, size: usize) -> Result<()> {
    let one = |at: String| async move {
        let body = serde_json::json!({
            "url": format!("https://saved.example/{at}"), "title": format!("Saved page qx{at}"),
            "description": "A page about gardening on balconies, saved one at a time.", "tags": ["garden"],
        });
        server
            .post("/v1/libraries/{}/bookmarks", "application/json", body.to_string())
            .await
            .map(drop)
    };
    let asks: Vec<String> = (0..SAVES).map(|at| at.to_string()).collect();
    Figures::of(server, &asks, one).await?.print(size, "save one, durable", "CPU 0.5");
    let mut latest = 0.0_f64;
    for at in SAVES..SAVES + 20 {
        one(at.to_string()).await?;
        let began = Instant::now();
        while server.search(&format!("qx{at}"), "hybrid").await?["hits"][0]["url"]
            != format!("https://saved.example/{at}")
        {
            ensure!(began.elapsed() < Duration::from_secs(30), "a save is never found");
        }
        latest = latest.max(began.elapsed().as_secs_f64() * 1e3);
    }
    println!("| {size} | save to found, longest of 20 | 20 | | | {latest:.2} | 100 |");
    Ok(())
}
