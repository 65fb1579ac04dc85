//! The public sets with human judgements: nDCG@10 of hybrid against our own stemmed BM25.

use super::library::{Library, Line};
use super::metrics::{mean, ndcg};
use crate::corpus::shared;
use anyhow::{Context, Result};
use serde_json::Value;
use shelf_bookmarks::search::plan::{Mode, Tuning};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};

/// Measures the set `name` and prints its row.
pub(crate) async fn run(name: &str) -> Result<()> {
    let dir = shared().join("data/retrieval").join(name);
    let file = std::fs::File::open(dir.join("corpus.jsonl.zst")).context("no corpus")?;
    let reader = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("cannot read {name}: {error}"))?;
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut lines = Vec::new();
    for line in BufReader::new(reader).lines() {
        let value: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        numbers.insert(field("_id"), u32::try_from(lines.len())?);
        lines.push(Line { title: field("title"), description: field("text"), ..Line::default() });
    }
    let library = Library::of(&lines).await?;
    let mut gains: HashMap<String, HashMap<u32, f64>> = HashMap::new();
    for row in std::fs::read_to_string(dir.join("qrels.tsv"))?.lines().skip(1) {
        let mut cells = row.split('\t');
        let (Some(query), Some(doc), Some(gain)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        if let Some(&number) = numbers.get(doc) {
            gains.entry(query.to_owned()).or_default().insert(number, gain.trim().parse()?);
        }
    }
    let (mut words, mut hybrid) = (Vec::new(), Vec::new());
    let mut sweep: Vec<Vec<f64>> = vec![Vec::new(); super::MEANINGS.len()];
    for line in std::fs::read_to_string(dir.join("queries.jsonl"))?.lines() {
        let value: Value = serde_json::from_str(line)?;
        let Some(gains) = value["_id"].as_str().and_then(|id| gains.get(id)) else { continue };
        let asked = plain(value["text"].as_str().unwrap_or_default());
        words.push(ndcg(&library.ask(&asked, Mode::Words, &Tuning::CHOSEN, 10).await?, gains));
        hybrid.push(ndcg(&library.ask(&asked, Mode::Hybrid, &Tuning::CHOSEN, 10).await?, gains));
        for (meaning, scores) in super::MEANINGS.into_iter().zip(&mut sweep) {
            let tuning = Tuning { meaning, ..Tuning::CHOSEN };
            scores.push(ndcg(&library.ask(&asked, Mode::Hybrid, &tuning, 10).await?, gains));
        }
    }
    let (a, b) = (mean(&words), mean(&hybrid));
    println!("| {name} | {} | {a:.4} | **{b:.4}** | {:.3} |", words.len(), b / a);
    let sweep: Vec<String> = super::MEANINGS
        .iter()
        .zip(&sweep)
        .map(|(meaning, scores)| format!("{meaning:.1}: {:.3}", mean(scores) / a))
        .collect();
    eprintln!("{name}, ratio by worth of meaning: {}", sweep.join(" "));
    Ok(())
}

/// A question as plain words: its signs are not operators; it is finished.
fn plain(text: &str) -> String {
    let words =
        text.chars().map(|letter| if matches!(letter, '"' | '-' | ':') { ' ' } else { letter });
    let mut words: String = words.collect();
    words.push(' ');
    words
}
