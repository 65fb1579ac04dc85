//! The same pages where no script runs: come in, bring in, find, save, change, throw away.

use crate::stage::{EQUATION, LIBRARY};
use crate::walk::{Walk, key};

#[tokio::test]
async fn everything_needed_works_where_no_script_runs() {
    let Some(mut walk) = Walk::begin().await else { return };
    walk.forbid_scripts().await;
    walk.sign_in().await;
    let live = walk.asks("return document.documentElement.classList.contains('js')").await;
    assert_eq!(live, false, "a script of the page ran");

    let file = walk.file("bookmarks.html", LIBRARY);
    walk.choose(&file).await;
    walk.turn("main", "Look at it").await;
    looked_again_until(&walk, "Before it comes in").await;
    walk.turn("main", "Bring in 41 links").await;
    looked_again_until(&walk, EQUATION).await;

    walk.open("/library").await;
    walk.write("Search your library", "sourdogh").await;
    walk.keys(key::ENTER).await;
    looked_again_until(&walk, "Found").await;
    walk.find("mark", "Sourdough").await;
    walk.turn("main", "Sourdough: flour, water and patience").await;
    walk.rewrite("Title", "Bread that rises by itself").await;
    walk.turn("#item form[data-live]:has([name=title])", "Save").await;
    walk.open("/library?q=rises+by+itself").await;
    walk.sees("Bread that rises by itself").await;

    walk.open("/save").await;
    walk.write("Address", "https://plain.example/").await;
    walk.write("Title", "Saved without a script").await;
    walk.turn("main", "Save").await;
    walk.open("/library").await;
    walk.turn("main", "Saved without a script").await;
    walk.turn("#item", "Put in the trash").await;
    walk.open("/trash").await;
    walk.sees("Saved without a script").await;
    walk.turn("main", "Restore").await;
    walk.sees("The trash is empty").await;
    walk.end().await;
}

/// Looks again how far the work is, until it is done.
async fn looked_again_until(walk: &Walk, words: &str) {
    for _ in 0..300 {
        if walk.told().await.contains(words) {
            return;
        }
        if walk.told().await.contains("See how far it is") {
            walk.turn("main", "See how far it is").await;
        }
    }
    panic!("{words:?} never came: {}", walk.told().await);
}
