//! Processes with roles of their own and one search index for all of them.

use crate::deployment::{Deployment, found, until};
use crate::program::{mindshelf, said};
use crate::typed::{file, walk};
use serde_json::{Value, json};
use shelf_client::{Client, ClientFailure};
use std::cell::Cell;
use tempfile::tempdir;

/// With the first one that follows, every role twice, so that each can go.
const OTHERS: [(&str, &str); 5] =
    [("a", "gateway"), ("b", "gateway"), ("d", "bookmarks"), ("e", "keeper"), ("f", "keeper")];
/// A lease of the process that follows first, which it keeps when others come.
const TURN: &str = "follow/text/00";

async fn save((client, library): &(Client, String), name: &str) -> Result<Value, ClientFailure> {
    let ask = json!({ "url": format!("https://shared.example/{name}"), "title": name });
    client.post(&format!("{library}/bookmarks"), &ask).await
}

/// How many `query` finds, or why it cannot be asked.
async fn total((client, library): &(Client, String), query: &str) -> Result<u64, ClientFailure> {
    let answer: Value = client.get(&format!("{library}/search?q={query}")).await?;
    Ok(answer["total"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_processes_do_what_one_does_and_each_role_can_lose_one() {
    let Some(mut shelf) = Deployment::prepare_shared().await else { return };
    shelf.start(&[("c", "bookmarks")]).await;
    let held = async || shelf.lease(TURN).await.filter(|(_, held)| *held);
    let ((first, _), _) = until("somebody follows", held).await;
    shelf.start(&OTHERS).await;
    let dir = tempdir().unwrap();
    let token = said(mindshelf(shelf.process("a").data()).args(["token", "create", "--name", "t"]));
    let gateways = ["a", "b"].map(|name| shelf.process(name).server.address.clone());
    let here = dir.path().to_owned();
    // Each command is asked of the other gateway than the one before.
    tokio::task::spawn_blocking(move || {
        let turn = Cell::new(0);
        let command = || {
            turn.set(turn.get() + 1);
            let mut command = mindshelf(&here);
            let server = &gateways[turn.get() % gateways.len()];
            command.args(["--server", server, "--token", token.trim()]);
            command
        };
        walk(&command, &file(&here));
    })
    .await
    .unwrap();

    let (here, there) = (shelf.owner("a").await, shelf.owner("b").await);
    assert_eq!(shelf.lease(TURN).await, Some((first, true)), "the first one has its share");
    shelf.kill("c");
    save(&here, "kite").await.unwrap();
    let finds = async || found(&there, "kite").await.unwrap().pop();
    let (_, after) = until("it is found although a follower died", finds).await;
    eprintln!("found {after:?} after the one that followed had died");
    let next = async || shelf.lease(TURN).await.filter(|(fence, _)| *fence > first);
    until("another one has its share", next).await;
    assert!(shelf.stop("d"), "it stops cleanly");
    save(&here, "lantern").await.unwrap();
    assert_eq!(total(&there, "lantern").await.unwrap(), 0, "nobody follows");
    shelf.start(&[("g", "bookmarks")]).await;
    let finds = async || found(&there, "lantern").await.unwrap().pop();
    let (_, after) = until("a new follower catches up", finds).await;
    eprintln!("a new follower had caught up after {after:?}");

    shelf.kill("a");
    shelf.kill("e");
    save(&there, "harbour").await.unwrap();
    let finds = async || found(&there, "harbour").await.unwrap().pop();
    until("the other gateway goes on", finds).await;
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_qdrant_searching_goes_on_and_what_is_saved_is_found_later() {
    let Some(mut shelf) = Deployment::prepare_shared().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway,bookmarks")]).await;
    let here = shelf.owner("a").await;
    save(&here, "early").await.unwrap();
    let finds = async || found(&here, "early").await.unwrap().pop();
    until("it is found", finds).await;

    shelf.search.as_ref().unwrap().cut();
    let marked = async || {
        let health = shelf.process("a").health().await;
        (health["degraded"] == json!(["search"])).then_some(health)
    };
    let (health, _) = until("search is told to be away", marked).await;
    assert_eq!(health["status"], "ok", "it is ready all the same");
    save(&here, "lantern").await.unwrap();
    let listed: Value = here.0.get(&format!("{}/bookmarks", here.1)).await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "lists go on: {listed}");
    assert_eq!(total(&here, "site:shared.example").await.unwrap(), 1, "what the rows answer");
    let answer: Value = here.0.get(&format!("{}/search?q=early", here.1)).await.unwrap();
    assert_eq!(answer["total"], 1, "words are found without Qdrant: {answer}");
    assert_eq!(answer["degraded"], json!([]), "and nothing is missing of what was followed");
    assert_eq!(total(&here, "lantern").await.unwrap(), 0, "what is saved now is followed later");
    assert!(answer["behind"].as_u64().unwrap() > 0, "and the answer says so: {answer}");

    shelf.search.as_ref().unwrap().mend();
    let finds = async || found(&here, "lantern").await.ok()?.pop();
    let (_, after) = until("what was saved meanwhile is found", finds).await;
    eprintln!("what was saved without Qdrant was found {after:?} after it came back");
    let whole = async || {
        let health = shelf.process("a").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    until("nothing is marked any more", whole).await;
    shelf.end().await;
}
