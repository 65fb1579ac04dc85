//! Keys beside backups: one file for all backups of a folder, which each backup writes anew, so that
//! the key of somebody who was erased is gone with the next one.

use crate::directory::{private, write_private};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use shelf_ports::archive::{Batch, ENTRIES_MAX, Entry};
use shelf_ports::chance::Chance;
use shelf_ports::vault::{KEY_BYTES, Owner, SealedKey};
use shelf_vault::{Key, RootKey};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The name of the file, beside the backups it opens.
const NAME: &str = "mindshelf.keys";
/// The version of its format.
const VERSION: u32 = 1;

/// Keys by owner, open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring(BTreeMap<Owner, Key>);

impl Keyring {
    pub(super) fn put(&mut self, owner: Owner, key: Key) {
        self.0.insert(owner, key);
    }

    pub(super) fn key(&self, owner: Owner) -> Option<&Key> {
        self.0.get(&owner)
    }

    /// The keys as entries of a store whose root key is `root`.
    pub(crate) fn batches(&self, root: &RootKey, chance: &dyn Chance) -> Result<Vec<Batch>> {
        let sealed = |(owner, key): (&Owner, &Key)| -> Result<Entry> {
            Ok(Entry::OwnerKey(*owner, root.seal_key(chance, *owner, key)?))
        };
        let entries = self.0.iter().map(sealed).collect::<Result<Vec<Entry>>>()?;
        let batch = |entries: &[Entry]| Batch { scope: None, entries: entries.to_vec() };
        Ok(entries.chunks(ENTRIES_MAX).map(batch).collect())
    }
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Written {
    mindshelf_keys: u32,
    /// When it was written, milliseconds since 1970.
    made_at: i64,
    /// Which root key seals the keys; where it is not there, they stand as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    keys: Vec<(Owner, String)>,
}

/// Held by whoever writes a backup and its keys, until it is dropped.
#[derive(Debug)]
pub(crate) struct Alone(#[expect(dead_code, reason = "held, never looked at")] File);

/// The file of keys beside backups.
#[derive(Clone, Debug)]
pub(crate) struct KeysFile {
    path: PathBuf,
    /// What seals the keys in it; where the root key lies with the data, they stand as they are:
    /// people who lose the data lose it too.
    root: Option<RootKey>,
    /// What sealed the keys that are there before the root key was replaced.
    before: Option<RootKey>,
}

impl KeysFile {
    /// The file `named`, or else the one beside `backup`.
    pub(crate) fn of(backup: &Path, named: Option<&Path>, root: Option<RootKey>) -> Self {
        let beside = || backup.parent().unwrap_or(Path::new("")).join(NAME);
        Self { path: named.map_or_else(beside, Path::to_owned), root, before: None }
    }

    /// The same, which is also read where `before` sealed it.
    pub(crate) fn or_sealed_by(self, before: Option<RootKey>) -> Self {
        Self { before, ..self }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other backups from the file, from before anything is read until the keys are written: one
    /// that began before an erasure and ended after the next one would bring a destroyed key back.
    pub(crate) fn alone(&self) -> Result<Alone> {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".lock");
        let named = || format!("cannot lock {}", self.path.display());
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&path)
            .with_context(named)?;
        match file.try_lock() {
            Ok(()) => Ok(Alone(file)),
            Err(TryLockError::WouldBlock) => bail!(
                "another backup is being written whose keys go into {}; back up again when it is there",
                self.path.display()
            ),
            // There whoever backs up sees to it that one follows the other.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Alone(file))
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(named),
        }
    }

    /// Writes `keyring` instead of what is there. Refused where that is of another shelf: its backups
    /// would never open again.
    pub(super) fn write(&self, keyring: &Keyring, made_at: i64, chance: &dyn Chance) -> Result<()> {
        self.refuse_another(keyring)?;
        let text = |(owner, key): (&Owner, &Key)| -> Result<(Owner, String)> {
            let bytes = match &self.root {
                Some(root) => root.seal_key(chance, *owner, key)?.0,
                None => key.bytes().to_vec(),
            };
            Ok((*owner, URL_SAFE_NO_PAD.encode(bytes)))
        };
        let keys = keyring.0.iter().map(text).collect::<Result<Vec<_>>>()?;
        let root = self.root.as_ref().map(RootKey::fingerprint);
        let written = Written { mindshelf_keys: VERSION, made_at, root, keys };
        write_private(&self.path, &serde_json::to_string(&written)?)
    }

    /// Refuses to write over the keys of another shelf.
    fn refuse_another(&self, keyring: &Keyring) -> Result<()> {
        let Some(there) = self.known()? else { return Ok(()) };
        ensure!(
            there.key(Owner::Server) == keyring.key(Owner::Server),
            "{} holds the keys of another shelf; back up into a folder of its own, or name another \
             file by --keys",
            self.path.display()
        );
        Ok(())
    }

    /// The keys in it.
    pub(crate) fn read(&self) -> Result<Keyring> {
        self.known()?.with_context(|| {
            format!(
                "the keys that open the backup are not there ({}); they lie beside the backups when \
                 these are made: name the file by --keys",
                self.path.display()
            )
        })
    }

    fn known(&self) -> Result<Option<Keyring>> {
        let named = || format!("the keys file {}", self.path.display());
        let text = match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(named)?,
        };
        self.of_text(&text).map(Some)
    }

    /// The keys in the text of such a file.
    pub(crate) fn of_text(&self, text: &str) -> Result<Keyring> {
        let named = || format!("the keys file {}", self.path.display());
        let written: Written = serde_json::from_str(text).with_context(named)?;
        ensure!(
            written.mindshelf_keys == VERSION,
            "{} is of version {}; this program reads {VERSION}",
            named(),
            written.mindshelf_keys
        );
        let mut roots = self.root.iter().chain(&self.before);
        let root = written.root.as_ref();
        let root = root.map(|sealed| roots.find(|root| root.fingerprint() == *sealed));
        let root = match root {
            None => None,
            Some(Some(root)) => Some(root),
            Some(None) => bail!(
                "{} is sealed by another root key; name the file that holds it by the setting \
                 \"root_key\", for a restore also by --root-key",
                named()
            ),
        };
        let mut keyring = Keyring::default();
        for (owner, text) in written.keys {
            keyring.put(owner, key_of(owner, &text, root).with_context(named)?);
        }
        Ok(keyring)
    }
}

fn key_of(owner: Owner, text: &str, root: Option<&RootKey>) -> Result<Key> {
    let bytes = URL_SAFE_NO_PAD.decode(text)?;
    if let Some(root) = root {
        return Ok(root.open_key(owner, &SealedKey(bytes))?);
    }
    let bytes: Result<[u8; KEY_BYTES], _> = bytes.try_into();
    bytes.map(Key::of).ok().context("a key has another length")
}
