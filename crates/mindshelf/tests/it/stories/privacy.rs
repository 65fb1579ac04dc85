//! Privacy: everything out and in again, and nothing left of who was erased.

use crate::program::{complained, mindshelf, said, told};
use crate::reader::{Answer, Reader};
use crate::receiver::Receiver;
use crate::world::World;
use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use shelf_bookmarks::archive::check_archive;
use shelf_identity::privacy::signing::is_signed;
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;
use tempfile::tempdir;

/// How long a story waits for what has to come.
const SOON: Duration = Duration::from_mins(1);
/// Eight days, milliseconds: longer than an erasure can be taken back.
const EIGHT_DAYS_MS: u32 = 8 * 86_400_000;
/// What is planted, and looked for; it is no word, so that nothing makes another one of it.
const CANARY: &str = "zqxcanary";

/// Imports `file` and waits until that is done; the job.
async fn imported(reader: &Reader, name: &str, file: Vec<u8>) -> Value {
    let path = format!("imports?file_name={name}");
    let kind = [("content-type", "application/octet-stream")];
    let begun = reader.send(Method::POST, &path, Body::from(file), &kind).await.expect(202);
    let path = format!("imports/{}", begun.text("/id"));
    let done = async {
        loop {
            let job = reader.get(&path).await.expect(200);
            if job.text("/state") != "running" {
                return job.json;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, done).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_out_signed_and_comes_in_again() {
    let world = World::new().await;
    let (owner, other) = (world.owner().await, world.reader("other").await);
    let folder = owner.post("collections", &json!({"name": "Reading"})).await.expect(201);
    for number in 0..700 {
        let place = json!([{"collection": folder.text("/item/id")}]);
        let body = json!({"url": format!("https://example.org/{number}"), "title": "a title",
            "tags": ["t", "u"], "places": place});
        owner.post("bookmarks", &body).await.expect(201);
    }
    let archive = owner.bytes("/v1/privacy/export").await;
    assert!(archive.starts_with(b"PK\x03\x04"));
    let checked = check_archive(&mut Cursor::new(archive.clone())).unwrap();
    assert_eq!(checked.wrong, [""; 0]);
    let key = owner.get("/v1/privacy/key").await.expect(200).text("/key");
    assert_eq!(checked.manifest.key, key);
    assert!(is_signed(&key, &checked.signed, &checked.signature));
    let paths: Vec<&str> = checked.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((paths[0], paths.len()), ("account.json", 7), "{paths:?}");

    let mut damaged = archive.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let again = check_archive(&mut Cursor::new(damaged.clone()));
    assert!(again.is_err() || !again.unwrap().wrong.is_empty(), "a changed byte is seen");

    let job = imported(&other, "archive.zip", archive).await;
    assert_eq!((&job["state"], &job["stored"]), (&json!("done"), &json!(700)), "{job}");
    let counts = async |reader: &Reader| {
        reader.get("/v1/me").await.json["libraries"][0]["counts"]["bookmarks"].clone()
    };
    assert_eq!((counts(&owner).await, counts(&other).await), (json!(700), json!(700)));
    let folders = other.get("collections").await.expect(200);
    assert!(folders.json.to_string().contains("Reading"), "{}", folders.json);
    let limited = json!({"name": "part", "scopes": ["account:read"]});
    let limited = owner.post("/v1/tokens", &limited).await.expect(201).text("/token");
    let limited = Reader::with(world.app().router(), &limited).await;
    limited.get("/v1/privacy/export").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_bookmarks_go_from_one_server_to_another() {
    let world = World::new().await;
    let owner = world.owner().await;
    let item = owner.save("https://example.org/a", "A").await["id"].as_str().unwrap().to_owned();
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = format!("bookmarks/{item}/files?name=a.html&kind=snapshot");
    let kind = [("content-type", "text/html")];
    owner.send(Method::POST, &path, Body::from(content.clone()), &kind).await.expect(201);
    let archive = owner.bytes("/v1/privacy/export").await;
    let without = owner.bytes("/v1/privacy/export?files=none").await;
    let checked = check_archive(&mut Cursor::new(without)).unwrap();
    let paths: Vec<&str> = checked.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.iter().any(|path| path.ends_with("/files.jsonl")), "{paths:?}");
    assert!(!paths.iter().any(|path| path.contains("/files/")), "{paths:?}");
    owner.get("/v1/privacy/export?files=some").await.expect(400);
    drop((owner, world));
    let elsewhere = World::new().await;
    let other = elsewhere.owner().await;
    other.save("https://other.example/", "So that numbers differ there").await;
    for _ in 0..2 {
        let job = imported(&other, "archive.zip", archive.clone()).await;
        assert_eq!(job["state"], "done", "{job}");
        assert!(job["problem"].is_null(), "{job}");
        let found = other.get("bookmarks?url=https%3A%2F%2Fexample.org%2Fa").await.expect(200);
        let path = format!("bookmarks/{}/files", found.text("/items/0/id"));
        let files = other.get(&path).await.expect(200);
        assert_eq!(files.json["items"].as_array().unwrap().len(), 1, "twice is once");
        let file = &files.json["items"][0];
        let told = ["name", "kind", "content_type"].map(|name| file[name].clone());
        assert_eq!(told, ["a.html", "snapshot", "text/html"]);
        let (library, file) = (&other.library, files.text("/items/0/id"));
        let path = format!("/v1/libraries/{library}/files/{file}/content");
        assert!(other.bytes(&path).await == content, "the same bytes");
    }
}

/// Plants the canary in everything a person can type.
async fn planted(owner: &Reader) {
    let named = |what: &str| json!({"name": format!("{CANARY}{what}")});
    owner.patch("/v1/me", &named("person"), None).await.expect(200);
    let key = [("idempotency-key", "once")];
    owner.post_with("/v1/tokens", &named("token"), &key).await.expect(201);
    owner.post("/v1/devices", &named("device")).await.expect(201);
    let client = json!({"name": format!("{CANARY}client"),
        "redirects": [format!("https://{CANARY}back.example/")]});
    owner.post("/v1/clients", &client).await.expect(201);
    let team = owner.post("/v1/tenants", &named("team")).await.expect(201).text("/id");
    let at = |part: &str| format!("/v1/tenants/{team}/{part}");
    owner.post(&at("groups"), &named("group")).await.expect(201);
    owner.post(&at("libraries"), &named("library")).await.expect(201);
    let invitation = json!({"role": "member", "note": format!("{CANARY}note")});
    owner.post(&at("invitations"), &invitation).await.expect(201);
    let folder = owner.post("collections", &named("folder")).await.expect(201);
    let body = json!({
        "url": format!("https://{CANARY}site.example/{CANARY}path"), "title": format!("{CANARY}title"),
        "description": format!("{CANARY}description"), "notes": format!("{CANARY}notes"),
        "tags": [format!("{CANARY}tag")],
        "places": [{"collection": folder.text("/item/id"), "title": format!("{CANARY}place")}],
    });
    let saved = owner.post("bookmarks", &body).await.expect(201);
    let item = saved.text("/item/id");
    owner.post(&format!("bookmarks/{item}/open"), &json!({})).await.expect(200);
    let comment = json!({"body": format!("{CANARY}comment")});
    owner.post(&format!("bookmarks/{item}/comments"), &comment).await.expect(201);
    let path = format!("bookmarks/{item}/files?name={CANARY}file.txt");
    let (file, kind) = (format!("{CANARY}content"), [("content-type", "text/plain")]);
    owner.send(Method::POST, &path, Body::from(file), &kind).await.expect(201);
    let trashed = owner.save(&format!("https://{CANARY}trash.example/"), "x").await;
    let trashed = trashed["id"].as_str().unwrap();
    owner.delete(&format!("bookmarks/{trashed}")).await.expect(200);
    let row = format!("{{\"url\":\"https://{CANARY}file.example/\",\"title\":\"{CANARY}row\"}}\n");
    let bad = format!("{row}{{\"url\":\"{CANARY}none\"}}\n");
    imported(owner, &format!("{CANARY}.jsonl"), bad.into_bytes()).await;
    owner.get(&format!("search?q={CANARY}title")).await.expect(200);
    let hook = json!({"url": format!("https://{CANARY}hook.example/"),
        "description": format!("{CANARY}hook")});
    let hook = owner.post("webhooks", &hook).await.expect(201).text("/webhook/id");
    owner.patch(&format!("webhooks/{hook}"), &json!({"paused": true}), None).await.expect(200);
    owner.post("/v1/privacy/consents", &json!({"purpose": "llm", "given": true})).await.expect(200);
}

/// The files below `dir` that hold the canary.
fn found_in(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found_in(&path, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        let lower = bytes.to_ascii_lowercase();
        if lower.windows(CANARY.len()).any(|some| some == CANARY.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
}

/// How many files are kept with bookmarks, whatever is in them: they are sealed.
fn kept_below(dir: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { kept_below(&path) } else { 1 }).sum()
}

fn found(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    found_in(world.dir(), &mut found);
    found
}

/// Lets the time pass in which an erasure can be taken back, and waits for its receipt.
async fn erased(world: &World, other: &Reader, receipt: &str) -> Answer {
    world.clock.advance(EIGHT_DAYS_MS);
    let there = async {
        loop {
            let told = other.get(receipt).await;
            if told.status == 200 {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, there).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_who_was_erased_no_byte_is_left_in_the_data_directory() {
    let world = World::new().await;
    if !world.is_embedded() {
        // Records on a server of their own are not in the directory; the exam looks at the rows.
        return;
    }
    let (owner, other) = (world.owner().await, world.reader("other").await);
    other.save("https://stays.example/", "stays").await;
    planted(&owner).await;
    assert!(world.app().caught_up(SOON).await.unwrap());
    assert!(!found(&world).is_empty(), "it was planted");
    let files = world.dir().join("blobs/capture");
    assert_eq!(kept_below(&files), 1, "with a file beside the records");

    other.post("/v1/privacy/erasures", &json!({})).await.expect(403);
    let asked = owner.post("/v1/privacy/erasures", &json!({})).await.expect(200);
    owner.delete("/v1/privacy/erasures").await.expect(204);
    owner.delete("/v1/privacy/erasures").await.expect(404);
    let again = owner.post("/v1/privacy/erasures", &json!({})).await.expect(200);
    let receipt = again.text("/erasure/receipt");
    assert_ne!(receipt, asked.text("/erasure/receipt"));
    assert!(again.json["recipients"].to_string().contains(CANARY), "{}", again.json);
    let at = format!("/v1/privacy/receipts/{receipt}");
    other.get(&at).await.expect(404);

    let told = erased(&world, &other, &at).await;
    let (text, key) = (told.text("/receipt/text"), told.text("/receipt/key"));
    assert!(text.contains("\"removed\"") && !text.contains(CANARY), "{text}");
    assert_eq!(key, other.get("/v1/privacy/key").await.expect(200).text("/key"));
    owner.get("/v1/me").await.expect(401);
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(kept_below(&files), 0);
    assert_eq!(other.listed("bookmarks").await, ["https://stays.example/"]);
    let health = world.app().stores.accounts.people().await.unwrap();
    assert_eq!(health.len(), 1, "the other one stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_restriction_nothing_is_done_but_keeping() {
    let world = World::new().await;
    let owner = world.owner().await;
    let item = owner.save("https://example.org/", "a title").await;
    let open = format!("bookmarks/{}/open", item["id"].as_str().unwrap());
    let put = async |path: &str, body: Value| {
        let kind = [("content-type", "application/json")];
        let path = format!("/v1/privacy/{path}");
        owner.send(Method::PUT, &path, Body::from(body.to_string()), &kind).await.expect(200)
    };
    let told = put("restriction", json!({"restricted": true})).await;
    assert_eq!(told.json["may"]["activity"], json!(false), "{}", told.json);
    owner.post(&open, &json!({})).await.expect(200);
    let seen = owner.get("activity").await.expect(200);
    assert_eq!(seen.json["items"], json!([]), "nothing is noted");
    put("restriction", json!({"restricted": false})).await;
    owner.post(&open, &json!({})).await.expect(200);
    assert_eq!(owner.get("activity").await.json["items"].as_array().unwrap().len(), 1);

    let agreed = json!({"purpose": "social", "given": true});
    let told = owner.post("/v1/privacy/consents", &agreed).await.expect(200);
    assert_eq!(told.json["may"]["social"], json!(true), "{}", told.json);
    let told = put("objections", json!({"social": true})).await;
    assert_eq!(told.json["may"]["social"], json!(false), "an objection beats a consent");
    assert_eq!(told.json["consents"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterdays_backup_of_an_erased_person_is_unreadable() {
    let world = World::new().await;
    if !world.is_embedded() {
        // What a backup holds is the same on every engine; the program alone knows where this one is.
        return;
    }
    let (owner, other) = (world.owner().await, world.reader("other").await);
    other.save("https://stays.example/", "stays").await;
    planted(&owner).await;
    let (away, before) = (tempdir().unwrap(), tempdir().unwrap());
    let yesterday = away.path().join("yesterday.backup");
    said(mindshelf(world.dir()).arg("backup").arg(&yesterday));
    let read = |to: &Path| told(mindshelf(to).arg("restore").arg(&yesterday).arg("--json"));
    let back = read(before.path());
    assert_eq!(back["left_out"], json!(0), "{back}");
    let mut planted = Vec::new();
    found_in(before.path(), &mut planted);
    assert!(!planted.is_empty(), "with its keys it is all there");

    let asked = owner.post("/v1/privacy/erasures", &json!({})).await.expect(200);
    let receipt = format!("/v1/privacy/receipts/{}", asked.text("/erasure/receipt"));
    erased(&world, &other, &receipt).await;
    let today = away.path().join("today.backup");
    said(mindshelf(world.dir()).arg("backup").arg(&today));

    let after = tempdir().unwrap();
    let back = read(after.path());
    assert!(back["left_out"].as_u64() > Some(20), "{back}");
    let mut found = Vec::new();
    for dir in [after.path(), away.path()] {
        found_in(dir, &mut found);
    }
    assert_eq!(found, [""; 0], "nothing of who was erased");
    let kept = said(mindshelf(after.path()).arg("export"));
    assert!(kept.contains("https://stays.example/"), "all of who was not: {kept}");
    let alone = before.path().join("alone.backup");
    std::fs::copy(&yesterday, &alone).unwrap();
    let nowhere = tempdir().unwrap();
    let why = complained(mindshelf(nowhere.path()).arg("restore").arg(&alone), 1);
    assert!(why.contains("keys"), "without keys it tells nothing at all: {why}");
}

/// Adds an endpoint at `url`; its path and its secret.
async fn hooked(owner: &Reader, url: &str) -> (String, String) {
    let added = owner.post("webhooks", &json!({ "url": url })).await.expect(201);
    (format!("webhooks/{}", added.text("/webhook/id")), added.text("/signing_secret"))
}

/// Waits until the latest delivery of the endpoint at `path` was tried.
async fn tried(owner: &Reader, path: &str) {
    let path = format!("{path}/deliveries?limit=1");
    let there = async {
        while owner.get(&path).await.expect(200).json["items"][0]["tried_at"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, there).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_webhooks_told_hears_of_an_erasure_once_and_the_receipt_says_who_did() {
    let (receiver, deaf) = (Receiver::start().await, Receiver::start().await);
    let world = World::reaching(&[receiver.place(), deaf.place()]).await;
    let (owner, other) = (world.owner().await, world.reader("other").await);
    deaf.answers(500);
    let (path, secret) = hooked(&owner, &receiver.url()).await;
    let (deaf_path, _) = hooked(&owner, &deaf.url()).await;
    owner.save("https://example.org/", "a title").await;
    tried(&owner, &path).await;
    tried(&owner, &deaf_path).await;
    // Whoever was sent nothing is not told of anything.
    hooked(&owner, "http://127.0.0.1:1/never").await;

    let asked = owner.post("/v1/privacy/erasures", &json!({})).await.expect(200);
    owner.patch(&deaf_path, &json!({"paused": true}), None).await.expect(200);
    let before = deaf.count();
    let at = format!("/v1/privacy/receipts/{}", asked.text("/erasure/receipt"));
    let receipt = erased(&world, &other, &at).await;

    let last = receiver.heard(2).await.remove(1);
    assert!(last.is_signed_by(&secret));
    let event = last.json();
    assert_eq!(event["type"], "mindshelf.library.erased");
    assert_eq!(event["id"], last.header("webhook-id"));
    assert_eq!(event["data"]["erased"], true);
    assert!(!event.to_string().contains("a title"), "{event}");
    assert_eq!((receiver.count(), deaf.count()), (2, before + 1), "once, and without another try");
    let text: Value = serde_json::from_str(&receipt.text("/receipt/text")).unwrap();
    let line =
        |place: String, told: bool| json!({"place": format!("http://{place}"), "told": told});
    let told = text["webhooks"].as_array().unwrap();
    assert_eq!(told.len(), 2, "{text}");
    for line in [line(receiver.place(), true), line(deaf.place(), false)] {
        assert!(told.contains(&line), "{line}: {text}");
    }
}
