//! Signing in with a name and a password or a recovery code, and the page that sets them.

use axum::{body::Body, http::Request, http::StatusCode};

use crate::room::{ORIGIN, Room, Told};

const GOOD: &str = "correct horse";

/// The owner as "Ada" with the password [`GOOD`].
async fn room() -> Room {
    let room = Room::new().await;
    let told = room.post("/settings/password", &[("login", "Ada"), ("password", GOOD)]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    room
}

/// A form at the door, from a browser nobody is signed in with.
async fn knock(room: &Room, path: &str, fields: &[(&str, &str)], origin: &str) -> Told {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let request = Request::post(path).header("origin", origin).header("host", "127.0.0.1:4747");
    room.send(request.body(Body::from(form.finish())).unwrap()).await
}

async fn with_password(room: &Room, name: &str, password: &str) -> Told {
    knock(room, "/sign-in/password", &[("name", name), ("password", password)], ORIGIN).await
}

async fn with_code(room: &Room, name: &str, code: &str) -> Told {
    knock(room, "/sign-in/code", &[("name", name), ("code", code)], ORIGIN).await
}

async fn codes(room: &Room) -> Vec<String> {
    let told = room.post("/settings/password/codes", &[("codes-current", GOOD)]).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    assert_eq!(told.header("cache-control"), "no-store");
    let codes = told.text.split("<li><code>").skip(1);
    codes.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_name_and_a_password_open_the_door() {
    let room = room().await;
    let door = room.visitor().get("/sign-in").await.text;
    for part in [
        "action=\"/sign-in/password\"",
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "type=\"password\"",
        "mindshelf link",
        "href=\"/sign-in/code\"",
    ] {
        assert!(door.contains(part), "{part} is not in {door}");
    }
    let told = with_password(&room, "ADA", GOOD).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = told.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(room.signed_in_by(&told).get("/library").await.status, StatusCode::OK);
    let foreign = [("name", "Ada"), ("password", GOOD)];
    let told = knock(&room, "/sign-in/password", &foreign, "http://evil.example").await;
    assert_eq!((told.status, told.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
}

#[tokio::test]
async fn nobody_learns_from_the_door_which_names_there_are() {
    let room = room().await;
    let ways = [("/sign-in/password", "password"), ("/sign-in/code", "code")];
    for (path, field) in ways {
        for tries in 0..7 {
            let ask = async |name: &str| {
                let fields = [("name", name), (field, "0000-0000-0000-0000")];
                let told = knock(&room, path, &fields, ORIGIN).await;
                assert!(told.text.contains(name), "the name stands in the form again");
                let headers = format!("{:?}", told.headers);
                (told.status, headers, told.text.replace(name, "NAME"))
            };
            let (known, unknown) = (ask("Ada").await, ask("Eve").await);
            assert_eq!(known, unknown, "{path}, try {tries}");
            let expected =
                if tries < 5 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(known.0, expected, "{path}, try {tries}");
        }
    }
}

#[tokio::test]
async fn after_wrong_tries_the_right_password_waits_as_long_as_it_says() {
    let room = room().await;
    for _ in 0..5 {
        let told = with_password(&room, "Ada", "wrong password").await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED);
        assert!(told.text.contains("do not belong together"), "{}", told.text);
        assert!(!told.text.contains("wrong password"), "no password is shown again");
        assert_eq!((told.header("set-cookie"), told.header("retry-after")), ("", ""));
    }
    let told = with_password(&room, "Ada", GOOD).await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((told.header("set-cookie"), told.header("retry-after")), ("", "1"));
    assert!(told.text.contains("looked at in 1 second."), "{}", told.text);
}

#[tokio::test]
async fn whoever_lost_their_password_comes_in_with_a_code_and_sets_a_new_one() {
    let room = room().await;
    let codes = codes(&room).await;
    assert_eq!(codes.len(), 10);
    assert!(!room.get("/settings/password").await.text.contains(&codes[0]), "shown once");
    let page = room.visitor().get("/sign-in/code").await.text;
    assert!(page.contains("action=\"/sign-in/code\""), "{page}");
    let told = with_code(&room, "Ada", &codes[0]).await;
    assert_eq!(
        (told.status, told.header("location")),
        (StatusCode::SEE_OTHER, "/settings/password")
    );
    let recovered = room.signed_in_by(&told);
    let page = recovered.get("/settings/password").await.text;
    assert!(page.contains("You have 9 left"), "{page}");
    assert!(!page.contains("name=\"current\""), "the lost password is not asked for");
    let fields = [("login", "Ada"), ("password", "another horse")];
    let set = recovered.post("/settings/password", &fields).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text);
    assert_eq!(with_code(&room, "Ada", &codes[0]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(with_password(&room, "Ada", GOOD).await.status, StatusCode::UNAUTHORIZED);
    let told = with_password(&room, "Ada", "another horse").await;
    assert_eq!(told.header("location"), "/");
    assert_eq!(room.get("/library").await.header("location"), "/sign-in", "other browsers are out");
}

#[tokio::test]
async fn what_is_refused_is_said_beside_its_field() {
    let room = Room::new().await;
    let page = room.get("/settings/password").await.text;
    assert!(page.contains("autocomplete=\"new-password\"") && page.contains("value=\"Owner\""));
    assert!(!page.contains("name=\"current\""), "there is none yet");
    for (login, password, at) in [("Ada", "short", "h-password"), (" ", GOOD, "h-login")] {
        let fields = [("login", login), ("password", password)];
        let told = room.post("/settings/password", &fields).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.text.contains(&format!("class=\"error\" id=\"{at}\"")), "{}", told.text);
    }
    let fields = [("login", "Ada"), ("password", GOOD)];
    room.post("/settings/password", &fields).await;
    assert!(room.get("/settings").await.text.contains("<h3>Ada</h3>"));
    let fields = [("login", "Ada"), ("password", "another horse"), ("current", "not it")];
    let told = room.post("/settings/password", &fields).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.text.contains("class=\"error\" id=\"h-current\""), "{}", told.text);
    let told = room.post("/settings/password/codes", &[("codes-current", "not it")]).await;
    assert!(told.text.contains("aria-describedby=\"h-codes-current\""), "{}", told.text);
}

#[tokio::test]
async fn a_password_is_removed_by_whoever_knows_it_and_by_no_other_site() {
    let room = room().await;
    let path = "/settings/password/remove";
    let bare = room.ask("POST", path).header("origin", ORIGIN);
    let bare = bare.body(Body::from(format!("remove-current={GOOD}"))).unwrap();
    assert_eq!(room.send(bare).await.status, StatusCode::FORBIDDEN, "without our token");
    let told = room.post(path, &[("remove-current", "not it")]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert_eq!(with_password(&room, "Ada", GOOD).await.header("location"), "/");
    let told = room.post(path, &[("remove-current", GOOD)]).await;
    assert_eq!(told.header("location"), "/settings");
    assert_eq!(with_password(&room, "Ada", GOOD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(room.get("/library").await.status, StatusCode::OK, "this browser stays");
}
