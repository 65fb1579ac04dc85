//! `mindshelf program`: register, list and remove programs people may let in.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::Result;
use clap::{Args, Subcommand};
use shelf_client::ProgramAsk;

/// What to do with programs.
#[derive(Debug, Args)]
pub(super) struct Program {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Register a program; prints its id, and below it its secret where it has one.
    Register(Register),
    /// List the programs you registered.
    List,
    /// Remove a program, and shut it out wherever it was let in.
    Remove {
        /// Its id, as `list` prints it.
        id: String,
    },
}

#[derive(Debug, Args)]
struct Register {
    /// What it is called; whoever lets it in reads this.
    #[arg(long)]
    name: String,
    /// Where browsers may be sent back to, exactly; may be repeated.
    #[arg(long = "redirect", value_name = "URL")]
    redirects: Vec<String>,
    /// The most it may ask for, such as bookmarks:read; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// It runs where it can keep a secret, and gets one.
    #[arg(long)]
    secret: bool,
    /// It may act for you, by its secret alone.
    #[arg(long, requires = "secret")]
    acts_alone: bool,
}

/// Does it.
pub(super) async fn program(settings: &Settings, program: Program) -> Result<()> {
    let reached = reach(settings).await?;
    match program.what {
        What::Register(Register { name, redirects, scopes, secret, acts_alone }) => {
            let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            let ask = ProgramAsk { name, redirects, scopes, has_secret: secret, acts_alone };
            let new = reached.client.register_program(&ask).await?;
            console::say(new.client.id);
            if let Some(secret) = new.client_secret {
                console::say(secret);
            }
        }
        What::List => {
            for program in reached.client.programs().await? {
                console::say(format!(
                    "{}  {}  {}",
                    program.id,
                    program.name,
                    program.scopes.join(",")
                ));
            }
        }
        What::Remove { id } => {
            reached.client.remove_program(&id).await?;
            console::say("The program is out everywhere.");
        }
    }
    reached.end().await;
    Ok(())
}
