//! `mindshelf admin`: who runs the server, decided on the machine itself.

use crate::config::Settings;
use crate::console;
use crate::keeper::Operator;
use crate::reach::reach;
use anyhow::Result;
use clap::{Args, Subcommand};

/// Who runs the server.
#[derive(Debug, Args)]
pub(super) struct Admin {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let somebody run the server: see what teams use, and give them plans.
    Grant {
        /// Their id, or their name where no other has it.
        who: String,
    },
    /// End that somebody runs the server.
    Revoke {
        /// Their id, or their name where no other has it.
        who: String,
    },
}

/// Does it.
pub(super) async fn admin(settings: &Settings, admin: Admin) -> Result<()> {
    let asked = match admin.what {
        What::Grant { who } => Operator { who, runs: true },
        What::Revoke { who } => Operator { who, runs: false },
    };
    let reached = reach(settings).await?;
    let name: String = reached.client.post("/local/operators", &asked).await?;
    reached.end().await;
    let does = if asked.runs { "runs this server" } else { "runs this server no more" };
    console::say(format!("{name} {does}."));
    Ok(())
}
