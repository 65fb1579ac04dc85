//! One server behind a wire that harms, killed while its clients work.

use crate::program::{Server, client, mindshelf, said};
use crate::stage::{Cast, Ports, Stage};
use crate::verdict::{self, port_of};
use shelf_testkit::Chaos;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often the server is killed.
const KILLS: u32 = 2;
/// How long clients work between two of that.
const BETWEEN: Duration = Duration::from_millis(1_600);

/// Where the server says what went wrong.
fn complaints(data: &Path) -> PathBuf {
    data.join("complaints.log")
}

/// Starts the server on `data`.
pub(crate) async fn start(data: &Path) -> Server {
    let complaints = File::options().create(true).append(true).open(complaints(data)).unwrap();
    let mut command = mindshelf(data);
    command.stderr(complaints);
    tokio::task::spawn_blocking(|| Server::start_as(command)).await.unwrap()
}

/// Stops the server on `data`; it must have stood everything without a panic.
pub(crate) fn stop(server: Server, data: &Path) {
    assert!(server.stop(), "it stops cleanly");
    let complaints = std::fs::read_to_string(complaints(data)).unwrap();
    assert!(!complaints.contains("panicked"), "{complaints}");
}

/// Runs clients while the server is killed; what that came to, in one line.
pub(crate) async fn run(seed: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut server = start(dir.path()).await;
    let owner = client(dir.path()).await;
    let token = said(mindshelf(dir.path()).args(["token", "create", "--name", "chaos"]));
    let stage = Stage::set(&owner).await;
    let chaos = Chaos::new(seed).await;
    chaos.lead_to(port_of(&server.address));
    let ports = Ports { gateways: vec![chaos.port], syncing: vec![chaos.port] };
    let cast = Cast::begin(&stage, &ports, &owner, token.trim(), seed).await;
    chaos.begin();
    for _ in 0..KILLS {
        sleep_until(Instant::now() + BETWEEN).await;
        server.kill();
        chaos.lead_to(0);
        server = start(dir.path()).await;
        chaos.lead_to(port_of(&server.address));
    }
    sleep_until(Instant::now() + BETWEEN).await;
    chaos.calm();
    // What lets the owner in is made anew with every start.
    let owner = client(dir.path()).await;
    let seen = cast.end(&owner).await;
    let broken = stage.broken.lock().unwrap().clone();
    assert!(broken.is_empty(), "seed {seed}: {broken:?}");
    let told = verdict::of(seed, &seen, chaos.harm(), &format!("{KILLS} kills"));
    let health: serde_json::Value = owner.0.get("/local/doctor").await.unwrap();
    assert_eq!(health["damage"], serde_json::json!([]), "integrity_check");
    drop((owner, chaos));
    stop(server, dir.path());
    told
}
