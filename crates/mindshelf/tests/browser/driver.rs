//! A browser under our hands: the few requests of `WebDriver` that the stories need.

use serde_json::{Value, json};
use shelf_client::{Http, Method, Request, Transport, header};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How `WebDriver` calls an element in its answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long a script in a page may wait for what it waits for, in milliseconds.
const SCRIPT_MS: u64 = 12_000;

/// How pages are shown.
const SHOWN: [&str; 3] = ["--hide-scrollbars", "--window-size=1440,1000", "--lang=en-GB"];

/// One browser with one window, and the driver that steers it; both end with it.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    http: Http,
    port: u16,
    session: String,
}

/// An element of the page that is shown.
#[derive(Clone, Debug)]
pub(crate) struct Element(String);

impl Element {
    /// The element a script answered with.
    pub(crate) fn of(answer: &Value) -> Option<Self> {
        answer[ELEMENT].as_str().map(|id| Self(id.to_owned()))
    }

    /// The element as an argument of a script.
    pub(crate) fn argument(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

impl Driver {
    /// Starts `chromium` without a window, with an empty profile unless `switches` bring another one.
    pub(crate) async fn start(chromium: &OsStr, switches: &[String]) -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("chromedriver is installed beside Chromium");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.split_once("started successfully on port ")?.1;
            Some(port.trim_end_matches('.').parse().unwrap())
        });
        let port: u16 = port.unwrap();
        let http = Http::new(&format!("http://127.0.0.1:{port}")).unwrap();
        let mut driver = Self { process, http, port, session: "/session/none".to_owned() };
        let usual = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let usual = usual.into_iter().chain(SHOWN);
        let switches: Vec<&str> = usual.chain(switches.iter().map(String::as_str)).collect();
        let options = json!({
            "binary": found(chromium),
            "args": switches,
        });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": SCRIPT_MS },
        });
        let asked = json!({ "capabilities": { "alwaysMatch": wanted } });
        let answer = driver.ask(Method::POST, "/session", Some(asked)).await.unwrap();
        let session = answer["sessionId"].as_str().unwrap();
        driver.session = format!("/session/{session}");
        driver
    }

    /// Sends one request; the error is `WebDriver`'s own word for it, with its message.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let mut request = Request::new(method, path);
        if let Some(body) = body {
            let bytes = body.to_string().into_bytes();
            // The driver reads no body that comes in pieces of unknown number.
            request = request
                .header(header::CONTENT_LENGTH, bytes.len().into())
                .header(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))
                .bytes(bytes);
        }
        let answer = self.http.send(request).await.map_err(|error| error.to_string())?;
        let bytes = answer.bytes().await.map_err(|error| error.to_string())?;
        let mut told: Value = serde_json::from_slice(&bytes).unwrap();
        match told["value"]["error"].as_str() {
            Some(error) => {
                let message = told["value"]["message"].as_str().unwrap_or_default();
                Err(format!("{error}: {}", message.lines().next().unwrap_or_default()))
            }
            None => Ok(told["value"].take()),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        self.ask(Method::POST, &format!("{}{path}", self.session), Some(body)).await
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::GET, &format!("{}{path}", self.session), None).await
    }

    /// Goes to `address` and waits until its page has loaded.
    pub(crate) async fn goto(&self, address: &str) {
        self.post("/url", json!({ "url": address })).await.unwrap();
    }

    /// The window that is looked at.
    pub(crate) async fn window(&self) -> String {
        self.get("/window").await.unwrap().as_str().unwrap().to_owned()
    }

    /// The windows and tabs there are.
    pub(crate) async fn windows(&self) -> Vec<String> {
        serde_json::from_value(self.get("/window/handles").await.unwrap()).unwrap()
    }

    /// Turns to another window.
    pub(crate) async fn turn_to(&self, window: &str) {
        self.post("/window", json!({ "handle": window })).await.unwrap();
    }

    /// Goes back one page.
    pub(crate) async fn back(&self) {
        self.post("/back", json!({})).await.unwrap();
    }

    /// The address of the page.
    pub(crate) async fn address(&self) -> String {
        self.get("/url").await.unwrap().as_str().unwrap().to_owned()
    }

    /// Runs `script` as the body of a function; answers what it returns.
    pub(crate) async fn run(&self, script: &str, arguments: &[Value]) -> Result<Value, String> {
        self.post("/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// Runs `script`, whose last argument is a function to be called with the answer.
    pub(crate) async fn wait(&self, script: &str, arguments: &[Value]) -> Result<Value, String> {
        self.post("/execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// Presses the middle of `element`, as a mouse does; what lies above it is in the way.
    pub(crate) async fn press(&self, element: &Element) -> Result<(), String> {
        self.post(&format!("/element/{}/click", element.0), json!({})).await.map(drop)
    }

    /// Types into `element`; into a field for files, their names.
    pub(crate) async fn send(&self, element: &Element, text: &str) -> Result<(), String> {
        let path = format!("/element/{}/value", element.0);
        self.post(&path, json!({ "text": text })).await.map(drop)
    }

    /// Moves the pointer, as `steps` of `WebDriver` say.
    pub(crate) async fn point(&self, steps: Value) {
        let hand = json!({ "type": "pointer", "id": "mouse", "actions": steps,
                           "parameters": { "pointerType": "mouse" } });
        self.post("/actions", json!({ "actions": [hand] })).await.unwrap();
    }

    /// Presses and lets go of `keys`, one after the other, wherever the focus is; `held` is held.
    pub(crate) async fn keys(&self, keys: &str, held: Option<char>) {
        let mut steps = Vec::new();
        steps.extend(held.map(|key| json!({ "type": "keyDown", "value": key })));
        for key in keys.chars() {
            steps.push(json!({ "type": "keyDown", "value": key }));
            steps.push(json!({ "type": "keyUp", "value": key }));
        }
        steps.extend(held.map(|key| json!({ "type": "keyUp", "value": key })));
        let hand = json!({ "type": "key", "id": "keyboard", "actions": steps });
        self.post("/actions", json!({ "actions": [hand] })).await.unwrap();
    }

    /// Says yes to the question the page asks; answers the question.
    pub(crate) async fn agree(&self) -> String {
        let question = self.get("/alert/text").await.unwrap();
        self.post("/alert/accept", json!({})).await.unwrap();
        question.as_str().unwrap().to_owned()
    }

    /// Gives the machine an authenticator that knows its owner and says yes (Web Authentication, the
    /// extension of `WebDriver`).
    pub(crate) async fn make_passkeys(&self) {
        let authenticator = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true,
        });
        self.post("/webauthn/authenticator", authenticator).await.unwrap();
    }

    /// Asks the browser itself, by the protocol of its developer tools.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("/goog/cdp/execute", body).await.unwrap()
    }

    /// What the browser complained about since it was asked last.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "browser" })).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let loud =
            entries.iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        loud.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The driver looks for no program on its own; a bare name is one of the system's.
fn found(program: &OsStr) -> PathBuf {
    let path = Path::new(program);
    let known =
        ["/usr/bin", "/usr/local/bin", "/snap/bin"].map(|folder| Path::new(folder).join(path));
    known.into_iter().find(|path| path.exists()).unwrap_or_else(|| path.to_owned())
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Killing the driver would leave its browser behind, so the session is ended first.
        let end = format!(
            "DELETE {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.session, self.port
        );
        if let Ok(mut wire) = TcpStream::connect(("127.0.0.1", self.port)) {
            drop(wire.set_read_timeout(Some(Duration::from_secs(10))));
            drop(wire.write_all(end.as_bytes()));
            drop(wire.read(&mut [0; 1024]));
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
