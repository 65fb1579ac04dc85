//! A machine that is let in by a code, typed in a browser, as people do it.

use crate::program::{Server, complained, mindshelf, ran, said};
use shelf_client::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use shelf_client::{Http, Method, Request, Transport};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A browser: what it keeps, and what it says of itself.
struct Browser {
    http: Http,
    cookie: String,
}

impl Browser {
    /// Sends a form; the answer's headers and text.
    async fn send(&self, method: Method, path: &str, form: &str) -> (HeaderMap, String) {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let mut request = Request::new(method, path).header(CONTENT_TYPE, kind);
        if !self.cookie.is_empty() {
            request = request.header(COOKIE, self.cookie.parse().unwrap());
        }
        let answer = self.http.send(request.bytes(form.to_owned())).await.unwrap();
        let headers = answer.headers.clone();
        (headers, String::from_utf8(answer.bytes().await.unwrap()).unwrap())
    }

    /// One that is signed in by this link.
    async fn signed_in(address: &str, link: &str) -> Self {
        let mut browser = Self { http: Http::new(address).unwrap(), cookie: String::new() };
        let (_, secret) = link.split_once("link=").unwrap();
        let (headers, text) =
            browser.send(Method::POST, "/sign-in", &format!("link={secret}")).await;
        let mut cookies = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        let session = cookies.find(|line| line.starts_with("mindshelf_session="));
        assert!(session.is_some(), "nobody is signed in: {text}");
        session.unwrap().split(';').next().unwrap().clone_into(&mut browser.cookie);
        browser
    }

    /// The secret its forms carry.
    async fn csrf(&self) -> String {
        let (_, page) = self.send(Method::GET, "/device", "").await;
        let (_, rest) = page.split_once("name=\"_csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_machine_is_let_in_by_a_code_works_without_a_token_and_is_put_out_again() {
    let (home, machine) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(home.path());
    let browser = Browser::signed_in(&server.address, &server.link).await;
    let there = ["--server", server.address.as_str()];
    let alone = complained(mindshelf(machine.path()).args(["search", "x"]).args(there), 1);
    assert!(alone.contains("mindshelf login"), "the way in is named: {alone}");

    let mut login = mindshelf(machine.path());
    login.args(["login", "--device", "the other machine"]).args(there).stdout(Stdio::piped());
    let mut login = login.spawn().unwrap();
    let mut lines = BufReader::new(login.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let code = first.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(code.len(), 9, "{first}");
    let csrf = browser.csrf().await;
    let form = format!("_csrf={csrf}&code={code}");
    let (_, page) = browser.send(Method::POST, "/device", &form).await;
    assert!(page.contains("the other machine") && page.contains("127.0.0.1"), "{page}");
    let allow = "allow=bookmarks%3Aread&allow=bookmarks%3Awrite";
    let form = format!("{form}&answer=yes&{allow}");
    let (_, done) = browser.send(Method::POST, "/device/answer", &form).await;
    assert!(done.contains("It is in"), "{done}");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(login.wait().unwrap().success(), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("bookmarks:read bookmarks:write.")), "{rest:?}");

    let add = ["add", "https://example.org/from-afar"];
    assert!(said(mindshelf(machine.path()).args(add).args(there)).contains("from-afar"));
    let bound =
        String::from_utf8(std::fs::read(machine.path().join("logins.json")).unwrap()).unwrap();
    let access = bound.split("\"access\":\"").nth(1).unwrap().split('"').next().unwrap();
    let stolen = ["search", "x", "--token", access];
    let stolen = complained(mindshelf(machine.path()).args(stolen).args(there), 1);
    assert!(stolen.contains("bound to a key"), "without its key it opens nothing: {stolen}");
    let audit = complained(mindshelf(machine.path()).args(["token", "list"]).args(there), 1);
    assert!(audit.contains("account:read"), "what was not allowed is named: {audit}");
    let kept = machine.path().join("logins.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&kept.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    assert!(said(mindshelf(machine.path()).arg("logout").args(there)).contains("is out"));
    let out = ran(mindshelf(machine.path()).args(["search", "x"]).args(there));
    assert_eq!(out.status.code(), Some(1));
    let (_, settings) = browser.send(Method::GET, "/settings", "").await;
    assert!(!settings.contains("/settings/apps/"), "nothing is left there either");
    assert!(server.stop());
}
