//! `mindshelf doctor`: how everything stands, with advice.

use crate::config::Settings;
use crate::console;
use crate::keeper::Health;
use crate::reach::reach;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// How to say it.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints how everything stands; anything to do about it is a failure.
pub(super) async fn doctor(settings: &Settings, doctor: Doctor) -> Result<ExitCode> {
    let reached = reach(settings).await?;
    let health: Health = reached.client.get("/local/doctor").await?;
    reached.end().await;
    if doctor.json {
        console::say(serde_json::to_string(&health)?);
    } else {
        tell(&health);
    }
    Ok(if health.advice.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(health: &Health) {
    console::say(format!("MindShelf {} on {}", health.version, health.data));
    console::say(format!("commits: {}", health.durability));
    for library in &health.libraries {
        console::say(format!(
            "library {} ({}): {} bookmarks, {} changes in the log",
            library.name, library.id, library.bookmarks, library.seq
        ));
    }
    for follower in &health.followers {
        console::say(format!(
            "follower {}: {} of 64 groups, {} changes and {:.1} s behind, last batch {}, \
             {} retries, {} parked",
            follower.name,
            follower.groups,
            follower.lag_changes,
            follower.lag_seconds,
            follower.batch_size,
            follower.retries,
            follower.parked.len()
        ));
    }
    for line in health.damage.iter().chain(&health.advice) {
        console::say(format!("! {line}"));
    }
    if health.advice.is_empty() {
        console::say("All is well.");
    }
}
