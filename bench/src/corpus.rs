//! Real bookmarks to measure with: the curated links of the shared data.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// One link of a curated list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Link {
    /// Its address.
    pub(crate) url: String,
    /// Its title.
    pub(crate) title: String,
    /// What the list says of it; may be empty.
    #[serde(default)]
    pub(crate) description: String,
    /// Section and subsections.
    #[serde(default)]
    pub(crate) path: Vec<String>,
    /// The list it stands in.
    pub(crate) list: String,
}

impl Link {
    /// This link as one line of MindShelf JSON Lines.
    pub(crate) fn to_line(&self) -> String {
        let mut folders = vec![self.list.as_str()];
        folders.extend(self.path.first().map(String::as_str));
        serde_json::json!({
            "url": self.url,
            "title": self.title,
            "description": self.description,
            "tags": self.path.last().map(|last| vec![last.chars().take(64).collect::<String>()]),
            "collections": [folders],
        })
        .to_string()
    }
}

/// Where the shared data is.
pub(crate) fn shared() -> PathBuf {
    let named = std::env::var_os("MINDSHELF_SHARED").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"))
}

/// The first `size` links with distinct addresses. Beyond what there is, texts come again under
/// new addresses with a word of their own, so that none repeats exactly.
pub(crate) fn links(size: usize) -> Result<Vec<Link>> {
    let path = shared().join("data/links/links.jsonl.zst");
    let file =
        std::fs::File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let reader = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
    let mut seen = HashSet::new();
    let mut links: Vec<Link> = Vec::new();
    for line in BufReader::new(reader).lines() {
        let link: Link = serde_json::from_str(&line?)?;
        let Some(url) = shelf_domain::canon::canon(&link.url) else { continue };
        if link.title.chars().count() < 2_000 && seen.insert(url) {
            links.push(link);
        }
        if links.len() == size {
            return Ok(links);
        }
    }
    let real = links.len();
    for at in real..size {
        let mut link = links[at % real].clone();
        let round = at / real;
        link.url =
            format!("{}{}copy={round}", link.url, if link.url.contains('?') { '&' } else { '?' });
        link.title = format!("{} edition{round}", link.title);
        links.push(link);
    }
    Ok(links)
}
