//! Every page, with ordinary and with hostile content and addresses.

use std::path::PathBuf;

use crate::room::Room;

/// Every page that needs no id.
pub(crate) const PAGES: &[&str] = &[
    "/",
    "/welcome",
    "/library",
    "/unread",
    "/favourites",
    "/archive",
    "/unsorted",
    "/palette",
    "/folders",
    "/folders/choices",
    "/tags",
    "/trash",
    "/waiting",
    "/company/news",
    "/conflicts",
    "/history",
    "/settings",
    "/settings/passkeys",
    "/settings/password",
    "/settings/privacy",
    "/save",
    "/offline",
    "/import",
    "/export",
    "/people",
    "/sign-in/sso",
    "/admin",
    "/sharing",
    "/webhooks",
    "/device",
    "/oauth/authorize",
    "/design",
];

/// Hostile strings of the shared data, and a few of our own in case it is not there.
#[expect(clippy::disallowed_methods, reason = "tests find the data they share by the environment")]
fn hostile() -> Vec<String> {
    let own = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</textarea><svg onload=alert(1)>",
        "</title><script>1</script>",
        "javascript:alert(1)",
        "\u{202e}\0💥",
    ];
    let mut all: Vec<String> = own.map(str::to_owned).to_vec();
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var("MINDSHELF_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data/nasty/naughty_strings.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", path.display());
        eprintln!("SKIPPED: {} is not there", path.display());
        return all;
    };
    let lines =
        text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    all.extend(lines.filter_map(|line| line["string"].as_str().map(str::to_owned)));
    all
}

/// Fails when a page holds a script of its own, an inline style or handler, or a link that runs.
fn assert_calm(path: &str, page: &str) {
    for script in page.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains(" src=\"/assets/"), "{path}: a script of its own: {tag}");
        assert!(rest.starts_with("</script>"), "{path}: inline script");
    }
    for tag in page.split('<').skip(1).filter(|tag| !tag.starts_with("textarea")) {
        let tag = tag.split('>').next().unwrap_or_default();
        let names = tag.split('"').step_by(2).collect::<String>().to_lowercase();
        for forbidden in [" style=", " onerror=", " onload=", " onclick=", " srcdoc="] {
            assert!(!names.contains(forbidden), "{path}: {forbidden} in <{tag}>");
        }
    }
    let bookmarklet = "href=\"javascript:(()=&gt;{const e=encodeURIComponent";
    let rest = page.replace(bookmarklet, "");
    assert!(!rest.to_lowercase().contains("href=\"javascript:"), "{path}: a link that runs");
}

#[tokio::test]
async fn every_page_answers_calmly_with_ordinary_content() {
    let room = Room::new().await;
    room.post("/sample", &[]).await;
    for path in PAGES {
        let told = room.get(path).await;
        // What asks for nothing in particular is refused there, on a page.
        let is_other = ["/", "/oauth/authorize"].contains(path);
        assert!(told.status.is_success() || is_other, "{path}: {}", told.status);
        assert!(told.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_calm(path, &told.text);
    }
}

#[tokio::test]
async fn hostile_text_stays_text_on_every_page_that_shows_it() {
    let room = Room::new().await;
    for (at, string) in hostile().into_iter().enumerate() {
        let url = format!("https://example.org/{at}");
        let fields =
            [("url", url.as_str()), ("title", &string), ("notes", &string), ("tags", &string)];
        let told = room.post("/save", &fields).await;
        assert!(!told.status.is_server_error(), "saving {string:?}");
        let made = room.post("/folders", &[("name", &string)]).await;
        assert!(!made.status.is_server_error(), "a folder called {string:?}");
        assert_calm("made", &made.text);
    }
    for path in PAGES {
        assert_calm(path, &room.get(path).await.text);
    }
    let list = room.get("/library").await.text;
    let next = list.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.starts_with("/library?after="), "{next}");
    assert_calm("the next page", &room.get(&next).await.text);
}

#[tokio::test]
async fn hostile_addresses_are_answered_and_never_break_anything() {
    let room = Room::new().await;
    let item = room.saved("https://example.org/", "x").await;
    for string in hostile() {
        let text: String = url::form_urlencoded::byte_serialize(string.as_bytes()).collect();
        for path in [
            format!("/library?q={text}"),
            format!("/library?after={text}&view={text}&item={text}"),
            format!("/items/{text}"),
            format!("/folders/{text}"),
            format!("/folders/{text}/share"),
            format!("/tags/{text}"),
            format!("/import/{text}?outcome={text}"),
            format!("/export/{text}"),
            format!("/history?moment={text}&before={text}"),
            format!("/company/news?after={text}"),
            format!("/trash?after={text}"),
            format!("/save?url={text}&title={text}&text={text}"),
            format!("/sign-in?link={text}"),
            format!("/sign-in/sso/{text}?code={text}&state={text}&iss={text}&error={text}"),
            format!("/device?code={text}"),
            format!("/oauth/authorize?client_id={text}&redirect_uri={text}&state={text}"),
            format!("/assets/{text}"),
            format!("/{text}"),
        ] {
            let told = room.get(&path).await;
            assert!(!told.status.is_server_error(), "{path}: {}", told.status);
            assert_calm(&path, &told.text);
        }
        let fields = [("title", string.as_str()), ("url", &string), ("created_on", &string)];
        let told = room.post(&format!("/items/{item}"), &fields).await;
        assert!(!told.status.is_server_error(), "editing with {string:?}");
    }
}
