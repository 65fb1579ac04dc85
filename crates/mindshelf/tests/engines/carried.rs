//! A shelf that outgrows its directory and comes back to it, and what happens when the way is cut.

use crate::program::{mindshelf, ran, said, told};
use serde_json::{Value, json};
use shelf_testkit::ground::Ground;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::{TempDir, tempdir};
use tokio::time::Instant;

/// Links of the shelf: several batches, and long enough to be cut off on the way.
const ROWS: usize = 20_000;

fn shelf() -> TempDir {
    let dir = tempdir().unwrap();
    let file = dir.path().join("links.jsonl");
    let row = |row: usize| {
        let (url, title) = (format!("https://example.org/{row}"), format!("Page {row}"));
        let tags = [format!("t{}", row % 50)];
        json!({ "url": url, "title": title, "tags": tags, "folders": ["Read"] }).to_string() + "\n"
    };
    std::fs::write(&file, (0..ROWS).map(row).collect::<String>()).unwrap();
    said(mindshelf(dir.path()).arg("import").arg(&file));
    dir
}

fn exported(command: &mut Command) -> String {
    said(command.arg("export"))
}

fn on(data: &Path, records: &str) -> Command {
    let mut command = mindshelf(data);
    command.env("MINDSHELF_RECORDS", records);
    command
}

/// The same, with the root key in `home`.
fn moved_on(data: &Path, records: &str, home: &Path) -> Command {
    let mut command = on(data, records);
    command.env("MINDSHELF_ROOT_KEY", home.join("root.key"));
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shelf_moves_to_postgresql_and_back() {
    for ground in Ground::all().await {
        let (dir, beside, back) = (shelf(), tempdir().unwrap(), tempdir().unwrap());
        let before = exported(&mut mindshelf(dir.path()));
        let mut cut = mindshelf(dir.path());
        cut.arg("move").arg(&ground.url).stdout(Stdio::null()).stderr(Stdio::null());
        let mut cut = cut.spawn().unwrap();
        rows_arrived(&ground).await;
        cut.kill().unwrap();
        cut.wait().unwrap();

        let began = Instant::now();
        let moved = told(mindshelf(dir.path()).args(["move", &ground.url, "--json"]));
        eprintln!("{} entries moved on after the cut, in {:?}", moved["entries"], began.elapsed());
        let why = ran(on(beside.path(), &ground.url).arg("export"));
        let why = String::from_utf8_lossy(&why.stderr).into_owned();
        assert!(why.contains("root_key") && why.contains("key make"), "{why}");
        let there = || moved_on(beside.path(), &ground.url, dir.path());
        assert_eq!(exported(&mut there()), before);

        let file = beside.path().join("shelf.backup");
        let made = told(there().arg("backup").arg(&file).arg("--json"));
        // The new directory's own key is a grant more.
        assert!(made["entries"].as_u64() > moved["entries"].as_u64(), "{made} {moved}");
        let began = Instant::now();
        let home = told(there().arg("move").arg(back.path()).arg("--json"));
        eprintln!("{} entries moved back, in {:?}", home["entries"], began.elapsed());
        assert_eq!(home["sha256"], made["sha256"], "a backup and a move tell the same");
        let mut home = mindshelf(back.path());
        home.env("MINDSHELF_ROOT_KEY", dir.path().join("root.key"));
        assert_eq!(exported(&mut home), before);
        ground.end().await;
    }
}

/// Waits until the log on the other side has begun.
async fn rows_arrived(ground: &Ground) {
    let all = shelf_testkit::ground::connect(&ground.admin_url).await;
    loop {
        let rows = all.query_opt("SELECT 1 FROM libraries WHERE seq > 0", &[]).await;
        if rows.is_ok_and(|row| row.is_some()) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_directory_is_restored_on_postgresql_at_an_earlier_moment() {
    let Some(ground) = Ground::one().await else { return };
    let (dir, away, beside) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    said(mindshelf(dir.path()).args(["add", "https://example.org/early"]));
    let early = exported(&mut mindshelf(dir.path()));
    let line: Value = serde_json::from_str(early.lines().last().unwrap()).unwrap();
    said(mindshelf(dir.path()).args(["add", "https://example.org/late"]));
    let file = away.path().join("shelf.backup");
    said(mindshelf(dir.path()).arg("backup").arg(&file));
    let moment = line["created_at"].as_str().unwrap();
    said(mindshelf(away.path()).args(["key", "make"]).arg(away.path().join("root.key")));
    let there = || moved_on(beside.path(), &ground.url, away.path());
    said(there().arg("restore").arg(&file).args(["--until", moment]));
    assert_eq!(exported(&mut there()), early);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_root_key_of_records_on_a_server_is_replaced_and_given_up() {
    let Some(ground) = Ground::one().await else { return };
    let (one, other, home) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let root = |name: &str| home.path().join(name);
    said(mindshelf(home.path()).args(["key", "make"]).arg(root("root.key")));
    let there = |data: &Path| moved_on(data, &ground.url, home.path());
    said(there(one.path()).args(["add", "https://example.org/kept"]));
    said(there(one.path()).args(["webhook", "add", "https://hooks.example.org/shelf"]));
    said(there(one.path()).args(["key", "replace"]));
    std::fs::remove_file(root("root.key.old")).unwrap();
    assert!(exported(&mut there(other.path())).contains("https://example.org/kept"));
    assert!(said(there(other.path()).args(["webhook", "list"])).contains("active"));

    std::fs::remove_file(root("root.key")).unwrap();
    assert!(!ran(there(one.path()).arg("export")).status.success());
    said(there(one.path()).args(["key", "replace", "--lost", "--confirm"]));
    assert!(exported(&mut there(other.path())).contains("https://example.org/kept"));
    assert!(said(there(other.path()).args(["webhook", "list"])).contains("paused"));
    ground.end().await;
}
