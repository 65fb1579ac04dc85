//! Backups as files: what is written is read, and nothing that was changed is.

use super::*;
use shelf_domain::id::PersonId;
use shelf_ports::accounts::{LibraryInfo, Person, RESTORED_OF};
use shelf_ports::activity::{Deed, Event};
use shelf_ports::chance::Chance;
use shelf_ports::vault::Owner;
use shelf_testkit::SeededChance;
use shelf_vault::{Key, RootKey};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A value that goes over several frames.
const LONG: usize = 700 << 10;

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn scope(number: u8) -> Scope {
    let (tenant, library) = (TenantId::from_bytes([number; 16]), LibraryId::from_bytes([9; 16]));
    Scope { tenant, library }
}

/// What two people have: a setting each, and what both did in the library of the first.
fn told(value: &str) -> Vec<Batch> {
    let setting = |who, value: &str| Entry::Setting(who, "a".to_owned(), value.to_owned());
    let named = |number| {
        let (id, tenant) = (person(number), scope(number).tenant);
        Entry::Person(Person { id, tenant, name: format!("person {number}") }, 1)
    };
    let (Scope { tenant, library: id }, name) = (scope(1), "Books".to_owned());
    let library = LibraryInfo { id, tenant, name, created_at: 1 };
    let item = shelf_domain::id::ItemId::from_bytes([7; 16]);
    let event = |number| Entry::Event(person(number), Event { at: 1, deed: Deed::Opened, item });
    let accounts = vec![
        named(1),
        named(2),
        setting(RESTORED_OF, "nobody's"),
        setting(person(1), value),
        setting(person(2), "short"),
        Entry::Library(library, person(1)),
    ];
    vec![
        Batch { scope: None, entries: accounts },
        Batch { scope: Some(scope(1)), entries: vec![event(1), event(2)] },
    ]
}

struct Made {
    path: PathBuf,
    keys: KeysFile,
    digest: Digest,
}

async fn made(dir: &Path, batches: &[Batch]) -> Made {
    let chance: Arc<dyn Chance> = Arc::new(SeededChance::new(3));
    let root = RootKey::fresh(&*chance);
    let path = dir.join("a.backup");
    let keys = KeysFile::of(&path, None, None);
    let owners = [
        Owner::Server,
        Owner::Person(person(1)),
        Owner::Person(person(2)),
        Owner::Library(scope(1).library),
    ];
    let key = |owner: &Owner| {
        let key = Key::fresh(&*chance);
        Entry::OwnerKey(*owner, root.seal_key(&*chance, *owner, &key).unwrap())
    };
    let first = Batch { scope: None, entries: owners.iter().map(key).collect() };
    let sealing = Sealing { root, keys: keys.clone(), chance };
    let mut file = BackupFile::begin(&path, 5, sealing).unwrap();
    file.take(first).await.unwrap();
    for batch in batches {
        file.take(batch.clone()).await.unwrap();
    }
    Made { digest: file.end().unwrap(), path, keys }
}

fn all(path: &Path, keyring: &Keyring) -> Vec<(Option<Scope>, Entry)> {
    let mut all = Vec::new();
    let take = |batch: Batch| {
        all.extend(batch.entries.into_iter().map(|entry| (batch.scope, entry)));
        Ok(())
    };
    read(path, keyring, take).unwrap();
    all
}

fn flat(batches: Vec<Batch>) -> Vec<(Option<Scope>, Entry)> {
    let each = |batch: Batch| batch.entries.into_iter().map(move |entry| (batch.scope, entry));
    batches.into_iter().flat_map(each).collect()
}

#[tokio::test]
async fn what_is_written_is_read_however_long_it_is() {
    for value in ["short".to_owned(), "long ".repeat(LONG / 5)] {
        let dir = tempfile::tempdir().unwrap();
        let Made { path, keys, digest } = made(dir.path(), &told(&value)).await;
        let keyring = keys.read().unwrap();
        let checked = check(&path, &keyring).unwrap();
        assert_eq!((&checked.digest, checked.made_at, checked.unreadable), (&digest, 5, 0));
        assert_eq!(digest.entries, 8, "keys are not counted");
        assert_eq!(all(&path, &keyring), flat(told(&value)));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|some| some == b"person 1"), "nothing stands plain");
    }
}

#[tokio::test]
async fn a_changed_byte_is_seen_wherever_it_is_and_so_is_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let Made { path, keys, .. } = made(dir.path(), &told("value")).await;
    let (keyring, whole) = (keys.read().unwrap(), std::fs::read(&path).unwrap());
    check(&path, &keyring).unwrap();
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 1;
        std::fs::write(&path, turned).unwrap();
        assert!(check(&path, &keyring).is_err(), "byte {at} of {}", whole.len());
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(check(&path, &keyring).is_err(), "cut at {at} of {}", whole.len());
    }
}

#[tokio::test]
async fn what_has_no_key_is_left_out_and_all_else_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let Made { path, keys, digest } = made(dir.path(), &told("value")).await;
    let text = std::fs::read_to_string(keys.path()).unwrap();
    let mut written: serde_json::Value = serde_json::from_str(&text).unwrap();
    let gone = serde_json::to_value(Owner::Person(person(1))).unwrap();
    written["keys"].as_array_mut().unwrap().retain(|key| key[0] != gone);
    std::fs::write(keys.path(), written.to_string()).unwrap();
    let keyring = keys.read().unwrap();
    let checked = check(&path, &keyring).unwrap();
    assert_eq!((checked.unreadable, digest.entries), (3, 8), "name, setting, and what they did");
    let theirs = |entry: &Entry| match entry {
        Entry::Person(one, _) => one.id == person(1),
        Entry::Setting(who, ..) | Entry::Event(who, _) => *who == person(1),
        _ => false,
    };
    let mut rest = flat(told("value"));
    rest.retain(|(_, entry)| !theirs(entry));
    assert_eq!(all(&path, &keyring), rest, "and each stands where it stood");
}

#[test]
fn one_backup_at_a_time_reads_the_records_whose_keys_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let keys = |name: &str| KeysFile::of(&dir.path().join(name), None, None);
    let first = keys("a.backup").alone().unwrap();
    let told = keys("b.backup").alone().unwrap_err().to_string();
    assert!(told.contains("another backup") && told.contains("mindshelf.keys"), "{told}");
    let elsewhere = KeysFile::of(Path::new("b.backup"), Some(&dir.path().join("other")), None);
    elsewhere.alone().unwrap();
    drop(first);
    keys("b.backup").alone().unwrap();
}
