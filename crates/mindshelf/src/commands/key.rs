//! `mindshelf key`: make the root key that seals the keys of everybody.

use crate::console;
use crate::root_key;
use crate::system::SystemChance;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a root key.
    Make {
        /// The file to write; it must not be there.
        file: PathBuf,
    },
}

/// Does it.
pub(super) fn key(key: Key) -> Result<()> {
    let What::Make { file } = key.what;
    root_key::make(&file, &SystemChance)?;
    console::say(format!("Made a root key ({}).", file.display()));
    console::say(
        "Name it by the setting root_key, before the first start, and keep a copy where neither the \
         data nor its backups are: without it nothing that it sealed opens again.",
    );
    Ok(())
}
