//! Comments on bookmarks, and texts that were written twice at the same time.

use crate::world::{Someone, World};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shelf_domain::change::Pushed;
use shelf_domain::id::Scope;
use shelf_domain::turn::{Author, Turn, reads_of};

const BASE: &str = "/v1/libraries/{library}";
/// The device that wrote the version that lost; in the examples, too.
const DEVICE: &str = "0193f0a0-0000-7000-8000-000000000018";

/// Saves a bookmark of `who` whose notes were written twice: "as told" stands, "as pushed" lost.
/// `n` counts the changes of the device that pushed.
pub(crate) async fn apart(world: &World, who: &Someone, url: &str, n: u64) -> String {
    let id = world.saved(who, url).await;
    let scope = Scope { tenant: who.tenant, library: who.library };
    let base = world.stores.library.head(scope).await.unwrap().seq;
    let at = format!("{BASE}/bookmarks/{id}");
    let told = world.patch(who, &at, &json!({"notes": "as told"})).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let change = json!({
        "n": n, "hlc": "0000000000010000", "base": base, "item": id, "kind": "bookmark",
        "act": "0193f0a0-0000-7000-8000-000000000019", "set": {"notes": "as pushed"}
    });
    let pushed: Pushed = serde_json::from_value(change).unwrap();
    let reads = reads_of([&pushed]);
    let decide = move |turn: &mut Turn| {
        let outcome = turn.push(&pushed)??;
        Ok(turn.done(vec![outcome]))
    };
    let (now, seed) = (world.stores.clock.now_ms(), world.stores.chance.seed());
    let author = Author { device: DEVICE.parse().unwrap(), now, seed };
    world.stores.library.write(scope, author, None, reads, Box::new(decide)).await.unwrap();
    id
}

/// Shares Ada's library with somebody new, who belongs to her tenant; with their right.
async fn joined(world: &World, number: u8, right: &str) -> Someone {
    let flo = world.newcomer(number).await;
    let invitations = format!("/v1/tenants/{}/invitations", world.ada.tenant);
    let invited = world.post(&world.ada, &invitations, &json!({"role": "member"})).await;
    let ask = json!({"invitation": invited.at("/secret")});
    world.post(&flo, "/v1/memberships", &ask).await.at("/id");
    let share = format!("{BASE}/shares/{}", flo.person);
    let ask = json!({"kind": "person", "right": right}).to_string();
    let told = world.ask(&world.ada, Method::PUT, &share, &ask).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    // From here on they ask about Ada's library.
    Someone { library: world.ada.library, ..flo }
}

fn bodies(told: &Value) -> Vec<&str> {
    let rows = told["items"].as_array().unwrap();
    rows.iter().map(|row| row["body"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn people_comment_and_change_only_what_is_theirs() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let flo = joined(&world, 3, "write").await;
    let reader = joined(&world, 4, "read").await;
    let list = format!("{BASE}/bookmarks/{id}/comments");
    let mine = world.post(&world.ada, &list, &json!({"body": "Worth it."})).await;
    assert_eq!(mine.status, StatusCode::CREATED, "{}", mine.text);
    assert_eq!(mine.at("/item/author/id"), world.ada.person.to_string());
    let theirs = world.post(&flo, &list, &json!({"body": "Is it?"})).await;
    assert_eq!(theirs.status, StatusCode::CREATED, "{}", theirs.text);
    let told = world.get(&reader, &list).await;
    assert_eq!(bodies(&told.json), ["Worth it.", "Is it?"]);
    assert_eq!(told.json["items"][1]["author"]["id"], flo.person.to_string());
    assert_eq!(told.json["items"][1]["may_edit"], false);
    let refused = world.post(&reader, &list, &json!({"body": "Me too."})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let blank = world.post(&flo, &list, &json!({"body": " "})).await;
    assert_eq!(blank.status, StatusCode::BAD_REQUEST, "{}", blank.text);
    let (own, other) = (mine.at("/item/id"), theirs.at("/item/id"));
    let at = |id: &str| format!("{BASE}/comments/{id}");
    let denied = world.patch(&flo, &at(&own), &json!({"body": "No."})).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{}", denied.text);
    let denied = world.ask(&flo, Method::DELETE, &at(&own), "").await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let denied = world.patch(&world.ada, &at(&other), &json!({"body": "No."})).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "who manages the library puts no words in");
    let edited = world.patch(&flo, &at(&other), &json!({"body": "It is."})).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    assert!(edited.json["item"]["edited_at"].is_string());
    let removed = world.ask(&world.ada, Method::DELETE, &at(&other), "").await;
    assert_eq!(removed.status, StatusCode::OK, "{}", removed.text);
    assert_eq!(bodies(&world.get(&flo, &list).await.json), ["Worth it."]);
    let undo = format!("{BASE}/acts/{}/undo", removed.at("/act"));
    assert_eq!(world.post(&world.ada, &undo, &json!({})).await.status, StatusCode::OK);
    assert_eq!(bodies(&world.get(&flo, &list).await.json), ["Worth it.", "It is."]);
    let foreign = world.get(&world.eve, &at(&own)).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "another library has no such comment");
}

#[tokio::test]
async fn an_edit_of_a_comment_that_changed_since_is_refused() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let list = format!("{BASE}/bookmarks/{id}/comments");
    let told = world.post(&world.ada, &list, &json!({"body": "one"})).await;
    let at = format!("{BASE}/comments/{}", told.at("/item/id"));
    let version = told.header("etag").to_owned();
    let edit = |body: &str| {
        let ask = json!({"body": body}).to_string();
        let mut request: Request<_> = world.ada.request(Method::PATCH, &at, &ask);
        request.headers_mut().insert("if-match", version.parse().unwrap());
        world.send(request)
    };
    assert_eq!(edit("two").await.status, StatusCode::OK);
    let stale = edit("three").await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "stale"));
}

#[tokio::test]
async fn comments_come_in_pages() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let list = format!("{BASE}/bookmarks/{id}/comments");
    for body in ["one", "two", "three"] {
        world.post(&world.ada, &list, &json!({"body": body})).await;
    }
    let first = world.get(&world.ada, &format!("{list}?limit=2")).await;
    assert_eq!(bodies(&first.json), ["one", "two"]);
    let cursor = first.at("/next_cursor");
    let rest = world.get(&world.ada, &format!("{list}?limit=2&cursor={cursor}")).await;
    assert_eq!(bodies(&rest.json), ["three"]);
    assert!(rest.json["next_cursor"].is_null());
}

#[tokio::test]
async fn two_versions_are_listed_and_settled_by_a_word() {
    let world = World::new().await;
    let conflicts = format!("{BASE}/conflicts");
    for (n, (ask, want)) in (1..).zip([
        (json!({"keep": "shown"}), "as told"),
        (json!({"keep": "other"}), "as pushed"),
        (json!({"keep": "text", "text": "as told and pushed"}), "as told and pushed"),
    ]) {
        let id = apart(&world, &world.ada, &format!("https://a.example/{n}"), n).await;
        let listed = world.get(&world.ada, &conflicts).await;
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1, "{}", listed.text);
        assert_eq!(listed.at("/items/0/shown/text"), "as told");
        assert_eq!(listed.at("/items/0/other/text"), "as pushed");
        assert_eq!(listed.at("/items/0/other/device"), DEVICE);
        let mut ask = ask;
        ask["field"] = "notes".into();
        ask["device"] = DEVICE.into();
        ask["version"] = listed.at("/items/0/version").into();
        let settle = format!("{conflicts}/{id}/resolve");
        let told = world.post(&world.ada, &settle, &ask).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        let bookmark = world.get(&world.ada, &format!("{BASE}/bookmarks/{id}")).await;
        assert_eq!(bookmark.at("/notes"), want);
        assert_eq!(bookmark.json["copies"], json!([]));
        let again = world.post(&world.ada, &settle, &ask).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "it was settled");
    }
    let listed = world.get(&world.ada, &conflicts).await;
    assert_eq!(listed.json["items"], json!([]));
}

#[tokio::test]
async fn settling_says_which_text_it_wants_and_from_which_version() {
    let world = World::new().await;
    let id = apart(&world, &world.ada, "https://a.example", 1).await;
    let settle = format!("{BASE}/conflicts/{id}/resolve");
    for (more, code) in [
        (json!({"keep": "text"}), "invalid"),
        (json!({"keep": "shown", "text": "x"}), "invalid"),
        (json!({"keep": "other", "version": "seven"}), "invalid"),
        (json!({"keep": "other", "version": "9-1"}), "stale"),
    ] {
        let mut ask = json!({"field": "notes", "device": DEVICE});
        for (name, value) in more.as_object().unwrap() {
            ask[name] = value.clone();
        }
        let told = world.post(&world.ada, &settle, &ask).await;
        assert_eq!(told.code(), code, "{more}: {}", told.text);
    }
}

#[tokio::test]
async fn a_bookmark_is_found_by_what_people_say_of_it() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let list = format!("{BASE}/bookmarks/{id}/comments");
    let told = world.post(&world.ada, &list, &json!({"body": "All about marzipan."})).await;
    world.follow(&world.ada).await;
    let search = format!("{BASE}/search?q=marzipan&mode=words");
    let found = world.get(&world.ada, &search).await;
    assert_eq!(found.json["hits"][0]["id"], id, "{}", found.text);
    let at = format!("{BASE}/comments/{}", told.at("/item/id"));
    world.ask(&world.ada, Method::DELETE, &at, "").await;
    world.follow(&world.ada).await;
    let found = world.get(&world.ada, &search).await;
    assert_eq!(found.json["hits"], json!([]), "what was taken back is not found");
}
