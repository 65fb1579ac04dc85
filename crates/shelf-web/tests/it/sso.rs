//! Signing in by an organisation in a browser: connecting one, the way there and back, and who is
//! turned away.

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use shelf_identity::Address;
use shelf_testkit::{
    FakeProvider,
    provider::{Account, CLIENT, SECRET},
};
use std::sync::Arc;

use crate::room::{ORIGIN, Room, Told};

const ISSUER: &str = "https://id.guild.example";

/// A team whose provider is connected by forms, and whose domain is proven.
struct Guild {
    room: Room,
    provider: Arc<FakeProvider>,
    id: String,
}

fn connect<'a>(issuer: &'a str, required: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("issuer", issuer),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("groups_claim", "groups"),
        ("value", ""),
        ("group", ""),
        ("role", ""),
        ("newcomer", "member"),
        ("required", required),
    ]
}

async fn guild() -> Guild {
    let room = Room::new().await;
    let made = room.post("/people", &[("name", "The guild")]).await;
    let id = made.header("location").trim_start_matches("/people/").to_owned();
    let provider = FakeProvider::new(ISSUER, room.sso.passwords.doors.clock.clone());
    room.internet.has(&provider);
    let guild = Guild { room, provider, id };
    let told = guild.send("", &connect(ISSUER, "")).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    guild.send("/domains", &[("domain", "guild.example")]).await;
    let page = guild.page().await.text;
    let line = page.split("mindshelf-domain=").nth(1).unwrap().split('<').next().unwrap();
    let place = "https://guild.example/.well-known/mindshelf-domain";
    guild.room.internet.says(place, &format!("mindshelf-domain={line}"));
    let told = guild.send("/domains/verify", &[("domain", "guild.example")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    guild
}

impl Guild {
    fn path(&self, end: &str) -> String {
        format!("/people/{}/sso{end}", self.id)
    }

    async fn send(&self, end: &str, fields: &[(&str, &str)]) -> Told {
        self.room.post(&self.path(end), fields).await
    }

    async fn page(&self) -> Told {
        self.room.get(&self.path("")).await
    }

    /// Comes back from the provider in a browser that keeps `cookie`.
    async fn back(&self, room: &Room, (code, state): &(String, String), cookie: &str) -> Told {
        let path = format!("/sign-in/sso/{}?code={code}&state={state}", self.id);
        let ask = room.ask("GET", &path).header(header::COOKIE, cookie.to_owned());
        room.send(ask.body(Body::empty()).unwrap()).await
    }
}

/// Where a page leads on to, and the cookie that ends it.
fn sent(told: &Told) -> (String, String) {
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let address = told.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
    let cookie = told.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let cookie = cookie.into_iter().find(|line| line.starts_with("mindshelf_sso=")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    (address, cookie.split(';').next().unwrap().to_owned())
}

fn flo() -> Account {
    Account::new("flo", "flo@guild.example", &[])
}

#[tokio::test]
async fn an_organisation_is_connected_in_three_steps_and_its_secret_is_never_shown() {
    let guild = guild().await;
    let page = guild.page().await.text;
    assert!(page.contains(&format!("{ORIGIN}/sign-in/sso/{}", guild.id)), "{page}");
    assert!(page.contains("Proven to be yours") && page.contains(ISSUER));
    assert!(!page.contains(SECRET) && !page.contains("a secret &amp; more"));
    let told = guild.send("", &connect("https://nobody.example", "")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("does not answer"), "{}", told.text);
    let told = guild.send("/domains", &[("domain", "localhost")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    guild.send("/domains", &[("domain", "other.example")]).await;
    let told = guild.send("/domains/verify", &[("domain", "other.example")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("was not read"), "{}", told.text);
    guild.send("/domains/remove", &[("domain", "other.example")]).await;
    assert!(!guild.page().await.text.contains("other.example"));
    let told = guild.send("/remove", &[]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    assert!(!guild.page().await.text.contains(ISSUER));
}

#[tokio::test]
async fn somebody_comes_in_by_their_organisation_and_their_session_says_so() {
    let guild = guild().await;
    let visitor = guild.room.visitor();
    let door = visitor.get("/sign-in").await.text;
    assert!(door.contains("href=\"/sign-in/sso\""));
    let told = visitor.post("/sign-in/sso", &[("mail", "flo@guild.example")]).await;
    let (address, cookie) = sent(&told);
    assert!(told.text.contains("id.guild.example"), "{}", told.text);
    assert!(!told.header("content-security-policy").contains("guild.example"));
    let back = guild.provider.signs_in(&address, flo());
    let came = guild.back(&visitor, &back, &cookie).await;
    assert_eq!((came.status, came.header("location")), (StatusCode::SEE_OTHER, "/"));
    let flo = visitor.signed_in_by(&came);
    let settings = flo.get("/settings").await.text;
    assert!(settings.contains("by your organisation's sign-in"), "{settings}");
    let team = flo.get(&format!("/people/{}", guild.id)).await.text;
    assert!(team.contains("Member flo"), "{team}");
    assert_eq!(flo.get(&guild.path("")).await.status, StatusCode::FORBIDDEN, "for admins");
    let again = guild.back(&visitor, &back, &cookie).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "once");
}

#[tokio::test]
async fn another_browser_another_address_and_a_made_up_answer_open_nothing() {
    let guild = guild().await;
    let visitor = guild.room.visitor();
    let told = visitor.post("/sign-in/sso", &[("mail", "flo@guild.example")]).await;
    let (address, cookie) = sent(&told);
    let back = guild.provider.signs_in(&address, flo());
    for (answer, kept) in [
        (back.clone(), ""),
        (back.clone(), "mindshelf_sso=made-up"),
        ((back.0.clone(), "x".to_owned()), cookie.as_str()),
        ((back.0.clone(), String::new()), cookie.as_str()),
    ] {
        let told = guild.back(&visitor, &answer, kept).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{kept}");
        assert!(told.text.contains("You are not signed in") && told.text.contains("stale"));
        assert!(!told.header("set-cookie").contains("mindshelf_session"));
    }
    let nowhere = format!("/sign-in/sso/{}?code=a&state={}", "not-an-id", back.1);
    assert_eq!(visitor.get(&nowhere).await.status, StatusCode::NOT_FOUND);
    let came = guild.back(&visitor, &back, &cookie).await;
    assert_eq!(came.status, StatusCode::SEE_OTHER, "what others tried ended nothing");
}

#[tokio::test]
async fn a_form_of_another_site_begins_nothing_and_no_answer_leads_outside() {
    let guild = guild().await;
    let visitor = guild.room.visitor();
    let form = "mail=flo%40guild.example";
    let request =
        visitor.ask("POST", "/sign-in/sso").header(header::ORIGIN, "https://evil.example");
    let told = visitor.send(request.body(Body::from(form)).unwrap()).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    for next in ["//evil.example/", "https://evil.example/", "/\\evil.example"] {
        let kept = format!("mindshelf_next={}", hex(next));
        let request = visitor.ask("POST", "/sign-in/sso").header(header::ORIGIN, ORIGIN);
        let request = request.header(header::COOKIE, kept).body(Body::from(form)).unwrap();
        let (address, cookie) = sent(&visitor.send(request).await);
        let back = guild.provider.signs_in(&address, flo());
        let came = guild.back(&visitor, &back, &cookie).await;
        assert_eq!(came.header("location"), "/", "{next}");
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| format!("{all}{byte:02x}"))
}

#[tokio::test]
async fn an_address_of_no_organisation_is_told_so_and_one_that_is_turned_away_hears_why() {
    let guild = guild().await;
    let visitor = guild.room.visitor();
    for mail in ["ada@nowhere.example", "ada", ""] {
        let told = visitor.post("/sign-in/sso", &[("mail", mail)]).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{mail}");
        assert!(told.text.contains("No organisation signs in here"), "{}", told.text);
    }
    let told = visitor.post("/sign-in/sso", &[("mail", "flo@guild.example")]).await;
    let (address, cookie) = sent(&told);
    let other = Account::new("flo", "flo@other.example", &[]);
    let back = guild.provider.signs_in(&address, other);
    let told = guild.back(&visitor, &back, &cookie).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert!(
        told.text.contains("has not proven to be its own") && told.text.contains("other_domain")
    );
}

#[tokio::test]
async fn guessing_at_the_door_of_organisations_is_slowed_down() {
    let room = Room::new().await.visitor();
    let mut last = StatusCode::OK;
    for number in 0..14 {
        let mail = format!("a{number}@nowhere.example");
        last = room.post_from("198.51.100.7", "/sign-in/sso", &[("mail", &mail)]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_team_that_requires_it_sends_its_members_there_and_lets_its_owner_in() {
    let guild = guild().await;
    let visitor = guild.room.visitor();
    let told = visitor.post("/sign-in/sso", &[("mail", "flo@guild.example")]).await;
    let (address, cookie) = sent(&told);
    let back = guild.provider.signs_in(&address, flo());
    let flo_by_provider = visitor.signed_in_by(&guild.back(&visitor, &back, &cookie).await);
    let fields = [("role", "member"), ("library", ""), ("note", "for Ben")];
    let path = format!("/people/{}/invitations", guild.id);
    let invited = guild.room.post(&path, &fields).await.text;
    let secret = invited.split("invitation=").nth(1).unwrap();
    let secret: String =
        secret.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let fields =
        [("invitation", secret.as_str()), ("name", "Ben"), ("password", "correct horse battery")];
    let joined = visitor.post("/join", &fields).await;
    let ben = visitor.signed_in_by(&joined);
    let team = format!("/people/{}", guild.id);
    assert_eq!(ben.get(&team).await.status, StatusCode::OK);
    let told = guild.send("", &connect(ISSUER, "on")).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    let shut = ben.get(&team).await;
    assert_eq!(shut.header("location"), guild.path("/connect"));
    let page = ben.get(&guild.path("/connect")).await;
    assert!(page.text.contains("asks its members to sign in by its own sign-in"), "{}", page.text);
    assert_eq!(ben.get("/library").await.status, StatusCode::OK, "their own stays open");
    let (address, cookie) = sent(&ben.post(&guild.path("/connect"), &[]).await);
    let account = Account::new("ben", "ben@guild.example", &[]);
    let back = guild.provider.signs_in(&address, account);
    let came = guild.back(&ben, &back, &cookie).await;
    assert_eq!(came.header("location"), team);
    assert_eq!(visitor.signed_in_by(&came).get(&team).await.status, StatusCode::OK);
    assert_eq!(flo_by_provider.get(&team).await.status, StatusCode::OK);
    assert_eq!(guild.room.get(&team).await.status, StatusCode::OK, "an owner keeps a way in");
}

#[tokio::test]
async fn whom_the_organisation_signs_out_is_out_here() {
    let guild = guild().await;
    let end = format!("/sign-in/sso/{}/logout", guild.id);
    assert!(guild.page().await.text.contains(&format!("{ORIGIN}{end}")));
    let visitor = guild.room.visitor();
    let told = visitor.post("/sign-in/sso", &[("mail", "flo@guild.example")]).await;
    let (address, cookie) = sent(&told);
    let back = guild.provider.signs_in(&address, flo());
    let flo = visitor.signed_in_by(&guild.back(&visitor, &back, &cookie).await);
    assert_eq!(flo.get("/library").await.status, StatusCode::OK);
    let word = guild.provider.signs_out("flo", &serde_json::json!({}));
    let says = async |word: &str| {
        let form = format!("logout_token={word}");
        let ask = axum::http::Request::post(&end).header(header::HOST, "127.0.0.1:4747");
        let ask = ask.extension(Address::of("203.0.113.9".parse().unwrap()));
        let form_kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let ask = ask.header(form_kind.0, form_kind.1).body(Body::from(form)).unwrap();
        guild.room.send(ask).await
    };
    for wrong in ["", "x", &word[..word.len() - 2]] {
        assert_eq!(says(wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(flo.get("/library").await.status, StatusCode::OK);
    let told = says(&word).await;
    assert_eq!((told.status, told.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(flo.get("/library").await.header("location"), "/sign-in");
    for number in 0..100 {
        let told = says(&word).await;
        assert_eq!(told.status, StatusCode::OK, "{number}: it has many people");
    }
    let elsewhere = axum::http::Request::post(end.replace(&guild.id, "nowhere"));
    let elsewhere = elsewhere.header(header::HOST, "127.0.0.1:4747").body(Body::empty()).unwrap();
    assert_eq!(guild.room.send(elsewhere).await.status, StatusCode::NOT_FOUND);
}
