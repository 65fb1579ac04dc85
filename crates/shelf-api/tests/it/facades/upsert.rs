//! Saving what is saved already: who was shown it edits it, and nobody wipes what they did not see.

use super::{ding, request};
use crate::world::{Told, World};
use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

async fn post(world: &World, body: Value) -> Told {
    let told = ding(world, &world.ada, Method::POST, "/bookmarks/", body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    told
}

fn whole() -> Value {
    json!({"url": "https://A.example/x/?b=2&a=1", "title": "A", "description": "d", "notes": "mine",
        "tag_names": ["t"], "unread": true})
}

#[tokio::test]
async fn whoever_saves_an_address_again_takes_nothing_away() {
    let world = World::new().await;
    post(&world, whole()).await;
    let body = json!({"url": "https://a.example/x?a=1&b=2", "title": "", "unread": false,
        "tag_names": ["new"], "notes": "theirs", "is_archived": true});
    let again = post(&world, body).await;
    assert_eq!(again.json["id"], 1, "the same bookmark, however its address is written");
    assert_eq!((again.at("/title"), again.at("/description")), ("A".to_owned(), "d".to_owned()));
    assert_eq!(again.at("/notes"), "mine\n\ntheirs");
    assert_eq!(again.json["tag_names"], json!(["new", "t"]));
    assert_eq!((&again.json["unread"], &again.json["is_archived"]), (&json!(true), &json!(false)));
    let third = post(&world, json!({"url": "https://a.example/x?a=1&b=2", "notes": "mine"})).await;
    assert_eq!(third.at("/notes"), "mine\n\ntheirs", "a note that is there is not said twice");
}

#[tokio::test]
async fn whoever_was_shown_it_edits_it_for_ten_minutes() {
    let world = World::new().await;
    post(&world, whole()).await;
    let path = "/bookmarks/check?url=https%3A%2F%2Fa.example%2Fx%3Fa%3D1%26b%3D2";
    let shown = ding(&world, &world.ada, Method::GET, path, Value::Null).await;
    assert_eq!(shown.at("/bookmark/notes"), "mine");
    let edit = json!({"url": "https://a.example/x?a=1&b=2", "notes": "", "tag_names": ["u"],
        "unread": false});
    let told = post(&world, edit.clone()).await;
    assert_eq!((told.at("/notes"), told.at("/title")), (String::new(), "A".to_owned()));
    assert_eq!((&told.json["tag_names"], &told.json["unread"]), (&json!(["u"]), &json!(false)));

    world.rest(11 * 60);
    let later = json!({"url": "https://a.example/x?a=1&b=2", "title": "", "tag_names": []});
    let told = post(&world, later).await;
    assert_eq!((told.at("/title"), &told.json["tag_names"]), ("A".to_owned(), &json!(["u"])));
}

#[tokio::test]
async fn a_form_saves_as_well_and_other_bodies_are_refused() {
    let world = World::new().await;
    let send = async |kind: &'static str, body: &str| {
        let mut asked = request(&world.ada, Method::POST, "/linkding/api/bookmarks/", "");
        asked.headers_mut().insert("content-type", HeaderValue::from_static(kind));
        *asked.body_mut() = Body::from(body.to_owned());
        world.send(asked).await
    };
    let form = "url=https%3A%2F%2Fa.example&tag_names=a&tag_names=b&unread=true";
    let told = send("application/x-www-form-urlencoded", form).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    assert_eq!((&told.json["tag_names"], &told.json["unread"]), (&json!(["a", "b"]), &json!(true)));
    // As the shortcuts of a phone send a form.
    let tags = [("tag_names", "a"), ("tag_names", "c")];
    let parts = [("url", "https://b.example"), ("title", "B"), tags[0], tags[1]];
    let part = |(name, text): (&str, &str)| {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let form = format!("{}--x--\r\n", parts.map(part).concat());
    let told = send("multipart/form-data; boundary=x", &form).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    assert_eq!((told.at("/title"), &told.json["tag_names"]), ("B".to_owned(), &json!(["a", "c"])));
    let told = send("multipart/form-data; boundary=x", "--x\r\ncontent-dispo").await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "{}", told.text);
    let told = send("text/xml", "<a/>").await;
    assert_eq!(told.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(told.at("/detail"), "Unsupported media type \"text/xml\" in request.");
    let told = send("application/json", "{").await;
    assert!(told.at("/detail").starts_with("JSON parse error"), "{}", told.text);
    let told = send("application/json", r#"{"url": "javascript:alert(1)"}"#).await;
    assert_eq!(told.json, json!({"url": ["Enter a valid URL."]}));
}
