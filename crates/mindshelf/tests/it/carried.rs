//! A shelf in a file and back, at another moment, in another directory.

use crate::program::{Server, client, complained, mindshelf, ran, said, told};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use shelf_client::Request;
use shelf_domain::id::{PasskeyId, PersonId};
use shelf_domain::login::LoginName;
use shelf_embedded::Embedded;
use shelf_ports::accounts::{Accounts, SecretHash};
use shelf_ports::credentials::{Credential, Credentials, PasswordHash};
use shelf_ports::passkeys::{Answered, Passkey, Passkeys};
use shelf_ports::vault::OwnerKeys;
use std::io::Write;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// The lines of a backup from before backups were sealed.
const BACKUP_1: &str = include_str!("../golden/backup-1.jsonl");

/// A shelf with an import in it, a folder, tags and something in the trash.
fn shelf() -> TempDir {
    let dir = tempdir().unwrap();
    let file = dir.path().join("links.html");
    let links = (0..300).map(|n| {
        format!("<DT><A HREF=\"https://example.org/{n}\" TAGS=\"t{}\">Page {n}</A>\n", n % 7)
    });
    let list = format!("<DL><p><DT><H3>Read</H3><DL><p>{}</DL></DL>", links.collect::<String>());
    std::fs::write(&file, format!("<!DOCTYPE NETSCAPE-Bookmark-file-1>\n{list}")).unwrap();
    said(mindshelf(dir.path()).arg("import").arg(&file));
    dir
}

fn add(data: &Path, url: &str) {
    said(mindshelf(data).arg("add").arg(url));
}

fn exported(data: &Path) -> String {
    said(mindshelf(data).arg("export"))
}

fn backup(data: &Path, file: &Path) -> Value {
    told(mindshelf(data).arg("backup").arg(file).arg("--json"))
}

fn restored(to: &Path, file: &Path, more: &[&str]) -> Value {
    told(mindshelf(to).arg("restore").arg(file).args(more).arg("--json"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_server_brings_the_same_shelf_back_in_a_new_epoch() {
    let (dir, away, other) = (shelf(), tempdir().unwrap(), tempdir().unwrap());
    let server = Server::start(dir.path());
    let (there, library) = client(dir.path()).await;
    let pulled: Value = there.get(&format!("{library}/changes?limit=10")).await.unwrap();
    let file = away.path().join("shelf.backup");
    let made = backup(dir.path(), &file);
    let before = exported(dir.path());
    add(dir.path(), "https://example.org/after");
    assert!(server.stop());

    let back = restored(other.path(), &file, &[]);
    assert_eq!((&back["entries"], &back["sha256"]), (&made["entries"], &made["sha256"]));
    assert_eq!(exported(other.path()), before);
    let found = told(mindshelf(other.path()).args(["search", "page 7", "--json"]));
    assert!(found["total"].as_u64().unwrap() > 0, "the restored shelf is searched: {found}");

    let server = Server::start(other.path());
    let (there, library) = client(other.path()).await;
    let now: Value = there.get(&format!("{library}/changes?limit=10")).await.unwrap();
    let epoch = |pulled: &Value| pulled["head"]["epoch"].as_u64().unwrap();
    assert!(epoch(&now) > epoch(&pulled));
    let cursor = pulled["next_cursor"].as_str().unwrap();
    let old = there.get::<Value>(&format!("{library}/changes?cursor={cursor}")).await.unwrap_err();
    assert_eq!(old.code(), Some("cursor_expired"), "what saw the other epoch begins anew");
    assert!(server.stop());
}

#[test]
fn content_goes_back_to_a_moment() {
    let (dir, away, other) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    add(dir.path(), "https://example.org/early");
    let early = exported(dir.path());
    let line: Value = serde_json::from_str(early.lines().last().unwrap()).unwrap();
    let moment = line["created_at"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned();
    add(dir.path(), "https://example.org/late");
    let file = away.path().join("shelf.backup");
    backup(dir.path(), &file);
    let back = restored(other.path(), &file, &["--until", &moment]);
    assert!(back["until"].is_string(), "{back}");
    assert_eq!(exported(other.path()), early);
    add(other.path(), "https://example.org/anew");
    let found = told(mindshelf(other.path()).args(["search", "late", "--mode", "words", "--json"]));
    assert_eq!(found["total"], json!(0), "what came later is not there: {found}");

    let why = complained(mindshelf(dir.path()).arg("restore").arg(&file), 1);
    assert!(why.contains("a shelf already") && why.contains("--data"), "{why}");
    let why = complained(
        mindshelf(dir.path()).arg("restore").arg(&file).args(["--until", "yesterday"]),
        2,
    );
    assert!(why.contains("2026-11-01T18:00:00Z"), "{why}");
}

#[test]
fn a_backup_that_is_not_whole_is_refused_before_anything_is_written() {
    let (dir, away) = (shelf(), tempdir().unwrap());
    let file = away.path().join("shelf.backup");
    backup(dir.path(), &file);
    let why = complained(mindshelf(dir.path()).arg("backup").arg(&file), 1);
    assert!(why.contains("there is a file of that name"), "{why}");
    let whole = std::fs::read(&file).unwrap();
    let middle = whole.len() / 2;
    let mut turned = whole.clone();
    turned[middle] ^= 0x40;
    let hurt: [&[u8]; 5] = [&whole[..middle], &whole[..whole.len() - 9], &turned, b"", b"links"];
    for bytes in hurt {
        let (other, hurt) = (tempdir().unwrap(), away.path().join("hurt.backup"));
        std::fs::write(&hurt, bytes).unwrap();
        let why = complained(mindshelf(other.path()).arg("restore").arg(&hurt), 1);
        assert!(why.contains("hurt.backup"), "{why}");
        assert!(!other.path().join("shelf.db").exists(), "nothing was written");
    }
}

#[test]
fn a_shelf_moves_to_another_directory_and_only_to_its_own() {
    let (dir, to, else_where) = (shelf(), tempdir().unwrap(), shelf());
    let before = exported(dir.path());
    let goes = |to: &Path| {
        let mut command = mindshelf(dir.path());
        command.arg("move").arg(to);
        command
    };
    let moved = told(goes(to.path()).arg("--json"));
    let again = told(goes(to.path()).arg("--json"));
    assert_eq!(moved, again, "moving again changes nothing");
    assert_eq!(exported(to.path()), before);
    let why = complained(&mut goes(else_where.path()), 1);
    assert!(why.contains("another shelf"), "{why}");
    let server = Server::start(dir.path());
    let why = complained(&mut goes(to.path()), 1);
    assert!(why.contains("is in use"), "{why}");
    assert!(server.stop());
}

#[tokio::test]
async fn what_people_sign_in_with_comes_along_in_a_backup_and_in_a_move() {
    let (dir, away, back, moved) =
        (shelf(), tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let store = Embedded::open(dir.path()).unwrap();
    let person = store.people().await.unwrap().remove(0).id;
    let (login, hash) = (LoginName::read("Åda").unwrap(), PasswordHash("$argon2id$x".to_owned()));
    let credential = Credential { person, login, hash };
    assert!(store.put_credential(&credential, None).await.unwrap());
    assert!(store.put_codes(person, &[SecretHash([7; 32])]).await.unwrap());
    let passkey = passkey_of(person);
    let answered = Answered { challenge: [1; 32], until: 2, at: 1 };
    store.add_passkey(&passkey, answered, 1).await.unwrap();
    drop(store);
    let file = away.path().join("shelf.backup");
    backup(dir.path(), &file);
    restored(back.path(), &file, &[]);
    said(mindshelf(dir.path()).arg("move").arg(moved.path()));
    for carried in [back.path(), moved.path()] {
        let store = Embedded::open(carried).unwrap();
        let found = store.credential_by(&credential.login).await.unwrap().unwrap();
        assert_eq!((found.login.shown(), &found), ("Åda", &credential));
        assert!(store.take_code(person, SecretHash([7; 32])).await.unwrap());
        assert_eq!(store.passkey_by(&passkey.credential).await.unwrap().as_ref(), Some(&passkey));
    }
}

fn passkey_of(person: PersonId) -> Passkey {
    Passkey {
        id: PasskeyId::from_bytes([5; 16]),
        person,
        credential: vec![0xff; 40],
        handle: vec![3; 32],
        key: vec![0, 0x80, 0xff],
        name: "Telef\u{f3}n".to_owned(),
        created_at: 1,
        used_at: Some(2),
        count: 3,
        synced: true,
        backed_up: false,
        copied_at: Some(4),
    }
}

#[tokio::test]
async fn keys_come_along_in_a_move_and_so_does_what_seals_them() {
    let (dir, moved, wrong) = (shelf(), tempdir().unwrap(), tempdir().unwrap());
    said(mindshelf(dir.path()).arg("move").arg(moved.path()));
    let root = |dir: &Path| std::fs::read(dir.join("root.key")).unwrap();
    assert_eq!(root(dir.path()), root(moved.path()));
    let keys = async |dir: &Path| Embedded::open(dir).unwrap().owner_keys().await.unwrap();
    let (ours, theirs) = (keys(dir.path()).await, keys(moved.path()).await);
    assert_eq!(ours.len(), 4, "server, tenant, person and library");
    assert!(ours == theirs);

    let other = wrong.path().join("root.key");
    said(mindshelf(wrong.path()).args(["key", "make"]).arg(&other));
    let why = complained(mindshelf(dir.path()).arg("move").arg(wrong.path()), 1);
    assert!(why.contains("different root keys") && why.contains("root.key"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_bookmarks_come_along_in_a_backup_and_in_a_move() {
    let (dir, away) = (tempdir().unwrap(), tempdir().unwrap());
    let (back, moved) = (tempdir().unwrap(), tempdir().unwrap());
    add(dir.path(), "https://example.org/with-a-file");
    let server = Server::start(dir.path());
    let (there, library) = client(dir.path()).await;
    let listed: Value = there.get(&format!("{library}/bookmarks")).await.unwrap();
    let item = listed["items"][0]["id"].as_str().unwrap();
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let target = format!("{library}/bookmarks/{item}/files?name=page.html");
    let request = Request::new(shelf_client::Method::POST, target).bytes(content.clone());
    let kept = there.send(request).await.unwrap().bytes().await.unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    let file = away.path().join("shelf.backup");
    let made = backup(dir.path(), &file);
    assert!(server.stop());
    let brought = restored(back.path(), &file, &[]);
    assert_eq!(brought["sha256"], made["sha256"]);
    said(mindshelf(dir.path()).arg("move").arg(moved.path()));
    for carried in [back.path(), moved.path()] {
        let server = Server::start(carried);
        let (there, library) = client(carried).await;
        let path = format!("{library}/files/{}", kept["id"].as_str().unwrap());
        let known: Value = there.get(&path).await.unwrap();
        assert_eq!(known, kept);
        let request = Request::new(shelf_client::Method::GET, format!("{path}/content"));
        let read = there.send(request).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, content, "the same content");
        assert!(server.stop());
    }
}

#[test]
fn a_backup_from_before_they_were_sealed_is_read() {
    let (away, other) = (tempdir().unwrap(), tempdir().unwrap());
    let file = away.path().join("before.backup");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(BACKUP_1.as_bytes()).unwrap();
    std::fs::write(&file, packed.finish().unwrap()).unwrap();
    let back = restored(other.path(), &file, &[]);
    assert_eq!((&back["entries"], &back["left_out"]), (&json!(9), &json!(0)), "{back}");
    assert!(exported(other.path()).contains("https://before.example/"));
    let again = away.path().join("again.backup");
    backup(other.path(), &again);
    let sealed = std::fs::read(&again).unwrap();
    assert!(sealed.starts_with(b"{\"mindshelf_backup\":2,"), "from then on they are sealed");
}

#[test]
fn a_backup_opens_with_its_keys_and_without_them_says_so() {
    let (dir, away, far) = (shelf(), tempdir().unwrap(), tempdir().unwrap());
    let file = away.path().join("shelf.backup");
    let made = backup(dir.path(), &file);
    let keys = away.path().join("mindshelf.keys");
    assert_eq!(made["keys"], json!(keys.display().to_string()));
    let alone = far.path().join("alone.backup");
    std::fs::copy(&file, &alone).unwrap();
    let other = tempdir().unwrap();
    let why = complained(mindshelf(other.path()).arg("restore").arg(&alone), 1);
    assert!(why.contains("alone.backup") && why.contains("--keys"), "{why}");
    assert!(!other.path().join("shelf.db").exists(), "nothing was written");
    let keys = keys.to_str().unwrap();
    let back = restored(other.path(), &alone, &["--keys", keys]);
    assert_eq!((&back["sha256"], &back["left_out"]), (&made["sha256"], &json!(0)));
    assert_eq!(exported(other.path()), exported(dir.path()));

    // A backup of the restored shelf does not shut the older ones: its keys are the same.
    backup(other.path(), &away.path().join("later.backup"));
    let third = tempdir().unwrap();
    assert_eq!(restored(third.path(), &file, &[])["left_out"], json!(0));
}

#[test]
fn keys_of_another_shelf_are_not_written_over() {
    let (dir, another, away) = (shelf(), shelf(), tempdir().unwrap());
    let file = away.path().join("shelf.backup");
    backup(dir.path(), &file);
    let keys = std::fs::read(away.path().join("mindshelf.keys")).unwrap();
    let other = away.path().join("other.backup");
    let why = complained(mindshelf(another.path()).arg("backup").arg(&other), 1);
    assert!(why.contains("of another shelf") && why.contains("--keys"), "{why}");
    assert!(!other.exists());
    assert_eq!(std::fs::read(away.path().join("mindshelf.keys")).unwrap(), keys);
    let elsewhere = away.path().join("other.keys");
    said(mindshelf(another.path()).arg("backup").arg(&other).arg("--keys").arg(&elsewhere));
    let back = tempdir().unwrap();
    let why = complained(mindshelf(back.path()).arg("restore").arg(&other), 1);
    assert!(why.contains("other.backup") && why.contains("another shelf"), "{why}");
}

#[test]
fn with_a_root_key_of_its_own_place_the_keys_beside_a_backup_are_worth_nothing_alone() {
    let (dir, away, other) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let make = |name: &str| {
        let root = away.path().join(name);
        said(mindshelf(dir.path()).args(["key", "make"]).arg(&root));
        root
    };
    let (root, wrong) = (make("root.key"), make("wrong.key"));
    let why = complained(mindshelf(dir.path()).args(["key", "make"]).arg(&root), 1);
    assert!(why.contains("is there already"), "{why}");
    let with = |data: &Path, root: &Path| {
        let mut command = mindshelf(data);
        command.env("MINDSHELF_ROOT_KEY", root);
        command
    };
    said(with(dir.path(), &root).args(["add", "https://example.org/kept"]));
    assert!(!dir.path().join("root.key").exists(), "it is where the settings say");
    let why = complained(with(dir.path(), &wrong).args(["add", "https://example.org/"]), 1);
    assert!(why.contains("wrong.key") && why.contains("root_key"), "{why}");
    let why = complained(mindshelf(dir.path()).args(["add", "https://example.org/"]), 1);
    assert!(why.contains("put it back"), "{why}");

    let file = away.path().join("shelf.backup");
    said(with(dir.path(), &root).arg("backup").arg(&file));
    for refused in [mindshelf(other.path()), with(other.path(), &wrong)] {
        let mut refused = refused;
        let why = complained(refused.arg("restore").arg(&file), 1);
        assert!(why.contains("another root key") && why.contains("root_key"), "{why}");
    }
    let anew = tempdir().unwrap();
    said(with(anew.path(), &wrong).arg("restore").arg(&file).arg("--root-key").arg(&root));
    assert!(said(with(anew.path(), &wrong).arg("export")).contains("https://example.org/kept"));
    said(with(other.path(), &root).arg("restore").arg(&file));
    assert!(said(with(other.path(), &root).arg("export")).contains("https://example.org/kept"));
    let moved = tempdir().unwrap();
    said(with(other.path(), &root).arg("move").arg(moved.path()));
    assert!(!ran(mindshelf(moved.path()).arg("export")).status.success());
    assert!(said(with(moved.path(), &root).arg("export")).contains("https://example.org/kept"));
}
