//! The one writer: drains what waits into one transaction, answers after the commit.

use rusqlite::Connection;
use shelf_ports::Fault;
use tokio::sync::{mpsc, oneshot};

/// Most commands in one transaction.
const GROUP_MAX: usize = 64;
/// Most commands that wait.
const QUEUE_MAX: usize = 1_024;

/// Called after the commit, with its error if it failed.
type Answer = Box<dyn FnOnce(Option<String>) + Send>;
type Command = Box<dyn FnOnce(&Connection) -> Answer + Send>;

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

    /// Runs `work` inside the next transaction, in a savepoint of its own; answers once that
    /// transaction is durable. An error of `work` rolls back its own savepoint only.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let command: Command = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |commit_error| {
                let result = match (result, commit_error) {
                    (Ok(value), None) => Ok(value),
                    (Ok(_), Some(error)) => Err(Fault::new("committing", error)),
                    (Err(error), _) => Err(Fault::new(doing, error)),
                };
                // The caller may have gone away; what was committed stays committed.
                drop(answer.send(result));
            })
        });
        let gone = || Fault::new(doing, "the writer has stopped");
        self.commands.send(command).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn run(connection: &Connection, mut inbox: mpsc::Receiver<Command>) {
    while let Some(first) = inbox.blocking_recv() {
        let mut answers = Vec::with_capacity(1);
        let begun = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([]));
        answers.push(first(connection));
        while answers.len() < GROUP_MAX {
            let Ok(next) = inbox.try_recv() else { break };
            answers.push(next(connection));
        }
        let committed = begun.and_then(|_| connection.prepare_cached("COMMIT")?.execute([]));
        let error = committed.err().map(|error| error.to_string());
        if error.is_some()
            && !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "rolling back failed");
        }
        for answer in answers {
            answer(error.clone());
        }
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.prepare_cached("SAVEPOINT command")?.execute([])?;
    let result = work(connection);
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    connection.prepare_cached("RELEASE command")?.execute([])?;
    result
}
