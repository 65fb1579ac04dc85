//! What people type, all in a row, asked by a command that knows its way to the shelf.

use crate::program::{complained, said, told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>
<DT><H3>Reading</H3>\n<DL><p>
<DT><A HREF=\"https://example.org/owls\" ADD_DATE=\"1600000000\" TAGS=\"birds,night\">Owls at night</A>
<DT><A HREF=\"https://example.org/bread\" ADD_DATE=\"1600000001\" TAGS=\"baking\">Bread at home</A>
<DT><A HREF=\"https://example.org/owls/\">The same owls</A>
<DT><A HREF=\"https://\">No host</A>
</DL><p>\n</DL><p>\n";

pub(crate) fn file(dir: &Path) -> PathBuf {
    let path = dir.join("bookmarks.html");
    std::fs::write(&path, FILE).unwrap();
    path
}

/// The names of an object's members.
fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) fn has(value: &Value, names: &[&str]) {
    let missing: Vec<_> = names.iter().filter(|name| value.get(name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?} of {value}");
}

/// Imports, searches, exports and makes tokens by `command`, and holds the shapes of what it prints.
pub(crate) fn walk(command: &dyn Fn() -> Command, path: &Path) {
    let counts = |job: &Value| {
        ["parsed", "stored", "merged", "refused"].map(|name| job[name].as_u64().unwrap())
    };
    let dry = told(command().arg("import").arg(path).args(["--dry-run", "--json"]));
    assert_eq!((counts(&dry), &dry["dry_run"]), ([4, 2, 1, 1], &json!(true)), "{dry}");
    let none = told(command().args(["search", "owls", "--json"]));
    assert_eq!((&none["hits"], &none["total"]), (&json!([]), &json!(0)), "nothing was written");

    let job = told(command().arg("import").arg(path).arg("--json"));
    let want = "dry_run folders format id merged parsed refused rows state stored";
    assert_eq!(members(&job), want.split(' ').collect(), "{job}");
    assert_eq!((counts(&job), job["format"].as_str()), ([4, 2, 1, 1], Some("netscape-html")));
    let rows = job["rows"].as_array().unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| (&row["row"], &row["outcome"])).collect();
    let want = [(json!(3), json!("merged")), (json!(4), json!("refused"))];
    assert_eq!(outcomes, want.each_ref().map(|(row, outcome)| (row, outcome)));
    for row in rows {
        has(row, &["row", "outcome", "reason", "url", "title"]);
    }
    has(&rows[0], &["item", "kept_title"]);
    let again = told(command().arg("import").arg(path).arg("--json"));
    assert_eq!(counts(&again), [4, 0, 3, 1], "{again}");

    for mode in ["hybrid", "words", "meaning"] {
        let found =
            told(command().args(["search", "owls", "--mode", mode, "--limit", "1", "--json"]));
        has(&found, &["hits", "total", "took_us"]);
        let hits = found["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 1, "{mode}: {found}");
        has(&hits[0], &["id", "url", "title", "snippet", "score"]);
        assert_eq!(hits[0]["url"], "https://example.org/owls");
        assert!(hits[0]["score"].is_number() && found["took_us"].is_u64());
    }
    let text = said(command().args(["search", "tag:baking"]));
    assert!(text.contains("Bread at home") && text.contains("1 of 1 in"), "{text}");

    let lines = said(command().args(["export", "--format", "jsonl"]));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let urls: BTreeSet<_> = lines.iter().filter_map(|line| line["url"].as_str()).collect();
    assert_eq!(urls, BTreeSet::from(["https://example.org/bread", "https://example.org/owls"]));
    let html = said(command().args(["export", "--format", "html"]));
    assert!(
        html.starts_with("<!DOCTYPE NETSCAPE-Bookmark-file-1>")
            && html.contains("ADD_DATE=\"1600000000\"")
    );
    let csv = said(command().args(["export", "--format", "csv"]));
    assert!(csv.starts_with("url,title,") && csv.lines().count() == 3, "{csv}");
    assert_eq!(lines, {
        let same = said(command().arg("export"));
        same.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    });

    let token = said(command().args(["token", "create", "--name", "script"]));
    assert_eq!(token.lines().count(), 1, "the token stands alone");
    assert!(!token.trim_end_matches('\n').contains(char::is_whitespace));

    let why = complained(command().args(["export", "--format", "xml"]), 2);
    assert!(why.contains("xml") && why.contains("jsonl"), "{why}");
    complained(command().arg("search"), 2);
    let why = complained(command().args(["search", "x", "--library", "nowhere"]), 1);
    assert!(why.contains("nowhere"), "{why}");
    let odd = path.with_file_name("odd.bin");
    std::fs::write(&odd, [0xff, 0xd8, 0xff, 0, 1, 2, 3]).unwrap();
    let why = complained(command().arg("import").arg(&odd), 1);
    assert!(why.contains("no format that is read here") && why.contains("export it as"), "{why}");
    std::fs::write(&odd, "").unwrap();
    let why = complained(command().arg("import").arg(&odd), 1);
    assert!(why.contains("empty"), "{why}");
}
