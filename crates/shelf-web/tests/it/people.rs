//! Teams and shared libraries, as pages: who sees what, and what an address alone opens.

use axum::http::StatusCode;

use crate::room::{Room, Told};

/// Where the answer sends the browser.
pub(crate) fn to(told: &Told) -> &str {
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    told.header("location")
}

/// The address of an invitation, as the page shows it once.
fn shown_address(told: &Told) -> String {
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let secret = told.text.split("/join?invitation=").nth(1).unwrap();
    format!("/join?invitation={}", secret.split('<').next().unwrap())
}

/// What Flo signs in with.
const FLOS: &str = "a staple of horses";

/// The id of the team called Guild.
pub(crate) async fn guild(room: &Room) -> String {
    let teams = room.get("/people").await.text;
    let mut links = teams.split("href=\"/people/").skip(1);
    let guild = links.find(|part| part.contains(">Guild<")).unwrap();
    guild.split('"').next().unwrap().to_owned()
}

/// A room, a team with one library in it, and somebody who joined with this right to it.
pub(crate) async fn shared(right: &str) -> (Room, Room, String) {
    let room = Room::new().await;
    let team = to(&room.post("/people", &[("name", "Guild")]).await).to_owned();
    let made = room.post(&format!("{team}/libraries"), &[("name", "Papers")]).await;
    let library = to(&made).to_owned();
    let id = library.split('/').nth(2).unwrap().to_owned();
    let fields = [("role", "member"), ("library", &id), ("right", right), ("note", "Flo")];
    let address = shown_address(&room.post(&format!("{team}/invitations"), &fields).await);
    let flo = room.visitor();
    let looked = flo.get(&address).await;
    assert!(looked.text.contains("Join Guild") && looked.text.contains("Your name"));
    let secret = address.split('=').nth(1).unwrap().to_owned();
    let fields = [("invitation", &*secret), ("name", "Flo"), ("password", FLOS)];
    let joined = flo.post("/join", &fields).await;
    assert_eq!(to(&joined), library);
    let again = flo.get(&address).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.text.contains("no longer open"));
    (room, flo.signed_in_by(&joined), library)
}

#[tokio::test]
async fn whoever_joins_finds_what_was_shared_and_their_own_library_beside_it() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let fields = [("url", "https://a.example/"), ("title", "From Flo")];
    let saved = flo.post(&format!("{base}/save"), &fields).await;
    assert!(to(&saved).starts_with(base), "a page stays in its library: {}", to(&saved));
    assert!(room.get(&library).await.text.contains("From Flo"));
    assert!(!flo.get("/library").await.text.contains("From Flo"), "her own is apart");
    let page = flo.get(&library).await.text;
    assert!(page.contains(&format!("href=\"{base}/unread\"")), "so do its links");
    assert!(!page.contains(&format!("{base}/assets")), "assets are the same everywhere");
    assert!(page.contains("Papers · Guild"));
}

#[tokio::test]
async fn whoever_may_only_read_is_offered_nothing_that_changes_and_refused_what_would() {
    let (room, flo, library) = shared("read").await;
    let base = library.trim_end_matches("/library");
    room.post(&format!("{base}/save"), &[("url", "https://a.example/"), ("title", "Theirs")]).await;
    let page = flo.get(&library).await.text;
    assert!(page.contains("Theirs") && page.contains("read only"));
    assert!(page.contains("<fieldset class=\"desk\" disabled>"));
    for way in ["/save\"", "/sharing\"", "data-dialog=\"new-folder\""] {
        assert!(!page.contains(&format!("{base}{way}")), "{way}");
    }
    let refused = flo.post(&format!("{base}/save"), &[("url", "https://b.example/")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!room.get(&library).await.text.contains("b.example"));
}

#[tokio::test]
async fn an_address_alone_opens_no_library() {
    let (room, flo, library) = shared("read").await;
    let first = room.libraries().await.remove(0);
    for way in ["library", "tags", "settings", "sharing"] {
        let told = flo.get(&format!("/in/{first}/{way}")).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{way}");
    }
    assert_eq!(flo.get("/in/0193f0a0-0000-7000-8000-000000000000/library").await.status, 404);
    assert_eq!(flo.get(&library).await.status, 200);
}

#[tokio::test]
async fn taking_a_right_back_closes_the_library_at_once() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let sharing = room.get(&format!("{base}/sharing")).await.text;
    let flos = sharing.split("<h3>Flo</h3>").nth(1).unwrap();
    let flos = flos.split("name=\"holder\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let taken = room.post(&format!("{base}/sharing/take-back"), &[("holder", flos)]).await;
    assert_eq!(to(&taken), format!("{base}/sharing"));
    assert_eq!(flo.get(&library).await.status, StatusCode::NOT_FOUND);
    assert!(!flo.get("/library").await.text.contains("Papers"), "nor is it offered any more");
}

#[tokio::test]
async fn whoever_joined_comes_back_by_the_password_they_chose() {
    let (room, _, library) = shared("read").await;
    let back = room.visitor();
    let fields = [("name", "flo"), ("password", FLOS)];
    let signed_in = back.post("/sign-in/password", &fields).await;
    assert_eq!(back.signed_in_by(&signed_in).get(&library).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_signed_in_with_leaves_the_invitation_open() {
    let (room, _, _) = shared("read").await;
    let team = guild(&room).await;
    let fields = [("role", "member"), ("note", "Ben")];
    let way = format!("/people/{team}/invitations");
    let address = shown_address(&room.post(&way, &fields).await);
    let secret = address.split('=').nth(1).unwrap();
    let ben = room.visitor();
    for (name, password, why) in [
        ("Ben", "short", "a password has at least 10 characters"),
        ("FLO", "a stable of horses", "somebody else signs in with this name"),
        (" ", "a stable of horses", "a login name has 1 to 100 characters"),
    ] {
        let fields = [("invitation", secret), ("name", name), ("password", password)];
        let told = ben.post("/join", &fields).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(told.text.contains(why) && told.text.contains("Join Guild"), "{}", told.text);
        assert!(!told.text.contains(password), "a password is never shown again");
    }
    let fields = [("invitation", secret), ("name", "Ben"), ("password", "a stable of horses")];
    assert_eq!(to(&ben.post("/join", &fields).await), format!("/people/{team}"));
}

#[tokio::test]
async fn admins_read_what_was_done_and_take_it_out_whole() {
    let (room, flo, _) = shared("write").await;
    let team = guild(&room).await;
    let log = room.get(&format!("/people/{team}/audit")).await.text;
    for told in ["made the team", "made a library: Papers", "invited somebody", "joined", "Flo"] {
        assert!(log.contains(told), "{told}");
    }
    assert!(log.contains("each is as it was written"));
    let file = room.get(&format!("/people/{team}/audit.jsonl")).await;
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 5, "a head and four records: {}", file.text);
    assert!(lines[0].contains("mindshelf.audit.1") && lines[4].contains("\"joined\""));
    for way in ["audit", "audit.jsonl"] {
        let refused = flo.get(&format!("/people/{team}/{way}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{way}");
    }
}

#[tokio::test]
async fn whoever_takes_another_name_is_seen_by_it() {
    let (room, flo, _) = shared("read").await;
    flo.post("/settings/name", &[("name", "Florence")]).await;
    let team = guild(&room).await;
    let page = room.get(&format!("/people/{team}")).await.text;
    assert!(page.contains("Florence") && !page.contains(">Flo<"));
    assert_eq!(flo.post("/settings/name", &[("name", "  ")]).await.status, 422);
}
