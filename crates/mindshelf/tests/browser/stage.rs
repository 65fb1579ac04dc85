//! The built program on a directory of its own, filled or empty.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A browser's export of our own making: folders, tags, notes, dates, many languages, one address
/// twice and one row that is no link.
pub(crate) const LIBRARY: &str = include_str!("library.html");
/// What its ledger says.
pub(crate) const EQUATION: &str = "42 parsed = 40 stored + 1 merged + 1 refused";

/// A server that runs on a directory; it ends with this.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    data: PathBuf,
    listen: SocketAddr,
    /// How browsers reach it.
    pub(crate) origin: String,
    /// The sign-in link it printed.
    pub(crate) link: String,
}

impl Server {
    /// Starts on the directory `data`, with everything beneath the path `base`; browsers reach it by
    /// the number of this machine.
    pub(crate) fn start(data: &Path, base: &str) -> Self {
        Self::called(data, "", base)
    }

    /// The same, reached by a name of this machine.
    pub(crate) fn called(data: &Path, name: &str, base: &str) -> Self {
        // The address must be known beforehand to be named as the public one.
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::listening(data, listen, name, base)
    }

    /// The same at an address that is known, as after an outage.
    pub(crate) fn listening(data: &Path, listen: SocketAddr, name: &str, base: &str) -> Self {
        let mut command = mindshelf(data);
        command.args(["serve", "--listen", &listen.to_string()]).stdout(Stdio::piped());
        let port = listen.port();
        let host = if name.is_empty() { listen.to_string() } else { format!("{name}:{port}") };
        if !base.is_empty() || !name.is_empty() {
            command.env("MINDSHELF_PUBLIC_URL", format!("http://{host}{base}"));
        }
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut next = || loop {
            let line = lines.next().unwrap().unwrap();
            if let Some(at) = line.find("http://") {
                return line[at..].split_whitespace().next().unwrap().to_owned();
            }
        };
        let (origin, link) = (next(), next());
        Self { process, data: data.to_owned(), listen, origin, link }
    }

    /// Ends it; where its data is, and where it listened.
    pub(crate) fn ended(self) -> (PathBuf, SocketAddr) {
        (self.data.clone(), self.listen)
    }

    /// Another sign-in link, as `mindshelf link` prints it.
    pub(crate) fn another_link(&self) -> String {
        self.said(&["link"])
    }

    /// What a command prints.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        said(mindshelf(&self.data).args(arguments)).trim().to_owned()
    }

    /// A command line called `device` that asks to be let in from a directory of its own, and the
    /// code it shows.
    pub(crate) fn login(&self, device: &str) -> (Child, String) {
        let elsewhere = self.data.join("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        let mut command = mindshelf(&elsewhere);
        command.args(["login", "--device", device, "--server", &self.origin]);
        let mut login = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(login.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (login, line.trim().rsplit(' ').next().unwrap().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Fills the directory `data` with [`LIBRARY`], from the command line.
pub(crate) fn fill(data: &Path) {
    std::fs::create_dir_all(data).unwrap();
    let file = data.join("bookmarks.html");
    std::fs::write(&file, LIBRARY).unwrap();
    said(mindshelf(data).arg("import").arg(&file));
    std::fs::remove_file(&file).unwrap();
}

fn mindshelf(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mindshelf"));
    command.env_clear().env("HOME", data).arg("--data").arg(data).stdin(Stdio::null());
    command
}

/// What a command that must succeed printed.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}
