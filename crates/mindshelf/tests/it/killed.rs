//! An import that is killed half-way: the truth about it afterwards, and the way to the end.

use crate::program::{Server, client, complained, mindshelf, ran, told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

/// Rows of the file.
const ROWS: u64 = 6_000;
/// Rows after which the server is killed.
const ENOUGH: u64 = 1_000;

/// A browser's file with folders, tags, repeated addresses and rows that are refused.
fn file() -> String {
    let mut file = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n".to_owned();
    for row in 0..ROWS {
        if row % 100 == 0 {
            let close = if row > 0 { "</DL><p>\n" } else { "" };
            write!(file, "{close}<DT><H3>Folder {}</H3>\n<DL><p>\n", row / 100).unwrap();
        }
        let url = match row % 10 {
            // No host; and an address from far before, in another folder.
            8 => "https://".to_owned(),
            9 if row > 200 => format!("https://example.org/{}", row - 200),
            _ => format!("https://example.org/{row}"),
        };
        let tags = format!("tag {},all", row % 7);
        writeln!(
            file,
            "<DT><A HREF=\"{url}\" ADD_DATE=\"{}\" TAGS=\"{tags}\">Page {row}</A>",
            1_600_000_000 + row
        )
        .unwrap();
    }
    file.push_str("</DL><p>\n</DL><p>\n");
    file
}

/// Every exported bookmark by its address: tags, date and the paths of its folders.
fn exported(data: &Path) -> BTreeMap<String, Value> {
    let output = ran(mindshelf(data).args(["export", "--format", "jsonl"]));
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: BTreeMap<&str, &str> = lines
        .iter()
        .filter(|line| line["type"] == "collection")
        .map(|line| (line["id"].as_str().unwrap(), line["name"].as_str().unwrap()))
        .collect();
    let mut found = BTreeMap::new();
    for line in lines.iter().filter(|line| line["url"].is_string()) {
        let places = line["places"].as_array().unwrap().iter();
        let mut folders: Vec<&str> =
            places.map(|place| names[place["collection"].as_str().unwrap()]).collect();
        folders.sort_unstable();
        let content = json!([line["tags"], line["created_at"], folders]);
        let twice = found.insert(line["url"].as_str().unwrap().to_owned(), content);
        assert!(twice.is_none(), "twice there: {}", line["url"]);
    }
    found
}

fn adds_up(job: &Value) {
    let number = |name: &str| job[name].as_u64().unwrap();
    assert_eq!(number("parsed"), number("stored") + number("merged") + number("refused"), "{job}");
}

#[tokio::test]
async fn an_import_killed_half_way_tells_the_truth_and_is_completed_by_importing_again() {
    let (dir, calm) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = dir.path().join("bookmarks.html");
    std::fs::write(&path, file()).unwrap();
    let mut server = Server::start(dir.path());
    let mut import = mindshelf(dir.path());
    let import = import.arg("import").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    let mut import = import.spawn().unwrap();
    let (there, library) = client(dir.path()).await;
    let killed = loop {
        let jobs: Value = there.get(&format!("{library}/imports")).await.unwrap();
        let job = &jobs["items"][0];
        assert_ne!(job["state"], "done", "the file is too small to be killed in time");
        if job["parsed"].as_u64().is_some_and(|parsed| parsed >= ENOUGH) {
            server.kill();
            break job.clone();
        }
    };
    assert!(!import.wait().unwrap().success(), "whoever waited is told");

    let server = Server::start(dir.path());
    let (there, library) = client(dir.path()).await;
    let job = format!("{library}/imports/{}", killed["id"].as_str().unwrap());
    let job: Value = there.get(&job).await.unwrap();
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["problem"].as_str().unwrap().contains("importing the file again"), "{job}");
    adds_up(&job);
    let found = exported(dir.path());
    assert_eq!(job["stored"], found.len(), "what came in, as the log has it");
    assert!(job["parsed"].as_u64().unwrap() < ROWS && job["total"] == ROWS, "{job}");

    let again = told(mindshelf(dir.path()).arg("import").arg(&path).arg("--json"));
    adds_up(&again);
    assert_eq!((&again["state"], &again["parsed"]), (&json!("done"), &json!(ROWS)));
    assert_eq!(again["refused"], ROWS / 10);
    let undisturbed = told(mindshelf(calm.path()).arg("import").arg(&path).arg("--json"));
    adds_up(&undisturbed);
    let whole = exported(dir.path());
    assert_eq!(whole.len() as u64, undisturbed["stored"].as_u64().unwrap());
    assert_eq!(whole, exported(calm.path()), "as if it had never been killed");
    assert!(server.stop());
    assert!(complained(mindshelf(dir.path()).args(["import", "nowhere"]), 1).contains("nowhere"));
}
