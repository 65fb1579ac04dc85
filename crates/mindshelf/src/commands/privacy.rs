//! `mindshelf privacy`: take everything out, check such a file, be erased, and what is kept why.

use super::export::to_file;
use crate::config::Settings;
use crate::console;
use crate::processing::processing;
use crate::reach::reach;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use shelf_bookmarks::archive::{Checked, check_archive};
use shelf_client::AskedErasure;
use shelf_identity::privacy::signing::is_signed;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Most bytes of a password that is read.
const PASSWORD_BYTES_MAX: u64 = 1_024;

/// What to do about privacy.
#[derive(Debug, Args)]
pub(super) struct Privacy {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write everything of yours into one signed archive, which `import` takes in again.
    Export {
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        /// Leave out the files that are kept with bookmarks; what is known of each is in it.
        #[arg(long)]
        without_files: bool,
    },
    /// Check that such an archive is whole and signed; asks no server.
    Verify {
        /// The archive.
        file: PathBuf,
        /// The public key it has to be signed with; the one it names itself, if not said.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Print the public half of the key the server signs with.
    Key,
    /// Have everything of yours erased in seven days.
    Erase {
        /// Say that it is meant.
        #[arg(long)]
        yes: bool,
        /// Read your password, where you have one, from standard input.
        #[arg(long)]
        password: bool,
    },
    /// Take back that you asked to be erased.
    Stay,
    /// Say what is kept, for what, on which ground, and how long.
    Record {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub(super) async fn privacy(settings: &Settings, privacy: Privacy) -> Result<ExitCode> {
    match privacy.what {
        What::Verify { file, key } => return verify(&file, key.as_deref()),
        What::Record { json } => record(settings, json)?,
        What::Export { output, without_files } => {
            let reached = reach(settings).await?;
            let chunks = if without_files {
                reached.client.everything_without_files().await?
            } else {
                reached.client.everything().await?
            };
            to_file(&output, chunks).await?;
            reached.end().await;
        }
        What::Key => {
            let reached = reach(settings).await?;
            console::say(reached.client.server_key().await?);
            reached.end().await;
        }
        What::Erase { yes, password } => {
            ensure!(yes, "this erases everything of yours in seven days: say --yes if you mean it");
            let password = if password { typed()? } else { String::new() };
            let reached = reach(settings).await?;
            tell(&reached.client.ask_erasure(&password).await?);
            reached.end().await;
        }
        What::Stay => {
            let reached = reach(settings).await?;
            reached.client.take_back_erasure().await?;
            console::say("Nothing will be erased.");
            reached.end().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was typed, up to the end of the line.
fn typed() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text);
    read.context("cannot read the password")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn tell(asked: &AskedErasure) {
    console::say(format!(
        "Everything of yours is erased on {}. Take it back until then with `mindshelf privacy stay`.",
        asked.erasure.due_at
    ));
    console::say(format!("The receipt will be at /v1/privacy/receipts/{}", asked.erasure.receipt));
    for recipient in &asked.recipients {
        console::say(format!("Was given something: {} {}", recipient.kind, recipient.name));
    }
}

/// Prints the record of processing; asks no server.
fn record(settings: &Settings, json: bool) -> Result<()> {
    let record = processing(settings.records.is_some())?;
    if json {
        console::say(serde_json::to_string(&record)?);
        return Ok(());
    }
    for one in record {
        let personal = one.personal.join(", ");
        console::say(format!("{}: {}", one.table, one.purpose));
        console::say(format!("  ground: {}; kept: {}", one.basis, one.retention));
        if !personal.is_empty() {
            console::say(format!("  personal: {personal}"));
        }
        if !one.sealed.is_empty() {
            console::say(format!("  sealed: {}", one.sealed.join(", ")));
        }
    }
    Ok(())
}

/// Checks an archive; a failure where anything is not as it was written.
fn verify(path: &Path, key: Option<&str>) -> Result<ExitCode> {
    let named = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(named)?;
    let checked = check_archive(&mut file).with_context(named)?;
    let Checked { manifest, signed, signature, mut wrong } = checked;
    if !is_signed(key.unwrap_or(&manifest.key), &signed, &signature) {
        wrong.push("the signature is not that of the key".to_owned());
    }
    for what in &wrong {
        console::warn(format!("mindshelf: {what}"));
    }
    if !wrong.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let files = manifest.files.len();
    let whose = if key.is_some() { "the key given" } else { "the key it names" };
    console::say(format!(
        "Whole: {files} files of {}, made {}, signed with {whose} ({}).",
        manifest.name, manifest.made_at, manifest.key
    ));
    Ok(ExitCode::SUCCESS)
}
