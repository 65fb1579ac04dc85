//! The keeper: settles what a stopped process left open, and removes what has had its time, at the
//! start and then every hour.

use shelf_bookmarks::import::settle_interrupted;
use shelf_bookmarks::trash::purge_overdue;
use shelf_bookmarks::{Ctx, Stores};
use shelf_domain::id::DeviceId;
use shelf_ports::replies::Replies;
use shelf_ports::{Failure, Fault};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The time between two rounds.
const EVERY: Duration = Duration::from_hours(1);
/// How long activity is remembered, milliseconds: thirteen months.
const ACTIVITY_MS: i64 = 396 * 86_400_000;
/// How long answers to repeated requests are kept, milliseconds: thirty days.
const ANSWERS_MS: i64 = 30 * 86_400_000;

/// Marks imports the process before this one left running, for the start, before anything runs.
pub(crate) async fn settle(stores: &Stores) -> Result<(), Fault> {
    for library in stores.accounts.all_libraries().await? {
        let settled = settle_interrupted(stores, library.scope()).await?;
        if settled > 0 {
            tracing::warn!(library = %library.id, settled, "imports were interrupted");
        }
    }
    Ok(())
}

/// Rounds that go on in the background until they are stopped.
#[derive(Debug)]
pub(crate) struct Upkeep {
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    /// Begins with a round, then one every hour.
    pub(crate) fn start(stores: Stores, replies: Arc<dyn Replies>) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut hours = tokio::time::interval(EVERY);
            let rounds = async {
                loop {
                    hours.tick().await;
                    if let Err(failure) = round(&stores, &*replies).await {
                        // The next round tries again.
                        tracing::error!(
                            error = &failure as &dyn std::error::Error,
                            "the keeper's round failed"
                        );
                    }
                }
            };
            // A round can end anywhere: each of its turns is whole in itself.
            tokio::select! {
                () = rounds => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
        Self { stop, task: Mutex::new(Some(task)) }
    }

    /// Ends the rounds.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // Only a panic of the task itself could be told here, and it was logged.
            drop(task.await);
        }
    }
}

/// One round: the trash after thirty days, activity after thirteen months, stored answers after
/// thirty days.
async fn round(stores: &Stores, replies: &dyn Replies) -> Result<(), Failure> {
    let now = stores.clock.now_ms();
    for person in stores.accounts.people().await? {
        let ctx = Ctx { stores: stores.clone(), device: DeviceId::KEEPER, person: person.id };
        for library in stores.accounts.libraries(person.id).await? {
            let scope = library.scope();
            if let Some(purged) = purge_overdue(&ctx, scope).await? {
                let items = purged.items.len();
                tracing::info!(library = %library.id, items, "removed what was long in the trash");
            }
            stores.activity.forget(scope, person.id, Some(now - ACTIVITY_MS)).await?;
            stores.library.forget_answers(scope, now - ANSWERS_MS).await?;
        }
    }
    Ok(replies.forget_replies(now - ANSWERS_MS).await?)
}
