//! The command line as people type it, against the built program.

use crate::program::{Server, mindshelf, ran, said};
use serde_json::Value;

#[test]
fn commands_work_whether_or_not_a_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let add = |url: &str| {
        let mut command = mindshelf(dir.path());
        command.args(["add", url, "--title", "A page", "--tags", "one,two", "--folder", "A/B"]);
        said(command.arg("--json"))
    };
    let alone: Value = serde_json::from_str(&add("https://example.org/alone")).unwrap();
    assert_eq!(alone["status"], "applied");
    let server = Server::start(dir.path());
    let served: Value = serde_json::from_str(&add("https://example.org/served")).unwrap();
    assert_eq!(served["status"], "applied");
    assert!(server.link.starts_with(&format!("{}/sign-in?link=", server.address)));

    let token = said(mindshelf(dir.path()).args(["token", "create", "--name", "elsewhere"]));
    let token = token.strip_suffix('\n').unwrap();
    assert!(!token.contains(char::is_whitespace), "the token stands alone");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut far = mindshelf(elsewhere.path());
    far.args(["add", "https://example.org/far", "--server", &server.address, "--token", token]);
    assert!(said(&mut far).contains("https://example.org/far"));
    let listed = said(mindshelf(dir.path()).args(["token", "list"]));
    let id = listed.split_whitespace().next().unwrap();
    said(mindshelf(dir.path()).args(["token", "revoke", id]));
    let refused = ran(&mut far);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not signed in"));

    let limited = ["token", "create", "--name", "reader", "--scope", "bookmarks:read"];
    let limited = said(mindshelf(dir.path()).args(limited).args(["--expires", "30d"]));
    let mut no = mindshelf(elsewhere.path());
    no.args(["add", "https://example.org/no", "--server", &server.address, "--token"]);
    let refused = ran(no.arg(limited.trim_end()));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("bookmarks:write"), "what is missing is named: {why}");
    let listed = said(mindshelf(dir.path()).args(["token", "list"]));
    assert!(listed.contains("scopes=bookmarks:read  ends="), "{listed}");
    let wrong =
        ran(mindshelf(dir.path()).args(["token", "create", "--name", "x", "--scope", "eat"]));
    assert_eq!(wrong.status.code(), Some(1));

    let register = ["program", "register", "--name", "List", "--redirect", "https://a.example/"];
    let told = said(mindshelf(dir.path()).args(register).arg("--secret"));
    let (id, secret) = told.trim().split_once('\n').unwrap();
    assert_eq!(secret.len(), 43, "{told}");
    assert!(said(mindshelf(dir.path()).args(["program", "list"])).contains(id));
    said(mindshelf(dir.path()).args(["program", "remove", id]));
    assert_eq!(said(mindshelf(dir.path()).args(["program", "list"])), "");

    let announced = dir.path().join("server.json");
    assert!(announced.exists());
    assert!(server.stop(), "it ends without complaint");
    assert!(!announced.exists());
    let again: Value = serde_json::from_str(&add("https://example.org/served/")).unwrap();
    assert_eq!(again["status"], "joined");
    let health = said(mindshelf(dir.path()).args(["doctor", "--json"]));
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["libraries"][0]["bookmarks"], 3);
    assert!(said(mindshelf(dir.path()).arg("rebuild")).contains("built again"));
    assert!(said(mindshelf(dir.path()).arg("link")).contains("/sign-in?link="));
}

#[test]
fn the_audit_log_is_taken_elsewhere_and_holds_until_somebody_changes_it() {
    let dir = tempfile::tempdir().unwrap();
    let audit = |of: &[&str]| {
        let mut command = mindshelf(dir.path());
        command.arg("audit").args(of);
        command
    };
    said(mindshelf(dir.path()).args(["token", "create", "--name", "laptop"]));
    let seal = said(&mut audit(&["verify"]));
    let seal = seal.trim();
    assert!(seal.starts_with("1:"), "one record: {seal}");
    said(mindshelf(dir.path()).args(["export"]));
    said(&mut audit(&["verify", "--seal", seal]));
    let log = said(&mut audit(&["export"]));
    assert!(log.contains("\"token_made\"") && log.contains("\"exported\""), "{log}");
    let file = dir.path().join("audit.jsonl");
    let verify = || ran(&mut audit(&["verify", "--file", file.to_str().unwrap(), "--seal", seal]));
    std::fs::write(&file, &log).unwrap();
    assert_eq!(verify().status.code(), Some(0));
    std::fs::write(&file, log.replace("token_made", "signed_in")).unwrap();
    let told = verify();
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains("record 1 is not what was written"));
}

/// One token in 64 begins with the sign that options begin with.
#[test]
fn a_token_that_begins_with_a_hyphen_is_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let token = "-j3xdp79dd11oCaHpXk6-a5ZMAZv9irYlKmuQbjIU1I";
    let mut far = mindshelf(dir.path());
    far.args(["--server", &server.address, "--token", token, "search", "owls"]);
    let refused = ran(&mut far);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not signed in"));
    assert!(server.stop());
}

#[test]
fn a_second_server_on_the_same_data_says_so_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let second = ran(mindshelf(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));
    assert!(server.stop());
}

#[test]
fn a_server_that_died_does_not_stand_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    server.kill();
    assert!(dir.path().join("server.json").exists(), "it had no time to clean up");
    said(mindshelf(dir.path()).args(["add", "https://example.org/after"]));
    assert!(Server::start(dir.path()).stop());
}

#[test]
fn what_is_not_understood_is_named_and_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let flag = ran(mindshelf(dir.path()).args(["serve", "--lisen", "x"]));
    assert_eq!(flag.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&flag.stderr).contains("--lisen"));
    let variable = ran(mindshelf(dir.path()).env("MINDSHELF_LISEN", "x").arg("doctor"));
    assert_eq!(variable.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&variable.stderr).contains("MINDSHELF_LISEN"));
    std::fs::write(dir.path().join("mindshelf.toml"), "lisen = \"x\"").unwrap();
    let file = ran(mindshelf(dir.path()).arg("doctor"));
    assert_eq!(file.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&file.stderr).contains("lisen"));
}

#[test]
fn a_failure_says_what_to_do_on_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = ran(mindshelf(dir.path()).args(["add", "not an address"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("https://") && error.contains("correct"), "{error}");
    let missing = ran(mindshelf(dir.path()).args(["import", "/no/such/file"]));
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such/file"));
}

#[test]
fn who_runs_the_server_is_decided_on_the_machine_itself() {
    let dir = tempfile::tempdir().unwrap();
    let admin = |what: &str, who: &str| {
        let mut command = mindshelf(dir.path());
        command.args(["admin", what, who]);
        command
    };
    assert!(said(&mut admin("revoke", "Owner")).contains("Owner runs this server no more"));
    assert!(said(&mut admin("grant", "Owner")).contains("Owner runs this server."));
    let nobody = ran(&mut admin("grant", "nobody"));
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody"));
    let log = said(mindshelf(dir.path()).args(["audit", "export"]));
    assert!(log.contains("\"operator_ended\"") && log.contains("\"operator_named\""), "{log}");
}
