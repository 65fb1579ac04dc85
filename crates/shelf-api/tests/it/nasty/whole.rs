//! Hostile texts all the way: imported, listed, found, exported and imported again.

use super::{AT_ONCE, fine, hosts, lines, texts};
use crate::walk::{Prepared, encoded, request, routes};
use crate::world::{Someone, Told};
use axum::http::StatusCode;
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BASE: &str = "/v1/libraries/{library}";

/// A row of MindShelf JSON Lines for each text, hostile in every field it has.
fn rows_of(texts: &[String]) -> Vec<Value> {
    let rows = texts.iter().enumerate().map(|(number, text)| {
        json!({
            "url": format!("https://{number}.example/{}", encoded(text)),
            "title": text, "description": text, "notes": text,
            "tags": [text], "collections": [text], "raw": { "field": text },
        })
    });
    rows.collect()
}

fn counted(job: &Told) -> u64 {
    let count = |name: &str| job.json[name].as_u64().unwrap();
    assert_eq!(job.at("/state"), "done", "{}", job.text);
    assert_eq!(count("parsed"), count("stored") + count("merged") + count("refused"));
    count("stored")
}

async fn import_all(prepared: &Prepared, who: &Someone, rows: &[Value]) -> u64 {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let file = lines.join("\n");
    counted(&prepared.world.imported(who, "", &file).await)
}

/// Every bookmark of `who`, by address.
async fn listed(prepared: &Prepared, who: &Someone) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut at = format!("{BASE}/bookmarks?limit=200");
    loop {
        let page = prepared.world.get(who, &at).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        for item in page.json["items"].as_array().unwrap() {
            all.insert(item["url"].as_str().unwrap().to_owned(), item.clone());
        }
        match page.json["next_cursor"].as_str() {
            Some(cursor) => at = format!("{BASE}/bookmarks?limit=200&cursor={cursor}"),
            None => return all,
        }
    }
}

/// What of a bookmark must come back: all that its owner wrote.
fn written(item: &Value) -> Value {
    let names = |list: &str| -> Vec<&str> {
        let rows = item[list].as_array().into_iter().flatten();
        rows.filter_map(|row| row["name"].as_str()).collect()
    };
    json!([item["title"], item["description"], item["notes"], names("tags"), item["raw"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_are_imported_listed_found_and_exported_unharmed() {
    let prepared = Prepared::new().await;
    let (world, ada, eve) = (&prepared.world, &prepared.world.ada, &prepared.world.eve);
    let texts: Vec<String> = texts().into_iter().filter(|text| text.len() < 4_096).collect();
    let rows = rows_of(&texts);
    let stored = import_all(&prepared, ada, &rows).await;
    assert!(stored >= rows.len() as u64 * 9 / 10, "{stored} of {}", rows.len());
    world.follow(ada).await;
    let mine = listed(&prepared, ada).await;
    let kept = mine.values().filter(|item| texts.iter().any(|text| item["title"] == **text));
    assert!(kept.count() as u64 >= stored * 8 / 10, "most titles are kept to the letter");
    let searches = texts.iter().flat_map(|text| {
        ["hybrid", "words", "meaning"].map(|mode| {
            let path = format!("{BASE}/search?q={}&mode={mode}", encoded(text));
            (ada.request(axum::http::Method::GET, &path, ""), text)
        })
    });
    let asked_of = &prepared;
    futures::stream::iter(searches)
        .map(|(asked, text)| async move {
            let told = fine(asked_of, asked, text).await;
            assert_eq!(told.status, StatusCode::OK, "{text:?}: {}", told.text);
        })
        .buffer_unordered(AT_ONCE)
        .count()
        .await;
    // What goes out comes in again, whoever brings it.
    let export = world.get(ada, &format!("{BASE}/exports/jsonl")).await;
    let again = world.imported(eve, "", &export.text).await;
    assert_eq!(counted(&again), mine.len() as u64, "{}", again.text);
    let theirs = listed(&prepared, eve).await;
    assert_eq!(mine.len(), theirs.len());
    for (url, item) in &mine {
        let other = theirs.get(url).unwrap_or_else(|| panic!("{url} did not come back"));
        assert_eq!(written(item), written(other), "{url}");
    }
    for format in ["html", "csv"] {
        let path = format!("{BASE}/exports/{format}");
        let (one, other) = (world.get(ada, &path).await, world.get(eve, &path).await);
        assert_eq!(one.status, StatusCode::OK);
        assert_eq!(one.text.len(), other.text.len(), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_hosts_and_pages_are_imported_row_by_row() {
    let prepared = Prepared::new().await;
    let world = &prepared.world;
    let hosts = hosts();
    let rows = hosts.iter().map(|host| json!({"url": format!("https://{host}/"), "title": "t"}));
    import_all(&prepared, &world.ada, &rows.collect::<Vec<Value>>()).await;
    let head = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n";
    let pages = super::texts_of("html5lib_tree.jsonl.zst", "data");
    // Each piece of broken markup stands where a title, a folder and an attribute stand.
    let rows = pages.iter().enumerate().map(|(number, page)| {
        format!(
            "<DT><H3>{page}</H3>\n<DL><p>\n<DT><A HREF=\"https://{number}.example/\" \
             TAGS=\"{page}\">{page}</A>\n<DD>{page}\n</DL><p>\n"
        )
    });
    let file: String = std::iter::once(head.to_owned()).chain(rows).collect();
    counted(&world.imported(&world.eve, "", &file).await);
    listed(&prepared, &world.ada).await;
    listed(&prepared, &world.eve).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pages_and_pictures_are_no_bookmarks() {
    let prepared = Prepared::new().await;
    let document = shelf_api::document();
    let import = routes(&document)
        .into_iter()
        .find(|route| route.template.ends_with("/imports") && !route.kind.is_empty())
        .unwrap();
    let mut files = super::texts_of("html5lib_tree.jsonl.zst", "data");
    files.extend(lines("json_parsing.jsonl").iter().map(|case| case["name"].to_string()));
    for picture in ["ssrf_iframe.svg", "ssrf_svg_css_import.svg"] {
        files.extend(super::shared(picture).map(|path| std::fs::read_to_string(path).unwrap()));
    }
    let ada = &prepared.world.ada;
    for file in &files {
        loop {
            let mut asked = request(&import, Some(ada), |text| prepared.adas(text));
            *asked.body_mut() = axum::body::Body::from(file.clone());
            let told = fine(&prepared, asked, file).await;
            // The jobs that began end by themselves; too many at once are asked to wait.
            if told.status != StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let jobs = prepared.world.get(ada, &format!("{BASE}/imports?limit=200")).await;
    assert_eq!(jobs.status, StatusCode::OK);
}
