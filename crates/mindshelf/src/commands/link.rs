//! `mindshelf link`: a new one-time sign-in link.

use crate::config::Settings;
use crate::console;
use crate::keeper::Link;
use crate::reach::reach;
use anyhow::Result;

/// Prints a new link, alone.
pub(super) async fn link(settings: &Settings) -> Result<()> {
    let reached = reach(settings).await?;
    let link: Link = reached.client.post("/local/link", &()).await?;
    console::say(format!("{}/sign-in?link={}", reached.origin, link.secret));
    if crate::directory::announced(&settings.data).is_none() {
        console::warn("No server runs on this data yet: start it by `mindshelf serve`.");
    }
    reached.end().await;
    Ok(())
}
