//! Folders that become libraries, as pages: what is said before, where it leads, and who is told what.

use axum::http::StatusCode;

use crate::people::{shared, to};
use crate::room::Room;

/// A folder called Recipes with one link in it; its id.
async fn recipes(room: &Room) -> String {
    let made = room.post("/folders", &[("name", "Recipes")]).await;
    let folder = to(&made).rsplit('/').next().unwrap().to_owned();
    let item = room.saved("https://a.example/soup", "Onion soup").await;
    let placed = room.post(&format!("/items/{item}/places"), &[("folder", &folder)]).await;
    assert!(!placed.status.is_client_error(), "{}", placed.text);
    folder
}

#[tokio::test]
async fn a_folder_is_shared_by_plain_forms_and_leads_to_its_library() {
    let room = Room::new().await;
    let folder = recipes(&room).await;
    let menu = room.get(&format!("/folders/{folder}")).await.text;
    assert!(menu.contains(&format!("/folders/{folder}/share")), "the menu of the folder says so");
    let before = room.get(&format!("/folders/{folder}/share")).await;
    assert_eq!(before.status, StatusCode::OK);
    assert!(before.text.contains("1 link") && before.text.contains("yours alone"));
    assert!(before.text.contains("stays in the history of this library"), "that is said before");
    let made = room.post(&format!("/folders/{folder}/share"), &[]).await;
    let sharing = to(&made).to_owned();
    assert!(sharing.starts_with("/in/") && sharing.ends_with("/sharing"), "{sharing}");
    let next = room.get(&sharing).await;
    assert!(next.text.contains("Share Recipes"), "{}", next.status);
    let library = sharing.replace("/sharing", "/library");
    assert!(room.get(&library).await.text.contains("Onion soup"));
    let old = room.get("/library").await.text;
    assert!(!old.contains("Onion soup"));
    assert!(old.contains(&format!("href=\"{library}\"")), "the rail leads there");
    let shown = room.get(&format!("/folders/{folder}")).await.text;
    assert!(shown.contains("This folder shows the library"));
    let again = room.post(&format!("/folders/{folder}/share"), &[]).await;
    assert_eq!(to(&again), format!("/folders/{folder}"));
    let form = room.get("/save").await.text;
    assert!(!form.contains(&format!("value=\"{folder}\"")), "it is not offered as a place");
    let late = [("url", "https://a.example/late"), ("folder", folder.as_str())];
    let refused = room.post("/save", &late).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("the folder shows another library"), "{}", refused.text);
    assert!(!room.get("/library").await.text.contains("a.example/late"), "nothing was saved");
}

#[tokio::test]
async fn what_is_marked_private_goes_along_only_after_that_was_said() {
    let room = Room::new().await;
    let folder = recipes(&room).await;
    let way = format!("/folders/{folder}/share");
    assert!(!room.get(&way).await.text.contains("marked private"));
    let item = room.saved("https://a.example/stock", "My own stock").await;
    room.post(&format!("/items/{item}/places"), &[("folder", &folder)]).await;
    let flags = [("all", "yes"), ("shown", ""), ("private", "yes")];
    room.post(&format!("/items/{item}/flags"), &flags).await;
    let before = room.get(&way).await.text;
    assert!(before.contains("1 link is marked private"), "{before}");
    let next = to(&room.post(&way, &[]).await).to_owned();
    let next = room.get(&next).await.text;
    assert!(next.contains("marked private"), "so is it where people are chosen: {next}");
}

#[tokio::test]
async fn who_may_not_read_what_is_mounted_is_told_so_and_who_reads_only_shares_nothing() {
    let (room, flo, library) = shared("read").await;
    let base = library.trim_end_matches("/library");
    let made = room.post(&format!("{base}/folders"), &[("name", "Recipes")]).await;
    let folder = to(&made).to_owned();
    let refused = flo.post(&format!("{folder}/share"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let made = room.post(&format!("{folder}/share"), &[]).await;
    assert!(to(&made).ends_with("/sharing"));
    let seen = flo.get(&folder).await.text;
    assert!(seen.contains("not shared with you"));
    assert!(!seen.contains(to(&made).trim_end_matches("/sharing")), "no way is given");
}

#[tokio::test]
async fn another_library_is_shown_at_a_folder_and_taken_off() {
    let (room, ..) = shared("read").await;
    let folder = recipes(&room).await;
    let page = room.get(&format!("/folders/{folder}/share")).await.text;
    let mut options = page.split("<option value=\"").skip(1);
    let papers = options.find(|part| part.contains(">Papers<")).unwrap();
    let papers = papers.split('"').next().unwrap().to_owned();
    let at = format!("/folders/{folder}/mount");
    assert_eq!(to(&room.post(&at, &[("library", &papers)]).await), format!("/folders/{folder}"));
    assert!(room.get("/folders").await.text.contains("The library Papers"));
    room.post(&at, &[("library", "")]).await;
    assert!(!room.get("/folders").await.text.contains("The library Papers"));
    let wrong = room.post(&at, &[("library", "x")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
}
