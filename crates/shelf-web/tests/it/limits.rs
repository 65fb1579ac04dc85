//! Who asks too much is told so in plain words, and who lives behind the same address gets in.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use shelf_identity::{Address, Plan};

use crate::room::{ORIGIN, Room, Told};

/// Tries to come in with this link, from this address.
async fn knock(room: &Room, link: &str, address: &str) -> Told {
    let request = Request::post("/sign-in").header(header::ORIGIN, ORIGIN);
    let mut request = request.body(Body::from(format!("link={link}"))).unwrap();
    request.extensions_mut().insert(Address::of(address.parse().unwrap()));
    room.send(request).await
}

#[tokio::test]
async fn a_page_says_in_plain_words_to_wait_and_for_how_long() {
    let room = Room::on(Plan::Personal).await;
    let mut told = room.get("/export/csv").await;
    for _ in 0..30 {
        told = room.get("/export/csv").await;
    }
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = told.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert!(
        told.header("ratelimit-policy").contains("\"grant\";q=1200;w=60"),
        "as programs are told"
    );
    assert!(told.header("ratelimit").contains("\"grant\";r="));
    let words = if wait == 1 { "in a second".to_owned() } else { format!("in {wait} seconds") };
    assert!(told.text.contains("A little slower, please") && told.text.contains(&words));
    assert!(told.header("x-problem").contains("slower"), "a line for scripts");
    assert!(!told.header("content-security-policy").is_empty());
    let style = Request::get("/assets/none.css").body(Body::empty()).unwrap();
    assert_eq!(room.send(style).await.status, StatusCode::NOT_FOUND, "assets count for nobody");
}

#[tokio::test]
async fn what_goes_on_beside_its_answer_has_an_end() {
    let room = Room::new().await;
    let under_way: Vec<_> =
        (0..24).map(|_| room.tasks.spawn(std::future::pending::<()>())).collect();
    for path in ["/export/csv", "/settings/privacy/archive"] {
        let told = room.get(path).await;
        assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(told.text.contains("too many imports and exports"), "{}", told.text);
    }
    for one in under_way {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    assert_eq!(room.get("/export/csv").await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_at_links_is_refused_and_a_right_one_opens_elsewhere() {
    let room = Room::new().await;
    for _ in 0..12 {
        let told = knock(&room, "wrong", "192.0.2.7").await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    }
    let refused = knock(&room, &room.link, "192.0.2.7").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "whatever it tries now");
    assert!(refused.text.contains("tried to get in too often"), "{}", refused.text);
    assert_eq!(room.get("/library").await.status, StatusCode::OK, "who is in stays in");
    for guess in 0..100 {
        knock(&room, "wrong", &format!("198.51.100.{guess}")).await;
    }
    let told = knock(&room, &room.link, "203.0.113.5").await;
    assert_eq!(told.header("location"), "/", "{}", told.text);
}

/// Looks at what this address invites to, from this one.
async fn look(room: &Room, invitation: &str, address: &str) -> Told {
    let mut request = Request::get(invitation).body(Body::empty()).unwrap();
    request.extensions_mut().insert(Address::of(address.parse().unwrap()));
    room.send(request).await
}

#[tokio::test]
async fn guessing_at_invitations_is_refused_and_looking_at_ones_own_costs_nothing() {
    let room = Room::new().await;
    let team = room.post("/people", &[("name", "Guild")]).await;
    let invitations = format!("{}/invitations", team.header("location"));
    let made = room.post(&invitations, &[("role", "member"), ("note", "Flo")]).await;
    let secret = made.text.split("/join?invitation=").nth(1).unwrap().split('<').next().unwrap();
    let right = format!("/join?invitation={secret}");
    for _ in 0..40 {
        assert_eq!(look(&room, &right, "192.0.2.7").await.status, StatusCode::OK);
    }
    for _ in 0..12 {
        let told = look(&room, "/join?invitation=wrong", "192.0.2.8").await;
        assert_eq!(told.status, StatusCode::NOT_FOUND);
    }
    let refused = look(&room, &right, "192.0.2.8").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "whatever it looks at now");
    assert_eq!(look(&room, &right, "192.0.2.7").await.status, StatusCode::OK);
}

#[tokio::test]
async fn ones_own_machine_slows_nobody_down() {
    let room = Room::new().await;
    for _ in 0..60 {
        assert_eq!(room.get("/export/csv").await.status, StatusCode::OK);
    }
}
