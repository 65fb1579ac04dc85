//! `mindshelf export`: the whole library, to standard output or a file.

use crate::config::Settings;
use crate::console;
use crate::directory::private;
use crate::reach::reach;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use futures::StreamExt;
use shelf_client::Chunks;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// What to write.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// JSON Lines lose nothing; HTML is for browsers, CSV for sheets.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// The file to write; standard output, if not said.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Jsonl,
    Html,
    Csv,
}

/// Writes the library.
pub(super) async fn export(settings: &Settings, export: Export) -> Result<()> {
    let format = match export.format {
        Format::Jsonl => "jsonl",
        Format::Html => "html",
        Format::Csv => "csv",
    };
    let reached = reach(settings).await?;
    let chunks = reached.library(settings).await?.export(format).await?;
    match export.output {
        Some(file) => to_file(&file, chunks).await?,
        None => to_output(chunks).await?,
    }
    reached.end().await;
    Ok(())
}

async fn to_output(mut chunks: Chunks) -> Result<()> {
    while let Some(chunk) = chunks.next().await {
        console::write(&chunk.context("the export broke off")?).context("cannot write")?;
    }
    console::flush().context("cannot write")
}

/// Writes beside `file`, for its owner alone, and puts it in place when all of it is there.
pub(super) async fn to_file(file: &Path, mut chunks: Chunks) -> Result<()> {
    let named = || format!("cannot write {}", file.display());
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut options = OpenOptions::new();
    let out = private(options.write(true).create(true).truncate(true)).open(&part);
    let out = tokio::fs::File::from_std(out.with_context(named)?);
    let mut writer = tokio::io::BufWriter::new(out);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.context("the export broke off")?;
        writer.write_all(&chunk).await.with_context(named)?;
    }
    writer.flush().await.with_context(named)?;
    writer.into_inner().sync_all().await.with_context(named)?;
    tokio::fs::rename(&part, file).await.with_context(named)
}
