//! The one writer: drains what waits into one transaction, answers after the commit.

use crate::sql;
use rusqlite::Connection;
use shelf_ports::{Fault, NoRoom};
use tokio::sync::{mpsc, oneshot};

/// Most commands in one transaction.
const GROUP_MAX: usize = 64;
/// Most commands that wait.
const QUEUE_MAX: usize = 1_024;

/// Called after the commit, with its error if it failed.
type Answer = Box<dyn FnOnce(Option<&Broken>) + Send>;
/// Runs at its place in the group; answers once the commit is done, and says whether it met a
/// full disk.
type Grouped = Box<dyn FnOnce(&Connection, Place) -> (Answer, bool) + Send>;

/// What waits for the writing thread.
enum Command {
    /// Is part of a transaction.
    Grouped(Grouped),
    /// Runs between two of them, while nobody writes.
    Between(Box<dyn FnOnce() + Send>),
}

/// Where in its group a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Later,
}

/// A group that was not committed: why, for each of those who wait.
struct Broken {
    error: String,
    is_no_room: bool,
}

impl Broken {
    /// The commit failed by `error`; the transaction may have ended before, on a full disk.
    fn of(error: rusqlite::Error, met_no_room: bool) -> Self {
        let fault = sql::fault("committing", error);
        Self { error: fault.source.to_string(), is_no_room: met_no_room || fault.is_no_room() }
    }

    fn fault(&self) -> Fault {
        let error = self.error.clone();
        if self.is_no_room {
            return Fault::new("committing", NoRoom(error.into()));
        }
        Fault::new("committing", error)
    }
}

/// The handle of the writing thread. The thread ends when the last handle is dropped.
#[derive(Debug)]
pub(crate) struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    /// Starts the thread that owns `connection`.
    pub(crate) fn start(connection: Connection) -> Result<Self, Fault> {
        let (commands, inbox) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("shelf-writer".into())
            .spawn(move || run(&connection, inbox))
            .map_err(|error| Fault::new("starting the writer", error))?;
        Ok(Self { commands })
    }

    /// Runs `work` inside the next transaction; answers once that transaction is durable. An error
    /// of `work` takes back what it did, and nothing else.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let command: Grouped = Box::new(move |connection, place| {
            let result = alone(connection, place, work);
            let is_no_room = result.as_ref().is_err_and(sql::is_no_room);
            let then: Answer = Box::new(move |broken: Option<&Broken>| {
                let result = match (result, broken) {
                    (Ok(value), None) => Ok(value),
                    (Err(error), None) => Err(sql::fault(doing, error)),
                    (_, Some(broken)) => Err(broken.fault()),
                };
                // The caller may have gone away; what was committed stays committed.
                drop(answer.send(result));
            });
            (then, is_no_room)
        });
        let gone = || Fault::new(doing, "the writer has stopped");
        self.commands.send(Command::Grouped(command)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Runs `work`, which opens the database itself, between two transactions: nobody writes
    /// meanwhile, and whoever wants to waits.
    pub(crate) async fn between<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        // The caller may have gone away; what was done is done.
        let command = Command::Between(Box::new(move || drop(answer.send(work()))));
        let gone = || Fault::new(doing, "the writer has stopped");
        self.commands.send(command).await.map_err(|_| gone())?;
        let done = answered.await.map_err(|_| gone())?;
        done.map_err(|error| sql::fault(doing, error))
    }
}

fn run(connection: &Connection, mut inbox: mpsc::Receiver<Command>) {
    let mut between = None;
    while let Some(first) = between.take().or_else(|| inbox.blocking_recv()) {
        let first = match first {
            Command::Grouped(first) => first,
            Command::Between(work) => {
                work();
                continue;
            }
        };
        let (mut answers, mut is_no_room) = (Vec::with_capacity(1), false);
        let begun = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([]));
        let mut next = Some(first);
        while let Some(command) = next {
            let place = if answers.is_empty() { Place::First } else { Place::Later };
            let (answer, met_no_room) = command(connection, place);
            answers.push(answer);
            is_no_room |= met_no_room;
            // A full disk ends the whole transaction: what came before is gone with it, and
            // nothing may go on outside of one.
            let goes_on = answers.len() < GROUP_MAX && !connection.is_autocommit();
            next = None;
            match goes_on.then(|| inbox.try_recv().ok()).flatten() {
                Some(Command::Grouped(command)) => next = Some(command),
                other => between = other,
            }
        }
        let committed = begun.and_then(|_| connection.prepare_cached("COMMIT")?.execute([]));
        let broken = committed.err().map(|error| Broken::of(error, is_no_room));
        if broken.is_some()
            && !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "rolling back failed");
        }
        for answer in answers {
            answer(broken.as_ref());
        }
    }
}

/// Runs `work` so that its error takes back its own part of the transaction only.
fn alone<T>(
    connection: &Connection,
    place: Place,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    if connection.is_autocommit() {
        // Outside of a transaction a savepoint would be one, and commit by itself.
        return Err(rusqlite::Error::InvalidQuery);
    }
    match place {
        Place::First => at_first(connection, work),
        Place::Later => in_savepoint(connection, work),
    }
}

/// The whole transaction is the savepoint of its first command, which spares the common group of
/// one the copies a savepoint keeps of every page.
fn at_first<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let result = work(connection);
    if result.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
    }
    result
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.prepare_cached("SAVEPOINT command")?.execute([])?;
    let result = work(connection);
    if result.is_err() {
        if connection.is_autocommit() {
            // The error ended the transaction, and this savepoint with it.
            return result;
        }
        connection.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    connection.prepare_cached("RELEASE command")?.execute([])?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `n`, and fails afterwards if it is odd.
    fn put(n: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<i64> + Send + 'static {
        move |connection| {
            connection.execute("INSERT INTO numbers VALUES (?1)", [n])?;
            if n % 2 == 1 { Err(rusqlite::Error::QueryReturnedNoRows) } else { Ok(n) }
        }
    }

    #[tokio::test]
    async fn an_error_takes_back_its_own_part_wherever_in_the_group_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("numbers.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
        let (commands, inbox) = mpsc::channel(QUEUE_MAX);
        let writer = Writer { commands };
        // All four wait before the thread begins, so they are one group.
        let begin = async { std::thread::spawn(move || run(&connection, inbox)) };
        let (first, second, third, fourth, _) = tokio::join!(
            writer.run("putting", put(1)),
            writer.run("putting", put(2)),
            writer.run("putting", put(3)),
            writer.run("putting", put(4)),
            begin
        );
        assert!(first.is_err() && third.is_err());
        assert_eq!((second.unwrap(), fourth.unwrap()), (2, 4));
        let reader = Connection::open(&file).unwrap();
        let mut kept = reader.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        let kept: Vec<i64> = kept.query_map([], |row| row.get(0)).unwrap().flatten().collect();
        assert_eq!(kept, [2, 4]);
    }

    #[tokio::test]
    async fn what_runs_between_two_transactions_sees_what_came_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("numbers.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
        let (commands, inbox) = mpsc::channel(QUEUE_MAX);
        let writer = Writer { commands };
        let counted = move || {
            let count = "SELECT count(*) FROM numbers";
            Connection::open(&file)?.query_row(count, [], |row| row.get::<_, i64>(0))
        };
        let begin = async { std::thread::spawn(move || run(&connection, inbox)) };
        let (first, seen, second, _) = tokio::join!(
            writer.run("putting", put(2)),
            writer.between("counting", counted),
            writer.run("putting", put(4)),
            begin
        );
        assert_eq!((first.unwrap(), seen.unwrap(), second.unwrap()), (2, 1, 4));
    }
}
