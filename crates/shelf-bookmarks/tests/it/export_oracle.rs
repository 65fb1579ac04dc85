//! What is exported is read by readers of other make, none of them ours: `serde_json`, `csv`, and a
//! scanner of lines; they must find every address, path, tag and date of the library.

use shelf_bookmarks::export::ExportFormat;
use shelf_bookmarks::organise::list_collections;
use shelf_domain::canon::canon;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::desk::Desk;
use crate::oracle::scan;
use crate::shared::{data, unpacked};

/// Paths, tags, and the second it was saved.
type Facts = (BTreeSet<Vec<String>>, BTreeSet<String>, i64);
/// The facts of each address.
type Library = BTreeMap<String, Facts>;

/// The library as its lists show it, read from the store.
async fn shown(desk: &Desk) -> Library {
    let mut paths: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for branch in list_collections(&desk.ctx, desk.scope).await.unwrap() {
        let folder = branch.collection;
        let above = folder.parent.map(|parent| paths[&parent].clone()).unwrap_or_default();
        paths.insert(folder.id, above.into_iter().chain([folder.name]).collect());
    }
    let facts = |bookmark: &shelf_domain::view::Bookmark| {
        let folders = bookmark.places.iter().filter_map(|place| place.collection);
        let tags = bookmark.tags.iter().map(|tag| tag.name.clone());
        let second = bookmark.created_at.unwrap().div_euclid(1_000);
        (folders.map(|id| paths[&id].clone()).collect(), tags.collect(), second)
    };
    desk.bookmarks().await.iter().map(|bookmark| (bookmark.url.clone(), facts(bookmark))).collect()
}

fn second_of(text: &str) -> i64 {
    OffsetDateTime::parse(text, &Rfc3339).unwrap().unix_timestamp()
}

fn by_serde_json(bytes: &[u8]) -> Library {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut library = Library::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        if line["type"] == "collection" {
            let above = line["parent"].as_str().map(|id| paths[id].clone()).unwrap_or_default();
            paths.insert(text("id"), above.into_iter().chain([text("name")]).collect());
        } else if line["url"].is_string() {
            let list = |name: &str| line[name].as_array().cloned().unwrap_or_default();
            let places = list("places");
            let folders = places.iter().filter_map(|place| place["collection"].as_str());
            let tags = list("tags").into_iter().map(|tag| tag.as_str().unwrap().to_owned());
            let folders = folders.map(|id| paths[id].clone()).collect();
            library.insert(text("url"), (folders, tags.collect(), second_of(&text("created_at"))));
        }
    }
    library
}

/// Cuts at `separator` where no backslash stands before it, and takes the backslashes away.
fn cut(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut is_escaped) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            'n' if is_escaped => part.push('\n'),
            c if is_escaped => part.push(c),
            '\\' => {}
            c if c == separator => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

fn by_csv(bytes: &[u8]) -> Library {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let facts = |row: BTreeMap<String, String>| {
        let paths = row["collections"].split('\n').filter(|path| !path.is_empty());
        let paths = paths.map(|path| cut(path, '/')).collect();
        let tags = cut(&row["tags"], ',').into_iter().collect();
        (row["url"].clone(), (paths, tags, second_of(&row["created_at"])))
    };
    rows.map(facts).collect()
}

fn by_lines(bytes: &[u8]) -> Library {
    let mut library = Library::new();
    for (url, _, tags, date, path) in scan(std::str::from_utf8(bytes).unwrap()) {
        let facts = library.entry(url).or_default();
        facts.0.extend((!path.is_empty()).then_some(path));
        facts.1.extend(tags);
        facts.2 = date.unwrap().div_euclid(1_000);
    }
    library
}

/// The library of `desk`, after all three readers agreed that every export holds it.
async fn agreed(desk: &Desk, what: &str) -> Library {
    let want = shown(desk).await;
    let (_, lines) = desk.export(ExportFormat::Jsonl).await;
    assert_eq!(by_serde_json(&lines), want, "{what}: JSON Lines");
    let (_, table) = desk.export(ExportFormat::Csv).await;
    assert_eq!(by_csv(&table), want, "{what}: CSV");
    let (_, page) = desk.export(ExportFormat::Html).await;
    let found = by_lines(&page);
    let addresses = |library: &Library| library.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(addresses(&found), addresses(&want), "{what}: HTML");
    for (url, (paths, tags, second)) in &want {
        // A scanner of lines sees names without white space around and tags without commas.
        let trimmed = |path: &Vec<String>| path.iter().map(|name| name.trim().to_owned()).collect();
        let cut = |tag: &String| tag.split(',').map(|t| t.trim().to_owned()).collect::<Vec<_>>();
        let want =
            (paths.iter().map(trimmed).collect(), tags.iter().flat_map(cut).collect(), *second);
        assert_eq!(found[url], want, "{what}: {url} in HTML");
    }
    want
}

/// Every quoted web address after `href=` in a page, as far as it ends.
fn linked(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, mark) in lower.match_indices("href=") {
        let rest = &text[at + mark.len()..];
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some(url) = rest[1..].split_once(quote).map(|(url, _)| url) else { continue };
        let url = url.replace("&amp;", "&");
        if url.starts_with("http") {
            found.push(url);
        }
    }
    found
}

#[tokio::test]
async fn readers_of_other_make_find_all_of_every_imported_file_in_every_export() {
    let Some(folder) = data("imports") else { return };
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.is_empty() || name == "manifest.jsonl" || name == "made_nested_2000.html" {
            continue;
        }
        let desk = Desk::new().await;
        let job = desk.import(&bytes).await;
        let refused: BTreeSet<String> = desk
            .ledger(&job)
            .await
            .into_iter()
            .filter(|row| row.outcome == shelf_ports::imports::RowOutcome::Refused)
            .map(|row| row.url)
            .collect();
        let library = agreed(&desk, &name).await;
        let known: BTreeSet<_> = library.keys().filter_map(|url| canon(url)).collect();
        if let Ok(text) = std::str::from_utf8(&bytes)
            && name.contains(".htm")
        {
            for url in linked(text).into_iter().filter(|url| !refused.contains(url)) {
                assert!(known.contains(&canon(&url).unwrap()), "{name}: {url} is not exported");
                count += 1;
            }
        }
    }
    assert!(count > 100, "the files hold links: {count}");
}

#[tokio::test]
async fn ten_thousand_links_of_a_browser_are_in_every_export_with_path_tags_and_date() {
    let Some(folder) = data("netscape") else { return };
    let desk = Desk::new().await;
    let bytes = unpacked(&folder.join("bookmarks_firefox_10000.html.zst"));
    desk.import(&bytes).await;
    let library = agreed(&desk, "ten thousand links").await;
    let library: BTreeMap<_, _> =
        library.into_iter().map(|(url, facts)| (canon(&url).unwrap(), facts)).collect();
    for (url, _, tags, date, path) in scan(std::str::from_utf8(&bytes).unwrap()) {
        let (paths, known, second) = &library[&canon(&url).unwrap()];
        assert!(path.is_empty() || paths.contains(&path), "{url}: {path:?} in {paths:?}");
        let known: BTreeSet<_> = known.iter().map(|tag| shelf_domain::canon::folded(tag)).collect();
        let tags = tags.iter().map(|tag| shelf_domain::canon::folded(tag));
        assert!(tags.into_iter().all(|tag| known.contains(&tag)), "{url}");
        assert!(
            date.is_none_or(|date| *second <= date.div_euclid(1_000)),
            "{url}: the earliest date"
        );
    }
}
