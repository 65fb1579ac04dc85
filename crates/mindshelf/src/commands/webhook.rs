//! `mindshelf webhook`: who is told what happens in a library.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::Result;
use clap::{Args, Subcommand};
use shelf_client::{AddWebhook, LibraryClient};

/// What to do with endpoints of webhooks.
#[derive(Debug, Args)]
pub(super) struct Webhook {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add an address that is told what happens, and print its secret alone; it is shown this once.
    Add {
        /// Where messages are posted to.
        url: String,
        /// What to know it by.
        #[arg(long, default_value = "")]
        description: String,
        /// Types of messages, such as `mindshelf.bookmark.created`, with commas; all, if not said.
        #[arg(long, value_delimiter = ',')]
        types: Vec<String>,
    },
    /// List who is told, and how each stands.
    List,
    /// Have what happens wait for one.
    Pause {
        /// Its id, as `list` prints it.
        id: String,
    },
    /// Have one told again, also one that was given up.
    Resume {
        /// Its id, as `list` prints it.
        id: String,
    },
    /// Send one a test; a running server delivers it.
    Test {
        /// Its id, as `list` prints it.
        id: String,
    },
    /// Have one told no more.
    Remove {
        /// Its id, as `list` prints it.
        id: String,
    },
}

/// Does it.
pub(super) async fn webhook(settings: &Settings, webhook: Webhook) -> Result<()> {
    let reached = reach(settings).await?;
    let library = reached.library(settings).await?;
    done(&library, webhook.what).await?;
    reached.end().await;
    Ok(())
}

async fn done(library: &LibraryClient, what: What) -> Result<()> {
    match what {
        What::Add { url, description, types } => {
            let added = library.add_webhook(&AddWebhook { url, description, types }).await?;
            console::say(added.signing_secret);
        }
        What::List => {
            for one in library.webhooks().await? {
                let waiting = one.waiting;
                console::say(format!("{}  {}  {waiting} waiting  {}", one.id, one.state, one.url));
            }
        }
        What::Pause { id } => {
            library.pause_webhook(&id, true).await?;
            console::say("What happens waits for it.");
        }
        What::Resume { id } => {
            library.pause_webhook(&id, false).await?;
            console::say("It is told what happens.");
        }
        What::Test { id } => {
            library.test_webhook(&id).await?;
            console::say("A test is on its way; a running server delivers it.");
        }
        What::Remove { id } => {
            library.remove_webhook(&id).await?;
            console::say("It is told no more.");
        }
    }
    Ok(())
}
