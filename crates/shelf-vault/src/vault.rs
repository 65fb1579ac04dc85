//! The vault: finds the key of an owner, makes it where there is none, and seals and opens with it.

use crate::key::{Broken, Key};
use crate::root::RootKey;
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::chance::Chance;
use shelf_ports::vault::{Of, Owner, OwnerKeys, SealedKey, Vault};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Owners who are asked for at once when keys are made.
const OWNERS_MAX: usize = 500;

/// Root keys a process remembers; one that replaces another, and some room.
const ROOTS_MAX: usize = 4;

/// Where root keys come from while one replaces another.
#[async_trait]
pub trait Roots: fmt::Debug + Send + Sync {
    /// Those that are at hand, and the fingerprint of the one that seals, where that is known.
    async fn at_hand(&self) -> Result<(Vec<RootKey>, Option<String>), Fault>;
}

/// A vault over the keys of a store. Cloning shares them.
///
/// It remembers no key of an owner, so that one that was destroyed opens nothing from then on, in any
/// process. Of root keys it knows the one it began with, and looks for others where that opens
/// nothing any more, and before it seals a key that is new.
#[derive(Clone, Debug)]
pub struct RootVault {
    /// The one that seals comes first.
    known: Arc<RwLock<Vec<RootKey>>>,
    roots: Option<Arc<dyn Roots>>,
    keys: Arc<dyn OwnerKeys>,
    chance: Arc<dyn Chance>,
}

impl RootVault {
    /// A vault over `keys`, which `root` seals.
    pub fn new(root: RootKey, keys: Arc<dyn OwnerKeys>, chance: Arc<dyn Chance>) -> Self {
        Self { known: Arc::new(RwLock::new(vec![root])), roots: None, keys, chance }
    }

    /// The same, which looks for other root keys among `roots`.
    #[must_use]
    pub fn looking(self, roots: Arc<dyn Roots>) -> Self {
        Self { roots: Some(roots), ..self }
    }

    /// Seals with `to` each key that another root key seals, until none is left; how many. What is
    /// done is kept key by key, so that it goes on where it broke off.
    pub async fn reseal(&self, to: &RootKey) -> Result<usize, Fault> {
        let mut all = 0;
        loop {
            let mut count = 0;
            for (owner, sealed) in self.keys.owner_keys().await? {
                count += usize::from(self.resealed(owner, &sealed, to).await?);
            }
            if count == 0 {
                return Ok(all);
            }
            all += count;
        }
    }

    /// Whether the key of `owner`, kept as `sealed`, is sealed with `to` now and was not before.
    async fn resealed(
        &self,
        owner: Owner,
        sealed: &SealedKey,
        to: &RootKey,
    ) -> Result<bool, Fault> {
        if to.open_key(owner, sealed).is_ok() {
            return Ok(false);
        }
        let key = self.opened(owner, sealed).await?;
        let fresh = to.seal_key(&*self.chance, owner, &key);
        let fresh = fresh.map_err(|broken| Fault::new("sealing a key", broken))?;
        self.keys.reseal_owner_key(owner, sealed, &fresh).await
    }

    /// Looks which root keys there are; the one that seals.
    async fn look(&self) -> Result<RootKey, Fault> {
        let (found, seals) = match &self.roots {
            Some(roots) => roots.at_hand().await?,
            None => (Vec::new(), None),
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for root in found {
            if !known.contains(&root) {
                known.push(root);
            }
        }
        let first = match seals {
            Some(seals) => known.iter().position(|root| root.fingerprint() == seals),
            None => Some(0),
        };
        let first = first.ok_or_else(|| {
            let detail = "the root key these records are sealed with now is not at hand; put it \
                          beside the one before, with .next behind its name";
            Fault::new("looking for the root key", detail)
        })?;
        known.swap(0, first);
        known.truncate(ROOTS_MAX);
        known
            .first()
            .cloned()
            .ok_or_else(|| Fault::new("looking for the root key", "there is none"))
    }

    fn open_with_known(&self, owner: Owner, sealed: &SealedKey) -> Result<Key, Broken> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find_map(|root| root.open_key(owner, sealed).ok()).ok_or(Broken)
    }

    /// Makes a key for every owner who has none; how many.
    pub async fn make_missing(&self) -> Result<usize, Fault> {
        self.make_missing_since(0).await
    }

    /// The same for those who came at `since` or later, as their ids say it, milliseconds.
    pub async fn make_missing_since(&self, since: i64) -> Result<usize, Fault> {
        let mut made = 0;
        loop {
            let owners = self.keys.keyless(since, OWNERS_MAX).await?;
            for owner in &owners {
                self.made(*owner).await?;
            }
            made += owners.len();
            if owners.len() < OWNERS_MAX {
                return Ok(made);
            }
        }
    }

    /// The key of `owner`, made now where there is none; `None` where the owner is not there.
    async fn made(&self, owner: Owner) -> Result<Option<Key>, Fault> {
        let (root, fresh) = (self.look().await?, Key::fresh(&*self.chance));
        let fresh = root.seal_key(&*self.chance, owner, &fresh);
        let fresh = fresh.map_err(|broken| Fault::new("sealing a key", broken))?;
        let Some(stands) = self.keys.put_owner_key(owner, &fresh).await? else { return Ok(None) };
        let key = self.opened(owner, &stands).await?;
        // Whoever replaces the root key has perhaps passed by just before it was there.
        let seals = self.look().await?;
        if seals != root {
            self.resealed(owner, &stands, &seals).await?;
        }
        Ok(Some(key))
    }

    async fn known(&self, owner: Owner) -> Result<Option<Key>, Fault> {
        match self.keys.owner_key(owner).await? {
            Some(sealed) => self.opened(owner, &sealed).await.map(Some),
            None => Ok(None),
        }
    }

    async fn opened(&self, owner: Owner, sealed: &SealedKey) -> Result<Key, Fault> {
        if let Ok(key) = self.open_with_known(owner, sealed) {
            return Ok(key);
        }
        self.look().await?;
        let opened = self.open_with_known(owner, sealed);
        opened.map_err(|broken| Fault::new("opening a key", broken))
    }
}

#[async_trait]
impl Vault for RootVault {
    async fn seal(&self, owner: Owner, of: Of, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let doing = "sealing";
        let known = match self.known(owner).await? {
            Some(key) => Some(key),
            None => self.made(owner).await?,
        };
        let key = known.ok_or_else(|| Fault::new(doing, "its owner is gone"))?;
        key.seal(&*self.chance, owner, of, plain).map_err(|broken| Fault::new(doing, broken))
    }

    async fn open(&self, owner: Owner, of: Of, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let Some(key) = self.known(owner).await? else { return Ok(None) };
        let opened = key.open(owner, of, sealed);
        opened.map(Some).map_err(|broken| Fault::new("opening what is sealed", broken))
    }
}
