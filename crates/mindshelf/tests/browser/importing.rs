//! Bringing links in: a rehearsal, a progress bar, a ledger that adds up, and the way back.

use crate::stage::{EQUATION, LIBRARY};
use crate::walk::Walk;
use serde_json::json;
use std::fmt::Write;

#[tokio::test]
async fn a_file_is_rehearsed_brought_in_accounted_for_and_taken_back() {
    let Some(walk) = Walk::begin().await else { return };
    walk.sign_in().await;
    let file = walk.file("bookmarks.html", LIBRARY);
    walk.choose(&file).await;
    walk.sees("Before it comes in").await;
    walk.sees("42 in the file").await;
    walk.sees("Typography").await;
    walk.look("import-preview").await;
    let preview = walk.driver.address().await;
    walk.open("/library").await;
    walk.sees("Nothing here yet").await;

    walk.driver.goto(&preview).await;
    walk.press("Bring in 41 links").await;
    walk.sees("It is in").await;
    walk.sees(EQUATION).await;
    walk.look("import-ledger").await;
    walk.press_in(".seg", "Refused").await;
    walk.sees("Most visited").await;
    walk.misses("How a B-tree").await;
    let reason =
        walk.asks("return document.querySelector('.ledger tbody td:last-child p').innerText").await;
    assert!(reason.as_str().unwrap().len() > 10, "a refused row says why: {reason}");
    walk.press_in(".seg", "Merged").await;
    walk.sees("B-tree").await;
    walk.press_in(".ledger", "B-tree").await;
    walk.sees("indexes").await;
    walk.driver.back().await;

    walk.press("Undo this import").await;
    walk.sees("Undone").await;
    walk.look("import-undone").await;
    walk.open("/library").await;
    walk.sees("Nothing here yet").await;

    walk.open("/import").await;
    let zone = walk.find("label.drop", "Drop your bookmarks here").await;
    let dropped = [zone.argument(), json!("dropped.html"), json!(LIBRARY)];
    walk.driver.run(include_str!("drop.js"), &dropped).await.unwrap();
    walk.sees("dropped.html").await;
    // What was taken back waits in the trash, and comes back from there.
    walk.press("Bring in 41 links").await;
    walk.sees("42 parsed = 0 stored + 41 merged + 1 refused").await;
    walk.press("To the library").await;
    walk.sees("Dark rye, baked low and slow").await;
    walk.end().await;
}

#[tokio::test]
async fn a_long_import_shows_how_far_it_is() {
    let Some(walk) = Walk::begin().await else { return };
    walk.sign_in().await;
    // The page asks every 400 ms; so many links take some seconds on the quickest machine.
    let mut long = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n".to_owned();
    for at in 0..60_000 {
        writeln!(long, "<DT><A HREF=\"https://page.example/{at}\">Page {at}</A>").unwrap();
    }
    walk.open("/import").await;
    let zone = walk.find("label.drop", "Drop your bookmarks here").await;
    let dropped = [zone.argument(), json!("long.html"), json!(long)];
    walk.driver.run(include_str!("drop.js"), &dropped).await.unwrap();
    walk.press("Bring in 60,000 links").await;
    assert!(halfway(&walk).await, "no progress was shown");
    walk.sees_in_the_end("60,000 parsed = 60,000 stored + 0 merged + 0 refused").await;
    walk.end().await;
}

/// Waits for a bar that is neither empty nor full; false when the import is in before.
async fn halfway(walk: &Walk) -> bool {
    let look = "const done = arguments[0]; const began = performance.now(); const look = () => { \
        const bar = document.querySelector('main progress:not([hidden] *)'); \
        if (bar && bar.value > 0 && bar.value < bar.max) return done('seen'); \
        if (document.body.innerText.includes('It is in')) return done('late'); \
        if (performance.now() - began > 3000) return done('not yet'); \
        setTimeout(look, 5); }; look();";
    for _ in 0..10 {
        // The page may be replaced under the script that looks.
        match walk.driver.wait(look, &[]).await.as_ref().map(|seen| seen.as_str()) {
            Ok(Some("seen")) => return true,
            Ok(Some("late")) => return false,
            _ => {}
        }
    }
    false
}
