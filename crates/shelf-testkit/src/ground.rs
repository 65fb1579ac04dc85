//! A database of its own for each test, on an engine the environment names.

use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::{Client, Config, NoTls};

/// Tells the databases of one process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The pooler in front of the older server, which gives each transaction another connection.
const POOLER: Option<&str> = Some("PGBOUNCER");

/// A fresh database, owned by a role of its own that row-level security binds.
#[derive(Debug)]
pub struct Ground {
    /// How the stores reach it: directly, or through a pooler.
    pub url: String,
    /// How the role reaches it directly.
    pub direct_url: String,
    /// How the engine's own superuser reaches it.
    pub admin_url: String,
    name: String,
    admin: Admin,
}

struct Admin(Client);

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Admin(..)")
    }
}

/// The address of `engine`; `None`, said loudly, where none runs (a failure where all are
/// required, as in `cargo xtask ci`).
#[expect(clippy::print_stderr, reason = "a test says loudly what it skipped")]
pub fn engine(engine: &str) -> Option<String> {
    let variable = format!("MINDSHELF_TEST_{engine}_URL");
    #[expect(clippy::disallowed_methods, reason = "a test is told where the engines are")]
    let (url, required) = (std::env::var(&variable), std::env::var("MINDSHELF_TEST_REQUIRE"));
    if let Ok(url) = url {
        return Some(url);
    }
    assert!(required.as_deref() != Ok("all"), "{variable} is required; see scripts/engines doctor");
    eprintln!(
        "SKIPPED: no {variable}; scripts/engines run -- cargo test --workspace --test engines"
    );
    None
}

/// Whether the program `name` can be started; said loudly where not (a failure where all are
/// required).
#[expect(clippy::print_stderr, reason = "a test says loudly what it skipped")]
pub fn has_program(name: &str) -> bool {
    if std::process::Command::new(name).arg("-v").output().is_ok() {
        return true;
    }
    #[expect(clippy::disallowed_methods, reason = "a test is told what is required")]
    let required = std::env::var("MINDSHELF_TEST_REQUIRE");
    assert!(required.as_deref() != Ok("all"), "{name} is required; scripts/engines install {name}");
    eprintln!("SKIPPED: no {name}; scripts/engines install {name}");
    false
}

/// The name of a new, empty bucket of the S3 at `endpoint`, which lets anybody make one.
pub async fn bucket(endpoint: &str) -> String {
    let at = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("mindshelf-exam-{}-{at}", std::process::id());
    let host = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let mut server = tokio::net::TcpStream::connect(host).await.unwrap();
    let ask = format!(
        "PUT /{name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    server.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    name
}

fn port_of(url: &str) -> u16 {
    let config: Config = url.parse().unwrap();
    config.get_ports().first().copied().unwrap_or(5432)
}

/// Connects and lets the connection run beside the test.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Ground {
    /// A fresh database on each PostgreSQL there is, and one through the pooler.
    pub async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (server, way) in [("POSTGRES", None), ("POSTGRES18", None), ("POSTGRES", POOLER)] {
            let Some(url) = engine(server) else { continue };
            let mut ground = Self::on(&url).await;
            if let Some(pooler) = way {
                let Some(pooler) = engine(pooler) else { continue };
                ground.url = ground.at(port_of(&pooler));
            }
            all.push(ground);
        }
        all
    }

    /// How the role reaches it at a port.
    fn at(&self, port: u16) -> String {
        let name = &self.name;
        format!("postgres://{name}:{name}@127.0.0.1:{port}/{name}")
    }

    /// A fresh database on the PostgreSQL that tests are held to.
    pub async fn one() -> Option<Self> {
        Some(Self::on(&engine("POSTGRES")?).await)
    }

    async fn on(admin_url: &str) -> Self {
        let admin = connect(admin_url).await;
        let at = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mindshelf_exam_{}_{at}", std::process::id());
        let role = format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'");
        admin.batch_execute(&role).await.unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {name} OWNER {name}")).await.unwrap();
        let port = port_of(admin_url);
        let admin_url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
        let mut ground = Self {
            url: String::new(),
            direct_url: String::new(),
            admin_url,
            name,
            admin: Admin(admin),
        };
        ground.direct_url = ground.at(port);
        ground.url.clone_from(&ground.direct_url);
        ground
    }

    /// Whether the stores reach it without a pooler between.
    pub fn is_direct(&self) -> bool {
        self.url == self.direct_url
    }

    /// Drops it. What a failed test leaves goes with the engine.
    pub async fn end(self) {
        let name = &self.name;
        self.admin.0.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
        self.admin.0.batch_execute(&format!("DROP ROLE {name}")).await.unwrap();
    }
}
