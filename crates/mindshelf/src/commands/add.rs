//! `mindshelf add`: save a bookmark.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::Result;
use clap::Args;
use shelf_client::Save;

/// What to save.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The address.
    url: String,
    /// Its title.
    #[arg(long)]
    title: Option<String>,
    /// Tags, with commas between; may be said again.
    #[arg(long, alias = "tag", value_delimiter = ',')]
    tags: Vec<String>,
    /// What you think of it; Markdown.
    #[arg(long, alias = "notes")]
    note: Option<String>,
    /// The folder it goes into, with `/` between names; missing ones are made.
    #[arg(long)]
    folder: Option<String>,
    /// Print the bookmark as JSON.
    #[arg(long)]
    json: bool,
}

/// Saves a bookmark and says what became of it.
pub(super) async fn add(settings: &Settings, add: Add) -> Result<()> {
    let reached = reach(settings).await?;
    let library = reached.library(settings).await?;
    let folder = match &add.folder {
        Some(path) => library.folder(path).await?,
        None => None,
    };
    let save = Save {
        url: add.url,
        title: add.title.unwrap_or_default(),
        notes: add.note.unwrap_or_default(),
        tags: add.tags,
        places: folder.into_iter().collect(),
    };
    let saved = library.save(&save).await?;
    if add.json {
        let item = &saved.item;
        let told = serde_json::json!({ "status": saved.status, "id": item.id, "url": item.url,
            "title": item.title });
        console::say(told);
    } else {
        let what = match saved.status.as_str() {
            "joined" => "Added to what was saved before",
            _ => "Saved",
        };
        console::say(format!("{what}: {} ({})", saved.item.url, saved.item.id));
    }
    reached.end().await;
    Ok(())
}
