//! Exports of a real library: what comes out goes in again as the same library.

use shelf_bookmarks::export::ExportFormat;
use shelf_domain::view::Bookmark;
use std::collections::BTreeMap;

use crate::desk::Desk;
use crate::shared::{Content, data, unpacked};

const LIBRARY: &str = r##"{"type":"collection","id":"a","parent":null,"name":"Reading","order":1,"icon":"📚","description":"Slowly","created_at":"2020-01-01T00:00:00.001Z"}
{"type":"collection","id":"b","parent":null,"name":"Reading","order":0}
{"type":"collection","id":"c","parent":"a","name":"Empty","order":1}
{"type":"tag","name":"green","colour":"#0a0"}
{"type":"tag","name":"unused"}
{"url":"https://example.org/1","title":"=One","description":"Two\nlines","notes":"Mine","tags":["tea","a,b","green"],"places":[{"collection":"a","order":0,"title":"Here"},{"collection":"b","order":0}],"created_at":"2021-02-03T04:05:06.789Z","modified_at":"2022-02-03T04:05:06Z","favourite":true,"private":true,"raw":{"mood":"calm"}}
{"url":"https://example.org/2","title":"Two","places":[{"collection":null,"order":2}],"archived_at":"2023-01-01T00:00:00Z","created_at":1600000000}
{"url":"https://example.org/3","title":"Three","unread":true,"created_at":1600000000}
{"url":"javascript:alert(1)","title":"</A><DT>","places":[{"collection":"a","order":2}],"created_at":1600000000}
"##;

/// A library without the ids that differ from one to the next.
async fn shape(desk: &Desk) -> (Vec<String>, BTreeMap<String, String>) {
    let tree = shelf_bookmarks::organise::list_collections(&desk.ctx, desk.scope).await.unwrap();
    let mut names = BTreeMap::new();
    let mut folders = Vec::new();
    for (at, branch) in tree.iter().enumerate() {
        let folder = &branch.collection;
        names.insert(folder.id, at);
        let parent = folder.parent.map(|parent| names[&parent]);
        let words = (&folder.name, &folder.description, &folder.icon, folder.created_at);
        folders.push(format!("{parent:?} {words:?} {}", branch.bookmarks));
    }
    let mut bookmarks = BTreeMap::new();
    for bookmark in desk.bookmarks().await {
        let Bookmark { url, title, description, notes, tags, places, raw, .. } = bookmark;
        let tags: Vec<String> = tags.into_iter().map(|tag| tag.name).collect();
        let mut spots: Vec<_> =
            places.iter().map(|p| (p.collection.map(|id| names[&id]), &p.title)).collect();
        spots.sort();
        let times = (bookmark.created_at, bookmark.modified_at, bookmark.archived_at);
        let flags = (bookmark.favourite, bookmark.unread, bookmark.private);
        let words = (title, description, notes, tags, raw);
        bookmarks.insert(url, format!("{words:?} {spots:?} {times:?} {flags:?}"));
    }
    (folders, bookmarks)
}

async fn tags(desk: &Desk) -> Vec<(String, String, u64)> {
    let tags = desk.ctx.stores.views.tags(desk.scope).await.unwrap();
    tags.into_iter().map(|(tag, count)| (tag.name, tag.colour, count)).collect()
}

#[tokio::test]
async fn json_lines_into_an_empty_library_give_the_same_library() {
    let desk = Desk::new().await;
    let job = desk.import(LIBRARY.as_bytes()).await;
    assert_eq!((job.stored, job.refused, job.folders, job.problem), (4, 0, 3, None));
    assert_eq!(desk.folders().await, ["Reading", "Reading", "Reading/Empty"]);
    let (exported, bytes) = desk.export(ExportFormat::Jsonl).await;
    assert_eq!((exported.bookmarks, exported.folders), (4, 3));
    let twin = Desk::new().await;
    twin.import(&bytes).await;
    assert_eq!(shape(&twin).await, shape(&desk).await);
    assert_eq!(tags(&twin).await, tags(&desk).await);
    let (_, again) = twin.export(ExportFormat::Jsonl).await;
    let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().count();
    assert_eq!(lines(&again), lines(&bytes));
    let order = |bytes: &[u8]| {
        let (_, content) = Content::read(bytes);
        content.folders.iter().map(|f| (f.name.clone(), f.order)).collect::<Vec<_>>()
    };
    assert_eq!(order(&again), order(&bytes), "order among siblings survives");
}

#[tokio::test]
async fn html_into_an_empty_library_gives_the_same_tree_and_words() {
    let desk = Desk::new().await;
    desk.import(LIBRARY.as_bytes()).await;
    let (_, bytes) = desk.export(ExportFormat::Html).await;
    let twin = Desk::new().await;
    let job = twin.import(&bytes).await;
    assert_eq!((job.stored, job.merged, job.refused), (4, 1, 0), "two places are two rows");
    let (folders, bookmarks) = shape(&twin).await;
    let (same_folders, mut same) = shape(&desk).await;
    assert_eq!(folders, same_folders);
    // HTML cannot tell "at the top" from "nowhere".
    let two = same.get_mut("https://example.org/2").unwrap();
    *two = two.replace("[(None, \"\")]", "[]");
    assert_eq!(bookmarks, same);
}

#[tokio::test]
async fn csv_into_an_empty_library_keeps_bookmarks_and_paths() {
    let desk = Desk::new().await;
    desk.import(LIBRARY.as_bytes()).await;
    let (_, bytes) = desk.export(ExportFormat::Csv).await;
    let twin = Desk::new().await;
    let job = twin.import(&bytes).await;
    assert_eq!((job.stored, job.merged, job.refused), (4, 0, 0));
    assert_eq!(twin.folders().await, ["Reading"], "a path has no twins and no empty folders");
    let one = twin.bookmark("https://example.org/1").await;
    assert_eq!((one.title.as_str(), one.created_at), ("=One", Some(1_612_325_106_789)));
    assert_eq!(one.raw["mood"], "calm");
}

#[tokio::test]
async fn an_export_of_ten_thousand_links_holds_every_url_path_tag_and_date() {
    let Some(folder) = data("netscape") else { return };
    let desk = Desk::new().await;
    let bytes = unpacked(&folder.join("bookmarks_firefox_10000.html.zst"));
    desk.import(&bytes).await;
    let before = facts(&Content::read(&bytes).1);
    for format in ExportFormat::ALL {
        let (_, bytes) = desk.export(format).await;
        let after = facts(&Content::read(&bytes).1);
        for (address, facts) in &before {
            let found = &after[address];
            assert!(facts.0.is_subset(&found.0), "{format:?}: paths of {address}");
            assert!(facts.1.is_subset(&found.1), "{format:?}: tags of {address}");
            assert_eq!(facts.2, found.2, "{format:?}: date of {address}");
        }
    }
}

/// Paths, folded tags and earliest date of each canonical address.
type Facts =
    (std::collections::BTreeSet<Vec<String>>, std::collections::BTreeSet<String>, Option<i64>);

fn facts(content: &Content) -> BTreeMap<String, Facts> {
    let by_node: std::collections::HashMap<u32, _> =
        content.folders.iter().map(|folder| (folder.node, folder)).collect();
    let path = |folder: Option<u32>| {
        let (mut names, mut next) = (Vec::new(), folder);
        while let Some(node) = next {
            names.push(by_node[&node].name.trim().to_owned());
            next = by_node[&node].parent;
        }
        names.reverse();
        names
    };
    let mut all: BTreeMap<String, Facts> = BTreeMap::new();
    for entry in &content.entries {
        let Some(address) = shelf_domain::canon::canon(&entry.url) else { continue };
        let facts = all.entry(address).or_default();
        let paths = entry.places.iter().map(|place| path(place.folder));
        facts.0.extend(paths.filter(|path| !path.is_empty()));
        facts.1.extend(entry.tags.iter().map(|tag| shelf_domain::canon::folded(tag)));
        facts.2 = facts.2.into_iter().chain(entry.created_at).min();
    }
    all
}
