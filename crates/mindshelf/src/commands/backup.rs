//! `mindshelf backup` and `mindshelf restore`: everything into one file, and back.

use crate::archive::{BackupFile, Checked, Digest, Restoring, check, read};
use crate::config::Settings;
use crate::console;
use crate::directory::Directory;
use crate::records::Records;
use crate::system::SystemClock;
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use clap::Args;
use serde::Serialize;
use shelf_ports::Fault;
use shelf_ports::archive::{Batch, Taking};
use shelf_ports::chance::Clock;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc;

/// Batches that were read ahead.
const BATCHES_MAX: usize = 4;

/// Where to.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not be there.
    file: PathBuf,
    /// Print what was written as JSON.
    #[arg(long)]
    json: bool,
}

/// Where from, and to when.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// Bring content back as it was at this moment, such as `2026-11-01T18:00:00Z`.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Option<i64>,
    /// Print what was restored as JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    file: String,
    #[serde(flatten)]
    digest: &'a Digest,
    made_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// Writes everything there is, as of one moment, whether or not a server runs.
pub(super) async fn backup(settings: &Settings, backup: Backup) -> Result<()> {
    let records = Records::open_to_read(&settings.data, settings.records.as_deref()).await?;
    let made_at = SystemClock::start().now_ms();
    let file = BackupFile::begin(&backup.file, made_at)?;
    let mut watched = Watched { to: file, bar: console::bar(), entries: 0 };
    records.archive().tell(&mut watched).await.context("cannot read everything")?;
    watched.bar.finish_and_clear();
    let digest = watched.to.end()?;
    let checked = Checked { digest, made_at };
    tell(&backup.file, &checked, None, backup.json, "Wrote")
}

/// Takes everything in, into records that are empty.
pub(super) async fn restore(settings: &Settings, restore: Restore) -> Result<()> {
    let checking = restore.file.clone();
    let checked = tokio::task::spawn_blocking(move || check(&checking)).await??;
    let directory = Directory::take(&settings.data)?;
    let records = Records::open(directory.path(), settings.records.as_deref()).await?;
    ensure!(
        records.is_empty().await?,
        "there is a shelf already where the backup would go; name an empty data directory by \
         --data, or an empty database by the setting records"
    );
    let (now, until) = (SystemClock::start().now_ms(), restore.until.unwrap_or(i64::MAX));
    let mut restoring = Restoring::new(until, now);
    let archive = records.archive();
    archive.take(restoring.mark()).await?;
    let (batches, mut told) = mpsc::channel(BATCHES_MAX);
    let file = restore.file.clone();
    let reading = tokio::task::spawn_blocking(move || {
        read(&file, |batch| batches.blocking_send(batch).context("the restore broke off"))
    });
    let bar = console::bar();
    bar.set_length(checked.digest.entries);
    while let Some(batch) = told.recv().await {
        bar.inc(batch.entries.len() as u64);
        archive
            .take(restoring.of(batch))
            .await
            .context("cannot take everything in; empty the place and restore again")?;
    }
    reading.await??;
    bar.finish_and_clear();
    records.settle().await?;
    tell(&restore.file, &checked, restore.until, restore.json, "Restored")
}

/// A backup file, with a bar for those who watch.
struct Watched {
    to: BackupFile,
    bar: indicatif::ProgressBar,
    entries: u64,
}

#[async_trait]
impl Taking for Watched {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        self.entries += batch.entries.len() as u64;
        self.bar.set_message(format!("{} entries", self.entries));
        self.to.take(batch).await
    }
}

fn tell(
    file: &Path,
    checked: &Checked,
    until: Option<i64>,
    is_json: bool,
    did: &str,
) -> Result<()> {
    let (made_at, until) = (written(checked.made_at)?, until.map(written).transpose()?);
    let Checked { digest, .. } = checked;
    if is_json {
        let told = Told { file: file.display().to_string(), digest, made_at, until };
        console::say(serde_json::to_string(&told)?);
        return Ok(());
    }
    let Digest { entries, sha256 } = digest;
    console::say(format!("{did} {entries} entries as of {made_at} ({}).", file.display()));
    if let Some(until) = until {
        console::say(format!("Content is as it was at {until}; accounts are as in the backup."));
    }
    console::say(format!("SHA-256 of its content: {sha256}"));
    Ok(())
}

fn moment(text: &str) -> Result<i64, String> {
    let read = OffsetDateTime::parse(text, &Rfc3339);
    let moment = read.map_err(|_| "write it as 2026-11-01T18:00:00Z".to_owned())?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).map_err(|error| error.to_string())
}

fn written(ms: i64) -> Result<String> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)?;
    Ok(moment.format(&Rfc3339)?)
}
