//! The log on SQLite: decisions run on the writing thread, inside the transaction.

use crate::load::{self, change_from, change_of};
use crate::sql::{KindColumn, signed, unsigned};
use crate::{Embedded, persist};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::{Answer, Author, Done, Turn};
use shelf_ports::library::{ActLine, Decision, IdempotencyKey, Library, Touch, Touched, Written};
use shelf_ports::{Failure, Fault};
use std::sync::Arc;

/// Items that are read on the caller's thread.
pub(crate) const FEW_MAX: usize = 64;

/// The whole log.
pub(crate) const LOG: &str =
    concat!("SELECT ", change_from!("log"), " WHERE log.library = ?1 ORDER BY seq");
/// The log after a row.
pub(crate) const CHANGES: &str = concat!(
    "SELECT ",
    change_from!("log"),
    " WHERE log.library = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
);
/// The rows of an item and of what joined it, latest first. Without statistics the planner would
/// walk the whole log instead of the index.
const HISTORY: &str = concat!(
    "SELECT ",
    change_from!("log INDEXED BY log_item"),
    " WHERE log.library = ?1 AND seq < ?3 AND item IN (
        SELECT ?2 UNION SELECT younger FROM aliases WHERE library = ?1 AND older = ?2)
     ORDER BY seq DESC LIMIT ?4"
);
/// Acts before a row, latest first.
const ACTS: &str = "SELECT a.id, a.first, a.last, l.at, d.id, a.rows, f.item FROM acts a
    CROSS JOIN log l ON l.library = a.library AND l.seq = a.last
    CROSS JOIN log f ON f.library = a.library AND f.seq = a.first
    CROSS JOIN devices d ON d.key = l.device
    WHERE a.library = ?1 AND a.last < ?2 ORDER BY a.last DESC LIMIT ?3";
/// What has been in the trash since a moment or longer.
const OVERDUE: &str = "SELECT id FROM trashed WHERE library = ?1 AND at <= ?2 LIMIT ?3";
/// What reads of the log are answered by; a test holds that none walks a library.
#[cfg(test)]
pub(crate) const QUERIES: [(&str, &str); 6] = [
    ("changes", CHANGES),
    ("history", HISTORY),
    ("touched by", TOUCHED_BY),
    ("touched since", TOUCHED_SINCE),
    ("acts", ACTS),
    ("overdue", OVERDUE),
];
/// Rows of one act: between its first and its last, in the order of the log.
const TOUCHED_BY: &str = "SELECT seq, item, kind, number IS NOT NULL FROM acts a CROSS JOIN log l
    WHERE a.library = ?1 AND a.id = ?2 AND l.library = ?1 AND l.seq > ?3
    AND l.seq >= a.first AND l.seq <= a.last AND l.act = a.key ORDER BY seq LIMIT ?4";
/// Rows after a moment; the second page begins where the first one ended.
const TOUCHED_SINCE: &str = "SELECT seq, item, kind, number IS NOT NULL FROM log
    WHERE library = ?1 AND seq > ?3 AND at > ?2 ORDER BY seq LIMIT ?4";

fn json_error(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// One write: everything [`Library::write`] is asked, for the writing thread.
struct Write {
    scope: Scope,
    author: Author,
    key: Option<IdempotencyKey>,
    reads: Reads,
    decide: Decision,
}

type Decided = Result<Written, Refused>;

impl Write {
    fn run(mut self, connection: &Connection) -> rusqlite::Result<Decided> {
        let Some(library) = load::library_key(connection, self.scope)? else {
            return Ok(Err(Refused::not_found("such library")));
        };
        if let Some(replayed) = self.replay(connection, library)? {
            return Ok(replayed);
        }
        let shelf = load::shelf(connection, library, &self.reads)?;
        let device = persist::device_key(connection, self.author.device)?;
        let counter: Option<i64> = connection
            .prepare_cached("SELECT n FROM counters WHERE library = ?1 AND device = ?2")?
            .query_row(params![library, device], |row| row.get(0))
            .optional()?;
        let n = unsigned(counter.unwrap_or_default());
        let mut turn = Turn::new(shelf, self.author.clone(), n);
        self.load_answers(connection, library, device, &mut turn)?;
        let done = match (self.decide)(&mut turn) {
            Ok(done) => done,
            Err(refused) => return Ok(Err(refused)),
        };
        self.keep(connection, library, device, &turn, n)?;
        let written = Written { done, head: turn.shelf.head.clone(), replayed: false };
        self.keep_reply(connection, library, &written)?;
        Ok(Ok(written))
    }

    fn replay(&self, connection: &Connection, library: i64) -> rusqlite::Result<Option<Decided>> {
        let Some(key) = &self.key else { return Ok(None) };
        let known: Option<(String, String)> = connection
            .prepare_cached(
                "SELECT fingerprint, reply FROM replies WHERE library = ?1 AND key = ?2",
            )?
            .query_row(params![library, key.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((fingerprint, reply)) = known else { return Ok(None) };
        if fingerprint != key.fingerprint {
            let detail = "another request was made with this key";
            return Ok(Some(Err(Refused::new(Code::KeyReused, "Idempotency-Key", detail))));
        }
        let done: Done = serde_json::from_str(&reply).map_err(json_error)?;
        let head = load::head(connection, library)?;
        Ok(Some(Ok(Written { done, head, replayed: true })))
    }

    fn load_answers(
        &self,
        connection: &Connection,
        library: i64,
        device: i64,
        turn: &mut Turn,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "SELECT answer FROM answers WHERE library = ?1 AND device = ?2 AND n = ?3",
        )?;
        for n in self.reads.answers.iter().filter(|n| **n <= turn.n) {
            let answer: Option<String> = statement
                .query_row(params![library, device, signed(*n)], |row| row.get(0))
                .optional()?;
            if let Some(answer) = answer {
                let answer: Answer = serde_json::from_str(&answer).map_err(json_error)?;
                turn.answers.insert(*n, answer);
            }
        }
        Ok(())
    }

    fn keep(
        &self,
        connection: &Connection,
        library: i64,
        device: i64,
        turn: &Turn,
        before: u64,
    ) -> rusqlite::Result<()> {
        if !turn.rows.is_empty() {
            persist::rows(connection, library, &turn.rows, &turn.shelf)?;
        }
        if turn.n != before {
            connection
                .prepare_cached("INSERT OR REPLACE INTO counters VALUES (?1, ?2, ?3)")?
                .execute(params![library, device, signed(turn.n)])?;
        }
        let mut insert = connection
            .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for (n, answer) in &turn.answered {
            let answer = serde_json::to_string(answer).map_err(json_error)?;
            insert.execute(params![library, device, signed(*n), answer, self.author.now])?;
        }
        Ok(())
    }

    fn keep_reply(
        &self,
        connection: &Connection,
        library: i64,
        written: &Written,
    ) -> rusqlite::Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let reply = serde_json::to_string(&written.done).map_err(json_error)?;
        connection
            .prepare_cached("INSERT INTO replies VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![library, key.key, key.fingerprint, reply, self.author.now])?;
        Ok(())
    }
}

#[async_trait]
impl Library for Embedded {
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        self.look_up("reading the head", |connection| match load::library_key(connection, scope)? {
            Some(library) => load::head(connection, library),
            None => Ok(Head::default()),
        })
    }

    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        let write = Write { scope, author, key, reads, decide };
        let decided =
            Embedded::write(self, "writing", move |connection| write.run(connection)).await?;
        self.inner.stirred.notify_waiters();
        Ok(decided?)
    }

    async fn read(&self, scope: Scope, reads: Reads) -> Result<Shelf, Fault> {
        let inner = Arc::clone(&self.inner);
        let few = is_few(&reads);
        let work = move |connection: &Connection| match load::library_key(connection, scope)? {
            Some(library) => load::shown(connection, library, &reads, &inner.known),
            None => Ok(Shelf::default()),
        };
        if few {
            self.look_up("reading", work)
        } else {
            Embedded::read(self, "reading", work).await
        }
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        let few = self.look_up_in(scope, "reading the log", |connection, library| {
            let new = load::head(connection, library)?.seq.saturating_sub(after);
            if new > FEW_MAX as u64 {
                return Ok(None);
            }
            let mut statement = connection.prepare_cached(CHANGES)?;
            let rows = statement.query_map(params![library, signed(after), limit], change_of)?;
            rows.collect::<rusqlite::Result<Vec<Change>>>().map(Some)
        })?;
        match few {
            Some(changes) => Ok(changes),
            None => self.rows(scope, CHANGES, move |library| (library, signed(after), limit)).await,
        }
    }

    async fn history(
        &self,
        scope: Scope,
        item: ItemId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Change>, Fault> {
        // Rows of what joined the item are its own rows by then; rows from before the join are
        // found through the alias.
        let before = before.map_or(i64::MAX, signed);
        self.rows(scope, HISTORY, move |library| (library, item.to_bytes(), before, limit)).await
    }

    async fn touched(
        &self,
        scope: Scope,
        touched: Touched,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Touch>, Fault> {
        self.read_in(scope, "reading what was touched", move |connection, library| {
            let touch = |row: &rusqlite::Row<'_>| {
                Ok(Touch {
                    seq: unsigned(row.get(0)?),
                    item: ItemId::from_bytes(row.get(1)?),
                    kind: row.get::<_, KindColumn>(2)?.0,
                    made: row.get(3)?,
                })
            };
            let after = signed(after);
            match touched {
                Touched::By(act) => connection
                    .prepare_cached(TOUCHED_BY)?
                    .query_map(params![library, act.to_bytes(), after, limit], touch)?
                    .collect(),
                Touched::Since(at) => connection
                    .prepare_cached(TOUCHED_SINCE)?
                    .query_map(params![library, at, after, limit], touch)?
                    .collect(),
            }
        })
        .await
    }

    async fn acts(
        &self,
        scope: Scope,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ActLine>, Fault> {
        self.read_in(scope, "reading the history", move |connection, library| {
            let before = before.map_or(i64::MAX, signed);
            connection
                .prepare_cached(ACTS)?
                .query_map(params![library, before, limit], |row| {
                    Ok(ActLine {
                        act: ActId::from_bytes(row.get(0)?),
                        first: unsigned(row.get(1)?),
                        last: unsigned(row.get(2)?),
                        at: row.get(3)?,
                        device: DeviceId::from_bytes(row.get(4)?),
                        rows: unsigned(row.get(5)?),
                        item: ItemId::from_bytes(row.get(6)?),
                    })
                })?
                .collect()
        })
        .await
    }

    async fn overdue(&self, scope: Scope, until: i64, limit: usize) -> Result<Vec<ItemId>, Fault> {
        self.read_in(scope, "reading the trash", move |connection, library| {
            connection
                .prepare_cached(OVERDUE)?
                .query_map(params![library, until, limit], |row| {
                    row.get(0).map(ItemId::from_bytes)
                })?
                .collect()
        })
        .await
    }

    async fn forget_answers(&self, scope: Scope, until: i64) -> Result<(), Fault> {
        Embedded::write(self, "forgetting old answers", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            for table in ["answers", "replies", "held"] {
                let sql = format!("DELETE FROM {table} WHERE library = ?1 AND at < ?2");
                connection.prepare_cached(&sql)?.execute(params![library, until])?;
            }
            Ok(())
        })
        .await
    }

    async fn refold(&self, scope: Scope) -> Result<(), Fault> {
        let inner = Arc::clone(&self.inner);
        Embedded::write(self, "folding again", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            inner.known.forget(library);
            refold(connection, library)
        })
        .await
    }
}

/// Forgets the folded state of `library` and folds it again from its log.
pub(crate) fn refold(connection: &Connection, library: i64) -> rusqlite::Result<()> {
    persist::forget(connection, library)?;
    let mut statement = connection.prepare_cached(LOG)?;
    let mut shelf = Shelf::default();
    for row in statement.query_map([library], change_of)? {
        shelf.fold(&row?);
    }
    persist::whole(connection, library, &shelf)
}

/// Whether `reads` names each item it wants, and not many.
fn is_few(reads: &Reads) -> bool {
    let named = reads.items.len() + reads.urls.len() + reads.tags.len() + reads.above.len();
    let whole = reads.under.len() + reads.children.len() + reads.history.len() + reads.used.len();
    let whole = whole + reads.notes.len();
    whole == 0 && named + reads.places.len() <= FEW_MAX
}

impl Embedded {
    /// Looks up inside the library `scope` names, on the caller's thread; a library that is not
    /// there is empty.
    pub(crate) fn look_up_in<T: Default>(
        &self,
        scope: Scope,
        doing: &'static str,
        work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        self.look_up(doing, |connection| match load::library_key(connection, scope)? {
            Some(library) => work(connection, library),
            None => Ok(T::default()),
        })
    }

    /// Reads inside the library `scope` names; a library that is not there is empty.
    pub(crate) async fn read_in<T: Default + Send + 'static>(
        &self,
        scope: Scope,
        doing: &'static str,
        work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        Embedded::read(self, doing, move |connection| match load::library_key(connection, scope)? {
            Some(library) => work(connection, library),
            None => Ok(T::default()),
        })
        .await
    }

    async fn rows<P: rusqlite::Params + Send + 'static>(
        &self,
        scope: Scope,
        sql: &'static str,
        of: impl FnOnce(i64) -> P + Send + 'static,
    ) -> Result<Vec<Change>, Fault> {
        self.read_in(scope, "reading the log", move |connection, library| {
            connection.prepare_cached(sql)?.query_map(of(library), change_of)?.collect()
        })
        .await
    }
}
