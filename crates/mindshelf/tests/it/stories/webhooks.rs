//! Webhooks: somebody outside is told what happens in a library.

use crate::reader::{Answer, Reader};
use crate::receiver::{Receiver, SILENT};
use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a story waits for what has to come.
const SOON: Duration = Duration::from_secs(20);
/// Longer than the first wait after a try that failed.
const A_WHILE_MS: u32 = 10_000;

/// An endpoint somebody added.
struct Hook {
    path: String,
    secret: String,
}

impl Hook {
    /// Adds an endpoint for `url` that is told everything.
    async fn add(reader: &Reader, url: &str) -> Self {
        let added = reader.post("webhooks", &json!({ "url": url })).await.expect(201);
        let path = format!("webhooks/{}", added.text("/webhook/id"));
        Self { path, secret: added.text("/signing_secret") }
    }

    async fn read(&self, reader: &Reader) -> Answer {
        reader.get(&self.path).await.expect(200)
    }

    /// Its latest delivery, as soon as `is` holds of it.
    async fn latest(&self, reader: &Reader, is: impl Fn(&Value) -> bool + Send + Sync) -> Value {
        let path = format!("{}/deliveries?limit=1", self.path);
        let there = async {
            loop {
                let latest = reader.get(&path).await.expect(200).json["items"][0].clone();
                if is(&latest) {
                    return latest;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, there).await.unwrap()
    }

    async fn became(&self, reader: &Reader, state: &str) -> Value {
        self.latest(reader, |latest| latest["state"] == state).await
    }

    async fn was_tried(&self, reader: &Reader) -> Value {
        self.latest(reader, |latest| !latest["tried_at"].is_null()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_is_told_once_and_signed() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    owner.save("https://example.org/before", "before").await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    let ask = json!({"url": "https://example.org/a", "title": "A", "tags": ["t"]});
    let saved = owner.post("bookmarks", &ask).await.expect(201);
    let heard = receiver.heard(1).await.remove(0);
    assert!(heard.is_signed_by(&hook.secret));
    assert!(!heard.is_signed_by(&Hook::add(&owner, "http://127.0.0.1:1/").await.secret));
    assert_eq!(heard.header("content-type"), "application/cloudevents+json");
    assert_eq!(heard.header("webhook-timestamp"), (world.now_ms() / 1_000).to_string());
    let event = heard.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], heard.header("webhook-id"));
    assert_eq!(event["type"], "mindshelf.bookmark.created");
    assert_eq!(event["subject"], saved.json["item"]["id"]);
    assert_eq!(event["data"]["act"], saved.json["act"]);
    assert_eq!(event["data"]["more"], false);
    let changes = event["data"]["changes"].as_array().unwrap();
    let bookmark = changes.iter().find(|change| change["kind"] == "bookmark").unwrap();
    assert_eq!((&bookmark["name"], &bookmark["created"]), (&json!("A"), &json!(true)));
    assert_eq!(bookmark["url"], "https://example.org/a");
    let title = &bookmark["changes"].as_array().unwrap().iter().find(|f| f["field"] == "title");
    let title = title.unwrap();
    assert_eq!((&title["from"], &title["to"]), (&Value::Null, &json!("A")));
    assert!(changes.iter().any(|change| change["kind"] == "tag"), "the whole gesture: {changes:?}");

    let item = format!("bookmarks/{}", saved.text("/item/id"));
    owner.patch(&item, &json!({"title": "B"}), None).await.expect(200);
    let heard = receiver.heard(2).await;
    let fields = heard[1].json()["data"]["changes"][0]["changes"].clone();
    let change = fields.as_array().unwrap().iter().find(|f| f["field"] == "title").unwrap();
    assert_eq!((&change["from"], &change["to"]), (&json!("A"), &json!("B")), "before and after");
    assert_eq!(heard[1].json()["type"], "mindshelf.bookmark.changed");
    let done = hook.became(&owner, "delivered").await;
    assert_eq!((&done["attempts"], &done["status"]), (&json!(1), &json!(204)));
    assert_eq!(receiver.count(), 2, "each gesture once, and nothing from before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_misses_it_is_told_when_it_is_back() {
    let receiver = Receiver::start().await;
    let mut world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    receiver.answers(500);
    owner.save("https://example.org/a", "A").await;
    let first = receiver.heard(1).await.remove(0);
    let tried = hook.was_tried(&owner).await;
    assert_eq!((&tried["state"], &tried["status"]), (&json!("waiting"), &json!(500)));
    assert_eq!(tried["trouble"], "the receiver did not take it");
    assert!(tried["next_at"].as_str() > tried["tried_at"].as_str(), "{tried}");
    drop(owner);
    world.restart().await;
    let owner = world.owner().await;
    receiver.answers(200);
    world.clock.advance(A_WHILE_MS);
    let again = receiver.heard(2).await.remove(1);
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body, "the same event");
    assert_ne!(again.header("webhook-timestamp"), first.header("webhook-timestamp"));
    assert!(again.is_signed_by(&hook.secret), "of the moment it was sent");
    assert_eq!(hook.became(&owner, "delivered").await["attempts"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_told_no_more_until_it_is_resumed() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    receiver.answers(410);
    owner.save("https://example.org/a", "A").await;
    let failed = hook.became(&owner, "failed").await;
    assert_eq!(failed["trouble"], "the receiver wants no more");
    assert_eq!(hook.read(&owner).await.json["state"], "gone");
    owner.save("https://example.org/b", "B").await;
    let missed = async {
        while hook.read(&owner).await.json["missed"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, missed).await.expect("it is counted");
    owner.post(&format!("{}/test", hook.path), &json!({})).await.expect(400);
    receiver.answers(200);
    owner.patch(&hook.path, &json!({"paused": false}), None).await.expect(200);
    owner.save("https://example.org/c", "C").await;
    let heard = receiver.heard(2).await;
    assert_eq!(heard[1].json()["data"]["changes"][0]["name"], "C");
    assert_eq!(receiver.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    receiver.answers(307);
    owner.post(&format!("{}/test", hook.path), &json!({})).await.expect(202);
    let failed = hook.became(&owner, "failed").await;
    assert_eq!((&failed["status"], &failed["act"]), (&json!(307), &Value::Null));
    assert_eq!(failed["trouble"], "a redirect is not followed");
    assert_eq!(receiver.count(), 1, "and nothing was asked elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_receiver_nobody_named_is_not_reached_and_the_log_says_why() {
    let (named, other) = (Receiver::start().await, Receiver::start().await);
    let world = World::reaching(&[named.place()]).await;
    let owner = world.owner().await;
    for (url, word) in [
        (other.url(), "this port is not asked"),
        ("http://127.0.0.1/hook".to_owned(), "this does not lead to the public internet"),
        ("http://169.254.169.254/".to_owned(), "this does not lead to the public internet"),
        ("http://127.0.0.1:4747/".to_owned(), "this port is not asked"),
    ] {
        let hook = Hook::add(&owner, &url).await;
        owner.post(&format!("{}/test", hook.path), &json!({})).await.expect(202);
        let failed = hook.became(&owner, "failed").await;
        assert_eq!((&failed["trouble"], &failed["status"]), (&json!(word), &Value::Null), "{url}");
    }
    assert_eq!((named.count(), other.count()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_when_somebody_asks() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    receiver.answers(404);
    owner.post(&format!("{}/test", hook.path), &json!({})).await.expect(202);
    let failed = hook.became(&owner, "failed").await;
    receiver.answers(200);
    let id = failed["id"].as_str().unwrap();
    owner.post(&format!("{}/deliveries/{id}/replay", hook.path), &json!({})).await.expect(202);
    let heard = receiver.heard(2).await;
    assert_eq!(heard[1].header("webhook-id"), id, "under its id");
    hook.became(&owner, "delivered").await;

    receiver.answers(503);
    world.clock.advance(1_000);
    owner.post(&format!("{}/test", hook.path), &json!({})).await.expect(202);
    world.clock.advance(400_000);
    hook.became(&owner, "failed").await;
    receiver.answers(200);
    let since = json!({"since": "2023-11-01T00:00:00Z"});
    let again = owner.post(&format!("{}/replay", hook.path), &since).await.expect(202);
    assert_eq!(again.json["deliveries"], 1, "what was delivered is not");
    world.clock.advance(400_000);
    receiver.heard(4).await;
    hook.became(&owner, "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_day_after_rotation_both_secrets_are_good() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    let rotated = owner.post(&format!("{}/secret", hook.path), &json!({})).await.expect(200);
    let secret = rotated.text("/signing_secret");
    assert_ne!(secret, hook.secret);
    owner.save("https://example.org/a", "A").await;
    let both = receiver.heard(1).await.remove(0);
    assert!(both.is_signed_by(&secret) && both.is_signed_by(&hook.secret));
    world.clock.advance(86_400_000);
    owner.save("https://example.org/b", "B").await;
    let one = receiver.heard(2).await.remove(1);
    assert!(one.is_signed_by(&secret) && !one.is_signed_by(&hook.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gesture_over_many_items_is_one_event() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, &receiver.url()).await;
    owner.patch(&hook.path, &json!({"paused": true}), None).await.expect(200);
    let mut ids = Vec::new();
    for number in 0..5 {
        let url = format!("https://example.org/{number}");
        ids.push(owner.save(&url, "page").await["id"].clone());
    }
    let types = json!({"types": ["mindshelf.bookmark.trashed"]});
    let waiting = async {
        while hook.read(&owner).await.json["waiting"] != 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("what happens waits while it is paused");
    assert_eq!(receiver.count(), 0);
    owner.patch(&hook.path, &types, None).await.expect(200);
    owner.patch(&hook.path, &json!({"paused": false}), None).await.expect(200);
    receiver.heard(5).await;
    owner.post("bookmarks/bulk", &json!({"ids": ids, "archive": true})).await.expect(200);
    owner.post("bookmarks/bulk", &json!({"ids": ids, "trash": true})).await.expect(200);
    let event = receiver.heard(6).await[5].json();
    assert_eq!(event["type"], "mindshelf.bookmark.trashed", "what it was not to be told is not");
    assert_eq!(event["data"]["changes"].as_array().unwrap().len(), 5);
    hook.became(&owner, "delivered").await;
    assert_eq!(receiver.count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_keeps_nobody_waiting() {
    let (dead, well) = (Receiver::start().await, Receiver::start().await);
    let world = World::reaching(&[dead.place(), well.place()]).await;
    let owner = world.owner().await;
    dead.answers(SILENT);
    Hook::add(&owner, &dead.url()).await;
    Hook::add(&owner, &well.url()).await;
    for number in 0..20 {
        owner.save(&format!("https://example.org/{number}"), "page").await;
    }
    well.heard(20).await;
    assert_eq!(dead.count(), 1, "one at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoints_of_others_are_as_absent_as_none() {
    let receiver = Receiver::start().await;
    let world = World::reaching(&[receiver.place()]).await;
    let (owner, eve) = (world.owner().await, world.reader("eve").await);
    let hook = Hook::add(&owner, &receiver.url()).await;
    let theirs = format!("/v1/libraries/{}/{}", owner.library, hook.path);
    eve.get(&theirs).await.expect(404);
    eve.get(&hook.path).await.expect(404);
    eve.delete(&hook.path).await.expect(404);
    eve.post(&format!("{}/secret", hook.path), &json!({})).await.expect(404);
    hook.read(&owner).await;
    eve.save("https://example.org/eve", "hers").await;
    owner.save("https://example.org/owner", "mine").await;
    assert_eq!(receiver.heard(1).await[0].json()["data"]["changes"][0]["name"], "mine");
}

/// Every file of the database, as it lies on the disk.
fn on_disk(world: &World) -> Vec<u8> {
    let files = ["shelf.db", "shelf.db-wal"].map(|name| world.dir().join(name));
    files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_secret_nothing_stands_in_the_database() {
    let world = World::new().await;
    let owner = world.owner().await;
    let hook = Hook::add(&owner, "https://hook.example/").await;
    let rotated = owner.post(&format!("{}/secret", hook.path), &json!({})).await.expect(200);
    let bytes = on_disk(&world);
    let holds = |some: &[u8]| bytes.windows(some.len()).any(|there| there == some);
    assert!(!world.is_embedded() || holds(b"https://hook.example/"), "it is the right file");
    for secret in [hook.secret, rotated.text("/signing_secret")] {
        let text = secret.strip_prefix("whsec_").unwrap();
        let plain = STANDARD.decode(text).unwrap();
        assert_eq!(plain.len(), 32);
        assert!(!holds(text.as_bytes()) && !holds(&plain), "neither as text nor as bytes");
    }
}
