//! The library's own words near what was typed, from the rows alone.

use super::words::{self, Key, LABELS, Word};
use super::{ASKING, rows};
use crate::postgres::{Bound, For, Postgres, Within};
use levenshtein_automata::{Distance, LevenshteinAutomatonBuilder};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::search::{Known, LabelKind, Probe, Space, Vocabulary};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use tokio_postgres::types::Type;

/// Words that begin alike, listed at most.
const BEGINNING_MAX: i64 = 32;
/// Words that are compared with one that is unknown, at most: the most frequent ones.
const COMPARED_MAX: i64 = 200_000;
/// Languages listed.
const LANGUAGES_MAX: i64 = 8;
/// Bytes of the longest letter.
const LETTER_BYTES: usize = 4;

/// Words from `$3` to before `$4`, most documents first. `$2`: the space.
const RANGE: &str = "SELECT term, documents FROM search_words
    WHERE library = $1 AND space = $2 AND term >= $3 AND ($4::bytea IS NULL OR term < $4)
    ORDER BY documents DESC, term LIMIT $5";
/// The same, of at least `$5` bytes and at most `$6`.
const SIMILAR: &str = "SELECT term, documents FROM search_words
    WHERE library = $1 AND space = $2 AND term >= $3 AND ($4::bytea IS NULL OR term < $4)
        AND length(term) >= $5 AND length(term) <= $6
    ORDER BY documents DESC LIMIT $7";

static ONE_SLIP: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static TWO_SLIPS: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

/// What the library of `scope` knows near `probes`.
pub(super) async fn near(
    records: &Postgres,
    scope: Scope,
    version: &str,
    probes: &[Probe],
) -> Result<Vocabulary, Fault> {
    let nothing = || Vocabulary {
        length_mean: 1.0,
        known: vec![Vec::new(); probes.len()],
        ..Vocabulary::default()
    };
    let mut connection = records.connection().await?;
    let within = Within::enter(&mut connection, scope, ASKING, For::OneMoment).await?;
    let Some(within) = within else { return Ok(nothing()) };
    let Some(head) = rows::head_in(&within, version).await? else { return Ok(nothing()) };
    let keys: BTreeSet<Key> = probes.iter().flat_map(keys_of).collect();
    let keys: Vec<Key> = keys.into_iter().collect();
    let held = words::known(&within, &keys).await?;
    let mut known = Vec::with_capacity(probes.len());
    for probe in probes {
        known.push(near_one(&within, probe, &held).await?);
    }
    let documents = u32::try_from(head.documents).unwrap_or(u32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "a mean length is small")]
    let mean = (head.lengths as f64 / f64::from(documents.max(1))).max(1.0) as f32;
    Ok(Vocabulary { documents, length_mean: mean, languages: languages(&within).await?, known })
}

/// A probe's word, and its stems.
fn keys_of(probe: &Probe) -> impl Iterator<Item = Key> {
    let stems = probe.stems.iter().map(|stem| words::key(Space::Stem, stem));
    std::iter::once(words::key(Space::Word, &probe.word)).chain(stems)
}

async fn near_one(
    within: &Within<'_>,
    probe: &Probe,
    held: &HashMap<Key, Word>,
) -> Result<Vec<Known>, Fault> {
    let itself = held.get(&words::key(Space::Word, &probe.word));
    let itself = itself.map(|word| of(probe.word.clone(), word.documents, 0));
    let mut known: Vec<Known> = itself.into_iter().collect();
    if probe.prefix {
        let longer = beginning(within, words::space_of(Space::Word), &probe.word).await?;
        let longer = longer.into_iter().filter(|(word, _)| *word != probe.word);
        known.extend(longer.map(|(word, documents)| of(word, documents, 0)));
    }
    let is_known = |stem: &String| held.contains_key(&words::key(Space::Stem, stem));
    let unknown = known.is_empty() && !probe.stems.iter().any(is_known);
    // Two slips are looked for only where one explains nothing: the wider net is the slower one.
    for typos in 1..=probe.typos.min(2) {
        if unknown && known.is_empty() {
            known = slipped(within, probe, typos).await?;
        }
    }
    known.truncate(probe.limit);
    Ok(known)
}

fn of(word: String, documents: i64, typos: u8) -> Known {
    Known { word, documents: u32::try_from(documents).unwrap_or(u32::MAX), typos }
}

/// What stands in `space` and begins with `start`, most documents first.
async fn beginning(
    within: &Within<'_>,
    space: i16,
    start: &str,
) -> Result<Vec<(String, i64)>, Fault> {
    let (from, before) = (start.as_bytes(), after_all(start.as_bytes()));
    let of: [Bound<'_>; 4] = [
        (&space, Type::INT2),
        (&from, Type::BYTEA),
        (&before, Type::BYTEA),
        (&BEGINNING_MAX, Type::INT8),
    ];
    Ok(within.rows(RANGE, &of).await?.iter().map(counted).collect())
}

async fn languages(within: &Within<'_>) -> Result<Vec<(String, u32)>, Fault> {
    let start = LabelKind::Language.start();
    let spoken = beginning(within, LABELS, start).await?;
    let code = |(label, documents): (String, i64)| {
        let code = label.strip_prefix(start)?.to_owned();
        Some((code, u32::try_from(documents).unwrap_or(u32::MAX)))
    };
    let most = usize::try_from(LANGUAGES_MAX).unwrap_or_default();
    Ok(spoken.into_iter().filter_map(code).take(most).collect())
}

/// Words at most `typos` typing mistakes away, nearest first, then most documents.
async fn slipped(within: &Within<'_>, probe: &Probe, typos: u8) -> Result<Vec<Known>, Fault> {
    let builder = if typos >= 2 { &TWO_SLIPS } else { &ONE_SLIP };
    let dfa = if probe.prefix {
        builder.build_prefix_dfa(&probe.word)
    } else {
        builder.build_dfa(&probe.word)
    };
    // Two slips are looked for behind the first letter, which few miss.
    let first = probe.word.chars().next().filter(|_| typos >= 2).map(String::from);
    let first = first.unwrap_or_default();
    let mut known: Vec<Known> = Vec::new();
    for (word, documents) in similar(within, probe, typos, first.as_bytes()).await? {
        if let Distance::Exact(typos) = dfa.eval(&word) {
            known.push(of(word, documents, typos));
        }
    }
    known.sort_unstable_by(|a, b| {
        let order = a.typos.cmp(&b.typos).then(b.documents.cmp(&a.documents));
        order.then_with(|| a.word.cmp(&b.word))
    });
    Ok(known)
}

/// Words that begin with `first` and may be `typos` mistakes away, by their length.
async fn similar(
    within: &Within<'_>,
    probe: &Probe,
    typos: u8,
    first: &[u8],
) -> Result<Vec<(String, i64)>, Fault> {
    let (length, slack) = (probe.word.len(), usize::from(typos) * LETTER_BYTES);
    let bytes = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    let least = bytes(length.saturating_sub(slack));
    let most = if probe.prefix { i32::MAX } else { bytes(length + slack) };
    let (space, before) = (words::space_of(Space::Word), after_all(first));
    let of: [Bound<'_>; 6] = [
        (&space, Type::INT2),
        (&first, Type::BYTEA),
        (&before, Type::BYTEA),
        (&least, Type::INT4),
        (&most, Type::INT4),
        (&COMPARED_MAX, Type::INT8),
    ];
    Ok(within.rows(SIMILAR, &of).await?.iter().map(counted).collect())
}

fn counted(row: &tokio_postgres::Row) -> (String, i64) {
    (String::from_utf8_lossy(row.get(0)).into_owned(), row.get(1))
}

/// The first bytes behind all that begin with `start`; `None` if there are none.
fn after_all(start: &[u8]) -> Option<Vec<u8>> {
    let mut after = start.to_vec();
    while let Some(last) = after.pop() {
        if let Some(next) = last.checked_add(1) {
            after.push(next);
            return Some(after);
        }
    }
    None
}
