//! Comments, and texts that were written twice, as pages show them.

use axum::http::StatusCode;

use crate::{
    people::{shared, to},
    room::Room,
};

/// The first comment the page of an item shows.
fn comment_on(page: &str) -> String {
    let id = page.split("id=\"comment-").nth(1).unwrap();
    id.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_comment_is_said_changed_and_put_in_the_trash_without_scripts() {
    let room = Room::new().await;
    let id = room.saved("https://example.org/1", "One").await;
    let item = format!("/items/{id}");
    assert!(room.get(&item).await.text.contains("Nobody has said anything yet"));
    let fields = [("body", "Well <b>said</b>.\r\nTwice."), ("back", item.as_str())];
    let told = room.post(&format!("{item}/comments"), &fields).await;
    assert_eq!(to(&told), item);
    let page = room.get(&item).await.text;
    assert!(page.contains("Well &lt;b&gt;said&lt;/b&gt;.\nTwice."), "{page}");
    assert!(room.get("/library").await.text.contains("1 comment"));
    let at = format!("{item}/comments/{}", comment_on(&page));
    let told = room.post(&at, &[("body", "Better said."), ("back", item.as_str())]).await;
    assert_eq!(to(&told), item);
    let page = room.get(&item).await.text;
    assert!(page.contains("Better said.") && page.contains("edited"), "{page}");
    let blank = room.post(&at, &[("body", " "), ("back", item.as_str())]).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = room.post(&format!("{at}/remove"), &[("back", item.as_str())]).await;
    assert_eq!(to(&told), item);
    assert!(room.get(&item).await.text.contains("Nobody has said anything yet"));
    assert!(room.get("/trash").await.text.contains("Better said."), "the trash gives it back");
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_says_nothing_twice() {
    let room = Room::new().await;
    let item = format!("/items/{}", room.saved("https://example.org/1", "One").await);
    let once = async || {
        let page = room.get(&item).await.text;
        let once = page.split("name=\"once\" value=\"").nth(1).unwrap();
        once.split('"').next().unwrap().to_owned()
    };
    let say = async |once: &str, body: &str| {
        let fields = [("body", body), ("once", once), ("back", item.as_str())];
        assert_eq!(to(&room.post(&format!("{item}/comments"), &fields).await), item);
        room.get(&item).await.text.matches("id=\"comment-").count()
    };
    let first = once().await;
    assert_eq!(say(&first, "Agreed.").await, 1);
    assert_eq!(say(&first, "Agreed.").await, 1, "pressed again");
    assert_eq!(
        say(&first, "Agreed, mostly.").await,
        2,
        "other words of the same page are not lost"
    );
    assert_eq!(say(&once().await, "Agreed.").await, 3, "said again on purpose");
}

#[tokio::test]
async fn people_see_who_said_what_and_change_only_what_is_theirs() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library").to_owned();
    let fields = [("url", "https://a.example/"), ("title", "From Flo")];
    let saved = to(&flo.post(&format!("{base}/save"), &fields).await).to_owned();
    let id = saved.split_once("item=").unwrap().1.to_owned();
    let item = format!("{base}/items/{id}");
    flo.post(&format!("{item}/comments"), &[("body", "Read this one.")]).await;
    let page = room.get(&item).await.text;
    assert!(page.contains("Read this one.") && page.contains("Flo"), "{page}");
    assert!(!page.contains("Change it"), "it is not theirs to change");
    let at = format!("{item}/comments/{}", comment_on(&page));
    let refused = room.post(&at, &[("body", "No.")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let gone = room.post(&format!("{at}/remove"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "who manages the library tidies it");
}

#[tokio::test]
async fn whoever_may_only_read_reads_comments_too() {
    let (room, flo, library) = shared("read").await;
    let base = library.trim_end_matches("/library").to_owned();
    let fields = [("url", "https://a.example/"), ("title", "A")];
    let saved = to(&room.post(&format!("{base}/save"), &fields).await).to_owned();
    let item = format!("{base}/items/{}", saved.split_once("item=").unwrap().1);
    room.post(&format!("{item}/comments"), &[("body", "For you.")]).await;
    let page = flo.get(&item).await.text;
    assert!(page.contains("For you.") && !page.contains("id=\"item-say\""), "{page}");
    let refused = flo.post(&format!("{item}/comments"), &[("body", "Thanks.")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn two_versions_stand_side_by_side_until_one_is_kept() {
    let room = Room::new().await;
    assert!(!room.get("/library").await.text.contains("href=\"/conflicts\""));
    assert!(room.get("/conflicts").await.text.contains("Nothing was written twice"));
    for (n, (keep, want)) in (1_u64..).zip([("shown", "a red door"), ("other", "a blue door")]) {
        let id = room.saved(&format!("https://example.org/{n}"), "One").await;
        let device = room.twice(&id, ["a blue door", "a red door"]).await;
        let item = format!("/items/{id}");
        assert!(room.get("/library").await.text.contains("Written twice"), "the rail says so");
        let page = room.get(&item).await.text;
        assert!(page.contains("Two versions were written at the same time"), "{page}");
        assert!(
            page.contains("a <mark>red</mark> door") && page.contains("a <mark>blue</mark> door")
        );
        assert!(room.get("/conflicts").await.text.contains("a <mark>blue</mark> door"));
        let version = page.split("name=\"version\" value=\"").nth(1).unwrap();
        let version = version.split('"').next().unwrap().to_owned();
        let fields = [
            ("field", "notes"),
            ("device", device.as_str()),
            ("version", &version),
            ("keep", keep),
            ("back", &item),
        ];
        let told = room.post(&format!("/conflicts/{id}"), &fields).await;
        assert_eq!(to(&told), item);
        let page = room.get(&item).await.text;
        assert!(page.contains(want) && !page.contains("Two versions"), "{page}");
    }
    let id = room.saved("https://example.org/3", "Three").await;
    for fields in [vec![("keep", "none")], vec![("keep", "other"), ("version", "x")]] {
        let told = room.post(&format!("/conflicts/{id}"), &fields).await;
        assert!(told.status.is_client_error(), "{fields:?}");
    }
}
