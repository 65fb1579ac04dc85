//! Every real export file against the counts its manifest states.

use serde_json::Value;
use shelf_bookmarks::import::{Role, read_bytes};

use crate::shared::{Content, NOW_MS, data, options};

/// Files of which not every counted link becomes a bookmark: refused rows, and why.
const DEVIATIONS: [(&str, usize, &str); 9] = [
    ("firefox_nested.htm", 3, "place: queries of Firefox are no addresses"),
    ("damaged_no_closing_dl__firefox_nested.htm", 3, "place: queries of Firefox are no addresses"),
    ("damaged_crlf_bom__firefox_nested.htm", 3, "place: queries of Firefox are no addresses"),
    ("shaarli.htm", 1, "a note of Shaarli has an address relative to that Shaarli"),
    ("damaged_nul_bytes__shaarli.htm", 1, "a note of Shaarli has an address relative to it"),
    ("shaarli_markdown.htm", 3, "notes of Shaarli have addresses relative to that Shaarli"),
    ("shaarli_with_whitespace_tags.htm", 1, "a note of Shaarli has a relative address"),
    ("empty.htm", 0, "an empty file is refused as a whole"),
    ("damaged_truncated_mid_anchor__chromium_flat.htm", 0, "the cut link is told as a notice"),
];

fn file(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(data("imports")?.join(name)).unwrap())
}

fn read(name: &str) -> Option<Content> {
    Some(Content::read(&file(name)?).1)
}

#[test]
fn every_real_file_gives_the_rows_and_folders_of_its_manifest() {
    let Some(folder) = data("imports") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    for line in manifest.lines() {
        let about: Value = serde_json::from_str(line).unwrap();
        let name = about["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(name)).unwrap();
        if bytes.is_empty() {
            let error = read_bytes(&bytes, &options()).unwrap_err();
            assert_eq!(error.to_string(), "the file is empty");
            continue;
        }
        let (format, content) = Content::read(&bytes);
        let links = usize::try_from(about["expected_links"].as_u64().unwrap()).unwrap();
        assert_eq!(content.rows(), links, "rows of {name} ({format})");
        let refused = DEVIATIONS.iter().find(|(file, ..)| *file == name).map_or(0, |(_, n, _)| *n);
        assert_eq!(content.refused.len(), refused, "refused of {name}: {:?}", content.refused);
        if let Some(folders) = about.get("folders_parser").and_then(Value::as_u64) {
            assert_eq!(content.folders.len() as u64, folders, "folders of {name}");
        }
        let kind = about["format"].as_str().unwrap().replace(' ', "-");
        let expected = expected_name(&kind);
        assert_eq!(format.name(), expected, "{name}");
    }
}

fn expected_name(kind: &str) -> &str {
    match kind {
        kind if kind.starts_with("netscape-html") => "netscape-html",
        "firefox-json-backup" => "firefox-json",
        "chrome-bookmarks-json" => "chrome-json",
        other => other,
    }
}

#[test]
fn damage_changes_nothing_but_what_it_destroys() {
    let Some(whole) = read("firefox_nested.htm") else { return };
    assert_eq!(read("damaged_crlf_bom__firefox_nested.htm").unwrap(), whole);
    for (damaged, intact) in [
        ("damaged_utf16le__internet_explorer_11_nested.htm", "internet_explorer_11_nested.htm"),
        ("damaged_no_closing_a__delicious.htm", "delicious.htm"),
        ("damaged_single_quotes__scuttle.htm", "scuttle.htm"),
        ("damaged_one_line__google_bookmarks_nested.htm", "google_bookmarks_nested.htm"),
        ("damaged_no_header__netscape_multiline.htm", "netscape_multiline.htm"),
        ("damaged_nul_bytes__shaarli.htm", "shaarli.htm"),
    ] {
        assert_eq!(read(damaged).unwrap(), read(intact).unwrap(), "{damaged}");
    }
    let cut = read("damaged_truncated_mid_anchor__chromium_flat.htm").unwrap();
    assert_eq!(cut.notices.len(), 1);
}

#[test]
fn firefox_html_keeps_folders_notes_tags_and_dates() {
    let Some(content) = read("firefox_nested.htm") else { return };
    let lua = content.entries.iter().find(|e| e.url.contains("hginit.com")).unwrap();
    assert_eq!(content.paths(lua), [["Dev"]]);
    assert_eq!(lua.tags, ["hg", "mercurial", "version", "control", "scm", "python", "tutorial"]);
    assert_eq!(lua.description, "A friendly introduction to the Mercurial DVCS by Joel Spolsky");
    assert_eq!(lua.created_at, Some(1_463_686_747_000));
    let dev = content.folders.iter().find(|f| f.name == "Dev").unwrap();
    assert_eq!(dev.description, "Development & programming");
    let toolbar = content.folders.iter().find(|f| f.role == Role::Toolbar).unwrap();
    assert_eq!(toolbar.name, "Personal toolbar");
    assert!(content.entries.iter().all(|e| !e.raw.contains_key("icon")));
}

#[test]
fn shaarli_keeps_markdown_and_privacy_and_completes_notes_on_request() {
    let Some(content) = read("shaarli_netscape_nodate.htm") else { return };
    assert_eq!(content.entries[0].tags, ["safari", "import"]);
    assert_eq!(content.entries[0].created_at, None);
    let bytes = file("shaarli_with_whitespace_tags.htm").unwrap();
    let mut options = options();
    options.base_url = Some("https://links.example.org/shaarli/".to_owned());
    let content = Content::of(read_bytes(&bytes, &options).unwrap().1);
    let note = &content.entries[0];
    assert_eq!(note.url, "https://links.example.org/shaarli/?KvNdlQ");
    assert_eq!(note.tags, ["dev", "php dev", "php 7.x"]);
    assert_eq!(note.private, Some(true));
    assert!(note.description.contains("    + sublists\n"), "{}", note.description);
    assert!(note.description.contains("as $key => $bookmark"), "{}", note.description);
}

#[test]
fn linkding_dates_are_the_same_in_every_unit() {
    let Some(content) = read("linkding_simple_valid.html") else { return };
    for entry in &content.entries {
        assert_eq!(entry.created_at, Some(1_616_337_559_000), "{}", entry.url);
        assert_eq!((entry.private, entry.unread), (Some(false), false));
    }
    assert_eq!(content.entries[2].description, "test description 3");
}

#[test]
fn services_keep_their_states() {
    let Some(pocket) = read("wallabag_pocket.csv") else { return };
    assert_eq!(pocket.entries.iter().filter(|e| e.archived_at.is_some()).count(), 2);
    assert_eq!(pocket.entries.iter().filter(|e| e.unread).count(), 5);
    assert_eq!(pocket.entries[1].created_at, Some(1_600_172_739_000));
    assert!(pocket.entries[6].title.contains("humains\n\net"));
    let instapaper = read("wallabag_instapaper-export.csv").unwrap();
    assert!(instapaper.entries[0].unread);
    assert_eq!(instapaper.entries[1].archived_at, Some(NOW_MS));
    assert!(instapaper.entries[2].favourite);
    assert_eq!(instapaper.paths(&instapaper.entries[3]), [["test_tag"]]);
    let html = read("wallabag_ril_export.html").unwrap();
    assert_eq!(html.entries[0].tags, ["ifttt", "new_entry_simple"]);
    assert!(html.entries[0].unread && html.entries[0].archived_at.is_none());
}

#[test]
fn json_of_services_is_mapped_by_its_keys() {
    let Some(v2) = read("wallabag-v2.json") else { return };
    assert_eq!(v2.entries[0].tags, ["mediapart", "blog"]);
    assert_eq!(v2.entries[0].created_at, Some(1_473_328_558_000));
    assert!(v2.entries[0].favourite && v2.entries[0].archived_at.is_none());
    assert!(!v2.entries[0].raw.contains_key("content"));
    let v1 = read("wallabag-v1.json").unwrap();
    assert_eq!(v1.entries[0].tags, ["Framabag"]);
    assert!(v1.entries[0].archived_at.is_none() && v1.entries[1].archived_at.is_some());
    let delicious = read("wallabag_delicious_export.2021.02.06_21.10.json").unwrap();
    assert_eq!(delicious.entries[1].tags, Vec::<String>::new());
    assert_eq!(delicious.entries[0].created_at, Some(1_358_531_607_000));
    assert_eq!(delicious.entries[0].private, Some(false));
    let readability = read("wallabag_readability.json").unwrap();
    assert!(readability.entries[0].description.ends_with("like that polluted…"));
    assert!(readability.entries[1].favourite && !readability.entries[2].favourite);
    let elcurator = read("wallabag_elcurator.json").unwrap();
    assert_eq!(elcurator.entries[0].created_at, Some(1_441_797_032_000));
}

#[test]
fn browser_json_keeps_trees_roles_tags_and_dates() {
    let Some(chrome) = read("wallabag_chrome-bookmarks") else { return };
    assert_eq!(chrome.folders.len(), 1, "empty roots are nobody's folders");
    assert_eq!(chrome.folders[0].role, Role::Toolbar);
    assert_eq!(chrome.entries[0].created_at, Some(1_474_377_329_335));
    let firefox = read("wallabag_firefox-bookmarks.json").unwrap();
    assert_eq!(firefox.paths(&firefox.entries[0]), [["Barre personnelle"]]);
    assert_eq!(firefox.entries[0].tags, ["test", "tag"]);
    assert!(firefox.folders[0].description.starts_with("Ajoutez des marque-pages"));
}

#[test]
fn two_thousand_nested_folders_are_just_folders() {
    let Some(content) = read("made_nested_2000.html") else { return };
    assert_eq!(content.folders.len(), 2_000);
    assert_eq!(content.paths(&content.entries[0])[0].len(), 2_000);
}
