//! Replacing the root key: each key of an owner is sealed anew, or made anew where the root key was lost.
//!
//! The records say which root key seals and, until all is done, which one did before. So whoever goes
//! on after a crash knows where it was, and processes that run meanwhile find the other one beside.

use crate::blobs::Blobs;
use crate::contents::forget_all;
use crate::records::Records;
use crate::root_key::{BEFORE, KEPT, at_hand, kept, make, next_of, old_of, read, under_way};
use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::audit::{Deed, Record};
use shelf_domain::id::{PersonId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::accounts::{Accounts, RESTORED_OF};
use shelf_ports::audit::Audit;
use shelf_ports::blobs::BlobKind;
use shelf_ports::chance::Chance;
use shelf_ports::privacy::ServerKey;
use shelf_ports::sso::{Provider, ProviderSecret};
use shelf_ports::usage::{PAGE_MAX, Usage};
use shelf_ports::vault::{Owner, Vault};
use shelf_ports::webhooks::{Endpoint, EndpointEdit, EndpointState, SigningKey};
use shelf_vault::{Key, RootKey, RootVault, Roots};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is written down beside the deed where the root key was lost.
const LOST: &str = "lost";
/// What is written down about endpoints whose secret was lost with it.
const PAUSED: &str = "paused: its secret was lost with the root key";
/// What is written down about identity providers whose secret was.
const CLEARED: &str = "off: its secret was lost with the root key";

/// The root keys in a file and beside it, and what the records say about them.
#[derive(Clone, Debug)]
pub(crate) struct RootFiles {
    pub(crate) file: PathBuf,
    pub(crate) accounts: Arc<dyn Accounts>,
}

#[async_trait]
impl Roots for RootFiles {
    async fn at_hand(&self) -> Result<(Vec<RootKey>, Option<String>), Fault> {
        let fault = |error: anyhow::Error| Fault::new("reading root keys", format!("{error:#}"));
        let seals = self.accounts.setting(RESTORED_OF, KEPT).await?;
        Ok((at_hand(&self.file).map_err(fault)?, seals))
    }
}

/// Who replaces the root key, and when.
pub(crate) struct By<'a> {
    pub(crate) person: PersonId,
    pub(crate) now: i64,
    pub(crate) audit: &'a dyn Audit,
    pub(crate) usage: &'a dyn Usage,
    pub(crate) chance: &'a dyn Chance,
}

/// What was done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// How many keys were sealed anew.
    pub(crate) keys: usize,
    /// The file of the root key of now.
    pub(crate) file: String,
    /// The file of the one before.
    pub(crate) old: String,
}

/// Replaces the root key by the one that lies beside it as next, or by one that is made there.
pub(crate) async fn replace(files: &RootFiles, vault: &RootVault, by: &By<'_>) -> Result<Replaced> {
    let mut keys = 0;
    if let Some(next) = begun(files, by, "").await? {
        keys = vault.reseal(&next).await.context("cannot seal every key anew; say it again")?;
    }
    ended(files).await?;
    let (file, old) = (files.file.display().to_string(), old_of(&files.file));
    Ok(Replaced { keys, file, old: old.display().to_string() })
}

/// Begins to replace it, or goes on: the root key that seals from now on. `None` where all was done
/// but to say so.
async fn begun(files: &RootFiles, by: &By<'_>, detail: &str) -> Result<Option<RootKey>> {
    let accounts = &*files.accounts;
    let kept =
        kept(accounts).await?.context("nothing is sealed here yet; start the server once")?;
    let before = under_way(accounts).await?;
    let file = next_of(&files.file);
    let next = match read(&file)? {
        Some(next) => next,
        None if before.as_ref().is_some_and(|before| *before != kept) => {
            let now = read(&files.file)?.is_some_and(|root| root.fingerprint() == kept);
            ensure!(now, "the root key that seals now is not in {}; put it back", file.display());
            return Ok(None);
        }
        None => make(&file, by.chance)?,
    };
    let fingerprint = next.fingerprint();
    if before.is_none() {
        ensure!(fingerprint != kept, "{} holds the root key of now; remove it", file.display());
        record_everywhere(by, detail).await?;
        accounts.put_setting(RESTORED_OF, BEFORE, &kept).await?;
    }
    accounts.put_setting(RESTORED_OF, KEPT, &fingerprint).await?;
    Ok(Some(next))
}

/// Puts the files where they belong, and says that all is done.
async fn ended(files: &RootFiles) -> Result<()> {
    let (now, next) = (&files.file, next_of(&files.file));
    if next.exists() {
        let renamed = |from: &Path, to: &Path| {
            std::fs::rename(from, to).with_context(|| format!("cannot rename {}", from.display()))
        };
        if now.exists() {
            renamed(now, &old_of(now))?;
        }
        renamed(&next, now)?;
        let above = now.parent().filter(|above| !above.as_os_str().is_empty());
        let synced = File::open(above.unwrap_or(Path::new("."))).and_then(|above| above.sync_all());
        synced.with_context(|| format!("cannot keep {}", now.display()))?;
    }
    Ok(files.accounts.put_setting(RESTORED_OF, BEFORE, "").await?)
}

/// Writes into the audit log of each tenant that the root key is replaced, before it is.
async fn record_everywhere(by: &By<'_>, detail: &str) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let tenants = by.usage.tenants_after(after, PAGE_MAX).await?;
        let Some(last) = tenants.last() else { return Ok(()) };
        after = Some(last.id);
        for tenant in &tenants {
            by.record(tenant.id, (Deed::KeysReplaced, None), detail).await?;
        }
    }
}

impl By<'_> {
    async fn record(
        &self,
        tenant: TenantId,
        (deed, subject): (Deed, Option<[u8; 16]>),
        detail: &str,
    ) -> Result<(), Fault> {
        let (at, person, detail) = (self.now, self.person, detail.to_owned());
        let record = Record { at, deed, person, grant: None, subject, detail };
        self.audit.put_record(tenant, record).await.map(drop)
    }
}

/// What goes, or went, with a root key that was lost.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Keys of owners.
    pub(crate) keys: usize,
    /// Endpoints of webhooks, by library.
    pub(crate) endpoints: Vec<(Scope, Endpoint)>,
    /// Identity providers that know this server by a secret.
    pub(crate) providers: Vec<Provider>,
    /// Files that waited for their import, or were kept with bookmarks.
    pub(crate) files: u64,
}

/// Sees to it that the root key is lost indeed; what goes with it.
pub(crate) async fn lost(files: &RootFiles, records: &Records) -> Result<Lost> {
    let kept = kept(&*files.accounts).await?.context("nothing is sealed here")?;
    let is_there = at_hand(&files.file)?.iter().any(|root| root.fingerprint() == kept);
    if is_there && under_way(&*files.accounts).await?.is_none() {
        bail!("the root key of these records is at hand: replace it without --lost");
    }
    let webhooks = records.webhooks();
    let keys = records.keys().owner_keys().await?;
    let mut lost = Lost { keys: keys.len(), ..Lost::default() };
    for scope in webhooks.watched().await? {
        let all = webhooks.endpoints(scope).await?;
        lost.endpoints.extend(all.into_iter().map(|endpoint| (scope, endpoint)));
    }
    let sso = records.sso();
    // Whatever is sealed for a tenant, there is a key of it.
    for (owner, _) in keys {
        let Owner::Tenant(tenant) = owner else { continue };
        let provider = sso.provider(tenant).await?;
        lost.providers.extend(provider.filter(|provider| !provider.secret.is_lost()));
    }
    Ok(lost)
}

/// Goes on without the root key that was lost: keys of all are made anew, and what the old ones sealed
/// is put aside. It goes on where it broke off.
pub(crate) async fn replace_lost(
    files: &RootFiles,
    records: &Records,
    blobs: &Blobs,
    chance: &Arc<dyn Chance>,
    by: &By<'_>,
) -> Result<Lost> {
    let mut lost = lost(files, records).await?;
    let Some(next) = begun(files, by, LOST).await? else {
        ended(files).await?;
        return Ok(lost);
    };
    let keys = records.keys();
    for (owner, sealed) in keys.owner_keys().await? {
        if next.open_key(owner, &sealed).is_err() {
            let fresh = next.seal_key(by.chance, owner, &Key::fresh(by.chance))?;
            keys.reseal_owner_key(owner, &sealed, &fresh).await?;
        }
    }
    let vault = RootVault::new(next, keys, chance.clone());
    for (scope, endpoint) in &lost.endpoints {
        pause(records, &vault, *scope, endpoint, by).await?;
    }
    for provider in &lost.providers {
        switch_off(records, &vault, provider, by).await?;
    }
    sign_anew(records, &vault, by).await?;
    lost.files = blobs.port().forget(BlobKind::Waiting, i64::MAX).await?;
    lost.files += forget_all(records, &*blobs.port()).await?;
    // Those are made again whenever a replica begins.
    blobs.port().forget(BlobKind::Snapshot, i64::MAX).await?;
    ended(files).await?;
    Ok(lost)
}

/// Pauses an endpoint whose secret does not open any more. It gets one that nobody knows: whoever
/// manages the library gives it another and lets it go on.
async fn pause(
    records: &Records,
    vault: &RootVault,
    scope: Scope,
    endpoint: &Endpoint,
    by: &By<'_>,
) -> Result<()> {
    let (owner, of) = (Owner::Library(scope.library), SigningKey::of(endpoint.id));
    if endpoint.key.is_plain() || vault.open(owner, of, &endpoint.key.0).await.is_ok() {
        return Ok(());
    }
    let subject = Some(endpoint.id.to_bytes());
    by.record(scope.tenant, (Deed::EndpointChanged, subject), PAUSED).await?;
    let key = SigningKey(vault.seal(owner, of, &by.chance.secret()).await?);
    let edit = EndpointEdit {
        state: Some(EndpointState::Paused),
        keys: Some((key, None)),
        instead_of: Some(endpoint.key.clone()),
        ..EndpointEdit::default()
    };
    records.webhooks().edit_endpoint(scope, endpoint.id, &edit).await?;
    Ok(())
}

/// Takes from a provider the secret that does not open any more: nobody signs in by it, until an admin
/// gives it again. What it decides stays.
async fn switch_off(
    records: &Records,
    vault: &RootVault,
    provider: &Provider,
    by: &By<'_>,
) -> Result<()> {
    let (owner, of) = (Owner::Tenant(provider.tenant), ProviderSecret::of(provider.tenant));
    if matches!(vault.open(owner, of, &provider.secret.0).await, Ok(Some(_))) {
        return Ok(());
    }
    by.record(provider.tenant, (Deed::ProviderChanged, None), CLEARED).await?;
    let cleared = Provider { secret: ProviderSecret::lost(), ..provider.clone() };
    records.sso().put_provider(&cleared).await?;
    Ok(())
}

/// Gives the server another key to sign with, where the one it had does not open any more.
async fn sign_anew(records: &Records, vault: &RootVault, by: &By<'_>) -> Result<()> {
    let seed = vault.seal(Owner::Server, ServerKey::OF, &by.chance.secret()).await?;
    let fresh = ServerKey { seed, made_at: by.now };
    let kept = records.privacy().server_key(&fresh).await?;
    let opens = vault.open(Owner::Server, ServerKey::OF, &kept.seed).await.is_ok();
    if !kept.is_plain() && !opens {
        records.privacy().keep_server_key_as(&kept, &fresh).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root_key::{file_of, root_key};
    use shelf_domain::id::ActId;
    use shelf_domain::right::Role;
    use shelf_embedded::Embedded;
    use shelf_ports::blobs::BlobKey;
    use shelf_ports::sso::SingleSignOn;
    use shelf_ports::tenants::{Tenant, Tenants};
    use shelf_ports::vault::{Of, OwnerKeys};
    use shelf_testkit::{Desk, SeededChance};

    const SECRET: Of = Of::whole("a secret", [9; 16]);

    /// A vault as a process that starts now has it.
    async fn starts(dir: &Path, store: &Arc<Embedded>, chance: &Arc<SeededChance>) -> RootVault {
        let root = root_key(dir, None, &**store, &**chance).await.unwrap();
        RootVault::new(root, store.clone(), chance.clone())
    }

    #[tokio::test]
    async fn what_broke_off_goes_on_wherever_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let chance = Arc::new(SeededChance::new(3));
        let desk = Desk::new(&*store, 1).await;
        let library = Owner::Library(desk.scope.library);
        let vault = starts(dir.path(), &store, &chance).await;
        vault.make_missing().await.unwrap();
        let sealed = vault.seal(library, SECRET, b"whsec").await.unwrap();
        let files = RootFiles { file: file_of(dir.path(), None), accounts: store.clone() };
        let looking = |vault: RootVault| vault.looking(Arc::new(files.clone()));
        let by =
            By { person: desk.person, now: 5, audit: &*store, usage: &*store, chance: &*chance };

        // It breaks off before the first key was sealed anew, and after one of them was.
        let next = begun(&files, &by, "").await.unwrap().unwrap();
        let half = looking(starts(dir.path(), &store, &chance).await);
        assert_eq!(half.open(library, SECRET, &sealed).await.unwrap().unwrap(), b"whsec");
        let (owner, before) = store.owner_keys().await.unwrap().swap_remove(0);
        let key = read(&files.file).unwrap().unwrap().open_key(owner, &before).unwrap();
        let fresh = next.seal_key(&*chance, owner, &key).unwrap();
        assert!(store.reseal_owner_key(owner, &before, &fresh).await.unwrap());
        let again = begun(&files, &by, "").await.unwrap();
        assert!(again.as_ref() == Some(&next), "it is the same that goes on");

        // And after the one of before was put aside.
        looking(starts(dir.path(), &store, &chance).await).reseal(&next).await.unwrap();
        std::fs::rename(&files.file, old_of(&files.file)).unwrap();
        let third = looking(starts(dir.path(), &store, &chance).await);
        let replaced = replace(&files, &third, &by).await.unwrap();
        assert_eq!(replaced.keys, 0);
        assert!(read(&files.file).unwrap() == Some(next.clone()));
        assert!(under_way(&*store).await.unwrap().is_none());
        std::fs::remove_file(old_of(&files.file)).unwrap();
        let last = starts(dir.path(), &store, &chance).await;
        assert_eq!(last.open(library, SECRET, &sealed).await.unwrap().unwrap(), b"whsec");
        let deeds = store.records_after(desk.scope.tenant, 0, 10).await.unwrap();
        assert_eq!(deeds.len(), 1, "it is written down once");

        // Said when all was done but to say so.
        let fingerprint = next.fingerprint();
        store.put_setting(RESTORED_OF, BEFORE, "another").await.unwrap();
        assert_eq!(replace(&files, &last, &by).await.unwrap().keys, 0);
        assert_eq!(kept(&*store).await.unwrap(), Some(fingerprint), "no other was made");
    }

    #[tokio::test]
    async fn where_the_root_key_is_lost_a_provider_waits_for_its_secret_and_snapshots_go() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let chance = Arc::new(SeededChance::new(4));
        let desk = Desk::new(&*store, 1).await;
        // A team that has no library yet.
        let tenant = TenantId::from_bytes([7; 16]);
        let team = Tenant { id: tenant, name: "The guild".to_owned(), created_at: 1 };
        store.add_tenant(&team, desk.person).await.unwrap();
        let vault = starts(dir.path(), &store, &chance).await;
        vault.make_missing().await.unwrap();
        let of = ProviderSecret::of(tenant);
        let sealed = vault.seal(Owner::Tenant(tenant), of, b"hush").await.unwrap();
        let provider = Provider {
            tenant,
            issuer: "https://id.example".to_owned(),
            client_id: "shelf".to_owned(),
            secret: ProviderSecret(sealed),
            groups_claim: "groups".to_owned(),
            rules: Vec::new(),
            role: Role::Viewer,
            is_required: true,
            created_at: 1,
        };
        assert!(store.put_provider(&provider).await.unwrap());
        let blobs = Blobs::open(dir.path(), None).await.unwrap();
        let snapshot =
            BlobKey { kind: BlobKind::Snapshot, scope: desk.scope, id: ActId::from_bytes([0; 16]) };
        let draft = blobs.port().draft().await.unwrap();
        blobs.port().put(&snapshot, draft).await.unwrap();
        let files = RootFiles { file: file_of(dir.path(), None), accounts: store.clone() };
        std::fs::remove_file(&files.file).unwrap();

        let records = Records::Embedded((*store).clone());
        let told = lost(&files, &records).await.unwrap();
        assert_eq!(
            told.providers,
            std::slice::from_ref(&provider),
            "it is named before anything is done"
        );
        assert_eq!(store.provider(tenant).await.unwrap(), Some(provider.clone()));
        let by =
            By { person: desk.person, now: 5, audit: &*store, usage: &*store, chance: &*chance };
        let any: Arc<dyn Chance> = chance.clone();
        replace_lost(&files, &records, &blobs, &any, &by).await.unwrap();

        let kept = store.provider(tenant).await.unwrap().unwrap();
        assert!(kept.secret.is_lost());
        assert_eq!(
            Provider { secret: provider.secret.clone(), ..kept },
            provider,
            "the rest stays"
        );
        assert!(blobs.port().open(&snapshot).await.unwrap().is_none());
        let deeds = store.records_after(tenant, 0, 10).await.unwrap();
        let told: Vec<_> =
            deeds.iter().map(|one| (one.record.deed, one.record.detail.as_str())).collect();
        assert_eq!(told, [(Deed::KeysReplaced, LOST), (Deed::ProviderChanged, CLEARED)]);

        // Given again it opens, and is not taken for one that was lost.
        let vault = starts(dir.path(), &store, &chance).await;
        let sealed = vault.seal(Owner::Tenant(tenant), of, b"hush").await.unwrap();
        let again = Provider { secret: ProviderSecret(sealed), ..provider };
        store.put_provider(&again).await.unwrap();
        switch_off(&records, &vault, &again, &by).await.unwrap();
        assert_eq!(store.provider(tenant).await.unwrap(), Some(again));
    }
}
