//! What is logged at the loudest: nothing that opens something, and nothing anybody typed.

use crate::program::{Server, mindshelf, said};
use serde_json::{Value, json};
use shelf_client::{Client, Http};
use std::fs::{self, File};
use std::process::Command;
use std::sync::Arc;

/// Stands in everything that is typed here.
const CANARY: &str = "zq7canary";

/// One cookie of an answer to a browser.
fn cookie(answer: &reqwest::Response, name: &str) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter();
    let cookies = cookies.filter_map(|line| line.to_str().ok());
    let pair =
        cookies.filter_map(|line| line.split(';').next()).find_map(|pair| pair.split_once('='));
    let (known, value) = pair.unwrap();
    assert_eq!(known, name);
    value.to_owned()
}

/// A client of a browser's manners.
fn browser() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Does what people do, and gives back every secret it met.
async fn walked(server: &Server, command: impl Fn() -> Command) -> Vec<(&'static str, String)> {
    let mut met = Vec::new();
    let token = said(command().args(["token", "create", "--name", "t"])).trim().to_owned();
    met.push(("the token", token.clone()));
    let client = Client::new(Arc::new(Http::new(&server.address).unwrap()), &token).unwrap();
    let me: Value = client.get("/v1/me").await.unwrap();
    let library = me["libraries"][0]["id"].as_str().unwrap();
    let saved = json!({ "url": format!("https://{CANARY}.example/{CANARY}?{CANARY}"),
        "title": format!("A {CANARY}"), "notes": format!("note {CANARY}"), "tags": [CANARY] });
    let bookmarks = format!("/v1/libraries/{library}/bookmarks");
    client.post::<Value>(&bookmarks, &saved).await.unwrap();
    let _found: Value =
        client.get(&format!("/v1/libraries/{library}/search?q={CANARY}")).await.unwrap();
    let asked = json!({ "query": format!("{{ me {{ name }} }} # {CANARY}") });
    client.post::<Value>("/graphql", &asked).await.unwrap();
    drop(client.get::<Value>(&format!("/v1/libraries/{library}/none/{CANARY}?{CANARY}=1")).await);
    let hook = said(command().args(["webhook", "add", "https://hooks.example.org/x"]));
    met.push(("the secret of an endpoint", hook.trim().trim_start_matches("whsec_").to_owned()));

    let link = server.link.split("link=").nth(1).unwrap().to_owned();
    let browser = browser();
    let at = |path: &str| format!("{}{path}", server.address);
    let answer = browser.post(at("/sign-in")).body(format!("link={link}"));
    let answer = answer.header("content-type", "application/x-www-form-urlencoded");
    let answer = answer.send().await.unwrap();
    let session = cookie(&answer, "mindshelf_session");
    met.extend([("the sign-in link", link), ("the session", session.clone())]);
    let named = format!("mindshelf_session={session}");
    let page = browser.get(at("/settings/password")).header("cookie", &named).send().await.unwrap();
    let page = page.text().await.unwrap();
    let csrf = page.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    assert!(csrf.is_some(), "{page}");
    let csrf = csrf.unwrap().to_owned();
    let form =
        format!("_csrf={csrf}&login={CANARY}&password={CANARY}+pass+word&again={CANARY}+pass+word");
    for (path, form) in [
        ("/settings/password", form.as_str()),
        ("/sign-in/password", &format!("name={CANARY}&password={CANARY}+wrong")),
        (
            "/oauth/token",
            &format!("grant_type=refresh_token&refresh_token={CANARY}&client_id={CANARY}"),
        ),
        ("/join", &format!("invitation={CANARY}")),
    ] {
        let post = browser.post(at(path)).body(form.to_owned()).header("cookie", &named);
        let post = post.header("content-type", "application/x-www-form-urlencoded");
        post.header("authorization", format!("Basic {CANARY}")).send().await.unwrap();
    }
    met.push(("the proof of a form", csrf));
    met
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loudest_log_holds_no_secret_and_nothing_anybody_typed() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log.jsonl");
    let command = || mindshelf(dir.path());
    let mut loud = command();
    loud.env("MINDSHELF_LOG", "trace").env("MINDSHELF_LOG_FORMAT", "json");
    loud.stderr(File::create(&log).unwrap());
    let server = Server::start_as(loud);
    let mut met = walked(&server, command).await;
    assert!(server.stop());

    for (name, file) in [("the root key", "root.key"), ("the key of this machine", "local.key")] {
        met.push((name, fs::read_to_string(dir.path().join(file)).unwrap().trim().to_owned()));
    }
    met.push(("what somebody typed", CANARY.to_owned()));
    let text = fs::read_to_string(&log).unwrap();
    let answered = text.lines().filter(|line| line.contains("\"message\":\"answered\"")).count();
    assert!(answered >= 6 && text.contains("DEBUG"), "it was loud: {text}");
    for (name, secret) in met {
        assert!(secret.len() >= CANARY.len(), "{name}: {secret:?}");
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{name} is in the log");
    }
}
