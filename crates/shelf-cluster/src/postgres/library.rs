//! The log on PostgreSQL: a writer holds the head row of its library until it has committed.

use super::load::{self, change_columns, change_of};
use super::within::{For, Within};
use super::{Bound, Postgres, damaged, limit_of, persist};
use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::{Answer, Author, Done, Turn};
use shelf_ports::library::{ActLine, Decision, IdempotencyKey, Library, Touch, Touched, Written};
use shelf_ports::{Failure, Fault};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Rows of the log that are folded again at once.
const PART: i64 = 5_000;

/// The log after a row.
pub(super) const CHANGES: &str = concat!(
    "SELECT ",
    change_columns!(),
    " FROM log WHERE library = $1 AND seq > $2 ORDER BY seq LIMIT $3"
);
/// The rows of an item and of what joined it, latest first.
const HISTORY: &str = concat!(
    "SELECT ",
    change_columns!(),
    " FROM log WHERE library = $1 AND seq < $3 AND (item = $2 OR item = ANY (ARRAY(
        SELECT younger FROM aliases WHERE library = $1 AND older = $2)))
      ORDER BY seq DESC LIMIT $4"
);
/// Acts before a row, latest first.
const ACTS: &str = "SELECT a.id, a.first, a.last, l.at, l.device, a.rows, f.item FROM acts a
    JOIN log l ON l.library = $1 AND l.seq = a.last
    JOIN log f ON f.library = $1 AND f.seq = a.first
    WHERE a.library = $1 AND a.last < $2 ORDER BY a.last DESC LIMIT $3";
/// Rows of one act: between its first and its last, in the order of the log.
const TOUCHED_BY: &str = "SELECT l.seq, l.item, l.kind, l.number IS NOT NULL FROM acts a
    JOIN log l ON l.library = $1 AND l.seq >= a.first AND l.seq <= a.last AND l.act = a.id
    WHERE a.library = $1 AND a.id = $2 AND l.seq > $3 ORDER BY l.seq LIMIT $4";
/// Rows after a moment; the second page begins where the first one ended.
const TOUCHED_SINCE: &str = "SELECT seq, item, kind, number IS NOT NULL FROM log
    WHERE library = $1 AND seq > $3 AND at > $2 ORDER BY seq LIMIT $4";
/// What has been in the trash since a moment or longer.
const OVERDUE: &str =
    "SELECT id FROM items WHERE library = $1 AND trashed_at <= $2 ORDER BY trashed_at, id LIMIT $3";
/// What was answered to a request with this key.
const WRITE_BY: &str = "SELECT fingerprint, done FROM writes WHERE library = $1 AND key = $2";
const KEEP_WRITE: &str = "INSERT INTO writes VALUES ($1, $2, $3, $4, $5)";
/// The last counter of a device.
pub(super) const COUNTER: &str = "SELECT n FROM counters WHERE library = $1 AND device = $2";
/// What a device was answered.
const ANSWERS: &str =
    "SELECT n, answer FROM answers WHERE library = $1 AND device = $2 AND n = ANY($3)";
const KEEP_ANSWERS: &str = "INSERT INTO answers
    SELECT $1, $2, own.n, own.answer, $3 FROM unnest($4::bigint[], $5::text[]) AS own (n, answer)
    ON CONFLICT (library, device, n) DO UPDATE SET answer = excluded.answer, at = excluded.at";

const FORGET_ANSWERS: [&str; 3] = [
    "DELETE FROM answers WHERE library = $1 AND at < $2",
    "DELETE FROM writes WHERE library = $1 AND at < $2",
    "DELETE FROM held WHERE library = $1 AND at < $2",
];

/// One write: everything [`Library::write`] is asked, but for the decision.
struct Write {
    author: Author,
    key: Option<IdempotencyKey>,
    reads: Reads,
}

impl Write {
    /// Decides and writes; what it answers is durable once `within` is committed.
    async fn run(self, within: &Within<'_>, mut decide: Decision) -> Result<Written, Failure> {
        let head = load::head_alone(within).await?;
        if let Some(done) = self.known(within).await? {
            return Ok(Written { done, head, replayed: true });
        }
        let device = Uuid::from(self.author.device);
        let counter = within.rows(COUNTER, &[(&device, Type::UUID)]).await?;
        let n = counter.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned());
        let shelf = load::shelf(within, head, &self.reads).await?;
        let mut turn = Turn::new(shelf, self.author.clone(), n);
        turn.answers = self.answers(within, n).await?;
        let done = decide(&mut turn)?;
        if !turn.rows.is_empty() {
            persist::rows(within, &turn.rows, &turn.shelf).await?;
        }
        if turn.n != n {
            persist::put_counter(within, self.author.device, turn.n).await?;
        }
        self.keep_answers(within, &turn.answered).await?;
        self.keep(within, &done).await?;
        Ok(Written { done, head: turn.shelf.head, replayed: false })
    }

    /// What the same request was answered before.
    async fn known(&self, within: &Within<'_>) -> Result<Option<Done>, Failure> {
        let Some(key) = &self.key else { return Ok(None) };
        let rows = within.rows(WRITE_BY, &[(&key.key, Type::TEXT)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if row.get::<_, &str>(0) != key.fingerprint {
            let detail = "another request was made with this key";
            return Err(Refused::new(Code::KeyReused, "Idempotency-Key", detail).into());
        }
        let done: Done = serde_json::from_str(row.get(1)).map_err(|_| damaged("a reply"))?;
        Ok(Some(done))
    }

    async fn keep(&self, within: &Within<'_>, done: &Done) -> Result<(), Fault> {
        let Some(key) = &self.key else { return Ok(()) };
        let done = serde_json::to_string(done).map_err(|_| damaged("a reply"))?;
        let of: [Bound<'_>; 4] = [
            (&key.key, Type::TEXT),
            (&key.fingerprint, Type::TEXT),
            (&done, Type::TEXT),
            (&self.author.now, Type::INT8),
        ];
        within.run(KEEP_WRITE, &of).await.map(drop)
    }

    /// What the author's device was answered up to its counter `n`.
    async fn answers(&self, within: &Within<'_>, n: u64) -> Result<BTreeMap<u64, Answer>, Fault> {
        let asked: BTreeSet<i64> =
            self.reads.answers.iter().filter(|at| **at <= n).map(|n| n.cast_signed()).collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (device, asked) = (Uuid::from(self.author.device), Vec::from_iter(asked));
        let of: [Bound<'_>; 2] = [(&device, Type::UUID), (&asked, Type::INT8_ARRAY)];
        let read = |row: &Row| {
            let answer = serde_json::from_str(row.get(1)).map_err(|_| damaged("an answer"))?;
            Ok((row.get::<_, i64>(0).cast_unsigned(), answer))
        };
        within.rows(ANSWERS, &of).await?.iter().map(read).collect()
    }

    async fn keep_answers(
        &self,
        within: &Within<'_>,
        answered: &BTreeMap<u64, Answer>,
    ) -> Result<(), Fault> {
        if answered.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = answered.keys().map(|n| n.cast_signed()).collect();
        let texts = answered.values().map(serde_json::to_string);
        let texts: Vec<String> =
            texts.collect::<Result<_, _>>().map_err(|_| damaged("an answer"))?;
        let of: [Bound<'_>; 4] = [
            (&Uuid::from(self.author.device), Type::UUID),
            (&self.author.now, Type::INT8),
            (&numbers, Type::INT8_ARRAY),
            (&texts, Type::TEXT_ARRAY),
        ];
        within.run(KEEP_ANSWERS, &of).await.map(drop)
    }
}

fn touch_of(row: &Row) -> Touch {
    Touch {
        seq: row.get::<_, i64>(0).cast_unsigned(),
        item: ItemId::from(row.get::<_, Uuid>(1)),
        kind: Kind::named(row.get(2)),
        made: row.get(3),
    }
}

fn act_of(row: &Row) -> ActLine {
    ActLine {
        act: ActId::from(row.get::<_, Uuid>(0)),
        first: row.get::<_, i64>(1).cast_unsigned(),
        last: row.get::<_, i64>(2).cast_unsigned(),
        at: row.get(3),
        device: DeviceId::from(row.get::<_, Uuid>(4)),
        rows: row.get::<_, i64>(5).cast_unsigned(),
        item: ItemId::from(row.get::<_, Uuid>(6)),
    }
}

fn before_of(before: Option<Seq>) -> i64 {
    before.map_or(i64::MAX, Seq::cast_signed)
}

#[async_trait]
impl Library for Postgres {
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        let mut connection = self.connection().await?;
        let entered = Within::enter(&mut connection, scope, "reading the head", For::OneMoment);
        match entered.await? {
            Some(within) => load::head(&within).await,
            None => Ok(Head::default()),
        }
    }

    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        let mut connection = self.connection().await?;
        let entered = Within::enter(&mut connection, scope, "writing", For::Writing).await?;
        let Some(within) = entered else {
            return Err(Refused::not_found("such library").into());
        };
        let written = Write { author, key, reads }.run(&within, decide).await?;
        within.commit().await?;
        self.bell.ring();
        Ok(written)
    }

    async fn read(&self, scope: Scope, reads: Reads) -> Result<Shelf, Fault> {
        let mut connection = self.connection().await?;
        let entered = Within::enter(&mut connection, scope, "reading", For::OneMoment).await?;
        let Some(within) = entered else { return Ok(Shelf::default()) };
        let head = load::head(&within).await?;
        load::shelf(&within, head, &reads).await
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        let of: [Bound<'_>; 2] =
            [(&after.cast_signed(), Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "reading the log", CHANGES, &of).await?;
        rows.iter().map(change_of).collect()
    }

    async fn history(
        &self,
        scope: Scope,
        item: ItemId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Change>, Fault> {
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(item), Type::UUID),
            (&before_of(before), Type::INT8),
            (&limit_of(limit), Type::INT8),
        ];
        let rows = self.query_in(scope, "reading a history", HISTORY, &of).await?;
        rows.iter().map(change_of).collect()
    }

    async fn touched(
        &self,
        scope: Scope,
        touched: Touched,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Touch>, Fault> {
        let (after, limit) = (after.cast_signed(), limit_of(limit));
        let (sql, act, since);
        let first: Bound<'_> = match touched {
            Touched::By(id) => {
                (sql, act) = (TOUCHED_BY, Uuid::from(id));
                (&act, Type::UUID)
            }
            Touched::Since(at) => {
                (sql, since) = (TOUCHED_SINCE, at);
                (&since, Type::INT8)
            }
        };
        let of = [first, (&after, Type::INT8), (&limit, Type::INT8)];
        let rows = self.query_in(scope, "reading what was touched", sql, &of).await?;
        Ok(rows.iter().map(touch_of).collect())
    }

    async fn acts(
        &self,
        scope: Scope,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ActLine>, Fault> {
        let of: [Bound<'_>; 2] = [(&before_of(before), Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "reading the history", ACTS, &of).await?;
        Ok(rows.iter().map(act_of).collect())
    }

    async fn overdue(&self, scope: Scope, until: i64, limit: usize) -> Result<Vec<ItemId>, Fault> {
        let of: [Bound<'_>; 2] = [(&until, Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "reading the trash", OVERDUE, &of).await?;
        Ok(rows.iter().map(load::id_of).collect())
    }

    async fn forget_answers(&self, scope: Scope, until: i64) -> Result<(), Fault> {
        for sql in FORGET_ANSWERS {
            let of: [Bound<'_>; 1] = [(&until, Type::INT8)];
            self.query_in(scope, "forgetting old answers", sql, &of).await?;
        }
        Ok(())
    }

    async fn refold(&self, scope: Scope) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let entered = Within::enter(&mut connection, scope, "folding again", For::Writing).await?;
        let Some(mut within) = entered else { return Ok(()) };
        within.take_time().await?;
        load::head_alone(&within).await?;
        refold(&within).await?;
        within.commit().await
    }
}

/// Forgets the folded state of the library and folds it again from its log.
pub(super) async fn refold(within: &Within<'_>) -> Result<(), Fault> {
    persist::forget(within).await?;
    let mut shelf = Shelf::default();
    loop {
        let after = shelf.head.seq.cast_signed();
        let of: [Bound<'_>; 2] = [(&after, Type::INT8), (&PART, Type::INT8)];
        let rows = within.rows(CHANGES, &of).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            shelf.fold(&change_of(row)?);
        }
    }
    persist::whole(within, &shelf).await
}
