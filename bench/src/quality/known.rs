//! Known-item queries: what one list says of an address, asked for in a library that knows the
//! address by another list's words, or by its title alone as browsers export it.

use super::library::Line;
use crate::corpus::shared;
use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shelf_bookmarks::search::language::Language;
use shelf_bookmarks::search::words::{Kind, words};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};

/// Bookmarks of each library: a person's ten thousand.
const LIBRARY: usize = 10_000;
/// Most queries of a set.
const ASKED_MAX: usize = 4_000;
/// Words of a query.
const WORDS: std::ops::RangeInclusive<usize> = 3..=8;
/// Telling words that make a title or a description tell what a page is about.
const TELLING: usize = 4;
/// Two texts that share more than this part of their words are one text copied.
const SHARED_MOST: f64 = 0.5;

/// One query.
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) target: u32,
    /// Whether it shares no word with the target's title.
    pub(crate) apart: bool,
    pub(crate) first_half: bool,
}

/// A library with its queries.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    pub(crate) lines: Vec<Line>,
    pub(crate) asked: Vec<Asked>,
}

/// The three sets: described by another list; by title alone; and by a title that tells, asked
/// for by a description that shares no word with it.
pub(crate) fn sets() -> Result<Vec<Set>> {
    let mut by_url: BTreeMap<(u64, String), Vec<Line>> = BTreeMap::new();
    for line in read()? {
        if let Some(url) = shelf_domain::canon::canon(&line.url) {
            by_url.entry((hashed(&url), url)).or_default().push(line);
        }
    }
    let mut pairs: Vec<(Line, Line)> = Vec::new();
    let mut others: Vec<Line> = Vec::new();
    for (_, lines) in by_url {
        match told_twice(&lines) {
            Some(pair) if pairs.len() < ASKED_MAX => pairs.push(pair),
            _ => others.extend(lines.into_iter().next()),
        }
    }
    let telling: Vec<(Line, Line)> = others
        .iter()
        .filter(|line| {
            stems(&line.title).len() >= TELLING && stems(&line.description).len() >= TELLING
        })
        .filter(|line| stems(&line.title).is_disjoint(&stems(&line.description)))
        .take(ASKED_MAX)
        .map(|line| (line.clone(), line.clone()))
        .collect();
    let rest = |known: usize| &others[..others.len().min(LIBRARY.saturating_sub(known))];
    Ok(vec![
        set("described", &pairs, rest(pairs.len()), true),
        set("title only", &pairs, rest(pairs.len()), false),
        set("telling title only", &telling, rest(telling.len()), false),
    ])
}

fn set(name: &'static str, pairs: &[(Line, Line)], others: &[Line], described: bool) -> Set {
    let stored = |line: &Line| Line {
        description: if described { line.description.clone() } else { String::new() },
        ..line.clone()
    };
    let lines = pairs.iter().map(|(line, _)| line).chain(others).map(stored).collect();
    let asked = (0_u32..).zip(pairs).filter_map(|(target, (held, told))| {
        let all = words(&told.description, 200);
        let all: Vec<&str> = all
            .iter()
            .filter(|word| word.kind != Kind::Part)
            .map(|word| word.text.as_str())
            .collect();
        let text =
            all.get(..all.len().min(*WORDS.end())).filter(|text| text.len() >= *WORDS.start())?;
        let text = text.join(" ");
        let apart = stems(&text).is_disjoint(&stems(&held.title));
        Some(Asked { first_half: is_first_half(&held.url), text: text + " ", target, apart })
    });
    Set { name, lines, asked: asked.collect() }
}

/// Two lines of one address whose texts differ.
fn told_twice(lines: &[Line]) -> Option<(Line, Line)> {
    let told: Vec<(&Line, HashSet<String>)> =
        lines.iter().map(|line| (line, stems(&line.description))).collect();
    let told: Vec<_> = told.into_iter().filter(|(_, stems)| stems.len() >= 4).collect();
    for (at, (one, a)) in told.iter().enumerate() {
        for (other, b) in &told[at + 1..] {
            let shared = a.intersection(b).count() as f64 / a.union(b).count() as f64;
            if shared <= SHARED_MOST {
                return Some(((*one).clone(), (*other).clone()));
            }
        }
    }
    None
}

fn stems(text: &str) -> HashSet<String> {
    let english = Language::ENGLISH.stemmer();
    let telling = |word: &str| !shelf_bookmarks::search::language::is_small(word, &[]);
    let found = words(text, 400);
    found.iter().filter(|w| telling(&w.text)).map(|w| english.stem(&w.text).into_owned()).collect()
}

/// Whether `url` is of the half weights are chosen on: by the last bit of the first eight bytes of a
/// SHA-256, so that any program can split alike.
fn is_first_half(url: &str) -> bool {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let bare = bare.split('#').next().unwrap_or(bare).trim_end_matches('/');
    let (host, path) = bare.split_at(bare.find(['/', '?']).unwrap_or(bare.len()));
    let digest = Sha256::digest(format!("quality-2:{}{path}", host.to_lowercase()));
    digest[7].is_multiple_of(2)
}

fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn read() -> Result<Vec<Line>> {
    let path = shared().join("data/links/links.jsonl.zst");
    let file =
        std::fs::File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let reader = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
    let mut lines = Vec::new();
    for line in BufReader::new(reader).lines() {
        let value: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let path = value["path"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if field("lang") == "en" {
            lines.push(Line {
                url: field("url"),
                title: field("title"),
                description: field("description"),
                folders: path.take(2).map(str::to_owned).collect(),
            });
        }
    }
    Ok(lines)
}
