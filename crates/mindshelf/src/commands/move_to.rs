//! `mindshelf move`: all records to another engine.

use crate::archive::{Digest, carry};
use crate::config::{Settings, is_postgres};
use crate::console;
use crate::contents::archive_of;
use crate::directory::{Directory, write_private};
use crate::records::Records;
use crate::root_key::{self, root_key};
use crate::system::SystemChance;
use anyhow::{Result, bail, ensure};
use clap::Args;
use serde::Serialize;
use shelf_ports::archive::Archive;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where to.
#[derive(Debug, Args)]
pub(super) struct Move {
    /// A data directory, or the address of a PostgreSQL database.
    to: String,
    /// Print what was moved as JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    to: &'a str,
    #[serde(flatten)]
    digest: &'a Digest,
}

/// Carries everything over and holds the two against each other. What was cut off goes on from
/// where it was when the same is asked again.
pub(super) async fn move_to(settings: &Settings, ask: Move) -> Result<()> {
    let own = Directory::take(&settings.data)?;
    let from = Records::open(own.path(), settings.records.as_deref()).await?;
    let (to, _directory) = opened(&ask.to).await?;
    ensure!(
        to.is_part_of(&from).await?,
        "there is another shelf already at {}; name an empty directory or database",
        shown(&ask.to)
    );
    same_root(settings, &ask.to, (&from, &to)).await?;
    let bar = console::bar();
    let seen = |entries| bar.set_message(format!("{entries} entries"));
    let (ours, theirs) = sides(settings, &ask.to, (&from, &to)).await?;
    let digest = carry(&*ours, &*theirs, &seen).await?;
    bar.finish_and_clear();
    all_keys_arrived(&from, &to).await?;
    to.settle().await?;
    if ask.json {
        console::say(serde_json::to_string(&Told { to: shown(&ask.to), digest: &digest })?);
        return Ok(());
    }
    let Digest { entries, sha256 } = &digest;
    console::say(format!(
        "Moved {entries} entries, and both sides hold the same (SHA-256 {sha256})."
    ));
    let next = if is_postgres(&ask.to) {
        let root = root_key::file_of(&settings.data, settings.root_key.as_deref());
        format!("set `records` to the address of the database and `root_key` to {}", root.display())
    } else {
        format!("set `data` to {} and leave `records` out", ask.to)
    };
    console::say(format!(
        "To use it, {next}. The old shelf is left as it is; the search index is made anew."
    ));
    Ok(())
}

/// Sees to it that both sides have the same root key: what it seals is carried as it is. A directory
/// without one gets a copy, unless the settings name where it is.
async fn same_root(settings: &Settings, to: &str, sides: (&Records, &Records)) -> Result<()> {
    let (from, there) = (sides.0.accounts(), sides.1.accounts());
    let named = settings.root_key.as_deref();
    root_key::must_be_settled(&*from).await?;
    root_key::must_be_settled(&*there).await?;
    let root = root_key(&settings.data, named, &*from, &SystemChance).await?;
    let ours = root.fingerprint();
    let known = root_key::kept(&*there).await?;
    ensure!(
        known.is_none_or(|known| known == ours),
        "the two sides have different root keys: restore a backup there instead, which seals \
         everything anew"
    );
    if is_postgres(to) || named.is_some() {
        return Ok(());
    }
    let file = root_key::file_of(&PathBuf::from(to), None);
    match root_key::read(&file)? {
        None => write_private(&file, &root.text()),
        Some(other) if other == root => Ok(()),
        Some(_) => bail!(
            "the two sides have different root keys: remove {}, which seals nothing there yet, and \
             move again",
            file.display()
        ),
    }
}

/// What is told, and what takes it in. Files lie in the data directory, or in the bucket that the
/// settings name: where that stays the same, they stay there.
async fn sides(
    settings: &Settings,
    to: &str,
    (from, there): (&Records, &Records),
) -> Result<(Arc<dyn Archive>, Arc<dyn Archive>)> {
    if is_postgres(to) || settings.blobs.is_some() {
        return Ok((from.archive(), there.archive()));
    }
    let (named, accounts) = (settings.root_key.as_deref(), from.accounts());
    let root = root_key(&settings.data, named, &*accounts, &SystemChance).await?;
    let ours = archive_of(from, &settings.data, None, root.clone()).await?;
    Ok((ours, archive_of(there, Path::new(to), None, root).await?))
}

/// Digests leave keys out, so they are held against each other by themselves.
async fn all_keys_arrived(from: &Records, to: &Records) -> Result<()> {
    let told = from.keys().owner_keys().await?;
    let arrived = to.keys().owner_keys().await?;
    let arrived: BTreeMap<_, _> = arrived.iter().map(|(owner, key)| (owner, key)).collect();
    ensure!(
        told.iter().all(|(owner, key)| arrived.get(owner) == Some(&key)),
        "the keys that arrived are not those that were told; the old shelf is untouched: empty the \
         new one and move again"
    );
    Ok(())
}

/// The records at `to`, and the directory they need.
async fn opened(to: &str) -> Result<(Records, Option<Directory>)> {
    if is_postgres(to) {
        let nowhere = PathBuf::new();
        return Ok((Records::open(&nowhere, Some(to)).await?, None));
    }
    let directory = Directory::take(&PathBuf::from(to))?;
    Ok((Records::open(directory.path(), None).await?, Some(directory)))
}

/// `to` without what may be a password.
fn shown(to: &str) -> &str {
    if is_postgres(to) { "the database" } else { to }
}
