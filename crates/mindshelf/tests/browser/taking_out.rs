//! Taking everything out, and the same library in another place.

use crate::stage::Server;
use crate::walk::Walk;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The lines of an export in an order of their own; folders are called by their paths, since every
/// library gives ids of its own.
fn content(export: &str) -> Vec<String> {
    let mut lines: Vec<Value> =
        export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut paths: HashMap<String, String> = HashMap::new();
    for line in lines.iter_mut().filter(|line| line["type"] == "collection") {
        let fields = line.as_object_mut().unwrap();
        let (id, parent) = (fields.remove("id").unwrap(), fields.remove("parent"));
        let above = parent.as_ref().and_then(Value::as_str);
        let above = above.map_or(String::new(), |id| format!("{}/", paths[id]));
        let path = format!("{above}{}", fields["name"].as_str().unwrap());
        fields.insert("name".to_owned(), json!(path));
        paths.insert(id.as_str().unwrap().to_owned(), path);
    }
    for line in &mut lines {
        let fields = line.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("modified_at");
        for place in line["places"].as_array_mut().into_iter().flatten() {
            let folder = paths[place["collection"].as_str().unwrap()].clone();
            place["collection"] = json!(folder);
        }
    }
    let mut lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn an_export_brought_into_an_empty_library_gives_the_same_library() {
    let Some(mut walk) = Walk::among_links().await else { return };
    walk.open("/export").await;
    walk.sees("All 40 links").await;
    walk.look("export").await;
    walk.press_in(".setting:has(a[href='/export/jsonl'])", "Download").await;
    let first = walk.downloaded("jsonl").await;
    assert!(first.contains("出汁の取り方"), "{first}");

    let empty = walk.dir().join("another");
    walk.server = Server::start(&empty, "");
    walk.sign_in().await;
    let file = walk.file("shelf.jsonl", &first);
    walk.choose(&file).await;
    walk.sees("JSON Lines of MindShelf").await;
    walk.press("Bring in 40 links").await;
    walk.sees("40 stored + 0 merged + 0 refused").await;
    walk.open("/export").await;
    walk.press_in(".setting:has(a[href='/export/jsonl'])", "Download").await;
    let second = walk.downloaded("jsonl").await;
    assert_eq!(content(&first), content(&second));

    walk.open("/library?q=sourdough").await;
    walk.sees("Cooking / Bread").await;
    walk.sees("21 Mar 2022").await;
    walk.end().await;
}
