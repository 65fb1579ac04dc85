//! Of a library that was removed no byte is left in the files of the database.

use shelf_domain::save::SaveBookmark;
use shelf_embedded::Embedded;
use shelf_ports::library::Library;
use shelf_ports::privacy::Privacy;
use shelf_testkit::Desk;
use std::path::Path;

/// What is planted in one of two libraries.
const CANARY: &str = "zqxcanary";
/// Bookmarks of each: enough for pages to be split and joined.
const BOOKMARKS: usize = 400;

fn found(dir: &Path) -> usize {
    let files = ["shelf.db", "shelf.db-wal"].map(|name| dir.join(name));
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    bytes.windows(CANARY.len()).filter(|some| *some == CANARY.as_bytes()).count()
}

async fn saved(desk: &Desk, store: &Embedded, word: &str, number: usize) {
    let ask = SaveBookmark {
        title: word.repeat(1 + number % 7),
        notes: word.repeat(1 + number % 90),
        tags: vec![format!("{word}{}", number % 50)],
        ..SaveBookmark::of(format!("https://{word}.example/{number}"))
    };
    desk.save(store, ask).await;
}

#[tokio::test]
async fn of_a_library_that_was_removed_no_byte_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let (gone, stays) = (Desk::new(&store, 31).await, Desk::new(&store, 32).await);
    for number in 0..BOOKMARKS {
        saved(&gone, &store, CANARY, number).await;
        saved(&stays, &store, "another", number).await;
    }
    assert!(found(dir.path()) > BOOKMARKS, "it was planted");
    let before = store.changes(stays.scope, 0, 10_000).await.unwrap();
    while !store.empty_library(gone.scope, 500).await.unwrap().is_done {}
    assert!(store.remove_library(gone.scope).await.unwrap().is_done);
    store.scrub().await.unwrap();
    assert_eq!(found(dir.path()), 0);
    assert_eq!(store.integrity().await.unwrap(), ["ok"]);
    assert_eq!(store.changes(stays.scope, 0, 10_000).await.unwrap(), before);
    saved(&stays, &store, "another", BOOKMARKS).await;
}
