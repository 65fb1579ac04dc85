//! What a filter lets pass: the rows say it, in one condition for every question.

use super::lists::{Lists, Set, Terms, meet};
use super::packed::Packed;
use super::rows::{embedding_of, flags_of};
use super::words;
use crate::postgres::{Bound, Within};
use shelf_domain::id::ItemId;
use shelf_ports::Fault;
use shelf_ports::search::{Embedding, Filter, Flags, Phrase, Space};
use std::collections::HashMap;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Points of one statement.
const POINTS_MAX: usize = 4_000;

const COLUMNS: &str = "SELECT point, number, item, created_at, length, flags, labels";
/// `$2` to `$7`: what a filter asks of a row.
const PASSES: &str = "($2::bigint IS NULL OR created_at >= $2)
    AND ($3::bigint IS NULL OR created_at < $3) AND flags & $4 = $4 AND flags & $5 = 0
    AND labels @> $6 AND NOT labels && $7";
/// `$8` and `$9`: the points it must be among, and must not be.
const AMONG: &str = "($8::bigint[] IS NULL OR point = ANY($8)) AND NOT point = ANY($9)";

/// One document beside its words.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) point: i64,
    pub(super) number: u32,
    pub(super) item: ItemId,
    pub(super) created_at_ms: i64,
    pub(super) length: f32,
    pub(super) flags: Flags,
    pub(super) labels: Vec<i32>,
    pub(super) passes: bool,
}

/// A filter, ready to be asked of rows.
#[derive(Debug)]
pub(super) struct Passing {
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    flags: i32,
    without_flags: i32,
    labels: Vec<i32>,
    without_labels: Vec<i32>,
    /// That at least one label of each of some is there, as the end of [`PASSES`].
    any_labels: String,
    /// Holds all groups and phrases, where any are asked for.
    among: Option<Set>,
    /// Holds a group or a phrase that must not be there.
    without: Set,
}

impl Passing {
    /// `filter` without its groups and phrases: what the columns of a row say.
    pub(super) fn by_columns(filter: &Filter, terms: &Terms) -> Self {
        // No document has the label that stands for one that is unknown.
        let labels = terms.labels(&filter.labels).into_iter().map(|id| id.unwrap_or(-1));
        Self {
            from_ms: filter.from_ms,
            until_ms: filter.until_ms,
            flags: filter.flags.bits().into(),
            without_flags: filter.without_flags.bits().into(),
            labels: labels.collect(),
            without_labels: terms.labels(&filter.without_labels).into_iter().flatten().collect(),
            any_labels: filter.any_labels.iter().map(|some| any_of(&terms.labels(some))).collect(),
            among: None,
            without: Set::new(),
        }
    }

    /// `filter`, its groups and phrases turned into points.
    pub(super) async fn of(
        within: &Within<'_>,
        filter: &Filter,
        terms: &Terms,
        lists: &Lists,
    ) -> Result<Self, Fault> {
        let mut among: Option<Set> = None;
        for group in &filter.groups {
            meet(&mut among, lists.group(group));
        }
        for phrase in &filter.phrases {
            meet(&mut among, standing(within, phrase, terms, lists).await?);
        }
        let mut without: Set = filter.without_groups.iter().flat_map(|g| lists.group(g)).collect();
        for phrase in &filter.without_phrases {
            without.extend(standing(within, phrase, terms, lists).await?);
        }
        Ok(Self { among, without, ..Self::by_columns(filter, terms) })
    }

    /// Whether groups and phrases let the document of `point` pass.
    pub(super) fn admits(&self, point: i64) -> bool {
        let among = self.among.as_ref().is_none_or(|among| among.contains(&point));
        among && !self.without.contains(&point)
    }

    fn bound(&self) -> [Bound<'_>; 6] {
        [
            (&self.from_ms, Type::INT8),
            (&self.until_ms, Type::INT8),
            (&self.flags, Type::INT4),
            (&self.without_flags, Type::INT4),
            (&self.labels, Type::INT4_ARRAY),
            (&self.without_labels, Type::INT4_ARRAY),
        ]
    }

    /// The rows of `points` that are there, and whether each passes.
    pub(super) async fn rows(
        &self,
        within: &Within<'_>,
        points: &[i64],
    ) -> Result<HashMap<i64, Row>, Fault> {
        let any = &self.any_labels;
        let sql = format!(
            "{COLUMNS}, {PASSES}{any} FROM search_docs WHERE library = $1 AND point = ANY($8)"
        );
        let mut found = HashMap::with_capacity(points.len());
        for some in points.chunks(POINTS_MAX) {
            let mut of = self.bound().to_vec();
            of.push((&some, Type::INT8_ARRAY));
            for row in within.rows(&sql, &of).await? {
                let point = row.get(0);
                let passes = self.admits(point) && row.get(7);
                found.insert(point, row_of(&row, passes));
            }
        }
        Ok(found)
    }

    /// Up to `most` rows with numbers below `before`, falling: `columns`, the first of them the
    /// number, then whether the columns of the row let it pass.
    pub(super) async fn page(
        &self,
        within: &Within<'_>,
        columns: &str,
        before: i64,
        most: i64,
    ) -> Result<Vec<tokio_postgres::Row>, Fault> {
        let any = &self.any_labels;
        let sql = format!(
            "SELECT {columns}, {PASSES}{any} FROM search_docs WHERE library = $1 AND number < $8
            ORDER BY number DESC LIMIT $9"
        );
        let mut of = self.bound().to_vec();
        of.extend([(&before as _, Type::INT8), (&most as _, Type::INT8)]);
        within.rows(&sql, &of).await
    }

    /// The newest rows that pass, newest first, and how many pass.
    pub(super) async fn newest(
        &self,
        within: &Within<'_>,
        most: usize,
    ) -> Result<(Vec<Row>, u64), Fault> {
        let among: Option<Vec<i64>> =
            self.among.as_ref().map(|among| among.iter().copied().collect());
        let without: Vec<i64> = self.without.iter().copied().collect();
        let mut of = self.bound().to_vec();
        of.extend([(&among as _, Type::INT8_ARRAY), (&without as _, Type::INT8_ARRAY)]);
        let any = &self.any_labels;
        let which = format!("FROM search_docs WHERE library = $1 AND {PASSES}{any} AND {AMONG}");
        let counted = within.rows(&format!("SELECT count(*) {which}"), &of).await?;
        let total = counted.first().map_or(0, |row| row.get::<_, i64>(0));
        let most = crate::postgres::limit_of(most);
        of.push((&most, Type::INT8));
        let sql = format!("{COLUMNS} {which} ORDER BY created_at DESC, number DESC LIMIT $10");
        let rows = within.rows(&sql, &of).await?;
        Ok((rows.iter().map(|row| row_of(row, true)).collect(), total.unsigned_abs()))
    }
}

/// That a row has one of these labels. They are numbers of ours, so they stand in the statement.
fn any_of(labels: &[Option<i32>]) -> String {
    let known: Vec<String> = labels.iter().flatten().map(i32::to_string).collect();
    format!(" AND labels && '{{{}}}'::int[]", known.join(","))
}

/// The points in which `phrase` stands.
async fn standing(
    within: &Within<'_>,
    phrase: &Phrase,
    terms: &Terms,
    lists: &Lists,
) -> Result<Set, Fault> {
    let id = |word: &String| u32::try_from(terms.id(&words::key(Space::Word, word))?).ok();
    let ids: Option<Vec<u32>> = phrase.0.iter().map(id).collect();
    let Some(ids) = ids else { return Ok(Set::new()) };
    let points: Vec<i64> = lists.holding_all(phrase).into_iter().collect();
    let sql = "SELECT point, packed FROM search_docs WHERE library = $1 AND point = ANY($2)";
    let mut standing = Set::new();
    for some in points.chunks(POINTS_MAX) {
        for row in within.rows(sql, &[(&some, Type::INT8_ARRAY)]).await? {
            if Packed::read(row.get(1))?.holds(&ids) {
                standing.insert(row.get(0));
            }
        }
    }
    Ok(standing)
}

/// The vectors of `points`, as they were given.
pub(super) async fn vectors(
    within: &Within<'_>,
    points: &[i64],
) -> Result<HashMap<i64, Embedding>, Fault> {
    let sql = "SELECT point, embedding FROM search_docs
        WHERE library = $1 AND point = ANY($2) AND embedding IS NOT NULL";
    let mut vectors = HashMap::with_capacity(points.len());
    for some in points.chunks(POINTS_MAX) {
        let rows = within.rows(sql, &[(&some, Type::INT8_ARRAY)]).await?;
        let kept = rows.iter().filter_map(|row| Some((row.get(0), embedding_of(row.get(1))?)));
        vectors.extend(kept);
    }
    Ok(vectors)
}

fn row_of(row: &tokio_postgres::Row, passes: bool) -> Row {
    Row {
        point: row.get(0),
        number: u32::try_from(row.get::<_, i64>(1)).unwrap_or(u32::MAX),
        item: ItemId::from(row.get::<_, Uuid>(2)),
        created_at_ms: row.get(3),
        length: row.get::<_, i64>(4) as f32,
        flags: flags_of(row.get(5)),
        labels: row.get(6),
        passes,
    }
}
