//! One process on its own files against a split deployment on engines of their own, by the same
//! requests.

use crate::corpus::{Link, links};
use crate::figures::Figures;
use crate::machine;
use crate::queries;
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};

/// Bookmarks of the library.
const SIZE: usize = 10_000;
/// Requests of one kind, after some to warm up.
const ASKS: usize = 300;
const WARM: usize = 30;
/// Saves that are looked for.
const SOUGHT: usize = 20;
/// The settings of the deployment, and where its engines are named.
const ENGINES: [(&str, &str); 4] = [
    ("MINDSHELF_RECORDS", "BENCH_RECORDS"),
    ("MINDSHELF_SEARCH", "BENCH_SEARCH"),
    ("MINDSHELF_BUS", "BENCH_BUS"),
    ("MINDSHELF_CACHE", "BENCH_CACHE"),
];

/// Measures both and prints a Markdown table.
pub(crate) async fn run() -> Result<()> {
    let links = links(SIZE)?;
    println!("Machine: {}\n", machine::line());
    println!("Server: {}\n", Server::version()?);
    println!("CPU is that of all processes of ours together; engines of others are not in it.\n");
    let dir = tempdir()?;
    let alone = Server::start(dir.path()).await?;
    measured("one process", &alone, &alone, &links).await?;
    alone.stop()?;
    let dirs: Vec<TempDir> = (0..4).map(|_| tempdir()).collect::<Result<_, _>>()?;
    let root = dirs[0].path().join("shared.key");
    std::fs::write(&root, "A".repeat(43)).context("cannot write a root key")?;
    let settings = |role| settings(role, &root);
    let here = Server::start_with(dirs[0].path(), &settings("gateway")?).await?;
    let here = here.with_beside(dirs[1].path(), &settings("bookmarks")?)?;
    let here = here.with_beside(dirs[2].path(), &settings("keeper")?)?;
    let there = Server::start_with(dirs[3].path(), &settings("gateway")?).await?;
    measured("split, four processes", &here, &there, &links).await?;
    println!("\nLoad at the end: {}", machine::load());
    Ok(())
}

/// What a process of the deployment is told; all have the same root key, which is good for nothing else.
pub(crate) fn settings(role: &'static str, root: &Path) -> Result<Vec<(&'static str, String)>> {
    let named = |(setting, variable): (&'static str, &str)| {
        let address = std::env::var(variable);
        Ok((setting, address.with_context(|| format!("{variable} names no engine"))?))
    };
    let mut settings: Vec<_> = ENGINES.into_iter().map(named).collect::<Result<_>>()?;
    settings.push(("MINDSHELF_ROLE", role.to_owned()));
    settings.push(("MINDSHELF_ROOT_KEY", root.display().to_string()));
    Ok(settings)
}

async fn measured(name: &str, here: &Server, there: &Server, links: &[Link]) -> Result<()> {
    let mut file: String = links.iter().map(|link| link.to_line() + "\n").collect();
    file += r#"{"url":"https://bench.example/last","title":"Zyzzyva the last"}"#;
    let (began, before) = (Instant::now(), here.cpu_ms()?);
    here.import(file).await?;
    let stored = began.elapsed().as_secs_f64();
    sought(there, "zyzzyva", "https://bench.example/last", began).await?;
    let cpu = (here.cpu_ms()? - before) / links.len() as f64;
    println!("## {name}\n");
    println!(
        "Import of {}: stored in {stored:.1} s, searchable in {:.1} s, {cpu:.3} ms CPU a bookmark.\n",
        links.len(),
        began.elapsed().as_secs_f64(),
    );
    println!(
        "| bookmarks | request | requests | CPU ms | p50 ms | p99 ms | |\n|--:|---|--:|--:|--:|--:|---|"
    );
    let asks = queries::mixed(links, ASKS + WARM);
    let search = |q: String| async move { here.search(&q, "hybrid").await.map(drop) };
    series(here, "search, hybrid", &asks, search).await?;
    let pages: Vec<String> = (0..ASKS + WARM).map(|at| at.to_string()).collect();
    for (name, path) in [
        ("list 20", "/v1/libraries/{}/bookmarks?limit=20"),
        ("folders", "/v1/libraries/{}/collections"),
        ("tags", "/v1/libraries/{}/tags"),
    ] {
        series(here, name, &pages, |_| async { here.get(path, &[]).await.map(drop) }).await?;
    }
    series(here, "save one, durable", &pages, |at| saved(here, at)).await?;
    let mut longest = 0.0_f64;
    for at in 0..SOUGHT {
        saved(here, format!("sought{at}")).await?;
        let url = format!("https://saved.example/sought{at}");
        longest = longest.max(sought(there, &format!("qxsought{at}"), &url, Instant::now()).await?);
    }
    println!("| {SIZE} | save to found, longest of {SOUGHT} | {SOUGHT} | | | {longest:.1} | |");
    println!("\n{:.1} MiB resident in all.\n", here.resident_mib()?);
    Ok(())
}

async fn series<F>(
    server: &Server,
    name: &str,
    asks: &[String],
    mut request: impl FnMut(String) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let (warm, asks) = asks.split_at(WARM);
    Figures::of(server, warm, &mut request).await?;
    Figures::of(server, asks, &mut request).await?.print(SIZE, name, "");
    Ok(())
}

async fn saved(server: &Server, at: String) -> Result<()> {
    let body = serde_json::json!({
        "url": format!("https://saved.example/{at}"), "title": format!("Saved page qx{at}"),
        "description": "A page about gardening on balconies, saved one at a time.", "tags": ["garden"],
    });
    let path = "/v1/libraries/{}/bookmarks";
    server.post(path, "application/json", body.to_string()).await.map(drop)
}

/// Waits until `server` finds `url` by `word`; how long after `began`, milliseconds.
async fn sought(server: &Server, word: &str, url: &str, began: Instant) -> Result<f64> {
    while server.search(word, "hybrid").await?["hits"][0]["url"] != url {
        ensure!(began.elapsed() < Duration::from_mins(10), "{url} is never found");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
