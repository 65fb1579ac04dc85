//! Clients that hop between two gateways, on connections that are delayed, cut and swallowed, while the
//! database is away for a moment and a gateway dies: every promise is kept all the same.

use crate::deployment::Deployment;
use crate::program::{mindshelf, said};
use crate::stage::{Cast, Ports, Stage};
use crate::verdict::{self, port_of, seeds};
use shelf_testkit::{Chaos, Harm};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Each process and its role.
const PROCESSES: &[(&str, &str)] = &[("a", "gateway"), ("b", "gateway"), ("k", "keeper")];
/// Those that answer all of the interface, and those that devices and followers sync by.
const GATEWAYS: &[&str] = &["a", "b"];
const SYNCING: &[&str] = &["a", "b"];
/// The seed of the short form, and seeds of the long one.
const SEED: u64 = 40_270;
const LONG: u64 = 20;
/// How long clients work between two harms.
const BETWEEN: Duration = Duration::from_millis(1_800);
/// How long the database is away.
const AWAY: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hop_between_gateways_see_every_promise_kept() {
    for seed in seeds(SEED, LONG) {
        let Some(told) = run(seed).await else { return };
        eprintln!("{told}");
    }
}

async fn wait(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

/// A wire to each process that clients ask.
async fn wires(shelf: &Deployment, seed: u64) -> BTreeMap<&'static str, Chaos> {
    let names: BTreeSet<&'static str> = GATEWAYS.iter().chain(SYNCING).copied().collect();
    let mut wires = BTreeMap::new();
    for (name, at) in names.into_iter().zip(0..) {
        let wire = Chaos::new(seed ^ at).await;
        wire.lead_to(port_of(&shelf.process(name).server.address));
        wires.insert(name, wire);
    }
    wires
}

/// Runs clients while the deployment is harmed; what that came to, in one line. `None` where an
/// engine is missing.
async fn run(seed: u64) -> Option<String> {
    let mut shelf = Deployment::prepare().await?;
    shelf.start(PROCESSES).await;
    let owner = shelf.owner("a").await;
    let mut create = mindshelf(shelf.process("a").data());
    let token = said(create.args(["token", "create", "--name", "chaos"]));
    let stage = Stage::set(&owner).await;
    let wires = wires(&shelf, seed).await;
    let port = |name: &&str| wires[*name].port;
    let gateways = GATEWAYS.iter().map(port).collect();
    let ports = Ports { gateways, syncing: SYNCING.iter().map(port).collect() };
    let cast = Cast::begin(&stage, &ports, &owner, token.trim(), seed).await;
    wires.values().for_each(Chaos::begin);
    wait(BETWEEN).await;
    shelf.records.cut();
    wait(AWAY).await;
    shelf.records.mend();
    wait(BETWEEN).await;
    shelf.kill("b");
    wires["b"].lead_to(0);
    shelf.start(&[("b", "gateway")]).await;
    wires["b"].lead_to(port_of(&shelf.process("b").server.address));
    wait(BETWEEN).await;
    wires.values().for_each(Chaos::calm);
    let seen = cast.end(&owner).await;
    let broken = stage.broken.lock().unwrap().len();
    let harms = format!("1 outage of the database, 1 kill, {broken} answers 500");
    let harm = wires.values().map(Chaos::harm).fold(Harm::default(), Harm::and);
    let told = verdict::of(seed, &seen, harm, &harms);
    drop((owner, wires));
    shelf.end().await;
    Some(told)
}
