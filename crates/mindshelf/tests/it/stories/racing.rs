//! Two at once: repeated requests, stale versions, and libraries of others.

use crate::world::World;
use futures::future::join_all;
use serde_json::json;

/// Identical requests sent at once.
const PARALLEL: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_identical_requests_have_one_effect_and_one_answer() {
    let world = World::new().await;
    let owner = world.owner().await;
    let head = |answer: crate::reader::Answer| answer.json["head"]["seq"].as_u64().unwrap();
    for round in 0..5 {
        let before = head(owner.get("changes?limit=1").await.expect(200));
        let body = json!({ "url": format!("https://example.org/{round}"), "tags": ["once"] });
        let key = format!("\"round-{round}\"");
        let headers = [("idempotency-key", key.as_str())];
        let asked = (0..PARALLEL).map(|_| owner.post_with("bookmarks", &body, &headers));
        let answers = join_all(asked).await;
        let first = &answers[0];
        for answer in &answers {
            assert_eq!(answer.status, 201, "{}", answer.json);
            assert_eq!(answer.json, first.json);
        }
        let after = head(owner.get("changes?limit=1").await.expect(200));
        // The bookmark, and in the first round its tag.
        let rows = if round == 0 { 2 } else { 1 };
        assert_eq!(after - before, rows, "one effect");
        let other = json!({ "url": "https://example.org/other" });
        let reused = owner.post_with("bookmarks", &other, &headers).await;
        assert_eq!((reused.status, reused.text("/code")), (422, "key_reused".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_is_refused_and_the_later_edit_stands() {
    let world = World::new().await;
    let owner = world.owner().await;
    let saved = owner.save("https://example.org/a", "first").await;
    let at = format!("bookmarks/{}", saved["id"].as_str().unwrap());
    let seen = owner.get(&at).await.expect(200).header("etag");
    let edited = owner.patch(&at, &json!({ "title": "second" }), Some(&seen)).await.expect(200);
    assert_ne!(edited.header("etag"), seen);
    let late = owner.patch(&at, &json!({ "title": "third" }), Some(&seen)).await.expect(412);
    assert_eq!(late.text("/code"), "stale");
    assert_eq!(owner.get(&at).await.expect(200).text("/title"), "second");
    // Without a version, fields merge.
    owner.patch(&at, &json!({ "notes": "merged" }), None).await.expect(200);
    let now = owner.get(&at).await.expect(200);
    assert_eq!((now.text("/title"), now.text("/notes")), ("second".into(), "merged".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_of_another_answers_as_one_that_never_was() {
    let world = World::new().await;
    let (ada, eve) = (world.owner().await, world.reader("eve").await);
    let saved = ada.save("https://example.org/private", "private").await;
    let item = saved["id"].as_str().unwrap();
    let nowhere = "0193f0a0-0000-7000-8000-000000000000";
    for path in ["bookmarks", "changes", "tags", "collections", "trash", "history"] {
        let foreign = eve.get(&format!("/v1/libraries/{}/{path}", ada.library)).await;
        let unknown = eve.get(&format!("/v1/libraries/{nowhere}/{path}")).await;
        assert_eq!(foreign.status, 404, "{path}: {}", foreign.json);
        assert_eq!(foreign.status, unknown.status);
        assert_eq!(foreign.json["code"], unknown.json["code"]);
        let (foreign, unknown) = (foreign.text("/detail"), unknown.text("/detail"));
        assert_eq!(foreign.replace(&ada.library, nowhere), unknown);
    }
    // Nor does an item of another library exist in one's own.
    eve.get(&format!("bookmarks/{item}")).await.expect(404);
    eve.delete(&format!("bookmarks/{item}")).await.expect(404);
    assert_eq!(ada.listed("bookmarks").await, ["https://example.org/private"]);
}
