//! Reads from a copy of the database: never older than the reader allows, and done without.

use crate::deployment::{Deployment, until};
use crate::hand::Hand;
use crate::program::Server;
use serde_json::{Value, json};
use shelf_client::{Client, Method, Request};
use shelf_testkit::ground::{connect, engine};

/// A gateway with a copy to read from, its owner as a program and as a person, and where the log
/// stands after a first save.
async fn begun() -> Option<(Deployment, (Client, String), Hand, u64)> {
    let mut shelf = Deployment::prepare_with_replica().await?;
    shelf.start(&[("a", "gateway")]).await;
    let here = shelf.owner("a").await;
    let Server { address, link, .. } = &shelf.process("a").server;
    let hand = Hand::signed_in(address, link).await;
    let first = save(&here, "first").await;
    Some((shelf, here, hand, first))
}

/// Saves a page; where the log stands then, told by its tag.
async fn save((client, library): &(Client, String), name: &str) -> u64 {
    let ask = json!({ "url": format!("https://copy.example/{name}"), "title": name }).to_string();
    let ask = Request::new(Method::POST, format!("{library}/bookmarks")).bytes(ask);
    let ask = ask.header("content-type".parse().unwrap(), "application/json".parse().unwrap());
    let answer = client.send(ask).await.unwrap();
    assert_eq!(answer.status, 201);
    let tag = answer.headers["etag"].to_str().unwrap();
    tag.trim_matches('"').split_once('-').unwrap().1.parse().unwrap()
}

/// How many bookmarks are listed, read at `at_least`; else the code of the refusal.
async fn listed(
    (client, library): &(Client, String),
    at_least: Option<u64>,
) -> Result<usize, String> {
    let mut ask = Request::new(Method::GET, format!("{library}/bookmarks"));
    if let Some(seq) = at_least {
        let seq = seq.to_string().parse().unwrap();
        ask = ask.header("mindshelf-at-least".parse().unwrap(), seq);
    }
    let answer = client.send(ask).await;
    let answer = answer.map_err(|failure| failure.code().unwrap_or_default().to_owned())?;
    let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    Ok(page["items"].as_array().unwrap().len())
}

/// Tells the copy to stand still, or to go on.
async fn replay(what: &str) {
    let copy = connect(&engine("REPLICA").unwrap()).await;
    copy.batch_execute(&format!("SELECT pg_wal_replay_{what}()")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_answers_who_allows_it_and_never_with_less_than_was_asked_for() {
    let Some((shelf, here, hand, first)) = begun().await else { return };
    let followed = async || {
        let health = shelf.process("a").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    until("the copy is there", followed).await;

    replay("pause").await;
    let second = save(&here, "second").await;
    assert!(second > first);
    assert_eq!(listed(&here, Some(first)).await, Ok(1), "the copy is enough, and asked");
    assert_eq!(listed(&here, Some(second)).await, Ok(2), "the copy is not enough");
    assert_eq!(listed(&here, None).await, Ok(2), "who says nothing reads what is");
    assert_eq!(
        listed(&here, Some(second + 99)).await,
        Err("not_yet".into()),
        "nobody has come so far"
    );
    assert!(hand.page("/library").await.contains("copy.example/second"), "pages are up to date");
    replay("resume").await;
    let caught_up = async || (listed(&here, Some(first)).await == Ok(2)).then_some(());
    let ((), after) = until("the copy has it too", caught_up).await;
    eprintln!("the copy had it {after:?} after it was let go on");

    // What only the copy's answers can show: the rows are gone behind the program's back.
    let all = connect(shelf.admin_url()).await;
    replay("pause").await;
    all.batch_execute("DELETE FROM items").await.unwrap();
    assert_eq!(listed(&here, None).await, Ok(0));
    let page = hand.page("/library").await;
    assert!(page.contains("copy.example/second"), "a page comes from a copy that has it all");
    replay("resume").await;
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_copy_everything_works() {
    let Some((shelf, here, hand, first)) = begun().await else { return };
    let copy = shelf.replica.as_ref().unwrap();
    for hurt in [true, false] {
        if hurt {
            copy.cut();
        } else {
            copy.hold();
        }
        let marked = async || {
            let health = shelf.process("a").health().await;
            (health["degraded"] == json!(["replica"])).then_some(health)
        };
        let (health, _) = until("the copy is told to be away", marked).await;
        assert_eq!(health["status"], "ok", "it is ready all the same");
        assert_eq!(listed(&here, Some(first)).await, Ok(1));
        assert!(hand.page("/library").await.contains("copy.example/first"));
        copy.mend();
        let whole = async || {
            let health = shelf.process("a").health().await;
            (health["degraded"] == json!([])).then_some(())
        };
        let ((), back) = until("the copy is back", whole).await;
        eprintln!("the copy was back after {back:?}");
    }
    shelf.end().await;
}
