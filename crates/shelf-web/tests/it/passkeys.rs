//! Passkeys on pages: what a browser is asked, what its cookie keeps, and what forms bring.

use axum::{body::Body, http::StatusCode};
use serde_json::Value;
use shelf_identity::Plan;
use shelf_testkit::{Authenticator, SeededChance, Words};

use crate::room::{Room, Told};

const ORIGIN: &str = "http://localhost:4747";
const GOOD: &str = "correct horse";

/// A question, as the script reads it, and what the cookie keeps.
struct Asked {
    options: Value,
    cookie: String,
}

fn asked(told: &Told) -> Asked {
    assert_eq!((told.status, told.header("cache-control")), (StatusCode::OK, "no-store"));
    let cookie = told.header("set-cookie");
    for part in ["mindshelf_passkey=", "HttpOnly", "SameSite=Lax", "Max-Age=300"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    let options: Value = serde_json::from_str(&told.text).unwrap();
    let challenge = options["challenge"].as_str().unwrap();
    assert!(challenge.len() == 43 && !cookie.contains(challenge));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Asked { options, cookie }
}

/// A form that brings an answer, with what the cookie kept.
async fn brings(
    room: &Room,
    path: &str,
    asked: &Asked,
    answer: &Value,
    fields: &[(&str, &str)],
) -> Told {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let answer = answer.to_string();
    form.append_pair("_csrf", &room.csrf).append_pair("answer", &answer).extend_pairs(fields);
    let request = room.ask("POST", path).header("origin", ORIGIN).header("cookie", &asked.cookie);
    room.send(request.body(Body::from(form.finish())).unwrap()).await
}

struct Scene {
    room: Room,
    one: Authenticator,
}

impl Scene {
    async fn new() -> Self {
        let room = Room::at(Plan::Home, ORIGIN).await;
        Self { room, one: Authenticator::new(&SeededChance::new(12)) }
    }

    /// The same with a passkey of the owner, called "Phone".
    async fn with_passkey() -> Self {
        let mut scene = Self::new().await;
        let told = scene.adds(&[("name", "Phone")]).await;
        assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
        assert_eq!(told.header("location"), "/settings/passkeys");
        scene
    }

    async fn adds(&mut self, fields: &[(&str, &str)]) -> Told {
        let asked = asked(&self.room.post("/settings/passkeys/begin", fields).await);
        let words = Words::making(&asked.options, ORIGIN);
        let answer = self.one.make(&asked.options, &words);
        brings(&self.room, "/settings/passkeys", &asked, &answer, fields).await
    }

    /// Comes in from a browser nobody is signed in with; the words may be changed.
    async fn comes(&self, lie: fn(&mut Words)) -> Told {
        let visitor = self.room.visitor();
        let asked = asked(&visitor.post("/sign-in/passkey/begin", &[]).await);
        let mut words = Words::using(&asked.options, ORIGIN);
        lie(&mut words);
        brings(&visitor, "/sign-in/passkey", &asked, &self.one.show(&words), &[]).await
    }

    async fn confirms(&self, back: &str) -> Told {
        let asked = asked(&self.room.post("/settings/passkeys/confirm/begin", &[]).await);
        let answer = self.one.show(&Words::using(&asked.options, ORIGIN));
        let path = "/settings/passkeys/confirm";
        brings(&self.room, path, &asked, &answer, &[("back", back)]).await
    }

    /// The id of the passkey, as the page has it.
    async fn id(&self) -> String {
        let page = self.room.get("/settings/passkeys").await.text;
        let id = page.split("/settings/passkeys/").find_map(|part| part.split_once("/rename"));
        id.unwrap().0.to_owned()
    }
}

#[tokio::test]
async fn a_passkey_is_added_in_the_settings_and_opens_the_door() {
    let scene = Scene::with_passkey().await;
    let page = scene.room.get("/settings/passkeys").await.text;
    for part in ["Phone", "never used", "kept on your devices together", "<noscript>"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let door = scene.room.visitor().get("/sign-in").await.text;
    for part in ["action=\"/sign-in/passkey\"", "data-passkey=\"get\"", "js", "<noscript>"] {
        assert!(door.contains(part), "{part} is not in {door}");
    }
    let told = scene.comes(|_| ()).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/"));
    let inside = scene.room.signed_in_by(&told);
    assert_eq!(inside.get("/library").await.status, StatusCode::OK);
    let settings = inside.get("/settings").await.text;
    assert!(settings.contains("with a passkey") && settings.contains("1 passkey"), "{settings}");
}

#[tokio::test]
async fn what_opens_nothing_is_said_in_one_sentence_whatever_it_was() {
    let scene = Scene::with_passkey().await;
    let lies: [fn(&mut Words); 4] = [
        |words| words.origin = "http://evil.example".to_owned(),
        |words| words.site = "evil.example".to_owned(),
        |words| words.flags &= !4,
        |words| words.challenge = "x".repeat(43),
    ];
    let mut said = Vec::new();
    for lie in lies {
        let told = scene.comes(lie).await;
        assert_eq!((told.status, told.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
        assert!(told.text.contains("This passkey opened nothing"), "{}", told.text);
        said.push(told.text);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "nobody learns why");
}

#[tokio::test]
async fn an_answer_without_its_cookie_twice_or_from_another_site_does_not_open() {
    let scene = Scene::with_passkey().await;
    let visitor = scene.room.visitor();
    let path = "/sign-in/passkey";
    let first = asked(&visitor.post("/sign-in/passkey/begin", &[]).await);
    let answer = scene.one.show(&Words::using(&first.options, ORIGIN));
    let none = Asked { cookie: "a=b".to_owned(), options: Value::Null };
    let told = brings(&visitor, path, &none, &answer, &[]).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED, "without its cookie");
    for origin in ["http://evil.example", "null", "http://localhost"] {
        let request = visitor.ask("POST", path).header("origin", origin);
        let told = visitor.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{origin}");
        let request = visitor.ask("POST", "/sign-in/passkey/begin").header("origin", origin);
        let told = visitor.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((told.status, told.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    }
    let told = brings(&visitor, path, &first, &answer, &[]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    let told = brings(&visitor, path, &first, &answer, &[]).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED, "twice");
}

#[tokio::test]
async fn forms_of_passkeys_carry_our_token() {
    let scene = Scene::with_passkey().await;
    let id = scene.id().await;
    for path in [
        "/settings/passkeys".to_owned(),
        "/settings/passkeys/begin".to_owned(),
        "/settings/passkeys/confirm".to_owned(),
        "/settings/passkeys/confirm/begin".to_owned(),
        format!("/settings/passkeys/{id}/rename"),
        format!("/settings/passkeys/{id}/remove"),
    ] {
        let bare = scene.room.ask("POST", &path).header("origin", ORIGIN);
        let told = scene.room.send(bare.body(Body::from("name=x")).unwrap()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
        let nobody = scene.room.visitor().post(&path, &[]).await;
        assert_eq!(nobody.header("location"), "/sign-in", "{path}");
    }
}

#[tokio::test]
async fn a_passkey_is_named_and_removed_by_whoever_confirms() {
    let scene = Scene::with_passkey().await;
    let id = scene.id().await;
    let rename = format!("/settings/passkeys/{id}/rename");
    let told = scene.room.post(&rename, &[("name", " ")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text);
    let told = scene.room.post(&rename, &[("name", "Tablet")]).await;
    assert_eq!(told.header("location"), "/settings/passkeys");
    assert!(scene.room.get("/settings/passkeys").await.text.contains("Tablet"));
    let remove = format!("/settings/passkeys/{id}/remove");
    let told = scene.room.post(&remove, &[]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.text.contains("confirm with a passkey first"), "{}", told.text);
    let told = scene.confirms("/settings/passkeys").await;
    assert_eq!(told.header("location"), "/settings/passkeys", "{}", told.text);
    assert!(scene.room.get("/settings/passkeys").await.text.contains("You confirmed"));
    let told = scene.room.post(&remove, &[]).await;
    assert_eq!(told.header("location"), "/settings/passkeys", "{}", told.text);
    assert_eq!(scene.comes(|_| ()).await.status, StatusCode::UNAUTHORIZED);
    let told = scene.room.post(&remove, &[]).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn with_a_password_adding_asks_for_it_and_says_what_was_wrong_to_the_script() {
    let mut scene = Scene::new().await;
    let fields = [("login", "Ada"), ("password", GOOD)];
    assert_eq!(scene.room.post("/settings/password", &fields).await.status, StatusCode::SEE_OTHER);
    let page = scene.room.get("/settings/passkeys").await.text;
    assert!(page.contains("name=\"current\""), "{page}");
    let told = scene.room.post("/settings/passkeys/begin", &[("current", "not it")]).await;
    assert_eq!((told.status, told.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    let why: Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!(why["why"], "this is not your password of now");
    let told = scene.adds(&[("current", GOOD)]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    let page = scene.room.get("/settings/passkeys").await.text;
    assert!(page.contains("A browser"), "called by the browser where nothing was said");
}

#[tokio::test]
async fn a_passkey_stands_for_the_password_before_acts_that_ask_for_it() {
    let scene = Scene::with_passkey().await;
    let set = [("login", "Ada"), ("password", GOOD)];
    let told = scene.room.post("/settings/password", &set).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.text.contains("confirm with a passkey first"), "{}", told.text);
    let told = scene.confirms("/settings/password").await;
    assert_eq!(told.header("location"), "/settings/password");
    let told = scene.room.post("/settings/password", &set).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    scene.confirms("/settings/password").await;
    let page = scene.room.get("/settings/password").await.text;
    assert!(page.contains("You confirmed") && !page.contains("codes-current"), "{page}");
    let told = scene.room.post("/settings/password/codes", &[]).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let told = scene.room.post("/settings/password/codes", &[]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "for one act");
    let told = scene.room.post("/settings/privacy/erasure", &[("meant", "yes")]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    scene.confirms("/settings/privacy").await;
    let page = scene.room.get("/settings/privacy").await.text;
    assert!(page.contains("You confirmed") && !page.contains("Your password"), "{page}");
    let told = scene.room.post("/settings/privacy/erasure", &[("meant", "yes")]).await;
    assert_eq!(told.header("location"), "/settings/privacy", "{}", told.text);
}

#[tokio::test]
async fn somebody_who_was_invited_joins_with_a_passkey() {
    let mut scene = Scene::new().await;
    let team = scene.room.post("/people", &[("name", "Guild")]).await;
    let invitations = format!("{}/invitations", team.header("location"));
    let made = scene.room.post(&invitations, &[("role", "member"), ("note", "Flo")]).await;
    let secret = made.text.split("/join?invitation=").nth(1).unwrap().split('<').next().unwrap();
    let fields = [("invitation", secret), ("called", "Flo")];
    let visitor = scene.room.visitor();
    let page = visitor.get(&format!("/join?invitation={secret}")).await.text;
    assert!(page.contains("action=\"/join/passkey\""), "{page}");
    let nameless = [("invitation", secret), ("called", "")];
    let told = visitor.post("/join/passkey/begin", &nameless).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text);
    let begun = asked(&visitor.post("/join/passkey/begin", &fields).await);
    let evil = Words::making(&begun.options, "http://evil.example");
    let answer = scene.one.make(&begun.options, &evil);
    let told = brings(&visitor, "/join/passkey", &begun, &answer, &fields).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("was not accepted"), "{}", told.text);
    let answer = scene.one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let told = brings(&scene.room, "/join/passkey", &begun, &answer, &fields).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "who is here already is nobody new");
    let told = brings(&visitor, "/join/passkey", &begun, &answer, &fields).await;
    assert!(told.header("location").starts_with("/people/"), "{} {}", told.status, told.text);
    let flo = scene.room.signed_in_by(&told);
    assert!(flo.get("/settings").await.text.contains("value=\"Flo\""));
    assert_eq!(scene.comes(|_| ()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_opened_by_a_number_says_why_there_are_no_passkeys() {
    let room = Room::new().await;
    for told in [room.visitor().get("/sign-in").await, room.get("/settings/passkeys").await] {
        assert!(told.text.contains("opened by a number"), "{}", told.text);
        assert!(!told.text.contains("data-passkey="), "{}", told.text);
    }
    let told = room.visitor().post("/sign-in/passkey/begin", &[]).await;
    assert_eq!((told.status, told.header("set-cookie")), (StatusCode::UNPROCESSABLE_ENTITY, ""));
}

#[tokio::test]
async fn guessing_with_passkeys_slows_its_own_address_down_alone() {
    let scene = Scene::with_passkey().await;
    let visitor = scene.room.visitor();
    let wrong = [("answer", "{}")];
    for _ in 0..12 {
        let told = visitor.post_from("192.0.2.7", "/sign-in/passkey", &wrong).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    }
    let told = visitor.post_from("192.0.2.7", "/sign-in/passkey", &wrong).await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(scene.comes(|_| ()).await.status, StatusCode::SEE_OTHER, "others come in");
}
