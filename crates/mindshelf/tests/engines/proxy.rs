//! The server behind nginx, with the very settings that docs/OPERATIONS.md gives.

use crate::certificate::certificate;
use crate::program::{Server, mindshelf};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use shelf_testkit::ground::has_program;
use std::collections::{BTreeSet, VecDeque};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The name the certificate is for.
const NAME: &str = "shelf.example";
/// The programs a proxy with TLS needs.
const PROGRAMS: [&str; 2] = ["nginx", "openssl"];
/// More addresses than the pages of a small shelf have.
const ADDRESSES_MAX: usize = 400;

/// A server, nginx before it, and a browser's way to them.
struct Proxied {
    server: Option<Server>,
    nginx: Child,
    browser: Client,
    /// What browsers know it by, without a path.
    origin: String,
    key: String,
    link: String,
    _dirs: [TempDir; 2],
}

impl Drop for Proxied {
    fn drop(&mut self) {
        // nginx ends its workers when its first process is told to end.
        let pid = self.nginx.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        drop(self.nginx.wait());
        if let Some(server) = self.server.take() {
            assert!(server.stop() || std::thread::panicking(), "the server does not stop cleanly");
        }
    }
}

impl Proxied {
    /// Starts both at the path `at`; `None` where a program is missing.
    async fn start(
        at: &str,
        settings: impl Fn(&str) -> Vec<(&'static str, String)>,
    ) -> Option<Self> {
        if !PROGRAMS.iter().all(|program| has_program(program)) {
            return None;
        }
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let origin = format!("https://{NAME}:{port}");
        let mut command = mindshelf(dirs[0].path());
        command.envs(settings(&origin)).stderr(Stdio::null());
        let server = tokio::task::spawn_blocking(|| Server::start_as(command)).await.unwrap();
        let running = std::fs::read_to_string(dirs[0].path().join("server.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        let own = running["address"].as_str().unwrap();
        let nginx = nginx(dirs[1].path(), at, port, own);
        let browser = browser(dirs[1].path(), port);
        let (key, link) = (running["key"].as_str().unwrap().to_owned(), server.link.clone());
        let proxied = Self { server: Some(server), nginx, browser, origin, key, link, _dirs: dirs };
        proxied.answers(&format!("{at}healthz")).await;
        Some(proxied)
    }

    /// Waits until nginx passes requests on.
    async fn answers(&self, path: &str) {
        let looks = async {
            while self.browser.get(self.at(path)).send().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), looks).await.unwrap();
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        self.browser.get(self.at(path)).header(COOKIE, cookie).send().await.unwrap()
    }

    /// Spends the link, as the form of the page it leads to would.
    async fn sign_in(&self, base: &str) -> Response {
        let secret = self.link.rsplit_once('=').unwrap().1;
        let asked = self.browser.post(self.at(&format!("{base}/sign-in")));
        let asked = asked.header(ORIGIN, &self.origin).body(format!("link={secret}"));
        asked.send().await.unwrap()
    }
}

/// nginx with the documented settings, but for names, ports and certificate.
fn nginx(dir: &Path, at: &str, port: u16, own: &str) -> Child {
    let (certificate, key) = certificate(dir, &format!("DNS:{NAME}"));
    let documented = documented()
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
        .replace("/etc/ssl/shelf.example.pem", certificate.to_str().unwrap())
        .replace("/etc/ssl/shelf.example.key", key.to_str().unwrap())
        .replace("location /shelf/", &format!("location {at}"))
        .replace("http://127.0.0.1:4747", own);
    let settings = format!(
        "daemon off; pid {dir}/pid; error_log {dir}/error.log;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;\n\
         fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;\n\
         {documented}}}\n",
        dir = dir.display()
    );
    std::fs::write(dir.join("nginx.conf"), settings).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf")).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The settings that docs/OPERATIONS.md gives.
fn documented() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("```nginx\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// A client that knows the name and the certificate, and follows nothing by itself.
fn browser(dir: &Path, port: u16) -> Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let pem = std::fs::read(dir.join("cert.pem")).unwrap();
    Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .resolve(NAME, ([127, 0, 0, 1], port).into())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

fn header(answer: &Response, name: reqwest::header::HeaderName) -> String {
    answer.headers().get(name).unwrap().to_str().unwrap().to_owned()
}

/// The addresses of this server that a page or a style sheet names.
fn named(text: &str) -> Vec<String> {
    let opened = ["href=\"", "src=\"", "action=\"", "hx-get=\"", "hx-post=\""];
    let found = |opening: &str| {
        let rest = text.split(opening).skip(1);
        let whole = rest.filter_map(|rest| rest.split('"').next());
        whole.filter(|url| url.starts_with('/')).map(|url| url.replace("&amp;", "&")).collect()
    };
    opened.into_iter().flat_map(|opening: &str| -> Vec<String> { found(opening) }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_stands_beneath_a_path() {
    let settings = |origin: &str| vec![("MINDSHELF_PUBLIC_URL", format!("{origin}/shelf"))];
    let Some(shelf) = Proxied::start("/shelf/", settings).await else { return };
    assert!(shelf.link.starts_with(&shelf.at("/shelf/sign-in?link=")), "{}", shelf.link);
    let signed = shelf.sign_in("/shelf").await;
    assert_eq!(
        (signed.status(), header(&signed, LOCATION).as_str()),
        (StatusCode::SEE_OTHER, "/shelf/")
    );
    let cookie = header(&signed, SET_COOKIE);
    assert!(cookie.contains("; Path=/shelf;") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.starts_with("__Secure-mindshelf_session="), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();

    let me = shelf.browser.get(shelf.at("/shelf/v1/me")).bearer_auth(&shelf.key);
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    let library = me["libraries"][0]["id"].as_str().unwrap();
    let save = shelf.browser.post(shelf.at(&format!("/shelf/v1/libraries/{library}/bookmarks")));
    let page = json!({"url": "https://example.org/", "title": "A page", "tags": ["kept"]});
    let saved = save.bearer_auth(&shelf.key).json(&page).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::CREATED);
    let place = header(&saved, LOCATION);
    assert!(place.starts_with("/shelf/v1/"), "{place}");
    let again = shelf.browser.get(shelf.at(&place)).bearer_auth(&shelf.key).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);

    let seen = crawl(&shelf, "/shelf/library", &cookie).await;
    for page in ["/shelf/tags", "/shelf/save", "/shelf/settings", "/shelf/trash", "/shelf/history"]
    {
        assert!(seen.contains(page), "{page} is not linked from any page: {seen:?}");
    }
    assert!(seen.iter().any(|path| path.starts_with("/shelf/assets/app.")), "{seen:?}");
}

/// Follows every address from `start` that a browser would only read; all must be there.
async fn crawl(shelf: &Proxied, start: &str, cookie: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([start.to_owned()]);
    let mut open = VecDeque::from([start.to_owned()]);
    while let Some(path) = open.pop_front() {
        assert!(seen.len() < ADDRESSES_MAX, "there is no end to the addresses");
        let answer = shelf.get(&path, cookie).await;
        let status = answer.status();
        // What is only ever posted refuses to be read, and says so.
        let is_there = status == StatusCode::OK
            || status.is_redirection()
            || status == StatusCode::METHOD_NOT_ALLOWED;
        assert!(is_there, "{path}: {status}");
        let kind = answer.headers().get("content-type").cloned();
        let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !is_page || answer.headers().contains_key("content-disposition") {
            continue;
        }
        for next in named(&answer.text().await.unwrap()) {
            let next = next.split('#').next().unwrap().to_owned();
            assert!(next.starts_with("/shelf/"), "{path} names {next}");
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_says_that_the_browser_came_by_tls() {
    let settings = |_: &str| vec![("MINDSHELF_HOSTS", NAME.to_owned())];
    let Some(shelf) = Proxied::start("/", settings).await else { return };
    let signed = shelf.sign_in("").await;
    assert_eq!(signed.status(), StatusCode::SEE_OTHER);
    let cookie = header(&signed, SET_COOKIE);
    assert!(cookie.contains("; Path=/;") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_not_trusted_is_not_believed() {
    let settings = |_: &str| {
        let trusted = ("MINDSHELF_TRUSTED_PROXIES", "192.0.2.1".to_owned());
        vec![("MINDSHELF_HOSTS", NAME.to_owned()), trusted]
    };
    let Some(shelf) = Proxied::start("/", settings).await else { return };
    // The page says it came by https, which nobody who is believed confirms.
    assert_eq!(shelf.sign_in("").await.status(), StatusCode::FORBIDDEN);
}
