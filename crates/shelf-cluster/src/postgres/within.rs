//! A transaction within one library.

use super::{ANSWER_MAX, Bound, Postgres, bounded};
use deadpool_postgres::{Object, Transaction};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use std::time::Duration;
use tokio_postgres::types::Type;
use tokio_postgres::{IsolationLevel, Row};
use uuid::Uuid;

/// How long one statement may run, and how long the transaction may wait for the next one; set
/// with the library, because a pooler drops what a session was told.
const ENTER: &str = "SELECT set_config('mindshelf.library', id::text, true),
        set_config('statement_timeout', '10s', true),
        set_config('idle_in_transaction_session_timeout', '30s', true)
    FROM libraries WHERE id = $1 AND tenant = $2";
/// For what walks a whole library.
const TAKE_TIME: &str = "SELECT set_config('statement_timeout', '10min', true),
    set_config('idle_in_transaction_session_timeout', '10min', true)";

/// How long the server may take to answer such a statement.
const LONG_ANSWER_MAX: Duration = Duration::from_mins(11);

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// Statements that each see what is committed when they begin.
    Writing,
    /// Statements that all see one moment, and change nothing.
    OneMoment,
}

/// A transaction that has named its library, and sees the rows of no other. Dropped, it takes back
/// what it did.
pub(crate) struct Within<'a> {
    transaction: Transaction<'a>,
    library: Uuid,
    doing: &'static str,
    answer_max: Duration,
}

impl<'a> Within<'a> {
    /// Begins within the library of `scope`; `None` if it is not there or of another tenant.
    pub(crate) async fn enter(
        connection: &'a mut Object,
        scope: Scope,
        doing: &'static str,
        purpose: For,
    ) -> Result<Option<Self>, Fault> {
        let (library, tenant) = (Uuid::from(scope.library), Uuid::from(scope.tenant));
        let begin = match purpose {
            For::Writing => connection.build_transaction(),
            For::OneMoment => connection
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
        };
        let transaction = bounded(doing, ANSWER_MAX, begin.start()).await?;
        let of = [(&library as _, Type::UUID), (&tenant as _, Type::UUID)];
        let found = bounded(doing, ANSWER_MAX, transaction.query_typed(ENTER, &of)).await?;
        let answer_max = ANSWER_MAX;
        Ok((!found.is_empty()).then_some(Self { transaction, library, doing, answer_max }))
    }

    /// Begins without a library, for statements that all see one moment and take their time.
    pub(super) async fn nowhere(
        connection: &'a mut Object,
        doing: &'static str,
    ) -> Result<Self, Fault> {
        let begin = connection
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true);
        let transaction = bounded(doing, ANSWER_MAX, begin.start()).await?;
        let (library, answer_max) = (Uuid::nil(), ANSWER_MAX);
        let mut within = Self { transaction, library, doing, answer_max };
        within.take_time().await?;
        Ok(within)
    }

    /// Begins without a library, to write what belongs to none.
    pub(super) async fn anywhere(
        connection: &'a mut Object,
        doing: &'static str,
    ) -> Result<Self, Fault> {
        let begin = connection.build_transaction();
        let transaction = bounded(doing, ANSWER_MAX, begin.start()).await?;
        Ok(Self { transaction, library: Uuid::nil(), doing, answer_max: ANSWER_MAX })
    }

    /// Names another library in the same transaction; whether it is there.
    pub(super) async fn turn_to(&mut self, scope: Scope) -> Result<bool, Fault> {
        let (library, tenant) = (Uuid::from(scope.library), Uuid::from(scope.tenant));
        let of: [Bound<'_>; 2] = [(&library, Type::UUID), (&tenant, Type::UUID)];
        let found = self.plain(ENTER, &of).await?;
        self.library = library;
        self.take_time().await?;
        Ok(!found.is_empty())
    }

    /// The library it has named.
    pub(super) fn library(&self) -> Uuid {
        self.library
    }

    /// The rows of one statement that names no library.
    pub(super) async fn plain(&self, sql: &str, of: &[Bound<'_>]) -> Result<Vec<Row>, Fault> {
        bounded(self.doing, self.answer_max, self.transaction.query_typed(sql, of)).await
    }

    /// Runs one statement that names no library; how many rows it touched.
    pub(super) async fn touch(&self, sql: &str, of: &[Bound<'_>]) -> Result<u64, Fault> {
        bounded(self.doing, self.answer_max, self.transaction.execute_typed(sql, of)).await
    }

    /// The rows of one statement, where `$1` is the library.
    pub(crate) async fn rows(&self, sql: &str, of: &[Bound<'_>]) -> Result<Vec<Row>, Fault> {
        let mut all: Vec<Bound<'_>> = vec![(&self.library, Type::UUID)];
        all.extend_from_slice(of);
        bounded(self.doing, self.answer_max, self.transaction.query_typed(sql, &all)).await
    }

    /// Runs one statement, where `$1` is the library; how many rows it touched.
    pub(crate) async fn run(&self, sql: &str, of: &[Bound<'_>]) -> Result<u64, Fault> {
        let mut all: Vec<Bound<'_>> = vec![(&self.library, Type::UUID)];
        all.extend_from_slice(of);
        bounded(self.doing, self.answer_max, self.transaction.execute_typed(sql, &all)).await
    }

    /// Lets statements run for minutes.
    pub(crate) async fn take_time(&mut self) -> Result<(), Fault> {
        self.answer_max = LONG_ANSWER_MAX;
        let set = self.transaction.query_typed(TAKE_TIME, &[]);
        bounded(self.doing, self.answer_max, set).await.map(drop)
    }

    /// Makes durable what was done.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        bounded(self.doing, self.answer_max, self.transaction.commit()).await
    }
}

impl Postgres {
    /// The rows of one statement within the library of `scope`, where `$1` is that library. None,
    /// if it is not there or of another tenant.
    pub(crate) async fn query_in(
        &self,
        scope: Scope,
        doing: &'static str,
        sql: &str,
        of: &[Bound<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let mut connection = self.connection().await?;
        let Some(within) = Within::enter(&mut connection, scope, doing, For::Writing).await? else {
            return Ok(Vec::new());
        };
        let rows = within.rows(sql, of).await?;
        within.commit().await?;
        Ok(rows)
    }
}
