//! The real binary on a directory of its own, spoken to over HTTP.

use crate::machine;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Ended when dropped.
pub(crate) struct Server {
    child: Child,
    dir: PathBuf,
    base: String,
    http: reqwest::Client,
    token: String,
    library: String,
    /// Processes that do a part of its work.
    beside: Vec<Beside>,
    /// Seconds from the start of the process to its first answer.
    pub(crate) ready_s: f64,
}

/// A process beside a server. Ended when dropped.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The program that is measured.
pub(crate) fn binary() -> PathBuf {
    let named = std::env::var_os("MINDSHELF_BINARY").map(PathBuf::from);
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
    named.unwrap_or_else(|| target.join("release/mindshelf"))
}

impl Server {
    /// Starts the binary on `dir` and waits until it is ready.
    pub(crate) async fn start(dir: &Path) -> Result<Self> {
        Self::start_with(dir, &[]).await
    }

    /// The same with `settings`, as variables.
    pub(crate) async fn start_with(dir: &Path, settings: &[(&str, String)]) -> Result<Self> {
        let binary = binary();
        // A second server in one run finds the provider installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().tls_certs_only([]).build()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let began = Instant::now();
        let child = Command::new(&binary)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(dir)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let (dir, token, library) = (dir.to_owned(), String::new(), String::new());
        let beside = Vec::new();
        let mut server = Self { child, dir, base, http, token, library, beside, ready_s: 0.0 };
        loop {
            let answer = server.http.get(format!("{}/readyz", server.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended at once, {status}: start it by hand to read why");
            }
            ensure!(began.elapsed() < Duration::from_mins(1), "the server did not get ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ready_s = began.elapsed().as_secs_f64();
        let made = Command::new(&binary)
            .args(["token", "create", "--name", "bench", "--data"])
            .arg(&server.dir)
            .output()?;
        ensure!(made.status.success(), "token create: {}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout)?.trim().clone_into(&mut server.token);
        let me = server.get("/v1/me", &[]).await?;
        let library = me["libraries"][0]["id"].as_str().context("no library")?;
        library.clone_into(&mut server.library);
        Ok(server)
    }

    /// What the binary calls itself, and whether it was built to be fast.
    pub(crate) fn version() -> Result<String> {
        let binary = binary();
        let told = Command::new(&binary).arg("--version").output();
        let told = told.with_context(|| format!("cannot run {}", binary.display()))?;
        let profile = binary.parent().and_then(Path::file_name).unwrap_or_default();
        let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        Ok(format!("{version}, built in {}", profile.to_string_lossy()))
    }

    /// Starts a process beside it that does a part of its work, with `settings`.
    pub(crate) fn with_beside(mut self, dir: &Path, settings: &[(&str, String)]) -> Result<Self> {
        let child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.beside.push(Beside(child));
        Ok(self)
    }

    /// Milliseconds it and what runs beside it have run so far.
    pub(crate) fn cpu_ms(&self) -> Result<f64> {
        let mut sum = machine::cpu_ms(self.pid())?;
        for beside in &self.beside {
            sum += machine::cpu_ms(beside.0.id())?;
        }
        Ok(sum)
    }

    /// Resident memory of all of them, MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let mut sum = machine::resident_mib(self.pid())?;
        for beside in &self.beside {
            sum += machine::resident_mib(beside.0.id())?;
        }
        Ok(sum)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process that was started beside it last.
    pub(crate) fn pid_beside(&self) -> Option<u32> {
        self.beside.last().map(|beside| beside.0.id())
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The owner's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The owner's library.
    pub(crate) fn library(&self) -> &str {
        &self.library
    }

    /// The JSON at `path`; `{}` in it is the library.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let url = format!("{}{}", self.base, path.replace("{}", &self.library));
        let url = url::Url::parse_with_params(&url, query)?;
        let answer = self.http.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Posts `body` to `path`; `{}` in it is the library.
    pub(crate) async fn post(
        &self,
        path: &str,
        kind: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<Value> {
        let url = format!("{}{}", self.base, path.replace("{}", &self.library));
        let request = self.http.post(url).bearer_auth(&self.token).header("content-type", kind);
        let answer = request.body(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "POST {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Imports `file` and waits until every row is accounted for.
    pub(crate) async fn import(&self, file: String) -> Result<Value> {
        let job = self
            .post("/v1/libraries/{}/imports?file_name=bench.jsonl", "application/jsonl", file)
            .await?;
        let id = job["id"].as_str().context("no job")?.to_owned();
        loop {
            let job = self.get(&format!("/v1/libraries/{{}}/imports/{id}"), &[]).await?;
            match job["state"].as_str() {
                Some("running") => tokio::time::sleep(Duration::from_millis(20)).await,
                Some("done") => return Ok(job),
                _ => bail!("the import ended as {job}"),
            }
        }
    }

    /// Searches the library.
    pub(crate) async fn search(&self, q: &str, mode: &str) -> Result<Value> {
        self.get("/v1/libraries/{}/search", &[("q", q), ("mode", mode), ("limit", "20")]).await
    }

    /// Ends the server by a signal and waits for it.
    pub(crate) fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Where the process that uses `dir` says it is, once it does.
pub(crate) async fn announced(dir: &Path) -> Result<String> {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(dir.join("server.json")).unwrap_or_default();
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(address) = told["address"].as_str() {
            return Ok(address.to_owned());
        }
        ensure!(began.elapsed() < Duration::from_mins(1), "a process did not get ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; either way it must not outlive the benchmark.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
