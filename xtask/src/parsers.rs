//! The table of parsers: whoever reads bytes or texts names the targets that throw bytes at it, or why
//! it is thrown nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::repo::Repo;
use crate::tidy::{is_test_file, production_lines};
use crate::verdict::Verdict;

/// The table.
const TABLE: &str = "xtask/parsers.toml";
/// Where a crate lists its targets.
const TARGETS: &str = "/src/fuzzed.rs";
/// What is only there for tests.
const FOR_TESTS: &str = "crates/shelf-testkit/";

/// By what a file that reads is known.
const MARKS: [&str; 21] = [
    "FromStr for ",
    "serde_json::from_",
    "Deserializer::from_",
    "postcard::from_bytes",
    "toml::from_str",
    "toml::Table = text.parse",
    ".decode(",
    "hex::decode",
    "Url::parse(",
    "parse_query(",
    "Decoder::new(",
    "block::decompress(",
    "form_urlencoded::parse",
    "ReaderBuilder::new",
    "OffsetDateTime::parse",
    "ZipArchive::new",
    "percent_decode_str",
    "SafeTensors::deserialize",
    "Phc::new",
    "Tokens::new(",
    "rsplit_once(",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Files, and the targets that reach what they read.
    thrown_at: BTreeMap<String, Vec<String>>,
    /// Files that read what nobody else can bring, and why.
    trusted: BTreeMap<String, String>,
}

/// Compares the table with the files that read and with the targets there are; both ways.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let text = repo.text(TABLE).with_context(|| format!("{TABLE} is missing"))?;
    let table: Table = toml::from_str(text).with_context(|| format!("cannot read {TABLE}"))?;
    for (path, mark) in reading(repo) {
        let is_told = table.thrown_at.contains_key(path) || table.trusted.contains_key(path);
        verdict.require(is_told, || {
            format!("{path} reads (`{mark}`): write a target in its crate's {TARGETS}, and name it in {TABLE}")
        });
    }
    for path in table.thrown_at.keys().chain(table.trusted.keys()) {
        verdict.require(repo.has(path), || format!("{TABLE}: there is no {path}"));
    }
    for (path, why) in &table.trusted {
        let both = table.thrown_at.contains_key(path);
        verdict.require(!both && !why.trim().is_empty(), || {
            format!("{TABLE}: {path} is thrown at or says why not, not both")
        });
    }
    check_targets(repo, &table, &mut verdict);
    Ok(verdict)
}

fn check_targets(repo: &Repo, table: &Table, verdict: &mut Verdict) {
    let known: BTreeSet<&str> =
        repo.texts(TARGETS).flat_map(|(_, text)| targets_of(text)).collect();
    for (path, targets) in &table.thrown_at {
        verdict.require(!targets.is_empty(), || format!("{TABLE}: {path} names no target"));
        for target in targets.iter().filter(|target| !known.contains(target.as_str())) {
            verdict.fail(format!("{TABLE}: {path} names the target {target:?}, which is nowhere"));
        }
    }
    let named: BTreeSet<&str> = table.thrown_at.values().flatten().map(String::as_str).collect();
    for target in known.difference(&named) {
        verdict.fail(format!("{TABLE}: no file names the target {target:?}"));
    }
    verdict.note(format!("bytes are thrown at {} targets", known.len()));
}

/// Every file that reads, with what it is known by.
fn reading(repo: &Repo) -> impl Iterator<Item = (&str, &'static str)> {
    let ours = |path: &str| {
        let is_product = path.starts_with("crates/") && path.contains("/src/");
        let is_else = is_test_file(path) || path.starts_with(FOR_TESTS) || path.ends_with(TARGETS);
        is_product && !is_else
    };
    repo.texts(".rs").filter(move |(path, _)| ours(path)).filter_map(|(path, text)| {
        let code = text.lines().take(production_lines(text)).map(str::trim_start);
        let mut code = code.filter(|line| !line.starts_with("//"));
        let mark = code.find_map(|line| MARKS.into_iter().find(|mark| line.contains(mark)))?;
        Some((path, mark))
    })
}

/// The names of the targets in a list of them: texts that stand first in a tuple.
fn targets_of(text: &str) -> impl Iterator<Item = &str> {
    let list = text.split_once("TARGETS: &[Target] =").map_or("", |(_, list)| list);
    let list = list.split_once("];").map_or(list, |(list, _)| list);
    let opened = list.split('(').skip(1);
    opened.filter_map(|inside| inside.trim_start().strip_prefix('"')?.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "crates/a/src/read.rs";
    const LIST: &str = "//! T.\npub const TARGETS: &[Target] = &[\n    (\n        \"words\",\n        words,\n        &[b\"(x)\"],\n    ),\n];\n";

    /// The violations where one file reads, one target is there, and this is the table.
    fn broken(table: &str) -> Vec<String> {
        let read = "//! R.\nfn read() { serde_json::from_str(\"\") }\n";
        let files = [(FILE, read), ("crates/a/src/fuzzed.rs", LIST), (TABLE, table)];
        check(&Repo::planted(&files)).unwrap().broken
    }

    #[test]
    fn a_parser_with_a_target_passes() {
        let table = format!("[thrown_at]\n'{FILE}' = ['words']\n[trusted]\n");
        assert_eq!(broken(&table), Vec::<String>::new());
    }

    #[test]
    fn a_parser_that_is_not_in_the_table_is_found() {
        let all = broken("[thrown_at]\n[trusted]\n");
        assert_eq!(all.len(), 2, "the file, and the target nobody names: {all:?}");
        assert!(all[0].contains(FILE), "{all:?}");
    }

    #[test]
    fn a_target_or_a_file_that_is_not_there_is_found() {
        let table = format!("[thrown_at]\n'{FILE}' = ['words', 'more']\n[trusted]\n");
        assert_eq!(broken(&table).len(), 1);
        let table =
            format!("[thrown_at]\n'{FILE}' = ['words']\n[trusted]\n'crates/b/src/x.rs' = 'ours'\n");
        assert_eq!(broken(&table).len(), 1);
    }

    #[test]
    fn whoever_is_trusted_says_why_and_is_not_thrown_at() {
        let table = format!("[thrown_at]\n'{FILE}' = ['words']\n[trusted]\n'{FILE}' = 'ours'\n");
        assert_eq!(broken(&table).len(), 1);
    }

    #[test]
    fn what_tests_read_does_not_count() {
        let tests = "//! R.\n#[cfg(test)]\nmod tests {\n    fn a() { hex::decode(\"\") }\n}\n";
        let repo = Repo::planted(&[(FILE, tests)]);
        assert_eq!(reading(&repo).count(), 0);
    }
}
