//! Every command as programs use it: the shapes of its JSON, its exit codes and its words, with and
//! without a server on the data directory, and against another machine.

use crate::program::{Server, complained, mindshelf, ran, said, told};
use crate::typed::{file, has, walk};
use serde_json::{Value, json};
use std::process::Command;

/// What only the machine itself may ask.
fn look_after(command: &dyn Fn() -> Command) {
    let health = told(command().args(["doctor", "--json"]));
    has(&health, &["version", "data", "durability", "damage", "libraries", "followers", "advice"]);
    assert_eq!((&health["damage"], &health["advice"]), (&json!([]), &json!([])), "{health}");
    assert_eq!(health["libraries"][0]["bookmarks"], 2);
    assert!(said(command().arg("doctor")).contains("All is well."));
    assert!(said(command().arg("rebuild")).contains("built again"));
    let found = told(command().args(["search", "owls", "--json"]));
    assert_eq!(found["hits"][0]["url"], "https://example.org/owls", "as before the rebuild");
}

#[test]
fn every_command_works_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let command = || mindshelf(dir.path());
    walk(&command, &file(dir.path()));
    look_after(&command);
}

#[test]
fn every_command_works_beside_a_server_on_the_same_directory() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let command = || mindshelf(dir.path());
    walk(&command, &file(dir.path()));
    look_after(&command);
    assert!(server.stop());
}

#[test]
fn every_command_works_against_another_machine_with_a_token() {
    let (dir, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(dir.path());
    let token = said(mindshelf(dir.path()).args(["token", "create", "--name", "far"]));
    let token = token.trim_end();
    let address = server.address.clone();
    let far = || {
        let mut command = mindshelf(here.path());
        command.args(["--server", &address, "--token", token]);
        command
    };
    walk(&far, &file(here.path()));
    let why = complained(far().arg("doctor"), 1);
    assert!(why.contains("on the machine itself"), "{why}");
    let why = complained(mindshelf(here.path()).args(["search", "x", "--server", &address]), 1);
    assert!(why.contains("--token") && why.contains("token create"), "{why}");
    let wrong = ["search", "x", "--server", &address, "--token", "wrong"];
    let why = complained(mindshelf(here.path()).args(wrong), 1);
    assert!(why.contains("not signed in"), "{why}");
    assert!(server.stop());
    let why = complained(far().args(["search", "x"]), 1);
    assert!(why.contains("cannot reach") && why.contains(&address), "{why}");
    assert!(!here.path().join("shelf.db").exists(), "nothing was made here");
}

#[test]
fn the_data_directory_may_be_named_anywhere_on_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let (data, path) = (dir.path().to_str().unwrap(), path.to_str().unwrap());
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mindshelf"));
        command.env_clear().env("HOME", "/nowhere");
        command
    };
    let lines: [&[&str]; 4] = [
        &["--data", data, "import", path, "--json"],
        &["import", "--data", data, path, "--json"],
        &["import", path, "--json", "--data", data],
        &["import", &format!("--data={data}"), "--json", path],
    ];
    for (at, line) in lines.into_iter().enumerate() {
        let job = told(program().args(line));
        assert_eq!(job["stored"], if at == 0 { 2 } else { 0 }, "{line:?}");
    }
    let token = said(program().args(["token", "create", "--name", "x", "--data", data]));
    assert!(!token.trim().is_empty());
    let by_variable = ran(program().env("MINDSHELF_DATA", data).args(["search", "owls", "--json"]));
    let found: Value = serde_json::from_slice(&by_variable.stdout).unwrap();
    assert_eq!(found["total"], 1);
}
