//! The root key of a shelf is replaced, and lost, by the command line.

use crate::program::{Server, complained, mindshelf, said};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

const URL: &str = "https://example.org/kept";

/// A shelf with a bookmark, an endpoint and a signed archive of itself.
fn shelf() -> TempDir {
    let dir = tempdir().unwrap();
    said(mindshelf(dir.path()).args(["add", URL]));
    said(mindshelf(dir.path()).args(["webhook", "add", "https://hooks.example.org/shelf"]));
    said(mindshelf(dir.path()).args(["privacy", "export", "--output"]).arg(archive(dir.path())));
    dir
}

fn archive(dir: &Path) -> std::path::PathBuf {
    dir.join("me.zip")
}

fn root(dir: &Path) -> String {
    fs::read_to_string(dir.join("root.key")).unwrap()
}

fn replace(dir: &Path, more: &[&str]) -> std::process::Command {
    let mut command = mindshelf(dir);
    command.args(["key", "replace"]).args(more);
    command
}

/// Whose key a new archive of the shelf is signed with.
fn signer(dir: &Path) -> String {
    let file = dir.join("now.zip");
    said(mindshelf(dir).args(["privacy", "export", "--output"]).arg(&file));
    let told = said(mindshelf(dir).args(["privacy", "verify"]).arg(&file));
    fs::remove_file(file).unwrap();
    let mut words = told.split_whitespace().map(|word| word.trim_matches(['(', ')', '.']));
    let key = words.find(|word| word.len() == 44 && word.ends_with('='));
    assert!(key.is_some(), "no key in {told:?}");
    key.unwrap().to_owned()
}

#[test]
fn a_root_key_is_replaced_beside_a_server_that_runs_and_all_it_sealed_opens_as_before() {
    let dir = shelf();
    let (before, signs) = (root(dir.path()), signer(dir.path()));
    let early = dir.path().join("early.backup");
    said(mindshelf(dir.path()).arg("backup").arg(&early));
    let server = Server::start(dir.path());
    let told = said(&mut replace(dir.path(), &[]));
    assert!(told.contains("root.key.old") && told.contains("keys anew"), "{told}");
    assert_ne!(root(dir.path()), before);
    assert_eq!(fs::read_to_string(dir.path().join("root.key.old")).unwrap(), before);
    assert!(!dir.path().join("root.key.next").exists());
    assert_eq!(signer(dir.path()), signs, "the server that ran on signs as before");
    assert!(server.stop());

    fs::remove_file(dir.path().join("root.key.old")).unwrap();
    assert_eq!(signer(dir.path()), signs, "and so does one that knows the new root key alone");
    let log = said(mindshelf(dir.path()).args(["audit", "export"]));
    assert!(log.contains("\"keys_replaced\""), "{log}");
    assert!(said(mindshelf(dir.path()).args(["webhook", "list"])).contains("active"));
    for file in [early, dir.path().join("late.backup")] {
        if !file.exists() {
            said(mindshelf(dir.path()).arg("backup").arg(&file));
        }
        let other = tempdir().unwrap();
        said(mindshelf(other.path()).arg("restore").arg(&file));
        assert!(said(mindshelf(other.path()).arg("export")).contains(URL));
    }
    fs::write(dir.path().join("root.key"), before).unwrap();
    let why = complained(mindshelf(dir.path()).arg("export"), 1);
    assert!(why.contains("is not the one of these records"), "the old one opens nothing: {why}");
}

#[test]
fn keys_beside_backups_that_the_old_root_key_sealed_are_sealed_with_the_new_one() {
    let (dir, away, other) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let root = away.path().join("root.key");
    said(mindshelf(dir.path()).args(["key", "make"]).arg(&root));
    let on = |data: &Path| {
        let mut command = mindshelf(data);
        command.env("MINDSHELF_ROOT_KEY", &root);
        command
    };
    said(on(dir.path()).args(["add", URL]));
    let file = away.path().join("early.backup");
    said(on(dir.path()).arg("backup").arg(&file));
    said(on(dir.path()).args(["key", "replace"]));
    said(on(dir.path()).arg("backup").arg(away.path().join("late.backup")));
    fs::remove_file(away.path().join("root.key.old")).unwrap();
    said(on(other.path()).arg("restore").arg(&file));
    assert!(said(on(other.path()).arg("export")).contains(URL), "the early one opens, too");
}

#[test]
fn a_shelf_whose_root_key_is_lost_goes_on_and_says_what_went_with_it() {
    let dir = shelf();
    let signs = signer(dir.path());
    let why = complained(&mut replace(dir.path(), &["--lost", "--confirm"]), 1);
    assert!(why.contains("at hand"), "nothing is given up while it is there: {why}");
    fs::remove_file(dir.path().join("root.key")).unwrap();
    let why = complained(mindshelf(dir.path()).arg("export"), 1);
    assert!(why.contains("put it back") && why.contains("--lost"), "{why}");
    assert!(!dir.path().join("root.key").exists());

    let why = complained(&mut replace(dir.path(), &["--lost"]), 1);
    for word in [
        "1 endpoints",
        "0 identity providers",
        "backups",
        "archives",
        "wait",
        "Nothing was changed",
        "--confirm",
    ] {
        assert!(why.contains(word), "{word}: {why}");
    }
    assert!(!dir.path().join("root.key").exists() && !dir.path().join("root.key.next").exists());
    complained(&mut replace(dir.path(), &["--confirm"]), 2);

    let told = said(&mut replace(dir.path(), &["--lost", "--confirm"]));
    assert!(told.contains("root.key"), "{told}");
    assert!(said(mindshelf(dir.path()).arg("export")).contains(URL), "what people kept is there");
    assert!(said(mindshelf(dir.path()).args(["webhook", "list"])).contains("paused"));
    assert_ne!(signer(dir.path()), signs, "the server signs with another key");
    said(mindshelf(dir.path()).args(["privacy", "verify"]).arg(archive(dir.path())));
    let log = said(mindshelf(dir.path()).args(["audit", "export"]));
    assert!(log.contains("\"keys_replaced\"") && log.contains("lost with the root key"), "{log}");
    let file = dir.path().join("late.backup");
    said(mindshelf(dir.path()).arg("backup").arg(&file));
    let why = complained(&mut replace(dir.path(), &["--lost", "--confirm"]), 1);
    assert!(why.contains("at hand"), "{why}");
}
