//! `mindshelf import`: bring a file, watch it, read its ledger.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::{Context, Result};
use clap::Args;
use futures::StreamExt;
use serde::Serialize;
use shelf_client::{ImportFile, Job, LedgerRow, LibraryClient, Mode};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::io::ReaderStream;

/// How often a job is asked how far it is.
const LOOK: Duration = Duration::from_millis(100);
/// How long the command waits for what came in to be searchable.
const SEARCHABLE_MAX: Duration = Duration::from_mins(10);
/// Rows of the ledger shown to a person; `--json` has them all.
const SHOWN_MAX: usize = 20;

/// What to import.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Print the ledger as JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Ledger<'a> {
    id: &'a str,
    format: &'a str,
    dry_run: bool,
    state: &'a str,
    parsed: u64,
    stored: u64,
    merged: u64,
    refused: u64,
    folders: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    rows: &'a [LedgerRow],
}

/// Imports a file and prints its ledger; a job that failed is a failure.
pub(super) async fn import(settings: &Settings, import: Import) -> Result<ExitCode> {
    let content = opened(&import.file).await?;
    let reached = reach(settings).await?;
    let library = reached.library(settings).await?;
    let name = import.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = ImportFile { name, content, dry_run: import.dry_run };
    let job = watched(&library, library.import(file).await?).await?;
    if !import.dry_run {
        searchable(&library).await?;
    }
    let rows = ledger(&library, &job.id).await?;
    if import.json {
        let ledger = Ledger {
            id: &job.id,
            format: &job.format,
            dry_run: import.dry_run,
            state: &job.state,
            parsed: job.parsed,
            stored: job.stored,
            merged: job.merged,
            refused: job.refused,
            folders: job.folders,
            problem: job.problem.as_deref(),
            rows: &rows,
        };
        console::say(serde_json::to_string(&ledger)?);
    } else {
        tell(&import, &job, &rows);
    }
    reached.end().await;
    let failed = job.state == "failed";
    if failed {
        let why = job.problem.as_deref().unwrap_or("for no reason it knows");
        console::warn(format!("mindshelf: the import stopped: {why}"));
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn opened(file: &Path) -> Result<shelf_client::Chunks> {
    if file.as_os_str() == "-" {
        return Ok(ReaderStream::new(tokio::io::stdin()).boxed());
    }
    let named = || format!("cannot read {}", file.display());
    let opened = tokio::fs::File::open(file).await.with_context(named)?;
    anyhow::ensure!(!opened.metadata().await?.is_dir(), "{}: it is a folder", named());
    Ok(ReaderStream::with_capacity(opened, 64 << 10).boxed())
}

/// Waits for the job to end, with a bar for those who watch.
async fn watched(library: &LibraryClient, mut job: Job) -> Result<Job> {
    let bar = console::bar();
    while job.state == "running" {
        if let Some(total) = job.total {
            bar.set_length(total);
        }
        bar.set_message(format!(
            "{} new, {} known, {} refused",
            job.stored, job.merged, job.refused
        ));
        bar.set_position(job.stored + job.merged + job.refused);
        tokio::time::sleep(LOOK).await;
        job = library.import_job(&job.id).await?;
    }
    bar.finish_and_clear();
    Ok(job)
}

/// Waits until what came in is found, so that whoever searches next misses nothing.
async fn searchable(library: &LibraryClient) -> Result<()> {
    let bar = console::bar();
    let waited = async {
        loop {
            let behind = library.search("", Mode::Words, 1).await?.behind;
            if behind == 0 {
                return Ok(());
            }
            bar.set_message(format!("stored; {behind} changes still to be made searchable"));
        }
    };
    let waited = tokio::time::timeout(SEARCHABLE_MAX, waited).await;
    bar.finish_and_clear();
    // Everything is stored; what is not searchable by now becomes so without this command.
    waited.unwrap_or(Ok(()))
}

/// Every row that was not plainly stored.
async fn ledger(library: &LibraryClient, id: &str) -> Result<Vec<LedgerRow>> {
    let (mut all, mut cursor) = library.import_rows(id, None).await?;
    while let Some(at) = cursor {
        let (rows, next) = library.import_rows(id, Some(&at)).await?;
        all.extend(rows);
        cursor = next;
    }
    Ok(all)
}

fn tell(import: &Import, job: &Job, rows: &[LedgerRow]) {
    let would = if import.dry_run { "Nothing was written. It would be: " } else { "" };
    console::say(format!(
        "{would}{} found = {} new + {} joined with known ones + {} refused ({}, {} new folders)",
        job.parsed, job.stored, job.merged, job.refused, job.format, job.folders
    ));
    for row in rows.iter().take(SHOWN_MAX) {
        let url = row.more.get("url").and_then(|url| url.as_str()).unwrap_or_default();
        console::say(format!("  row {}: {}: {} {url}", row.row, row.outcome, row.reason));
    }
    if rows.len() > SHOWN_MAX {
        console::say(format!("  and {} more; --json lists them all", rows.len() - SHOWN_MAX));
    }
}
