//! Libraries of several people: who is shown there, what others changed, and who did what.

use crate::people::{shared, to};
use crate::room::Room;

/// Where the log stood when this page was made.
fn seq_of(page: &str) -> &str {
    page.split("data-seq=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn pages_of_a_library_of_several_have_a_place_for_who_is_here_and_no_others() {
    let (room, flo, library) = shared("read").await;
    let id = library.split('/').nth(2).unwrap();
    for who in [&room, &flo] {
        let page = who.get(&library).await.text;
        assert!(page.contains("data-company") && page.contains("/assets/company."), "{page}");
        assert!(page.contains(&format!("data-library=\"{id}\"")));
    }
    assert!(
        !room.get("/library").await.text.contains("data-company"),
        "alone nobody is looked for"
    );
    let base = library.trim_end_matches("/library");
    assert!(!room.get(&format!("{base}/settings")).await.text.contains("data-company"));
}

#[tokio::test]
async fn what_somebody_changed_is_told_to_the_others_and_not_to_them() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let page = room.get(&library).await.text;
    let news = format!("{base}/company/news?after={}", seq_of(&page));
    assert_eq!(room.get(&news).await.text, "", "nothing happened");
    let fields = [("url", "https://a.example/"), ("title", "Émile")];
    flo.post(&format!("{base}/save"), &fields).await;
    let told = room.get(&news).await.text;
    assert!(told.contains("<bdi>Flo</bdi> saved “Émile”"), "{told}");
    assert!(told.contains("just now") && told.contains(&format!("href=\"{base}/items/")), "{told}");
    assert_eq!(flo.get(&news).await.text, "", "she knows");
    // Seen once, it is no news.
    let page = room.get(&library).await.text;
    let news = format!("{base}/company/news?after={}", seq_of(&page));
    assert_eq!(room.get(&news).await.text, "");
    for wrong in ["", "?after=", "?after=x", "?after=-1"] {
        assert_eq!(room.get(&format!("{base}/company/news{wrong}")).await.text, "", "{wrong}");
    }
}

#[tokio::test]
async fn many_acts_of_ones_own_hide_none_of_others() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let page = room.get(&library).await.text;
    let news = format!("{base}/company/news?after={}", seq_of(&page));
    let save = format!("{base}/save");
    flo.post(&save, &[("url", "https://a.example/"), ("title", "Rye")]).await;
    for number in 0..40 {
        let url = format!("https://b.example/{number}");
        room.post(&save, &[("url", url.as_str()), ("title", "Mine")]).await;
    }
    let told = room.get(&news).await.text;
    assert!(told.contains("<bdi>Flo</bdi> saved “Rye”") && !told.contains("Mine"), "{told}");
    let told = flo.get(&news).await.text;
    assert!(told.contains("36 more acts") && !told.contains("Rye"), "{told}");
}

#[tokio::test]
async fn history_names_people_where_there_are_several() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let fields = [("url", "https://a.example/"), ("title", "Rye")];
    flo.post(&format!("{base}/save"), &fields).await;
    let theirs = room.get(&format!("{base}/history")).await.text;
    assert!(theirs.contains("· Flo"), "{theirs}");
    let own = flo.get(&format!("{base}/history")).await.text;
    assert!(own.contains("· you"), "{own}");
    let item = own.split("/items/").nth(1).unwrap().split('"').next().unwrap();
    let shown = room.get(&format!("{base}/items/{item}")).await.text;
    assert!(shown.contains("· Flo"), "the item's page says so too");
    // Alone, one knows who it was.
    room.saved("https://b.example/", "Mine").await;
    assert!(!room.get("/history").await.text.contains("· you"));
}

#[tokio::test]
async fn who_does_not_want_to_be_seen_says_so_in_settings() {
    let room = Room::new().await;
    let part = async || {
        let page = room.get("/settings").await.text;
        let part = page.split("action=\"/settings/presence\"").nth(1).unwrap();
        part.split("</form>").next().unwrap().to_owned()
    };
    assert!(part().await.contains("aria-checked=\"true\""), "seen at first");
    assert_eq!(to(&room.post("/settings/presence", &[("on", "no")]).await), "/settings");
    assert!(part().await.contains("aria-checked=\"false\""));
    room.post("/settings/presence", &[("on", "yes")]).await;
    assert!(part().await.contains("aria-checked=\"true\""));
}
