//! Benchmarks of the whole server over HTTP, and of search quality; one command each.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and measures real time"
)]

mod corpus;
mod machine;
mod peers;
mod server;
mod queries;
mod figures;
mod speed;
mod neighbours;
mod cluster;
mod own;
mod sockets;
mod replicas;
mod quality;

use anyhow::{Result, bail};

const USAGE: &str =
    "usage: cargo run --release -p bench -- speed [SIZE ...] | neighbours | cluster |
         sockets [COUNT] | sync | quality
  quality  words, meaning and both on known items and judged sets; prints docs/QUALITY.md tables
  neighbours  one library alone and among a thousand others, on each store of records; two
           empty PostgreSQL databases are taken from BENCH_ALONE and BENCH_RECORDS, a Qdrant
           from BENCH_SEARCH
  cluster  one process against a split deployment: two gateways, bookmarks and keeper on
           BENCH_RECORDS (an empty PostgreSQL database), BENCH_SEARCH, BENCH_BUS and BENCH_CACHE
  sockets  COUNT sockets of sync (1000 by default): memory of each, fan-out, and a storm of all that come
           back; where BENCH_RECORDS and the others name engines, also with a process of sync alone
  sync     the first sync of a device, and one of a few hundred changes
  speed    the server over HTTP at each SIZE (10000 100000 by default; 1000000 takes minutes)
The server is target/release/mindshelf (build it first) or what MINDSHELF_BINARY names.
The texts are read from MINDSHELF_SHARED, or ../shared beside the repository. Peers run where
python3 (or BENCH_PYTHON) can: SQLite FTS5 always, buku where it is installed.";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("speed") => {
            let sizes = args[1..].iter().map(|size| size.parse()).collect::<Result<Vec<_>, _>>()?;
            let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(speed::run(&sizes))
        }
        Some("neighbours") => {
            let named = |name| std::env::var(name).ok();
            let engines = neighbours::Engines {
                records: named("BENCH_ALONE").zip(named("BENCH_RECORDS")),
                search: named("BENCH_SEARCH"),
            };
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(neighbours::run(&engines))
        }
        Some("cluster") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(cluster::run())
        }
        Some("sockets") => {
            let count = args.get(1).map_or(Ok(1_000), |count| count.parse::<usize>())?;
            sockets::with_files(count)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(sockets::run(count))
        }
        Some("sync") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(replicas::run())
        }
        Some("quality") => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
            runtime.block_on(quality::run())
        }
        _ => bail!(USAGE),
    }
}
