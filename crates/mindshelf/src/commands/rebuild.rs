//! `mindshelf rebuild`: lists and indexes again from the log; no answer changes.

use crate::config::Settings;
use crate::console;
use crate::keeper::FollowerHealth;
use crate::reach::reach;
use anyhow::Result;
use shelf_client::{Method, Request};
use std::time::Duration;

/// How often the followers are asked how far they are.
const LOOK: Duration = Duration::from_millis(250);

/// Rebuilds and waits until every follower has caught up again.
pub(super) async fn rebuild(settings: &Settings) -> Result<()> {
    let reached = reach(settings).await?;
    reached.client.send(Request::new(Method::POST, "/local/rebuild")).await?;
    let bar = console::bar();
    loop {
        let followers: Vec<FollowerHealth> = reached.client.get("/local/followers").await?;
        let parked = followers.iter().any(|follower| !follower.parked.is_empty());
        anyhow::ensure!(
            !parked,
            "a follower cannot take in a library; `mindshelf doctor` says why"
        );
        let lag: u64 = followers.iter().map(|follower| follower.lag_changes).sum();
        bar.set_message(format!("{lag} changes to go"));
        if lag == 0 {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    bar.finish_and_clear();
    console::say("Lists and indexes are built again from the log.");
    reached.end().await;
    Ok(())
}
