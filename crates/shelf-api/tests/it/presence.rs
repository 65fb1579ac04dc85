//! Who else is in a library: said over real sockets, told to whoever may read it; and who did what.

use crate::graphql::sockets::{Client, Listening};
use crate::world::{Someone, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const LIBRARY: &str = "/v1/libraries/{library}";
const ITEM: &str = "0193f0a0-0000-7000-8000-000000000001";

/// Lets Eve use Ada's library, with this right.
async fn shared(world: &World, right: &str) {
    let (ada, eve) = (&world.ada, &world.eve);
    let invitations = format!("/v1/tenants/{}/invitations", ada.tenant);
    let invited = world.post(ada, &invitations, &json!({"role": "member"})).await;
    let ask = json!({"invitation": invited.at("/secret")});
    assert_eq!(world.post(eve, "/v1/memberships", &ask).await.status, StatusCode::CREATED);
    let body = json!({"kind": "person", "right": right}).to_string();
    let told = world.ask(ada, Method::PUT, &share_of(eve), &body).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
}

fn share_of(who: &Someone) -> String {
    format!("{LIBRARY}/shares/{}", who.person)
}

/// A socket of `who`, who said hello.
async fn socket(listening: &Listening, who: &Someone) -> Client {
    let mut client = listening.sync().await;
    client.say(&json!({"type": "hello", "token": who.token})).await;
    assert_eq!(client.hear().await["type"], "welcome");
    client
}

/// That somebody is in the library of `whose`.
fn here(whose: &Someone, more: &Value) -> Value {
    let mut said = json!({"type": "here", "library": whose.library.to_string()});
    for (name, value) in more.as_object().unwrap() {
        said[name] = value.clone();
    }
    said
}

/// The people of the next message, which tells who is there.
async fn people(client: &mut Client) -> Value {
    let mut told = client.hear().await;
    assert_eq!(told["type"], "present", "{told}");
    told["people"].take()
}

#[tokio::test]
async fn two_people_see_each_other_come_move_leave_and_fade() {
    let listening = Listening::new().await;
    let world = &listening.world;
    let (ada, eve) = (&world.ada, &world.eve);
    shared(world, "read").await;
    let mut adas = socket(&listening, ada).await;
    let mut eves = socket(&listening, eve).await;
    adas.say(&here(ada, &json!({}))).await;
    eves.say(&here(ada, &json!({"item": ITEM, "state": "writing"}))).await;
    let eve_writes = json!([{"person": eve.person.to_string(), "name": "Person 2",
        "state": "writing", "items": [ITEM]}]);
    assert_eq!(people(&mut adas).await, eve_writes, "alone nothing was told before");
    let ada_reads = json!([{"person": ada.person.to_string(), "name": "Person 1",
        "state": "reading", "items": []}]);
    assert_eq!(people(&mut eves).await, ada_reads);
    let asked = world.get(ada, &format!("{LIBRARY}/presence")).await;
    assert_eq!(asked.json["items"], eve_writes, "as by REST");

    eves.say(&here(ada, &json!({}))).await;
    let moved = people(&mut adas).await;
    assert_eq!((&moved[0]["items"], &moved[0]["state"]), (&json!([]), &json!("reading")));
    eves.say(&json!({"type": "away", "library": ada.library.to_string()})).await;
    assert_eq!(people(&mut adas).await, json!([]), "she left");

    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(people(&mut adas).await[0]["name"], "Person 2");
    world.rest(20);
    adas.say(&here(ada, &json!({}))).await;
    // What is answered comes after what was said before.
    adas.say(&json!({"type": "ping"})).await;
    assert_eq!(adas.hear().await["type"], "pong");
    world.rest(11);
    assert_eq!(people(&mut adas).await, json!([]), "who does not say so any more is not there");

    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(people(&mut adas).await[0]["name"], "Person 2");
    drop(eves);
    assert_eq!(people(&mut adas).await, json!([]), "a socket that is closed leaves");
}

#[tokio::test]
async fn a_page_says_where_it_is_by_its_session_and_two_pages_are_one_person() {
    let listening = Listening::new().await;
    let world = &listening.world;
    let (ada, eve) = (&world.ada, &world.eve);
    shared(world, "read").await;
    let mut adas = socket(&listening, ada).await;
    adas.say(&here(ada, &json!({}))).await;
    let mut pages = Vec::new();
    for item in [json!(ITEM), Value::Null] {
        let mut page = listening.page(eve).await;
        page.say(&json!({"type": "hello"})).await;
        assert_eq!(page.hear().await["type"], "welcome");
        page.say(&here(ada, &json!({"item": item}))).await;
        page.say(&json!({"type": "ping"})).await;
        while page.hear().await["type"] != "pong" {}
        pages.push(page);
    }
    let eves = json!([{"person": eve.person.to_string(), "name": "Person 2",
        "state": "reading", "items": [ITEM]}]);
    assert_eq!(people(&mut adas).await, eves, "of two pages one person");
    drop(pages.remove(0));
    assert_eq!(people(&mut adas).await[0]["items"], json!([]), "one of them is left");
}

#[tokio::test]
async fn a_reader_without_a_right_is_told_nothing_and_is_not_seen() {
    let listening = Listening::new().await;
    let world = &listening.world;
    let (ada, eve) = (&world.ada, &world.eve);
    let mut adas = socket(&listening, ada).await;
    let mut eves = socket(&listening, eve).await;
    adas.say(&here(ada, &json!({}))).await;
    eves.say(&here(ada, &json!({}))).await;
    let refused = eves.hear().await;
    assert_eq!((&refused["type"], &refused["code"]), (&json!("refused"), &json!("not_found")));
    assert_eq!(refused["library"], ada.library.to_string());
    let path = format!("/v1/libraries/{}/presence", ada.library);
    assert_eq!(world.get(eve, &path).await.status, StatusCode::NOT_FOUND);
    // With a right, and then without it.
    shared(world, "read").await;
    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(people(&mut adas).await[0]["name"], "Person 2", "and never before");
    assert_eq!(people(&mut eves).await[0]["name"], "Person 1");
    let told = world.ask(ada, Method::DELETE, &share_of(eve), "").await;
    assert!(told.status.is_success(), "{}", told.text);
    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(eves.hear().await["code"], "not_found");
    assert_eq!(people(&mut adas).await, json!([]), "with her right she left");
    // A token that is good for something else is told nothing either.
    let who = world.limited(ada, "account:read").await;
    let mut limited = socket(&listening, &who).await;
    limited.say(&here(ada, &json!({}))).await;
    assert_eq!(limited.hear().await["code"], "insufficient_scope");
}

#[tokio::test]
async fn who_does_not_want_to_be_seen_is_not_and_sees_others() {
    let listening = Listening::new().await;
    let world = &listening.world;
    let (ada, eve) = (&world.ada, &world.eve);
    shared(world, "read").await;
    assert_eq!(world.get(eve, "/v1/presence").await.json, json!({"on": true}));
    let off = world.ask(eve, Method::PUT, "/v1/presence", r#"{"on": false}"#).await;
    assert_eq!(off.json, json!({"on": false}));
    assert_eq!(world.get(ada, "/v1/presence").await.json, json!({"on": true}), "hers alone");
    let mut adas = socket(&listening, ada).await;
    adas.say(&here(ada, &json!({}))).await;
    let mut eves = socket(&listening, eve).await;
    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(people(&mut eves).await[0]["name"], "Person 1", "she sees");
    let path = format!("{LIBRARY}/presence");
    assert_eq!(world.get(ada, &path).await.json["items"], json!([]), "and is not seen");
    world.ask(eve, Method::PUT, "/v1/presence", r#"{"on": true}"#).await;
    eves.say(&here(ada, &json!({}))).await;
    assert_eq!(people(&mut adas).await[0]["name"], "Person 2");
}

#[tokio::test]
async fn history_says_who_of_several_did_what_and_nothing_of_their_devices() {
    let world = World::new().await;
    let (ada, eve) = (&world.ada, &world.eve);
    shared(&world, "write").await;
    let item = world.saved(ada, "https://ours.example").await;
    let of_item = format!("/v1/libraries/{}/bookmarks/{item}", ada.library);
    let told = world.ask(eve, Method::PATCH, &of_item, r#"{"title": "Ours"}"#).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let eves = json!({"id": eve.person.to_string(), "name": "Person 2"});
    for path in [format!("{of_item}/history"), format!("{LIBRARY}/history")] {
        let told = world.get(ada, &path).await;
        let (latest, first) = (&told.json["items"][0], &told.json["items"][1]);
        assert_eq!(latest["person"], eves, "{}", told.text);
        assert_eq!(latest["device_name"], Value::Null, "what she calls it is hers");
        assert_eq!(first["person"]["name"], "Person 1");
        assert_eq!(first["device_name"], "tests");
    }
}
