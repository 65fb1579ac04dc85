//! The rows of search on PostgreSQL: a library's head, and its documents.

use super::TAKING_IN;
use super::packed::Packed;
use crate::postgres::{Bound, For, Postgres, Within};
use shelf_domain::id::{ItemId, Scope};
use shelf_ports::Fault;
use shelf_ports::search::{Embedding, Flags};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Rows of one statement.
const ROWS_MAX: usize = 1_000;

const SETTLE_IN: &str = "WITH was AS (SELECT place, version FROM search_home FOR UPDATE)
    UPDATE search_home SET version = $1 FROM was RETURNING was.place::text, was.version";
const HEAD: &str = "SELECT home.version, h.version, h.seq, h.edition, h.documents, h.lengths,
        h.words, h.highest, h.fills, h.marker
    FROM search_home home LEFT JOIN search_heads h ON h.library = $1";
const LOCK: &str = "SELECT home.version, h.version, h.seq, h.edition, h.documents, h.lengths,
        h.words, h.highest, h.fills, h.marker
    FROM search_home home JOIN search_heads h ON h.library = $1 FOR UPDATE OF h";
const BEGIN: &str = "INSERT INTO search_heads (library, version, marker)
    VALUES ($1, $2, nextval('search_points')) ON CONFLICT DO NOTHING";
const PUT_HEAD: &str = "UPDATE search_heads SET version = $2, seq = $3, edition = $4,
    documents = $5, lengths = $6, words = $7, highest = $8, fills = $9 WHERE library = $1";
const CLEAR: [&str; 3] = [
    "INSERT INTO search_waste SELECT library, point FROM search_docs WHERE library = $1
     ON CONFLICT DO NOTHING",
    "DELETE FROM search_docs WHERE library = $1",
    "DELETE FROM search_words WHERE library = $1",
];
const DOCS: &str =
    "SELECT number, point, item, created_at, length, flags, labels, packed, embedding
    FROM search_docs WHERE library = $1";
const PUT_DOCS: &str = "INSERT INTO search_docs
    SELECT $1, d.number, d.point, d.item, d.created_at, d.length, d.flags, d.labels::integer[],
        d.packed, d.embedding
    FROM unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[], $6::bigint[], $7::integer[],
        $8::text[], $9::bytea[], $10::bytea[])
        AS d (number, point, item, created_at, length, flags, labels, packed, embedding)
    ON CONFLICT (library, number) DO UPDATE SET point = excluded.point, item = excluded.item,
        created_at = excluded.created_at, length = excluded.length, flags = excluded.flags,
        labels = excluded.labels, packed = excluded.packed, embedding = excluded.embedding";

/// What the head row of a library says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// How far the library was followed.
    pub(super) seq: i64,
    /// How often its rows changed.
    pub(super) edition: i64,
    pub(super) documents: i64,
    /// Sum of the lengths of all documents.
    pub(super) lengths: i64,
    /// The number of the next new word.
    pub(super) words: i64,
    /// The highest number a document ever had.
    pub(super) highest: i64,
    /// How often the library's points were made anew.
    pub(super) fills: i64,
    /// The point that says up to which edition Qdrant is whole.
    pub(super) marker: i64,
}

/// One document's row.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) number: i64,
    pub(super) point: i64,
    pub(super) item: ItemId,
    pub(super) created_at_ms: i64,
    pub(super) length: i64,
    pub(super) flags: Flags,
    pub(super) labels: Vec<i32>,
    pub(super) packed: Packed,
    pub(super) vector: Option<Embedding>,
}

/// Says that `version` makes the terms from now on; the place of this database's collections, and
/// the version before.
pub(super) async fn settle_in(
    records: &Postgres,
    version: &str,
) -> Result<(String, String), Fault> {
    let doing = "opening the index of search";
    let rows = records.query(doing, SETTLE_IN, &[(&version, Type::TEXT)]).await?;
    let row = rows.first().ok_or_else(|| Fault::new(doing, "the tables of search are empty"))?;
    Ok((row.get(0), row.get(1)))
}

/// The head of the library of `scope`; `None` if nothing was taken in by `version`.
pub(super) async fn head(
    records: &Postgres,
    scope: Scope,
    version: &str,
) -> Result<Option<Head>, Fault> {
    let rows = records.query_in(scope, super::ASKING, HEAD, &[]).await?;
    rows.first().map_or(Ok(None), |row| head_of(row, version))
}

/// The same, within a transaction.
pub(super) async fn head_in(within: &Within<'_>, version: &str) -> Result<Option<Head>, Fault> {
    within.rows(HEAD, &[]).await?.first().map_or(Ok(None), |row| head_of(row, version))
}

/// The head, for this transaction alone to change; what another version took in is forgotten.
pub(super) async fn lock(within: &Within<'_>, version: &str) -> Result<Head, Fault> {
    let mut rows = within.rows(LOCK, &[]).await?;
    if rows.is_empty() {
        within.run(BEGIN, &[(&version, Type::TEXT)]).await?;
        rows = within.rows(LOCK, &[]).await?;
    }
    let row = rows.first().ok_or_else(|| Fault::new(TAKING_IN, "the library has no head"))?;
    match head_of(row, version)? {
        Some(head) => Ok(head),
        None => clear(within, fields(row)).await,
    }
}

/// Forgets the documents of a library, and what it looked like.
pub(super) async fn clear(within: &Within<'_>, head: Head) -> Result<Head, Fault> {
    for sql in CLEAR {
        within.run(sql, &[]).await?;
    }
    // Neither editions nor numbers of words begin anew: what was read before must not look current.
    Ok(Head { seq: 0, documents: 0, lengths: 0, highest: 0, edition: head.edition + 1, ..head })
}

/// Keeps `head`.
pub(super) async fn put_head(within: &Within<'_>, head: &Head, version: &str) -> Result<(), Fault> {
    let of: [Bound<'_>; 8] = [
        (&version, Type::TEXT),
        (&head.seq, Type::INT8),
        (&head.edition, Type::INT8),
        (&head.documents, Type::INT8),
        (&head.lengths, Type::INT8),
        (&head.words, Type::INT8),
        (&head.highest, Type::INT8),
        (&head.fills, Type::INT8),
    ];
    within.run(PUT_HEAD, &of).await.map(drop)
}

fn head_of(row: &Row, version: &str) -> Result<Option<Head>, Fault> {
    let keeping: &str = row.get(0);
    if keeping != version {
        let why = "another version of this program keeps the index by now: end this process";
        return Err(Fault::new(super::ASKING, why));
    }
    let made_by: Option<&str> = row.get(1);
    Ok((made_by == Some(version)).then(|| fields(row)))
}

fn fields(row: &Row) -> Head {
    Head {
        seq: row.get(2),
        edition: row.get(3),
        documents: row.get(4),
        lengths: row.get(5),
        words: row.get(6),
        highest: row.get(7),
        fills: row.get(8),
        marker: row.get(9),
    }
}

/// The documents of `numbers` that are there.
pub(super) async fn of_numbers(within: &Within<'_>, numbers: &[i64]) -> Result<Vec<Doc>, Fault> {
    let sql = format!("{DOCS} AND number = ANY($2)");
    let mut docs = Vec::new();
    for some in numbers.chunks(ROWS_MAX) {
        let rows = within.rows(&sql, &[(&some, Type::INT8_ARRAY)]).await?;
        for row in &rows {
            docs.push(doc_of(row)?);
        }
    }
    Ok(docs)
}

/// Up to `most` documents with numbers above `after`, rising.
pub(super) async fn above(within: &Within<'_>, after: i64, most: i64) -> Result<Vec<Doc>, Fault> {
    let sql = format!("{DOCS} AND number > $2 ORDER BY number LIMIT $3");
    let rows = within.rows(&sql, &[(&after, Type::INT8), (&most, Type::INT8)]).await?;
    rows.iter().map(doc_of).collect()
}

/// Forgets the documents of `numbers`.
pub(super) async fn remove(within: &Within<'_>, numbers: &[i64]) -> Result<(), Fault> {
    let sql = "DELETE FROM search_docs WHERE library = $1 AND number = ANY($2)";
    within.run(sql, &[(&numbers, Type::INT8_ARRAY)]).await.map(drop)
}

/// Puts `docs`, in place of those that have their numbers.
pub(super) async fn put(within: &Within<'_>, docs: &[Doc]) -> Result<(), Fault> {
    for some in docs.chunks(ROWS_MAX) {
        put_some(within, some).await?;
    }
    Ok(())
}

async fn put_some(within: &Within<'_>, docs: &[Doc]) -> Result<(), Fault> {
    fn each<T>(docs: &[Doc], of: impl Fn(&Doc) -> T) -> Vec<T> {
        docs.iter().map(of).collect()
    }
    let (numbers, points) = (each(docs, |doc| doc.number), each(docs, |doc| doc.point));
    let items = each(docs, |doc| Uuid::from(doc.item));
    let (created, lengths) = (each(docs, |doc| doc.created_at_ms), each(docs, |doc| doc.length));
    let flags = each(docs, |doc| i32::from(doc.flags.bits()));
    // One array a row as a text: an array of arrays would have to be even.
    let labels = each(docs, |doc| {
        let ids: Vec<String> = doc.labels.iter().map(ToString::to_string).collect();
        format!("{{{}}}", ids.join(","))
    });
    let packed = docs.iter().map(|doc| doc.packed.bytes()).collect::<Result<Vec<_>, _>>()?;
    let vectors = each(docs, |doc| doc.vector.as_ref().map(unsigned));
    let of: [Bound<'_>; 9] = [
        (&numbers, Type::INT8_ARRAY),
        (&points, Type::INT8_ARRAY),
        (&items, Type::UUID_ARRAY),
        (&created, Type::INT8_ARRAY),
        (&lengths, Type::INT8_ARRAY),
        (&flags, Type::INT4_ARRAY),
        (&labels, Type::TEXT_ARRAY),
        (&packed, Type::BYTEA_ARRAY),
        (&vectors, Type::BYTEA_ARRAY),
    ];
    within.run(PUT_DOCS, &of).await.map(drop)
}

fn doc_of(row: &Row) -> Result<Doc, Fault> {
    Ok(Doc {
        number: row.get(0),
        point: row.get(1),
        item: ItemId::from(row.get::<_, Uuid>(2)),
        created_at_ms: row.get(3),
        length: row.get(4),
        flags: flags_of(row.get(5)),
        labels: row.get(6),
        packed: Packed::read(row.get(7))?,
        vector: row.get::<_, Option<&[u8]>>(8).and_then(embedding_of),
    })
}

/// Flags as a column keeps them.
pub(super) fn flags_of(bits: i32) -> Flags {
    Flags::from_bits(u8::try_from(bits).unwrap_or_default())
}

/// A vector of a column; `None` if it is of another length.
pub(super) fn embedding_of(bytes: &[u8]) -> Option<Embedding> {
    let signed: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
    Some(Embedding::from_bytes(signed.try_into().ok()?))
}

fn unsigned(vector: &Embedding) -> Vec<u8> {
    vector.bytes().iter().map(|byte| byte.cast_unsigned()).collect()
}

/// Begins a transaction within the library of `scope` that changes what search keeps of it.
pub(super) async fn writing(
    connection: &mut deadpool_postgres::Object,
    scope: Scope,
) -> Result<Within<'_>, Fault> {
    let within = Within::enter(connection, scope, TAKING_IN, For::Writing).await?;
    within.ok_or_else(|| Fault::new(TAKING_IN, "the library is not there"))
}
