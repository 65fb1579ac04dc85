//! The vault: finds the key of an owner, makes it where there is none, and seals and opens with it.

use crate::key::Key;
use crate::root::RootKey;
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::chance::Chance;
use shelf_ports::vault::{Of, Owner, OwnerKeys, SealedKey, Vault};
use std::sync::Arc;

/// Owners who are asked for at once when keys are made.
const OWNERS_MAX: usize = 500;

/// A vault over the keys of a store. Cloning shares them.
///
/// It remembers no key, so that one that was destroyed opens nothing from then on, in any process.
#[derive(Clone, Debug)]
pub struct RootVault {
    root: RootKey,
    keys: Arc<dyn OwnerKeys>,
    chance: Arc<dyn Chance>,
}

impl RootVault {
    /// A vault over `keys`, which `root` seals.
    pub fn new(root: RootKey, keys: Arc<dyn OwnerKeys>, chance: Arc<dyn Chance>) -> Self {
        Self { root, keys, chance }
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
        let fresh = Key::fresh(&*self.chance);
        let fresh = self.root.seal_key(&*self.chance, owner, &fresh);
        let fresh = fresh.map_err(|broken| Fault::new("sealing a key", broken))?;
        let stands = self.keys.put_owner_key(owner, &fresh).await?;
        stands.map(|sealed| self.opened(owner, &sealed)).transpose()
    }

    async fn known(&self, owner: Owner) -> Result<Option<Key>, Fault> {
        let sealed = self.keys.owner_key(owner).await?;
        sealed.map(|sealed| self.opened(owner, &sealed)).transpose()
    }

    fn opened(&self, owner: Owner, sealed: &SealedKey) -> Result<Key, Fault> {
        self.root.open_key(owner, sealed).map_err(|broken| Fault::new("opening a key", broken))
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
