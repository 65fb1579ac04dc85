//! Events: what is told of an act, how much of it, and what of it is gone later.

use crate::office::Office;
use serde_json::json;
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::Reads;
use shelf_ports::webhooks::{Delivery, DeliveryState};
use std::sync::atomic::Ordering;

fn delivered(all: &[Delivery], count: usize) -> bool {
    all.len() == count && all.iter().all(|one| one.state == DeliveryState::Delivered)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_told_by_its_length() {
    let office = Office::open().await;
    let wall = office.endpoint("https://wall.example/", &[]).await;
    let notes = "long ".repeat(20_000);
    let ask = SaveBookmark { notes, ..SaveBookmark::of("https://a.example/") };
    office.desk.save(&*office.store, ask).await;
    office.follow().await;
    office.until(wall, |all| delivered(all, 1)).await;
    let event = office.sent().remove(0);
    let fields = event["data"]["changes"][0]["changes"].as_array().unwrap().clone();
    let notes = fields.iter().find(|one| one["field"] == "notes").unwrap();
    assert_eq!(notes["to"], json!({"left_out": 100_000}));
    let url = fields.iter().find(|one| one["field"] == "url").unwrap();
    assert_eq!((&url["from"], &url["to"]), (&json!(null), &json!("https://a.example/")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_many_rows_is_one_message_that_says_there_is_more() {
    let office = Office::open().await;
    let wall = office.endpoint("https://wall.example/", &[]).await;
    let asks: Vec<SaveBookmark> =
        (0..150).map(|n| SaveBookmark::of(format!("https://a.example/{n}"))).collect();
    let reads = asks.iter().fold(Reads::none(), |reads, ask| reads.url(&ask.url));
    let decide = move |turn: &mut shelf_domain::turn::Turn| {
        let outcomes: Result<Vec<_>, _> = asks.iter().map(|ask| turn.save(ask)).collect();
        Ok(turn.done(outcomes?))
    };
    office.desk.write(&*office.store, reads, decide).await.unwrap();
    assert_eq!(office.follow().await, 150);
    office.courier.watched.stir();
    assert_eq!(office.deliveries(wall).await.len(), 1);
    assert_eq!(office.sent().len(), 0, "it may go on, so it is waited for");
    office.rest(10_000);
    office.until(wall, |all| delivered(all, 1)).await;
    let event = office.sent().remove(0);
    assert_eq!(event["data"]["more"], true);
    assert_eq!(event["data"]["changes"].as_array().unwrap().len(), 100);
    assert_eq!((&event["data"]["first"], &event["data"]["last"]), (&json!(1), &json!(150)));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_named_by_the_most_telling_thing_the_endpoint_is_told_of() {
    let office = Office::open().await;
    let all = office.endpoint("https://all.example/", &[]).await;
    let tags = office.endpoint("https://tags.example/", &["mindshelf.tag.created"]).await;
    let none = office.endpoint("https://none.example/", &["mindshelf.note.created"]).await;
    let ask = SaveBookmark { tags: vec!["t".into()], ..SaveBookmark::of("https://a.example/") };
    office.desk.save(&*office.store, ask).await;
    office.follow().await;
    office.until(all, |all| delivered(all, 1)).await;
    office.until(tags, |all| delivered(all, 1)).await;
    assert_eq!(office.deliveries(none).await, []);
    let mut types: Vec<String> =
        office.sent().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    assert_eq!(types, ["mindshelf.bookmark.created", "mindshelf.tag.created"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_purged_between_two_tries_is_in_none_after_that() {
    let office = Office::open().await;
    let wall = office.endpoint("https://wall.example/", &["mindshelf.bookmark.created"]).await;
    office.receivers.status.store(500, Ordering::SeqCst);
    let title = "a secret".to_owned();
    let ask = SaveBookmark { title, ..SaveBookmark::of("https://a.example/") };
    let item = office.desk.save(&*office.store, ask).await;
    office.follow().await;
    office.until(wall, |all| all[0].tried_at.is_some()).await;
    assert!(office.sent()[0].to_string().contains("a secret"));
    office.desk.trash(&*office.store, item).await;
    let reads = Reads::none().places([item]);
    office.desk.one(&*office.store, reads, move |turn| turn.purge(item)).await;
    office.receivers.status.store(200, Ordering::SeqCst);
    office.rest(60_000);
    office.until(wall, |all| delivered(all, 1)).await;
    let last = office.sent().pop().unwrap();
    assert_eq!(last["type"], "mindshelf.bookmark.created");
    assert!(!last.to_string().contains("a secret") && !last.to_string().contains("a.example"));
    office.close().await;
}
