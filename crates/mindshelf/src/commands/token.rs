//! `mindshelf token`: make, list and end tokens for programs.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::Result;
use clap::{Args, Subcommand};

/// What to do with tokens.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it alone; it is shown this once.
    Create {
        /// A name to know it by.
        #[arg(long)]
        name: String,
    },
    /// List tokens, never their secrets.
    List,
    /// End a token.
    Revoke {
        /// Its id, as `list` prints it.
        id: String,
    },
}

/// Does it.
pub(super) async fn token(settings: &Settings, token: Token) -> Result<()> {
    let reached = reach(settings).await?;
    match token.what {
        What::Create { name } => console::say(reached.client.create_token(&name).await?.token),
        What::List => {
            for token in reached.client.tokens().await? {
                let used = token.used_at.as_deref().unwrap_or("never used");
                console::say(format!("{}  {}  {used}", token.id, token.name));
            }
        }
        What::Revoke { id } => {
            reached.client.revoke_token(&id).await?;
            console::say("The token opens nothing any more.");
        }
    }
    reached.end().await;
    Ok(())
}
