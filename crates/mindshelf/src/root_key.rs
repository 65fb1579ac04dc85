//! The root key: in the file the settings name, or beside the data, where it protects from whoever gets
//! hold of a part of it alone.

use crate::directory::write_private;
use crate::records::Records;
use anyhow::{Context, Result, bail, ensure};
use shelf_ports::accounts::{Accounts, RESTORED_OF};
use shelf_ports::chance::Chance;
use shelf_vault::RootKey;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that holds it in the data directory, where the settings name none.
const FILE: &str = "root.key";
/// The setting, of nobody, that tells which root key seals the keys in these records.
pub(crate) const KEPT: &str = "root_key";

/// The setting, of nobody, that tells which root key is being replaced; empty when none is.
pub(crate) const BEFORE: &str = "root_key_before";
/// Behind the name of the file while another root key is replacing it.
const NEXT: &str = "next";
/// Behind the name of the file once another root key has replaced it.
const OLD: &str = "old";

/// `file` with `.` and `end` behind its name.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}

/// The file of the root key that is to replace the one in `file`.
pub(crate) fn next_of(file: &Path) -> PathBuf {
    beside(file, NEXT)
}

/// The file of the root key that was replaced by the one in `file`.
pub(crate) fn old_of(file: &Path) -> PathBuf {
    beside(file, OLD)
}

/// Every root key in `file` and beside it: the one of now, one that is to replace it, one that it has
/// replaced.
pub(crate) fn at_hand(file: &Path) -> Result<Vec<RootKey>> {
    let files = [file.to_owned(), next_of(file), old_of(file)];
    let read = files.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// The fingerprint of the root key that is being replaced, if one is.
pub(crate) async fn under_way(accounts: &dyn Accounts) -> Result<Option<String>> {
    let before = accounts.setting(RESTORED_OF, BEFORE).await?;
    Ok(before.filter(|before| !before.is_empty()))
}

/// Refuses to go on where a root key is being replaced: half of the keys are sealed with the one before.
pub(crate) async fn must_be_settled(accounts: &dyn Accounts) -> Result<()> {
    ensure!(
        under_way(accounts).await?.is_none(),
        "the root key is being replaced: end that first by `mindshelf key replace`"
    );
    Ok(())
}

/// Where the root key of `dir` is kept.
pub(crate) fn file_of(dir: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| dir.join(FILE), Path::to_owned)
}

/// The root key in `file`; `None` where there is no such file.
pub(crate) fn read(file: &Path) -> Result<Option<RootKey>> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let read = RootKey::read(&text);
            read.map(Some).with_context(|| format!("the root key {}", file.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("the root key {}", file.display())),
    }
}

/// Sees to it that the settings name the root key of records that are on a server of their own: a
/// directory that belongs to one process, and may go with it, is no place for it.
pub(crate) fn must_be_named(records: &Records, named: Option<&Path>) -> Result<()> {
    ensure!(
        !records.are_shared() || named.is_some(),
        "records on a server of their own need the setting \"root_key\": make one with `mindshelf \
         key make FILE`, keep a copy elsewhere, and name it to every process"
    );
    Ok(())
}

/// Makes a root key in `file`, which must not be there, readable for its owner alone.
pub(crate) fn make(file: &Path, chance: &dyn Chance) -> Result<RootKey> {
    ensure!(
        !file.exists(),
        "{} is there already; a root key that is lost takes all with it that it sealed",
        file.display()
    );
    let root = RootKey::fresh(chance);
    write_private(file, &root.text())?;
    // Records will say that it is theirs: its name must be as durable as that.
    let above = file.parent().filter(|above| !above.as_os_str().is_empty());
    let synced = File::open(above.unwrap_or(Path::new("."))).and_then(|above| above.sync_all());
    synced.with_context(|| format!("cannot keep {}", file.display()))?;
    Ok(root)
}

/// The fingerprint of the root key that seals the keys in these records.
pub(crate) async fn kept(accounts: &dyn Accounts) -> Result<Option<String>> {
    Ok(accounts.setting(RESTORED_OF, KEPT).await?)
}

/// The root key of these records. Where they have none yet, it is made in the data directory, unless
/// the settings name another file.
pub(crate) async fn root_key(
    dir: &Path,
    named: Option<&Path>,
    accounts: &dyn Accounts,
    chance: &dyn Chance,
) -> Result<RootKey> {
    let (file, kept) = (file_of(dir, named), kept(accounts).await?);
    let first = read(&file)?;
    let seals = |root: &RootKey| kept.as_ref().is_some_and(|kept| root.fingerprint() == *kept);
    // While it is replaced, the one that seals lies beside.
    let seals = at_hand(&file)?.into_iter().find(seals);
    let root = match (seals.or(first), named, &kept) {
        (Some(root), _, _) => root,
        (None, None, None) => make(&file, chance)?,
        (None, Some(_), None) => bail!(
            "the setting \"root_key\" names {}, which is not there; make it with `mindshelf key \
             make FILE` and keep a copy elsewhere",
            file.display()
        ),
        (None, _, Some(_)) => bail!(
            "the root key {} is not there; put it back, name the one of these records by the setting \
             \"root_key\", or restore a backup into an empty place; where it is lost for good, \
             `mindshelf key replace --lost` says what goes with it",
            file.display()
        ),
    };
    let ours = root.fingerprint();
    let kept = if let Some(kept) = kept {
        kept
    } else {
        accounts.swap_setting(RESTORED_OF, KEPT, None, &ours).await?;
        // Of several that begin at once the first one stays, and all must have that.
        self::kept(accounts).await?.unwrap_or_else(|| ours.clone())
    };
    ensure!(
        kept == ours,
        "the root key {} is not the one of these records; give all processes that share them the \
         same file by the setting \"root_key\"",
        file.display()
    );
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_embedded::Embedded;
    use shelf_testkit::SeededChance;
    use tempfile::TempDir;

    fn place() -> (TempDir, Embedded, SeededChance) {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        (dir, store, SeededChance::new(5))
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, store, chance) = place();
        let first = root_key(dir.path(), None, &store, &chance).await.unwrap();
        let again = root_key(dir.path(), None, &store, &chance).await.unwrap();
        assert!(first == again);
        let mode = dir.path().join(FILE).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(make(&dir.path().join(FILE), &chance).is_err(), "none is overwritten");
    }

    #[tokio::test]
    async fn another_one_and_a_missing_one_are_refused_with_a_remedy() {
        let (dir, store, chance) = place();
        root_key(dir.path(), None, &store, &chance).await.unwrap();
        let other = dir.path().join("other.key");
        make(&other, &chance).unwrap();
        let why = root_key(dir.path(), Some(&other), &store, &chance).await.unwrap_err();
        assert!(why.to_string().contains("other.key") && why.to_string().contains("root_key"));
        std::fs::remove_file(dir.path().join(FILE)).unwrap();
        let why = root_key(dir.path(), None, &store, &chance).await.unwrap_err();
        assert!(why.to_string().contains("put it back"), "{why}");
        assert!(!dir.path().join(FILE).exists(), "no other is made in its place");
        std::fs::write(dir.path().join(FILE), "no key").unwrap();
        let why = root_key(dir.path(), None, &store, &chance).await.unwrap_err();
        assert!(format!("{why:#}").contains("43 letters"), "{why:#}");
    }

    #[tokio::test]
    async fn while_it_is_replaced_the_one_that_seals_is_found_beside() {
        let (dir, store, chance) = place();
        let old = root_key(dir.path(), None, &store, &chance).await.unwrap();
        let file = dir.path().join(FILE);
        let new = make(&next_of(&file), &chance).unwrap();
        store.put_setting(RESTORED_OF, BEFORE, &old.fingerprint()).await.unwrap();
        assert!(root_key(dir.path(), None, &store, &chance).await.unwrap() == old);
        store.put_setting(RESTORED_OF, KEPT, &new.fingerprint()).await.unwrap();
        assert!(root_key(dir.path(), None, &store, &chance).await.unwrap() == new);
        let why = must_be_settled(&store).await.unwrap_err();
        assert!(why.to_string().contains("mindshelf key replace"), "{why}");
        store.put_setting(RESTORED_OF, BEFORE, "").await.unwrap();
        assert!(must_be_settled(&store).await.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_is_named_is_never_made_by_itself() {
        let (dir, store, chance) = place();
        let named = dir.path().join("named.key");
        let why = root_key(dir.path(), Some(&named), &store, &chance).await.unwrap_err();
        assert!(why.to_string().contains("mindshelf key make"), "{why}");
        assert!(!named.exists());
    }
}
