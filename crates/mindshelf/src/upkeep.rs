//! The keeper: settles what a process that went away left open, and removes what has had its time.
//! Of several processes one is it at a time; when it goes, another follows within seconds.

use crate::erasing::Erasing;
use crate::records::Records;
use shelf_bookmarks::captures::sweep_files;
use shelf_bookmarks::import::{forget_waiting, settle_imports};
use shelf_bookmarks::trash::purge_overdue;
use shelf_bookmarks::{Ctx, Held, Stores};
use shelf_courier::{Courier, seal_keys};
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::plan::Day;
use shelf_domain::right::Right;
use shelf_identity::PrivacyDoors;
use shelf_identity::privacy::signing::seal_signing_key;
use shelf_ports::outbound::Outbound;
use shelf_ports::replies::Replies;
use shelf_ports::search::SearchIndex;
use shelf_ports::tenants::Reach;
use shelf_ports::usage::Usage;
use shelf_ports::webhooks::Webhooks;
use shelf_ports::{Failure, Fault};
use shelf_sync::forget_snapshots;
use shelf_vault::RootVault;
use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::interval;

/// The lease of whoever is the keeper.
const LEASE: &str = "keeper";
/// The time between two looks at what was left open, and between two tries to become the keeper.
const LOOK: Duration = Duration::from_secs(5);
/// How long the work may take to end.
const STOP_MAX: Duration = Duration::from_secs(5);
/// The time between two rounds.
const ROUND: Duration = Duration::from_hours(1);
/// How much later than its id says somebody may come: a clock that is behind, a transaction that takes
/// long, milliseconds. Whoever comes later still gets a key when it is needed, or with a round.
const LATE_MS: i64 = 10 * 60_000;
/// How long activity is remembered, milliseconds: thirteen months.
const ACTIVITY_MS: i64 = 396 * 86_400_000;
/// How long answers to repeated requests are kept, milliseconds: thirty days.
const ANSWERS_MS: i64 = 30 * 86_400_000;
/// How long it is kept what tenants asked for by day, days.
const SPENT_DAYS: i64 = 400;
/// How long deliveries of webhooks are listed, milliseconds: thirty days.
const DELIVERIES_MS: i64 = 30 * 86_400_000;

/// Settles what the processes before left open.
pub(crate) async fn settle(stores: &Stores) -> Result<(), Fault> {
    let settled = settle_imports(stores).await?;
    if settled > 0 {
        tracing::warn!(settled, "imports were interrupted");
    }
    Ok(())
}

/// What the keeper looks after.
#[derive(Debug)]
pub(crate) struct Kept {
    stores: Stores,
    replies: Arc<dyn Replies>,
    webhooks: Arc<dyn Webhooks>,
    usage: Arc<dyn Usage>,
    erasing: Erasing,
    sealing: Sealing,
    /// Since when those who came are looked at for keys, milliseconds; everybody at first.
    keyed: AtomicI64,
}

/// What is sealed, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    pub(crate) courier: Courier,
    pub(crate) vault: Arc<RootVault>,
}

impl Sealing {
    /// Seals what is kept as it is, from before there were keys.
    async fn seal(&self, doors: &PrivacyDoors) -> Result<(), Fault> {
        let endpoints = seal_keys(&self.courier).await?;
        if endpoints > 0 {
            tracing::info!(endpoints, "sealed the keys of webhooks");
        }
        seal_signing_key(doors).await
    }
}

impl Kept {
    /// These stores, what search keeps of them, and the way out to who was sent something.
    pub(crate) fn of(
        stores: &Stores,
        records: &Records,
        doors: PrivacyDoors,
        index: Arc<dyn SearchIndex>,
        sealing: Sealing,
        outbound: Arc<dyn Outbound>,
    ) -> Self {
        let (replies, webhooks) = (records.replies(), records.webhooks());
        let erasing = Erasing {
            doors,
            stores: stores.clone(),
            replies: replies.clone(),
            index,
            courier: sealing.courier.clone(),
            outbound,
        };
        let usage = records.usage();
        let (stores, keyed) = (stores.clone(), AtomicI64::new(0));
        Self { stores, replies, webhooks, usage, erasing, sealing, keyed }
    }
}

/// The keeper's work, or the wait for it, until it is stopped.
#[derive(Debug)]
pub(crate) struct Upkeep {
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    /// Becomes the keeper as soon as nobody else is.
    pub(crate) fn start(kept: Kept) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = Mutex::new(Some(tokio::spawn(wait(kept, stopped))));
        Self { stop, task }
    }

    /// Ends the work; another process may follow at once.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task {
            // Only a panic of the task itself could be told here, and it was logged.
            if tokio::time::timeout(STOP_MAX, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

/// Tries to be the keeper again and again.
async fn wait(kept: Kept, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(fault) = be_keeper(&kept, stopped.clone()).await {
            tracing::warn!(error = &fault as &dyn Error, "nobody can be asked for the keeper");
        }
        // Whether told or left alone, the loop ends.
        drop(tokio::time::timeout(LOOK, stopped.wait_for(|stop| *stop)).await);
    }
}

/// Does the keeper's work until it is stopped or another process has it; at once nothing, where
/// another has it.
async fn be_keeper(kept: &Kept, stopped: watch::Receiver<bool>) -> Result<(), Fault> {
    let Some(held) = Held::take(&kept.stores, LEASE).await? else { return Ok(()) };
    // It can end anywhere: each of its turns is whole in itself.
    held.during(duties(kept, stopped)).await;
    held.give_back().await
}

/// Begins with a round, then one every hour, and looks at what was left open all the while.
async fn duties(kept: &Kept, mut stopped: watch::Receiver<bool>) {
    let (mut rounds, mut looks) = (interval(ROUND), interval(LOOK));
    while !*stopped.borrow() {
        let duty = async {
            tokio::select! {
                _ = rounds.tick() => round(kept).await,
                _ = looks.tick() => look(kept).await.map_err(Failure::from),
            }
        };
        let done = tokio::select! {
            done = duty => done,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        if let Err(failure) = done {
            // The next one tries again.
            tracing::error!(error = &failure as &dyn Error, "the keeper met a failure");
        }
    }
}

/// One look: what processes before left open, keys for who is new, and one turn of each erasure that
/// is due; what fails keeps none of the others waiting.
async fn look(kept: &Kept) -> Result<(), Fault> {
    let settled = settle(&kept.stores).await;
    let keyed = make_keys(kept).await;
    let erased = kept.erasing.turn().await;
    settled.and(keyed).and(erased)
}

/// Makes keys for who came since the last time.
async fn make_keys(kept: &Kept) -> Result<(), Fault> {
    let now = kept.stores.clock.now_ms();
    kept.sealing.vault.make_missing_since(kept.keyed.load(Ordering::Relaxed)).await?;
    kept.keyed.store(now - LATE_MS, Ordering::Relaxed);
    Ok(())
}

/// One round: the trash after thirty days, activity after thirteen months, stored answers after
/// thirty days, deliveries after thirty days, what was asked for by day after four hundred, files that
/// wait for their import and snapshots after a
/// day. What is from before there were keys is sealed, and whoever has
/// no key yet gets one. What fails, and be it one library, keeps nothing else waiting; the first
/// failure is told.
async fn round(kept: &Kept) -> Result<(), Failure> {
    let Kept { stores, replies, webhooks, usage, erasing, sealing, .. } = kept;
    let now = stores.clock.now_ms();
    let done: [Result<(), Failure>; 10] = [
        forget_activity(stores, now).await,
        clear_libraries(stores, now).await,
        sealing.vault.make_missing().await.map(drop).map_err(Failure::from),
        sealing.seal(&erasing.doors).await.map_err(Failure::from),
        forget_waiting(stores).await.map(drop).map_err(Failure::from),
        forget_snapshots(&*stores.blobs, now).await.map(drop).map_err(Failure::from),
        webhooks.forget_deliveries(now - DELIVERIES_MS).await.map_err(Failure::from),
        usage.forget_spent(Day::of(now).before(SPENT_DAYS)).await.map_err(Failure::from),
        erasing.doors.privacy.forget_receipts(now).await.map_err(Failure::from),
        replies.forget_replies(now - ANSWERS_MS).await.map_err(Failure::from),
    ];
    done.into_iter().collect()
}

/// Forgets what people opened long ago.
async fn forget_activity(stores: &Stores, now: i64) -> Result<(), Failure> {
    let (until, mut first) = (Some(now - ACTIVITY_MS), Ok(()));
    for person in stores.accounts.people().await? {
        for Reach { library, .. } in stores.tenants.reach(person.id).await? {
            let forgotten = stores.activity.forget(library.scope(), person.id, until).await;
            first = first.and(forgotten);
        }
    }
    Ok(first?)
}

/// Removes what was long in the trash of each library, files whose bookmark is gone, and answers nobody
/// asks for any more.
async fn clear_libraries(stores: &Stores, now: i64) -> Result<(), Failure> {
    let (of, device, right) = (stores.clone(), DeviceId::KEEPER, Right::Write);
    let ctx = Ctx { stores: of, device, person: PersonId::from_bytes([0; 16]), right };
    let mut first = Ok(());
    for library in stores.accounts.all_libraries().await? {
        let scope = library.scope();
        match purge_overdue(&ctx, scope).await {
            Ok(None) => {}
            Ok(Some(purged)) => {
                let items = purged.items.len();
                tracing::info!(library = %library.id, items, "removed what was long in the trash");
            }
            Err(failure) => first = first.and(Err(failure)),
        }
        match sweep_files(stores, scope).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(library = %library.id, files, "removed files"),
            Err(fault) => first = first.and(Err(fault.into())),
        }
        let forgotten = stores.library.forget_answers(scope, now - ANSWERS_MS).await;
        first = first.and(forgotten.map_err(Failure::from));
    }
    first
}
