//! `mindshelf search`: find by words and by meaning.

use crate::config::Settings;
use crate::console;
use crate::reach::reach;
use anyhow::Result;
use clap::{Args, ValueEnum};
use shelf_client::{Hit, Mode};

/// What to search.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// The query; several words need no quotes, after `--` it may begin with a hyphen.
    #[arg(required = true)]
    query: Vec<String>,
    /// By words, by meaning, or both.
    #[arg(long, value_enum, default_value_t = By::Hybrid)]
    mode: By,
    /// How many at most.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    Hybrid,
    Words,
    Meaning,
}

/// Searches and prints what was found, best first.
pub(super) async fn search(settings: &Settings, search: Search) -> Result<()> {
    let mode = match search.mode {
        By::Hybrid => Mode::Hybrid,
        By::Words => Mode::Words,
        By::Meaning => Mode::Meaning,
    };
    let reached = reach(settings).await?;
    let library = reached.library(settings).await?;
    let found = library.search(&search.query.join(" "), mode, search.limit).await?;
    if search.json {
        console::say(serde_json::to_string(&found)?);
    } else {
        for hit in &found.hits {
            show(hit);
        }
        let ms = found.took_us as f64 / 1000.0;
        console::say(format!("{} of {} in {ms:.1} ms", found.hits.len(), found.total));
        if found.behind > 0 {
            let behind = found.behind;
            console::warn(format!("{behind} changes are still being made searchable; ask again"));
        }
        if found.degraded.iter().any(|lack| lack == "older") {
            console::warn("the search engine is away: only what came in last was looked at");
        }
    }
    reached.end().await;
    Ok(())
}

fn show(hit: &Hit) {
    let title = if hit.title.is_empty() { &hit.url } else { &hit.title };
    console::say(plain(title));
    console::say(format!("  {}", plain(&hit.url)));
    if !hit.snippet.is_empty() {
        console::say(format!("  {}", plain(&hit.snippet)));
    }
}

/// Text from outside as one line a terminal only shows: no marks, no control characters.
fn plain(text: &str) -> String {
    let text = text.replace("<mark>", "").replace("</mark>", "");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let text = text.replace("&#39;", "'").replace("&amp;", "&");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_command_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb <mark>c</mark> &lt;d&gt; &amp;lt;"), "a [2Jb c <d> &lt;");
    }
}
