//! The courier in this process: its follower, its rounds, and the door it goes out by.

use crate::app::Setup;
use crate::followers::{Followers, Row};
use crate::records::Records;
use async_trait::async_trait;
use shelf_bookmarks::Stores;
use shelf_courier::{Courier, Rounds, Share, TellFollower, WatchedNews};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::shard::ShardGroup;
use shelf_follow::{Follower, Source};
use shelf_outbound::{Guard, Rules};
use shelf_ports::outbound::{Answer, Ask, Outbound, Refusal, Trouble, Unanswered};
use shelf_ports::projection::Projection;
use shelf_vault::RootVault;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Who is told what happens, on these records.
pub(crate) fn courier_of(records: &Records, stores: &Stores, vault: &Arc<RootVault>) -> Courier {
    let Stores { library, audit, rooms, clock, chance, .. } = stores.clone();
    let (webhooks, vault) = (records.webhooks(), vault.clone());
    Courier { webhooks, library, audit, rooms, clock, chance, vault, watched: Arc::default() }
}

/// The courier's row in the table of followers. It hears of libraries that have endpoints alone.
pub(crate) fn row(courier: &Courier, source: &Source, records: &Records) -> Row {
    let news = WatchedNews { all: Arc::clone(&source.news), watched: courier.watched.clone() };
    Row {
        source: Source { news: Arc::new(news), ..source.clone() },
        projection: Arc::new(TellFollower::new(courier.clone())),
        shared: records.are_shared(),
    }
}

/// Lets the courier go its rounds, where its follower runs and something may leave.
pub(crate) fn go_round(courier: &Courier, followers: &Followers, setup: &Setup) {
    let name = TellFollower::new(courier.clone()).name();
    let Some(follower) = followers.called(name) else { return };
    if !setup.outbound.on {
        return;
    }
    let door = door_out(setup);
    let share = Arc::new(Held(Arc::clone(follower)));
    let rounds = Rounds::new(courier.clone(), door, share);
    followers.beside(|stopped| rounds.run(stopped));
}

/// The way out of this process.
pub(crate) fn door_out(setup: &Setup) -> Arc<dyn Outbound> {
    let rules = Rules { own: vec![setup.listen], ..setup.outbound.clone() };
    Arc::new(Door { rules, guard: OnceCell::new() })
}

/// What the follower holds is this process's share.
#[derive(Debug)]
struct Held(Arc<Follower>);

impl Share for Held {
    fn holds(&self, library: LibraryId) -> bool {
        self.0.holds(ShardGroup::of(library))
    }

    fn stir(&self, scope: Scope) {
        self.0.stir(scope);
    }
}

/// The door out, made when something first leaves: whom this machine trusts is read then, and a
/// server that sends nothing holds none of it.
#[derive(Debug)]
struct Door {
    rules: Rules,
    guard: OnceCell<Guard>,
}

#[async_trait]
impl Outbound for Door {
    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered> {
        if !self.rules.on {
            return Err(Refusal::Off.into());
        }
        let make = || async { Guard::new(self.rules.clone()) };
        match self.guard.get_or_try_init(make).await {
            Ok(guard) => guard.send(ask).await,
            Err(fault) => {
                tracing::error!(error = &fault as &dyn Error, "the door out cannot be opened");
                Err(Trouble::Untrusted.into())
            }
        }
    }
}
