//! The built program as tests start it: its commands and its server.

use serde_json::Value;
use shelf_client::{Client, Http};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

/// What a server says when it has said everything.
const LAST_WORDS: &str = "Ctrl-C stops";

/// The program on this data directory, with nothing of this process's environment.
pub(crate) fn mindshelf(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mindshelf"));
    command.env_clear().env("HOME", data).arg("--data").arg(data);
    command
}

/// The output of a command, however it ends.
pub(crate) fn ran(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// The output of a command that must succeed.
pub(crate) fn said(command: &mut Command) -> String {
    let output = ran(command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server that runs, and what it printed until its link.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) link: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let mut command = mindshelf(data);
        command.stderr(Stdio::null());
        Self::start_as(command)
    }

    /// Starts it by a command that says where its data and its complaints go.
    pub(crate) fn start_as(mut command: Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut words = Vec::new();
        for line in lines.map_while(Result::ok) {
            let word = line.split_whitespace().find(|word| word.starts_with("http"));
            words.extend(word.map(|word| word.trim_end_matches(';').to_owned()));
            if line.contains(LAST_WORDS) {
                break;
            }
        }
        let mut words = words.into_iter();
        // Only a gateway says a link.
        let (address, link) = (words.next().unwrap(), words.next().unwrap_or_default());
        Self { child, address, link }
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop, as a service manager would.
    pub(crate) fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().success()
    }
}

/// The JSON a command that must succeed prints.
pub(crate) fn told(command: &mut Command) -> Value {
    let said = said(command);
    let read = serde_json::from_str(&said);
    assert!(read.is_ok(), "this is no JSON: {said}");
    read.unwrap()
}

/// What a command that must fail with `code` says on standard error.
pub(crate) fn complained(command: &mut Command, code: i32) -> String {
    let output = ran(command);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {error}");
    error
}

/// A client of the server that runs on `data`, with the owner's key, and the library's path.
pub(crate) async fn client(data: &Path) -> (Client, String) {
    let text = std::fs::read_to_string(data.join("server.json")).unwrap();
    let running: Value = serde_json::from_str(&text).unwrap();
    let (address, key) = (running["address"].as_str().unwrap(), running["key"].as_str().unwrap());
    let client = Client::new(Arc::new(Http::new(address).unwrap()), key).unwrap();
    let id = client.library_called(None).await.unwrap().id().to_string();
    (client, format!("/v1/libraries/{id}"))
}
