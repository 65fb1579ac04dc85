//! Everything in a store as lines of text: for a file that can be read for years, and for a digest
//! that says whether two stores hold the same.

mod whose;
mod keyring;
mod frames;
mod file;
pub(crate) mod reading;
mod present;
mod moment;

pub(crate) use file::{BackupFile, Sealing};
pub(crate) use keyring::{Keyring, KeysFile};
pub use moment::Restoring;
pub(crate) use present::Present;
pub(crate) use reading::{Checked, check, is_sealed, read};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::archive::{Archive, Batch, Entry, Taking};

/// One line: which library follows, or an entry of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// What follows belongs to this library, or to none.
    Of(Option<Home>),
    /// One true thing.
    Entry(Entry),
    /// All of it was told; sealed with the key of the server, so that nobody cuts it off unseen.
    End(Digest),
}

/// A [`Scope`], as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Home {
    tenant: TenantId,
    library: LibraryId,
}

impl Home {
    fn of(scope: Scope) -> Self {
        Self { tenant: scope.tenant, library: scope.library }
    }

    fn scope(self) -> Scope {
        Scope { tenant: self.tenant, library: self.library }
    }
}

/// What was told, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Digest {
    /// How many entries.
    pub(crate) entries: u64,
    /// SHA-256 of all their lines, in hex.
    pub(crate) sha256: String,
}

/// Turns batches into lines, and digests them. However entries were batched, the lines are the
/// same; the first ones belong to no library. Keys are no part of them: they are sealed by the root
/// key, which may be another elsewhere.
#[derive(Debug, Default)]
struct Lines {
    home: Option<Home>,
    entries: u64,
    hash: Sha256,
}

impl Lines {
    /// Gives each entry of `batch` to `write`, with its line.
    fn of<E: From<std::io::Error>>(
        &mut self,
        batch: &Batch,
        mut write: impl FnMut(&Entry, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let counted = |entry: &&Entry| !matches!(entry, Entry::OwnerKey(..));
        for entry in batch.entries.iter().filter(counted) {
            let home = batch.scope.map(Home::of);
            if self.home != home {
                self.home = home;
                self.line(&Line::Of(home))?;
            }
            self.entries += 1;
            let text = self.line(&Line::Entry(entry.clone()))?;
            write(entry, &text)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> std::io::Result<Vec<u8>> {
        let text = text_of(line)?;
        self.hash.update(&text);
        Ok(text)
    }

    fn digest(self) -> Digest {
        Digest { entries: self.entries, sha256: hex::encode(self.hash.finalize()) }
    }
}

/// A line as it is written, with its end.
fn text_of(line: &Line) -> std::io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

/// Digests what it is told.
#[derive(Debug, Default)]
struct Digesting(Lines);

#[async_trait]
impl Taking for Digesting {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        let digested = self.0.of(&batch, |_, _| Ok(()));
        digested.map_err(|error: std::io::Error| Fault::new("digesting", error))
    }
}

/// The digest of all that `store` holds.
pub(crate) async fn digest(store: &dyn Archive) -> Result<Digest> {
    let mut digesting = Digesting::default();
    store.tell(&mut digesting).await.context("cannot read everything")?;
    Ok(digesting.0.digest())
}

/// Carries all that `from` holds into `to`, and holds the two against each other. `seen` is told
/// how many entries came over.
pub(crate) async fn carry(
    from: &dyn Archive,
    to: &dyn Archive,
    seen: &(dyn Fn(u64) + Sync),
) -> Result<Digest> {
    let mut carrying = Carrying { to, lines: Lines::default(), seen };
    from.tell(&mut carrying).await.context("cannot carry everything over")?;
    let told = carrying.lines.digest();
    let arrived = digest(to).await?;
    ensure!(
        arrived == told,
        "what arrived is not what was told ({} of {} entries); the old shelf is untouched: empty \
         the new one and move again",
        arrived.entries,
        told.entries
    );
    ensure!(
        digest(from).await? == told,
        "the shelf was written to while it moved: stop its processes and move again, which goes \
         on from here"
    );
    Ok(told)
}

struct Carrying<'a> {
    to: &'a dyn Archive,
    lines: Lines,
    seen: &'a (dyn Fn(u64) + Sync),
}

#[async_trait]
impl Taking for Carrying<'_> {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        let digested = self.lines.of(&batch, |_, _| Ok(()));
        digested.map_err(|error: std::io::Error| Fault::new("digesting", error))?;
        self.to.take(batch).await?;
        (self.seen)(self.lines.entries);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
