//! A library's own vocabulary: terms and labels by number, with how many documents hold each.

use super::TAKING_IN;
use super::rows::Head;
use crate::postgres::{Bound, Within};
use sha2::{Digest, Sha256};
use shelf_ports::Fault;
use shelf_ports::search::Space;
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::types::Type;

/// Rows of one statement.
const ROWS_MAX: usize = 4_000;

/// Longest term that stands as it is, and how much of a longer one stands before its digest: an
/// entry of an index has to fit on a page.
const TERM_BYTES_MAX: usize = 1_024;
const BEGINNING_BYTES: usize = 512;

/// Where labels stand, beside the three spaces of terms.
pub(super) const LABELS: i16 = 3;

const KNOWN: &str = "SELECT w.space, w.term, w.id, w.documents
    FROM unnest($2::smallint[], $3::bytea[]) AS asked (space, term)
    JOIN search_words w ON w.library = $1 AND w.space = asked.space AND w.term = asked.term";
const ADD: &str = "INSERT INTO search_words SELECT $1, new.*
    FROM unnest($2::smallint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[]) AS new";
const COUNT: &str = "UPDATE search_words SET documents = search_words.documents + more.documents
    FROM unnest($2::bigint[], $3::bigint[]) AS more (id, documents)
    WHERE search_words.library = $1 AND search_words.id = more.id";
/// A word that no document holds any more is forgotten: it may be what somebody took back.
const FORGET: &str = "DELETE FROM search_words
    WHERE library = $1 AND id = ANY($2) AND documents <= 0";
const NAMES: &str =
    "SELECT id, coalesce(whole, term) FROM search_words WHERE library = $1 AND id = ANY($2)";

/// Where a term stands, and what it is looked up by.
pub(super) type Key = (i16, Vec<u8>);

/// Terms by their keys, with what is too long to be a key.
pub(super) type Keyed = BTreeMap<Key, Option<Vec<u8>>>;

/// A term the library knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) id: i64,
    /// How many documents hold it.
    pub(super) documents: i64,
}

/// The key of a term.
pub(super) fn key(space: Space, term: &str) -> Key {
    keyed(space_of(space), term).0
}

/// The key of a label.
pub(super) fn label(label: &str) -> Key {
    keyed(LABELS, label).0
}

/// The key of what stands in `space`, with the whole of it where the key is not.
pub(super) fn keyed(space: i16, term: &str) -> (Key, Option<Vec<u8>>) {
    let term = term.as_bytes();
    if term.len() <= TERM_BYTES_MAX {
        return ((space, term.to_vec()), None);
    }
    let (beginning, _) = term.split_at(BEGINNING_BYTES);
    let key = [beginning, Sha256::digest(term).as_slice()].concat();
    ((space, key), Some(term.to_vec()))
}

/// A space as a column keeps it.
pub(super) fn space_of(space: Space) -> i16 {
    match space {
        Space::Stem => 0,
        Space::Word => 1,
        Space::Address => 2,
    }
}

/// What the library knows of `keys`.
pub(super) async fn known(within: &Within<'_>, keys: &[Key]) -> Result<HashMap<Key, Word>, Fault> {
    let mut known = HashMap::with_capacity(keys.len());
    for some in keys.chunks(ROWS_MAX) {
        let spaces: Vec<i16> = some.iter().map(|(space, _)| *space).collect();
        let terms: Vec<&[u8]> = some.iter().map(|(_, term)| term.as_slice()).collect();
        let of: [Bound<'_>; 2] = [(&spaces, Type::INT2_ARRAY), (&terms, Type::BYTEA_ARRAY)];
        for row in within.rows(KNOWN, &of).await? {
            let word = Word { id: row.get(2), documents: row.get(3) };
            known.insert((row.get(0), row.get(1)), word);
        }
    }
    Ok(known)
}

/// A term the library did not know.
#[derive(Clone, Debug)]
pub(super) struct New {
    key: Key,
    id: i64,
    whole: Option<Vec<u8>>,
}

/// The numbers of `keys`; those that are new get the next ones, held by no document yet.
pub(super) async fn numbered(
    within: &Within<'_>,
    head: &mut Head,
    keys: Keyed,
) -> Result<(HashMap<Key, u32>, Vec<New>), Fault> {
    let known = known(within, &keys.keys().cloned().collect::<Vec<Key>>()).await?;
    let (mut ids, mut new) = (HashMap::with_capacity(keys.len()), Vec::new());
    for (key, whole) in keys {
        let id = if let Some(word) = known.get(&key) {
            word.id
        } else {
            new.push(New { key: key.clone(), id: head.words, whole });
            head.words += 1;
            head.words - 1
        };
        // Labels stand in arrays of signed numbers.
        let id = i32::try_from(id).map_err(|error| Fault::new(TAKING_IN, error))?;
        ids.insert(key, id.cast_unsigned());
    }
    Ok((ids, new))
}

/// Adds the `new` words, counts by `more` how many documents hold each, and forgets those that
/// none holds.
pub(super) async fn count(
    within: &Within<'_>,
    new: &[New],
    mut more: HashMap<i64, i64>,
) -> Result<(), Fault> {
    for some in new.chunks(ROWS_MAX) {
        let spaces: Vec<i16> = some.iter().map(|new| new.key.0).collect();
        let terms: Vec<&[u8]> = some.iter().map(|new| new.key.1.as_slice()).collect();
        let numbers: Vec<i64> = some.iter().map(|new| new.id).collect();
        let counts: Vec<i64> =
            numbers.iter().map(|id| more.remove(id).unwrap_or_default()).collect();
        let wholes: Vec<Option<&[u8]>> = some.iter().map(|new| new.whole.as_deref()).collect();
        let of: [Bound<'_>; 5] = [
            (&spaces, Type::INT2_ARRAY),
            (&terms, Type::BYTEA_ARRAY),
            (&numbers, Type::INT8_ARRAY),
            (&counts, Type::INT8_ARRAY),
            (&wholes, Type::BYTEA_ARRAY),
        ];
        within.run(ADD, &of).await?;
    }
    more.retain(|_, documents| *documents != 0);
    let (numbers, counts): (Vec<i64>, Vec<i64>) = more.iter().unzip();
    for (ids, counts) in numbers.chunks(ROWS_MAX).zip(counts.chunks(ROWS_MAX)) {
        within.run(COUNT, &[(&ids, Type::INT8_ARRAY), (&counts, Type::INT8_ARRAY)]).await?;
    }
    let fewer: Vec<i64> =
        more.iter().filter(|(_, documents)| **documents < 0).map(|(id, _)| *id).collect();
    for some in fewer.chunks(ROWS_MAX) {
        within.run(FORGET, &[(&some, Type::INT8_ARRAY)]).await?;
    }
    Ok(())
}

/// The letters of words by their numbers.
pub(super) async fn names(within: &Within<'_>, ids: &[i64]) -> Result<HashMap<i64, String>, Fault> {
    let mut names = HashMap::with_capacity(ids.len());
    for some in ids.chunks(ROWS_MAX) {
        for row in within.rows(NAMES, &[(&some, Type::INT8_ARRAY)]).await? {
            let term = String::from_utf8_lossy(row.get(1)).into_owned();
            names.insert(row.get(0), term);
        }
    }
    Ok(names)
}
