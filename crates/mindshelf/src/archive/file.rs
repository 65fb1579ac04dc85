//! The file of a backup: a first line that says what it is, frames of lines that are packed and sealed
//! with the key of whose they are, and a last line that says that all of it is there.

use super::frames::{FRAME_BYTES_MAX, Frame, Hashed, of};
use super::keyring::{Keyring, KeysFile};
use super::whose::{is_owner, owner_of};
use super::{Digest, Home, Line, Lines, text_of};
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::archive::{Batch, Entry, Taking};
use shelf_ports::chance::Chance;
use shelf_ports::vault::Owner;
use shelf_vault::RootKey;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the format.
pub(super) const VERSION: u32 = 2;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) struct First {
    pub(super) mindshelf_backup: u32,
    /// When it was made, milliseconds since 1970.
    pub(super) made_at: i64,
    /// What tells its frames from those of other backups, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
}

/// The last line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Last {
    pub(super) end: Digest,
    /// SHA-256 of all that stands before this line, in hex: damage is seen without keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file_sha256: Option<String>,
}

/// With what a backup is sealed.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    /// What seals the keys in the store.
    pub(crate) root: RootKey,
    /// Where the keys are written.
    pub(crate) keys: KeysFile,
    /// Randomness.
    pub(crate) chance: Arc<dyn Chance>,
}

/// Lines of one owner that follow one another.
#[derive(Debug)]
struct Run {
    owner: Owner,
    home: Option<Home>,
    text: Vec<u8>,
    entries: u32,
}

/// A backup that is being written, beside its place until all of it is there.
#[derive(Debug)]
pub(crate) struct BackupFile {
    out: Hashed<BufWriter<File>>,
    id: [u8; 16],
    frames: u64,
    made_at: i64,
    lines: Lines,
    run: Option<Run>,
    keyring: Keyring,
    sealing: Sealing,
    part: PathBuf,
    path: PathBuf,
}

impl BackupFile {
    /// Begins the backup `path`, which must not be there, readable for its owner alone.
    pub(crate) fn begin(path: &Path, made_at: i64, sealing: Sealing) -> Result<Self> {
        let named = || format!("cannot write {}", path.display());
        ensure!(!path.exists(), "{}: there is a file of that name", named());
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).with_context(named)?;
        let (mut out, id) = (Hashed::new(BufWriter::new(file)), sealing.chance.seed());
        let first = First { mindshelf_backup: VERSION, made_at, id: Some(hex::encode(id)) };
        out.put(format!("{}\n", serde_json::to_string(&first)?).as_bytes()).with_context(named)?;
        let (lines, keyring) = (Lines::default(), Keyring::default());
        let path = path.to_owned();
        Ok(Self { out, id, frames: 0, made_at, lines, run: None, keyring, sealing, part, path })
    }

    /// Ends it, writes the keys that open it, and puts it in its place once it is on the disk.
    pub(crate) fn end(mut self) -> Result<Digest> {
        self.flush()?;
        let end = std::mem::take(&mut self.lines).digest();
        let text = text_of(&Line::End(end.clone()))?;
        self.seal(Owner::Server, &text, 0)?;
        let Self { mut out, keyring, sealing, made_at, part, path, .. } = self;
        let named = || format!("cannot write {}", path.display());
        out.end().with_context(named)?;
        let last = Last { end: end.clone(), file_sha256: Some(out.digest()) };
        let last = format!("{}\n", serde_json::to_string(&last)?);
        out.put(last.as_bytes()).with_context(named)?;
        let file = out.inner.into_inner().map_err(io::Error::from).with_context(named)?;
        file.sync_all().with_context(named)?;
        // First the keys: a backup that is there opens.
        sealing.keys.write(&keyring, made_at, &*sealing.chance)?;
        std::fs::rename(&part, &path).with_context(named)?;
        Ok(end)
    }

    /// Learns keys, which stores tell first.
    fn learn(&mut self, batch: &Batch) -> Result<(), Fault> {
        for entry in &batch.entries {
            if let Entry::OwnerKey(owner, sealed) = entry {
                let key = self.sealing.root.open_key(*owner, sealed);
                let key = key.map_err(|broken| Fault::new("opening a key", broken))?;
                self.keyring.put(*owner, key);
            }
        }
        Ok(())
    }

    /// With whose key `entry` is sealed. What names an owner who is not there is the server's.
    fn sealer_of(&self, scope: Option<Scope>, entry: &Entry) -> Result<Owner, Fault> {
        let owner = owner_of(scope, entry);
        if self.keyring.key(owner).is_some() {
            return Ok(owner);
        }
        if is_owner(entry) || self.keyring.key(Owner::Server).is_none() {
            let detail = "somebody came this very moment and has no key yet; back up again";
            return Err(Fault::new("sealing the backup", detail));
        }
        Ok(Owner::Server)
    }

    /// Adds a line of `owner`; each run of lines says first what they belong to, since whoever reads
    /// may have left out what came before.
    fn line(&mut self, owner: Owner, home: Option<Home>, text: &[u8]) -> Result<(), Fault> {
        let goes_on = self.run.as_ref().is_some_and(|run| run.owner == owner && run.home == home);
        if !goes_on {
            self.flush()?;
            let text = text_of(&Line::Of(home)).map_err(fault)?;
            self.run = Some(Run { owner, home, text, entries: 0 });
        }
        if let Some(run) = &mut self.run {
            run.text.extend_from_slice(text);
            run.entries += 1;
        }
        while let Some(run) = self.run.as_mut().filter(|run| run.text.len() >= FRAME_BYTES_MAX) {
            let rest = run.text.split_off(FRAME_BYTES_MAX);
            let (text, entries) = (std::mem::replace(&mut run.text, rest), run.entries);
            run.entries = 0;
            self.seal(owner, &text, entries)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Fault> {
        match self.run.take() {
            Some(Run { owner, text, entries, .. }) if !text.is_empty() => {
                self.seal(owner, &text, entries)
            }
            _ => Ok(()),
        }
    }

    fn seal(&mut self, owner: Owner, text: &[u8], entries: u32) -> Result<(), Fault> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text).map_err(fault)?;
        let packed = packed.finish().map_err(fault)?;
        let gone = || Fault::new("sealing the backup", "a key is missing");
        let (key, of) = (self.keyring.key(owner).ok_or_else(gone)?, of(self.id, self.frames));
        let sealed = key.seal(&*self.sealing.chance, owner, of, &packed);
        let sealed = sealed.map_err(|broken| Fault::new("sealing the backup", broken))?;
        self.frames += 1;
        self.out.frame(&Frame { owner, entries, sealed }).map_err(fault)
    }
}

fn fault(error: io::Error) -> Fault {
    Fault::of_file("writing the backup", error)
}

#[async_trait]
impl Taking for BackupFile {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        self.learn(&batch)?;
        let (scope, home) = (batch.scope, batch.scope.map(Home::of));
        let mut lines = std::mem::take(&mut self.lines);
        let taken = lines.of::<Written>(&batch, |entry, text| {
            let owner = self.sealer_of(scope, entry)?;
            Ok(self.line(owner, home, text)?)
        });
        self.lines = lines;
        taken.map_err(|Written(fault)| fault)
    }
}

/// What may go wrong when a line is written, as one.
struct Written(Fault);

impl From<Fault> for Written {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<io::Error> for Written {
    fn from(error: io::Error) -> Self {
        Self(fault(error))
    }
}
