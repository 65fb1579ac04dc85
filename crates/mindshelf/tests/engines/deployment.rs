//! A deployment: processes with roles of their own on one database and one bus, each engine at the
//! end of a wire that a test can cut.

use crate::program::{Server, client, mindshelf, said};
use serde_json::Value;
use shelf_client::{Client, ClientFailure, Http};
use shelf_testkit::Wire;
use shelf_testkit::ground::{Ground, bucket, connect, engine};
use std::collections::BTreeMap;
use std::fs::File;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

/// How long anything may take to come right by itself.
pub(crate) const RECOVERY_MAX: Duration = Duration::from_secs(30);
/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Where a process says what went wrong, below its data directory.
const COMPLAINTS: &str = "complaints.log";

/// One process.
pub(crate) struct Process {
    pub(crate) server: Server,
    dir: TempDir,
}

impl Process {
    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    /// What it says of itself.
    pub(crate) async fn health(&self) -> Value {
        health(&self.server.address).await
    }
}

/// Processes and the wires to their engines.
///
/// Tests wait for processes as they like, and the wires must carry meanwhile: a test of a
/// deployment needs a runtime of several threads.
pub(crate) struct Deployment {
    ground: Ground,
    pub(crate) records: Wire,
    pub(crate) bus: Wire,
    pub(crate) cache: Wire,
    pub(crate) search: Option<Wire>,
    pub(crate) blobs: Option<Wire>,
    pub(crate) replica: Option<Wire>,
    settings: BTreeMap<&'static str, String>,
    /// Holds the root key they share.
    _shared: TempDir,
    pub(crate) processes: BTreeMap<&'static str, Process>,
}

impl Deployment {
    /// A deployment without processes; `None` where an engine is missing.
    pub(crate) async fn prepare() -> Option<Self> {
        let (ground, nats, redis) = (Ground::one().await?, engine("NATS")?, engine("REDIS")?);
        let records = Wire::to(port_of(&ground.url)).await;
        let bus = Wire::to(port_of(&nats)).await;
        let cache = Wire::to(port_of(&redis)).await;
        let settings = [
            ("MINDSHELF_RECORDS", records.instead(&ground.url)),
            ("MINDSHELF_BUS", bus.instead(&nats)),
            ("MINDSHELF_CACHE", cache.instead(&redis)),
        ];
        let mut settings: BTreeMap<_, _> = settings.into_iter().collect();
        let shared = tempfile::tempdir().unwrap();
        let root = shared.path().join("root.key");
        said(mindshelf(shared.path()).args(["key", "make"]).arg(&root));
        settings.insert("MINDSHELF_ROOT_KEY", root.display().to_string());
        let (processes, search, blobs, replica) = (BTreeMap::new(), None, None, None);
        Some(Self {
            ground,
            records,
            bus,
            cache,
            search,
            blobs,
            replica,
            settings,
            _shared: shared,
            processes,
        })
    }

    /// The same with a search index that all processes share.
    pub(crate) async fn prepare_shared() -> Option<Self> {
        let qdrant = engine("QDRANT")?;
        let mut shelf = Self::prepare().await?;
        let wire = Wire::to(port_of(&qdrant)).await;
        shelf.settings.insert("MINDSHELF_SEARCH", wire.instead(&qdrant));
        shelf.search = Some(wire);
        Some(shelf)
    }

    /// The same with a copy of the database to read from.
    pub(crate) async fn prepare_with_replica() -> Option<Self> {
        let replica = engine("REPLICA")?;
        let mut shelf = Self::prepare().await?;
        let (there, here) = (port_of(&replica), port_of(&shelf.ground.url));
        let wire = Wire::to(there).await;
        let url = shelf.ground.url.replace(&format!(":{here}/"), &format!(":{}/", wire.port));
        shelf.settings.insert("MINDSHELF_REPLICA", url);
        shelf.replica = Some(wire);
        Some(shelf)
    }

    /// The same with a bucket for files.
    pub(crate) async fn prepare_with_bucket() -> Option<Self> {
        let s3 = engine("S3")?;
        let mut shelf = Self::prepare().await?;
        let wire = Wire::to(port_of(&s3)).await;
        let bucket = format!("s3://{}/files", bucket(&s3).await);
        shelf.settings.extend([
            ("MINDSHELF_BLOBS", bucket),
            ("AWS_ENDPOINT_URL", wire.instead(&s3)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "tests".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]);
        shelf.blobs = Some(wire);
        Some(shelf)
    }

    /// Sets something for the processes that start from now on.
    pub(crate) fn set(&mut self, variable: &'static str, text: String) {
        self.settings.insert(variable, text);
    }

    /// Starts processes at once, each by its name and role, and waits until they are ready.
    pub(crate) async fn start(&mut self, named: &[(&'static str, &str)]) {
        let starting: Vec<_> = named
            .iter()
            .map(|(name, role)| {
                let dir = tempfile::tempdir().unwrap();
                let complaints = File::create(dir.path().join(COMPLAINTS)).unwrap();
                let mut command = mindshelf(dir.path());
                command.envs(&self.settings).env("MINDSHELF_ROLE", role).stderr(complaints);
                let start = tokio::task::spawn_blocking(|| Server::start_as(command));
                (*name, start, dir)
            })
            .collect();
        for (name, start, dir) in starting {
            let server = start.await.unwrap();
            self.processes.insert(name, Process { server, dir });
        }
    }

    pub(crate) fn process(&self, name: &str) -> &Process {
        &self.processes[name]
    }

    /// The owner at the gateway `name`, and the library's path.
    pub(crate) async fn owner(&self, name: &str) -> (Client, String) {
        client(self.process(name).data()).await
    }

    /// How the engine's own superuser reaches the database, past the wire.
    pub(crate) fn admin_url(&self) -> &str {
        &self.ground.admin_url
    }

    /// Ends a process as a crash would.
    pub(crate) fn kill(&mut self, name: &str) {
        self.processes.remove(name).unwrap().server.kill();
    }

    /// Tells a process to stop; whether it did so cleanly.
    pub(crate) fn stop(&mut self, name: &str) -> bool {
        self.processes.remove(name).unwrap().server.stop()
    }

    /// How a store of the test's own reaches the database, past the wire.
    pub(crate) fn records_url(&self) -> &str {
        &self.ground.url
    }

    /// How many groups of libraries each process follows that has any, the fewest first.
    pub(crate) async fn shares(&self) -> Vec<i64> {
        let all = connect(&self.ground.admin_url).await;
        let sql = "SELECT count(*) FROM leases WHERE until > clock_timestamp()
            AND name ~ '^follow/text/[0-9]{2}$' GROUP BY holder ORDER BY 1";
        let rows = all.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The fence of the lease `name` and whether its term is running.
    pub(crate) async fn lease(&self, name: &str) -> Option<(i64, bool)> {
        let all = connect(&self.ground.admin_url).await;
        let sql = "SELECT fence, until > clock_timestamp() FROM leases WHERE name = $1";
        let row = all.query_opt(sql, &[&name]).await.unwrap()?;
        Some((row.get(0), row.get(1)))
    }

    /// Stops every process, each cleanly, and drops the database.
    pub(crate) async fn end(mut self) {
        for (name, Process { server, dir }) in std::mem::take(&mut self.processes) {
            let is_clean = server.stop();
            let complaints = std::fs::read_to_string(dir.path().join(COMPLAINTS)).unwrap();
            assert!(is_clean, "{name} does not stop cleanly:\n{complaints}");
        }
        self.ground.end().await;
    }
}

fn port_of(url: &str) -> u16 {
    let after = url
        .rsplit('@')
        .next()
        .unwrap()
        .trim_start_matches("nats://")
        .trim_start_matches("redis://")
        .trim_start_matches("http://");
    let port = after.split(['/', '?']).next().unwrap().rsplit(':').next().unwrap();
    port.parse().unwrap()
}

async fn health(address: &str) -> Value {
    let client = Client::new(Arc::new(Http::new(address).unwrap()), "none").unwrap();
    client.get("/readyz").await.unwrap_or_else(|failure| Value::String(failure.to_string()))
}

/// Looks again and again until `is` answers something; how long that took.
pub(crate) async fn until<T>(what: &str, mut is: impl AsyncFnMut() -> Option<T>) -> (T, Duration) {
    let began = Instant::now();
    loop {
        if let Some(found) = is().await {
            return (found, began.elapsed());
        }
        assert!(began.elapsed() < RECOVERY_MAX, "{what}: not within {RECOVERY_MAX:?}");
        drop(timeout(LOOK, pending::<()>()).await);
    }
}

/// The titles a search for `words` finds.
pub(crate) async fn found(
    (client, library): &(Client, String),
    words: &str,
) -> Result<Vec<String>, ClientFailure> {
    let answer: Value = client.get(&format!("{library}/search?q={words}")).await?;
    let hits = answer["hits"].as_array().unwrap_or_else(|| panic!("no hits: {answer}"));
    Ok(hits.iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect())
}
