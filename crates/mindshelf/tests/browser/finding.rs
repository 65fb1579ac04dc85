//! Finding: results while one types, slips forgiven, the query language, facets, and the reasons.

use crate::walk::{Walk, key};

/// Types `query` into the search field and waits for the list it makes.
async fn search(walk: &Walk, query: &str) -> Vec<String> {
    walk.keys(key::ESCAPE).await;
    walk.keys("/").await;
    walk.keys(key::BACKSPACE).await;
    walk.keys(query).await;
    let shown = format!(
        "const done = arguments[0]; const look = () => \
         new URLSearchParams(location.search).get('q') === {} ? done(true) : setTimeout(look, 20); look();",
        serde_json::json!(query)
    );
    let shown = walk.driver.wait(&shown, &[]).await;
    assert!(shown.is_ok(), "no list for {query:?}: {shown:?} on {}", walk.told().await);
    walk.titles().await
}

#[tokio::test]
async fn results_appear_while_one_types_and_say_why() {
    let Some(walk) = Walk::beneath_a_path().await else { return };
    walk.open("/library").await;
    walk.sees("40 links").await;
    walk.look("library").await;

    walk.keys("/").await;
    walk.keys("sourd").await;
    walk.sees("Found").await;
    walk.sees("Sourdough: flour, water and patience").await;
    let marks = walk
        .asks("return [...document.querySelectorAll('mark')].map((one) => one.innerText)")
        .await;
    assert!(marks.as_array().unwrap().iter().any(|mark| mark == "Sourdough"), "marks: {marks}");

    let titles = search(&walk, "asynchronus rust").await;
    assert!(titles[0].contains("synchronous"), "a slip is forgiven: {titles:?}");
    walk.sees("“asynchronus” was read as “asynchronous”").await;
    walk.sees("rust in title").await;
    walk.look("search").await;

    // None of these words is written anywhere; the meaning is.
    let titles = search(&walk, "mending broken pottery").await;
    assert!(
        titles.iter().take(3).any(|title| title.contains("Kintsugi")),
        "by meaning: {titles:?}"
    );
    walk.sees("meaning").await;

    let titles = search(&walk, "昆布").await;
    assert_eq!(titles[0], "出汁の取り方：昆布と鰹節");
    let titles = search(&walk, "数据库").await;
    assert_eq!(titles[0], "数据库系统的历史");

    search(&walk, "zzqqxxyy -zzqqxxyy tag:nowhere").await;
    walk.sees("Nothing found").await;
    walk.look("nothing-found").await;
    walk.end().await;
}

#[tokio::test]
async fn the_query_language_narrows_as_it_says() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library").await;
    let mut tagged = search(&walk, "tag:bread").await;
    tagged.sort();
    let bread = [
        "Dark rye, baked low and slow",
        "No-knead crusty white bread",
        "Sourdough: flour, water and patience",
    ];
    assert_eq!(tagged, bread);
    assert_eq!(
        search(&walk, "site:raft.github.io").await,
        ["Raft, a consensus algorithm made to be understood"]
    );
    assert_eq!(search(&walk, "in:\"To read slowly\"").await.len(), 6);
    assert_eq!(search(&walk, "is:unread").await.len(), 6);
    assert_eq!(
        search(&walk, "\"majority\" raft").await[0],
        "Raft, a consensus algorithm made to be understood"
    );
    assert_eq!(search(&walk, "\"low and slow\"").await, ["Dark rye, baked low and slow"]);
    let without = search(&walk, "tag:bread -rye").await;
    assert_eq!(without.len(), 2, "{without:?}");
    assert!(!without.iter().any(|title| title.contains("rye")));
    assert!(search(&walk, "tag:bread before:1990").await.is_empty());
    assert_eq!(search(&walk, "tag:bread after:1990").await.len(), 3);
    walk.end().await;
}

#[tokio::test]
async fn a_facet_narrows_and_lets_go_again() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library?q=history").await;
    walk.sees("Found").await;
    let all = walk.titles().await.len();
    walk.press_in(".facets", "databases").await;
    walk.sees("数据库系统的历史").await;
    let narrowed = walk.titles().await;
    assert!(narrowed.len() < all, "{narrowed:?}");
    let query = walk.asks("return document.querySelector('#q').value").await;
    assert_eq!(query, "history tag:databases");
    walk.press_in(".facets", "databases").await;
    walk.sees(&format!("{all} links")).await;

    walk.driver.back().await;
    walk.driver.back().await;
    assert_eq!(walk.titles().await.len(), all, "back leads back");
    walk.end().await;
}
