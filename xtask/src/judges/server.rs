//! The real server, on loopback, on a folder of its own that goes when it goes.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::{Reach, metadata};
use crate::steps::{Desk, cargo, succeed};

/// What the server says when it is ready, before its address.
const READY: &str = "MindShelf is ready on ";
/// Tests that run the binary, which is built with them.
const STORIES: &str = "browser";
/// How much of its log is shown, bytes.
const LOG_BYTES_SHOWN: usize = 8_192;

/// A server with something on its shelf, and a token for it.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    /// Held open: a server that cannot say what it says would stop.
    #[expect(dead_code, reason = "held, never read on")]
    said: BufReader<ChildStdout>,
    binary: PathBuf,
    folder: PathBuf,
    address: String,
    token: String,
}

impl Server {
    /// Builds the binary, starts it with one setting and makes a token.
    pub(super) fn start(desk: &Desk, setting: (&str, &str)) -> Result<Self> {
        let binary = built(desk)?;
        let folder = env::temp_dir().join(format!("mindshelf-judges-{}", std::process::id()));
        fs::create_dir_all(&folder).context("cannot make a folder for the server")?;
        let mut process = Command::new(&binary)
            .args(["serve", "--data", "data", "--listen", "127.0.0.1:0"])
            .env("MINDSHELF_TRUSTED_PROXIES", "127.0.0.1")
            .env(setting.0, setting.1)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("log")).context("cannot keep the log")?)
            .spawn()
            .context("cannot start the server")?;
        let mut said = BufReader::new(process.stdout.take().context("the server is mute")?);
        let address = address(&mut said)?;
        let token = String::new();
        let mut server = Self { process, said, binary, folder, address, token };
        for url in ["https://example.org/one", "https://example.org/two"] {
            server.command(&server.binary, &["add", url])?;
        }
        server.token = server.command(&server.binary, &["token", "create", "--name", "judges"])?;
        Ok(server)
    }

    /// An address that signs its owner in, once.
    pub(super) fn link(&self) -> Result<String> {
        self.command(&self.binary, &["link"])
    }

    fn command(&self, binary: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(binary);
        let answer = command.args(arguments).args(["--data", "data"]).current_dir(&self.folder);
        let answer = answer.output().context("cannot run the binary")?;
        ensure!(answer.status.success(), "{arguments:?} failed: {answer:?}");
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    /// Where it listens, with the scheme.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A token for it.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of its records.
    pub(super) fn records(&self) -> PathBuf {
        self.folder.join("data/shelf.db")
    }

    /// The id of its library.
    pub(super) fn library(&self) -> Result<String> {
        let me = self.get("/v1/me")?;
        let library = me["libraries"][0]["id"].as_str().context("there is no library")?;
        Ok(library.to_owned())
    }

    /// The configuration of a tester that is to ask about the library there is.
    pub(super) fn configuration(&self) -> Result<PathBuf> {
        let library = self.library()?;
        let file = self.folder.join("tester.toml");
        fs::write(&file, format!("[parameters]\n\"path.library\" = \"{library}\"\n"))
            .context("cannot write the configuration")?;
        Ok(file)
    }

    /// What it answers, as JSON.
    fn get(&self, path: &str) -> Result<Value> {
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).context("the server does not listen")?;
        let token = &self.token;
        let (host, end) = (format!("Host: {host}"), "Connection: close\r\n\r\n");
        write!(stream, "GET {path} HTTP/1.0\r\n{host}\r\nAuthorization: Bearer {token}\r\n{end}")?;
        let mut text = String::new();
        stream.read_to_string(&mut text).context("the server answers no text")?;
        let (_, body) = text.split_once("\r\n\r\n").context("the server answers no HTTP")?;
        serde_json::from_str(body).with_context(|| format!("this is no JSON: {body}"))
    }

    /// The end of its log.
    pub(super) fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        let end = log.len().saturating_sub(LOG_BYTES_SHOWN);
        String::from_utf8_lossy(log.get(end..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever fails here has failed before; there is nobody left to tell.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The program, built anew where something changed.
///
/// It is built as for its tests: a build by itself would build every dependency anew, whose features
/// are others without the tests.
pub(crate) fn built(desk: &Desk) -> Result<PathBuf> {
    let build = ["test", "--quiet", "--workspace", "--locked", "--no-run", "--test", STORIES];
    succeed(&mut cargo(desk, &build))?;
    let built = metadata(desk.repo.root(), Reach::Members)?.target_directory;
    Ok(built.join("debug/mindshelf"))
}

/// The address in what the server says.
fn address(said: &mut impl BufRead) -> Result<String> {
    for line in said.lines() {
        if let Some(address) = line?.strip_prefix(READY) {
            return Ok(address.trim().to_owned());
        }
    }
    anyhow::bail!("the server ended without saying where it is")
}
