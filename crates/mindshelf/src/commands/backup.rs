//! `mindshelf backup` and `mindshelf restore`: everything into one file, and back.

use crate::archive::{
    BackupFile, Checked, Digest, Keyring, KeysFile, Restoring, Sealing, check, is_sealed, read,
};
use crate::config::Settings;
use crate::console;
use crate::contents::archive_of;
use crate::directory::Directory;
use crate::records::Records;
use crate::root_key::{self, must_be_named, root_key};
use crate::system::{SystemChance, SystemClock};
use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use clap::Args;
use serde::Serialize;
use shelf_ports::Fault;
use shelf_ports::archive::{Archive, Batch, Taking};
use shelf_ports::chance::Clock;
use shelf_vault::{RootKey, RootVault};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc;

/// Batches that were read ahead.
const BATCHES_MAX: usize = 4;
/// How often, and how many times, is looked whether a server that runs has made keys for everybody.
const LOOKS: (Duration, u32) = (Duration::from_millis(250), 60);

/// Where to.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not be there.
    file: PathBuf,
    /// Write the keys that open it there instead of `mindshelf.keys` beside it; what is there is
    /// written anew.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Print what was written as JSON.
    #[arg(long)]
    json: bool,
}

/// Where from, and to when.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// The keys that open it, where they are not beside it.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The root key that seals these, where it is not the one of the place.
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<String>,
    /// How many entries are sealed with keys that were destroyed, or name those whose they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
}

/// Writes everything there is, as of one moment, whether or not a server runs.
pub(super) async fn backup(settings: &Settings, backup: Backup) -> Result<()> {
    let records = Records::open_to_read(&settings.data, settings.records.as_deref()).await?;
    let root = keyed(settings, &records).await?;
    let made_at = SystemClock::start().now_ms();
    let named = settings.root_key.as_ref().map(|_| root.clone());
    let keys = KeysFile::of(&backup.file, backup.keys.as_deref(), named);
    let before = settings.root_key.as_deref().map(root_key::old_of);
    let before = before.as_deref().map(root_key::read).transpose()?.flatten();
    let keys = keys.or_sealed_by(before);
    let alone = keys.alone()?;
    let archive =
        archive_of(&records, &settings.data, settings.blobs.as_ref(), root.clone()).await?;
    let sealing = Sealing { root, keys: keys.clone(), chance: Arc::new(SystemChance) };
    let file = BackupFile::begin(&backup.file, made_at, sealing)?;
    let mut watched = Watched { to: file, bar: console::bar(), entries: 0 };
    archive.tell(&mut watched).await.context("cannot read everything")?;
    watched.bar.finish_and_clear();
    let digest = watched.to.end()?;
    drop(alone);
    let made = Done { file: &backup.file, digest: &digest, made_at, until: None };
    if backup.json {
        return made.tell_json(Some(keys.path()), None);
    }
    made.tell("Wrote")?;
    let with = if settings.root_key.is_some() { " and the root key" } else { "" };
    console::say(format!(
        "It opens with the keys in {}{with}: keep them together. Each backup writes those keys anew.",
        keys.path().display()
    ));
    Ok(())
}

/// The root key of the records, once everybody in them has a key. A server that runs makes them
/// within seconds; where none does, they are made here.
async fn keyed(settings: &Settings, records: &Records) -> Result<RootKey> {
    for _ in 0..LOOKS.1 {
        let begun = root_key::kept(&*records.accounts()).await?.is_some();
        let is_whole = begun && records.keys().keyless(0, 1).await?.is_empty();
        if is_whole {
            return root_of(settings, records).await;
        }
        if records.are_shared() {
            return made(settings, records).await;
        }
        if let Some(directory) = Directory::try_take(&settings.data)? {
            let own = Records::open(directory.path(), None).await?;
            let root = made(settings, &own).await?;
            own.settle().await?;
            return Ok(root);
        }
        tokio::time::sleep(LOOKS.0).await;
    }
    bail!("the server that runs has not made keys for everybody yet; back up again in a while")
}

/// The root key of `records`, and a key for whoever has none.
async fn made(settings: &Settings, records: &Records) -> Result<RootKey> {
    let root = root_of(settings, records).await?;
    let vault = RootVault::new(root.clone(), records.keys(), Arc::new(SystemChance));
    vault.make_missing().await.context("cannot make keys")?;
    Ok(root)
}

async fn root_of(settings: &Settings, records: &Records) -> Result<RootKey> {
    let (named, accounts) = (settings.root_key.as_deref(), records.accounts());
    must_be_named(records, named)?;
    root_key::must_be_settled(&*accounts).await?;
    root_key(&settings.data, named, &*accounts, &SystemChance).await
}

/// The keys that open a backup; none for one from before backups were sealed.
fn keyring(settings: &Settings, restore: &Restore) -> Result<Keyring> {
    if !is_sealed(&restore.file)? {
        return Ok(Keyring::default());
    }
    let named = restore.root_key.as_deref().or(settings.root_key.as_deref());
    let root = named.map(root_key::read).transpose()?.flatten();
    KeysFile::of(&restore.file, restore.keys.as_deref(), root)
        .read()
        .with_context(|| format!("cannot open {}", restore.file.display()))
}

/// Takes everything in, into records that are empty.
pub(super) async fn restore(settings: &Settings, restore: Restore) -> Result<()> {
    let keyring = keyring(settings, &restore)?;
    let (checking, keys) = (restore.file.clone(), keyring.clone());
    let checked = tokio::task::spawn_blocking(move || check(&checking, &keys)).await??;
    let directory = Directory::take(&settings.data)?;
    let records = Records::open(directory.path(), settings.records.as_deref()).await?;
    ensure!(
        records.is_empty().await?,
        "there is a shelf already where the backup would go; name an empty data directory by \
         --data, or an empty database by the setting records"
    );
    let (now, until) = (SystemClock::start().now_ms(), restore.until.unwrap_or(i64::MAX));
    let mut restoring = Restoring::new(until, now);
    if checked.unreadable > 0 {
        restoring = restoring.among(checked.present.clone());
    }
    begin(settings, &records, &keyring, &restoring).await?;
    let root = root_of(settings, &records).await?;
    let archive = archive_of(&records, directory.path(), settings.blobs.as_ref(), root).await?;
    fill(&*archive, &restore, keyring, &mut restoring, checked.digest.entries).await?;
    records.settle().await?;
    let Checked { digest, made_at, unreadable, .. } = &checked;
    let (digest, made_at, left_out) = (digest, *made_at, unreadable + restoring.missing());
    let done = Done { file: &restore.file, digest, made_at, until: restore.until };
    if restore.json {
        return done.tell_json(None, Some(left_out));
    }
    done.tell("Restored")?;
    if left_out > 0 {
        console::say(format!(
            "{left_out} of them were left out: they are of who was erased since, whose keys are gone."
        ));
    }
    Ok(())
}

/// Gives the records a root key, marks them as restored, and brings the keys of owners back.
async fn begin(
    settings: &Settings,
    records: &Records,
    keyring: &Keyring,
    restoring: &Restoring,
) -> Result<()> {
    let (root, archive) = (root_of(settings, records).await?, records.archive());
    archive.take(restoring.mark()).await?;
    for batch in keyring.batches(&root, &SystemChance)? {
        archive.take(batch).await?;
    }
    Ok(())
}

/// Reads the backup and takes in what is restored of it.
async fn fill(
    archive: &dyn Archive,
    restore: &Restore,
    keyring: Keyring,
    restoring: &mut Restoring,
    entries: u64,
) -> Result<()> {
    let (batches, mut told) = mpsc::channel(BATCHES_MAX);
    let file = restore.file.clone();
    let reading = tokio::task::spawn_blocking(move || {
        read(&file, &keyring, |batch| batches.blocking_send(batch).context("the restore broke off"))
    });
    let bar = console::bar();
    bar.set_length(entries);
    while let Some(batch) = told.recv().await {
        bar.inc(batch.entries.len() as u64);
        let batch = restoring.of(batch);
        if batch.entries.is_empty() {
            continue;
        }
        archive
            .take(batch)
            .await
            .context("cannot take everything in; empty the place and restore again")?;
    }
    reading.await??;
    bar.finish_and_clear();
    Ok(())
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

/// What was done, to be said.
struct Done<'a> {
    file: &'a Path,
    digest: &'a Digest,
    made_at: i64,
    until: Option<i64>,
}

impl Done<'_> {
    fn tell_json(&self, keys: Option<&Path>, left_out: Option<u64>) -> Result<()> {
        let told = Told {
            file: self.file.display().to_string(),
            digest: self.digest,
            made_at: written(self.made_at)?,
            until: self.until.map(written).transpose()?,
            keys: keys.map(|keys| keys.display().to_string()),
            left_out,
        };
        console::say(serde_json::to_string(&told)?);
        Ok(())
    }

    fn tell(&self, did: &str) -> Result<()> {
        let (made_at, Digest { entries, sha256 }) = (written(self.made_at)?, self.digest);
        let file = self.file.display();
        console::say(format!("{did} {entries} entries as of {made_at} ({file})."));
        if let Some(until) = self.until {
            let until = written(until)?;
            console::say(format!(
                "Content is as it was at {until}; accounts are as in the backup."
            ));
        }
        console::say(format!("SHA-256 of its content: {sha256}"));
        Ok(())
    }
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
