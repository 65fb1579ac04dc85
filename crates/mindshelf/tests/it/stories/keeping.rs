//! Durability, the doctor and the rebuild.

use crate::world::World;
use serde_json::json;
use shelf_embedded::Embedded;
use shelf_ports::library::Library;

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_changes_no_answer() {
    let world = World::new().await;
    let owner = world.owner().await;
    for number in 0..25 {
        let body = json!({ "url": format!("https://example.org/{number}"), "tags": ["t", "u"],
            "unread": number % 2 == 0 });
        owner.post("bookmarks", &body).await.expect(201);
    }
    let lists = ["bookmarks?limit=100", "tags", "collections", "trash", "changes"];
    let mut before = Vec::new();
    for list in lists {
        before.push(owner.get(list).await.expect(200).json);
    }
    owner.post("/local/rebuild", &json!({})).await.expect(204);
    for (list, before) in lists.iter().zip(before) {
        assert_eq!(owner.get(list).await.expect(200).json, before, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_full_durability_and_no_damage() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.save("https://example.org/a", "a").await;
    let health = owner.get("/local/doctor").await.expect(200);
    assert_eq!(health.json["damage"], json!([]), "{}", health.json);
    if world.is_embedded() {
        assert_eq!(health.json["advice"], json!([]), "{}", health.json);
    } else {
        let advice = health.json["advice"].to_string();
        assert!(advice.contains("fsync is off"), "as it is on engines of tests: {advice}");
    }
    assert_eq!(health.json["libraries"][0]["bookmarks"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_machine_itself_may_ask_is_closed_to_tokens() {
    let world = World::new().await;
    let eve = world.reader("eve").await;
    for path in ["/local/doctor", "/local/followers"] {
        eve.get(path).await.expect(403);
    }
    for path in ["/local/link", "/local/rebuild"] {
        eve.post(path, &json!({})).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_after_its_commit_and_commits_are_synchronous() {
    let world = World::new().await;
    let owner = world.owner().await;
    let health = owner.get("/local/doctor").await.expect(200).json;
    let durability = health["durability"].as_str().unwrap();
    if !world.is_embedded() {
        assert!(durability.contains("synchronous_commit on"), "{durability}");
        return;
    }
    assert!(durability.contains("\"wal\", synchronous: 2"), "{durability}");
    let scope = world.app().stores.accounts.all_libraries().await.unwrap()[0].scope();
    for number in 0..10 {
        owner.save(&format!("https://example.org/{number}"), "page").await;
        // What the files hold at this moment is what a crash at this moment would leave.
        let crashed = tempfile::tempdir().unwrap();
        for file in ["shelf.db", "shelf.db-wal"] {
            std::fs::copy(world.dir().join(file), crashed.path().join(file)).unwrap();
        }
        let left = Embedded::open(crashed.path()).unwrap();
        assert_eq!(left.head(scope).await.unwrap().seq, number + 1, "the commit came first");
        assert_eq!(left.integrity().await.unwrap(), ["ok"]);
    }
}

/// Milliseconds of a day.
const DAY_MS: u32 = 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_trash_for_thirty_days_is_gone_for_good_without_being_asked() {
    let mut world = World::new().await;
    let owner = world.owner().await;
    let early = owner.save("https://example.org/early", "an early secret").await;
    owner.delete(&format!("bookmarks/{}", early["id"].as_str().unwrap())).await.expect(200);
    world.clock.advance(20 * DAY_MS);
    let late = owner.save("https://example.org/late", "late").await;
    owner.delete(&format!("bookmarks/{}", late["id"].as_str().unwrap())).await.expect(200);
    world.clock.advance(11 * DAY_MS);
    drop(owner);
    // The keeper goes round when the server starts, and then every hour.
    world.restart().await;
    let owner = world.owner().await;
    let gone = async {
        while owner.listed("trash").await.len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.unwrap();
    assert_eq!(owner.listed("trash").await, ["https://example.org/late"], "not before its time");
    let log = owner.get("changes?limit=100").await.expect(200).json.to_string();
    assert!(!log.contains("an early secret"), "its texts are blanked in the log as well");
    assert!(log.contains("purged"), "and the log says so, for devices");
}
