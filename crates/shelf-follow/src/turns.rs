//! Several processes share the libraries out: each holds leases on its groups and follows those.
//!
//! A process shows that it is there by a lease of its own beside those on its groups, all of them
//! renewed by one statement. From who is there follows how many groups each may have; who has more
//! gives back, who has fewer takes what is free.

use crate::follower::Follower;
use crate::share::{share, step};
use shelf_domain::shard::ShardGroup;
use shelf_ports::Fault;
use shelf_ports::leases::{Lease, Leases};
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// What the names of all leases of followers begin with.
pub(crate) const FOLLOW: &str = "follow/";
/// What stands after the follower in the lease of a process that is there.
pub(crate) const PRESENT: &str = "/at/";
/// How long leases outlive a process that went away.
const TERM: Duration = Duration::from_secs(15);
/// How often they are renewed and shares are looked at.
const EVERY: Duration = Duration::from_secs(5);
/// The same while something is missing in one's share.
const SOON: Duration = Duration::from_secs(1);
/// Processes that are told apart; more of them stand by.
const MEMBERS_MAX: usize = 512;

/// The turn of one process at following for all.
#[derive(Debug)]
pub struct Turns {
    leases: Arc<dyn Leases>,
    follower: Arc<Follower>,
    holder: String,
    /// What the names of all its leases begin with.
    prefix: String,
    mine: BTreeSet<ShardGroup>,
    /// When the leases end unless they are renewed.
    until: Instant,
}

impl Turns {
    /// The turn of `holder`, whom nobody else is called, at running `follower`.
    pub fn new(leases: Arc<dyn Leases>, follower: Arc<Follower>, holder: String) -> Self {
        let prefix = format!("{FOLLOW}{}/", follower.name());
        let (mine, until) = (BTreeSet::new(), Instant::now());
        Self { leases, follower, holder, prefix, mine, until }
    }

    /// Follows this process's share of all libraries until `stop` becomes true, and then gives its
    /// leases back.
    pub async fn run(mut self, stop: watch::Receiver<bool>) {
        self.follower.hold(&self.mine);
        let follower = Arc::clone(&self.follower);
        tokio::join!(follower.run(stop.clone()), self.share_out(stop));
        let mut names = self.names(&self.mine);
        names.push(self.presence_of(&self.holder));
        if let Err(fault) = self.leases.give_back_all(&names, &self.holder).await {
            tracing::warn!(
                error = &fault as &dyn Error,
                "leases were not given back; they run out"
            );
        }
    }

    /// Renews, gives back and takes until it is told to stop.
    async fn share_out(&mut self, mut stop: watch::Receiver<bool>) {
        if let Err(fault) = self.forget_the_dead().await {
            tracing::warn!(error = &fault as &dyn Error, "who died is not forgotten");
        }
        while !*stop.borrow() {
            let wait = match self.turn_in_time().await {
                Ok(true) => EVERY,
                Ok(false) => SOON,
                Err(fault) => {
                    tracing::warn!(error = &fault as &dyn Error, "nobody can be asked for turns");
                    self.until.saturating_duration_since(Instant::now()).clamp(SOON, EVERY)
                }
            };
            if self.until <= Instant::now() && !self.mine.is_empty() {
                tracing::warn!("leases ran out before they could be renewed");
                self.follow(BTreeSet::new());
            }
            // Whether told or left alone, the loop ends.
            drop(timeout(wait, stop.wait_for(|stop| *stop)).await);
        }
    }

    /// One look at everything, before the leases end; whether this process has its share.
    async fn turn_in_time(&mut self) -> Result<bool, Fault> {
        let until = if self.mine.is_empty() { Instant::now() + TERM } else { self.until };
        match timeout_at(until, self.turn()).await {
            Ok(turn) => turn,
            Err(late) => Err(Fault::new("renewing leases", late)),
        }
    }

    async fn turn(&mut self) -> Result<bool, Fault> {
        self.renew().await?;
        let limit = usize::from(ShardGroup::COUNT) + MEMBERS_MAX;
        let held = self.leases.held(&self.prefix, limit).await?;
        let share = share(&self.members(&held), &self.holder);
        let step = step(share, &self.mine, &self.theirs(&held));
        let mut mine = self.mine.clone();
        if !step.give.is_empty() {
            mine.retain(|group| !step.give.contains(group));
            // A batch that is under way may end after its lease: whoever follows next moves the
            // position first, or finds it moved.
            self.follow(mine);
            self.leases.give_back_all(&self.names(&step.give), &self.holder).await?;
        } else if !step.take.is_empty() {
            let taken = self.leases.take_all(&self.names(&step.take), &self.holder, TERM).await?;
            mine.extend(step.take.iter().filter(|group| taken.contains(&self.name(**group))));
            self.follow(mine);
        }
        Ok(self.mine.len() == share)
    }

    /// Renews what this process has; what another took meanwhile is no longer followed.
    async fn renew(&mut self) -> Result<(), Fault> {
        let mut names = self.names(&self.mine);
        names.push(self.presence_of(&self.holder));
        let asked = Instant::now();
        let taken = self.leases.take_all(&names, &self.holder, TERM).await?;
        self.until = asked + TERM;
        let is_kept = |group: &&ShardGroup| taken.contains(&self.name(**group));
        let kept = self.mine.iter().filter(is_kept).copied().collect();
        self.follow(kept);
        Ok(())
    }

    /// Ends what processes that died left of their presence.
    async fn forget_the_dead(&self) -> Result<(), Fault> {
        let dead = self.leases.left(&self.presence_of(""), MEMBERS_MAX).await?;
        if dead.is_empty() {
            return Ok(());
        }
        let taken = self.leases.take_all(&dead, &self.holder, TERM).await?;
        self.leases.give_back_all(&taken, &self.holder).await
    }

    /// Who is there.
    fn members<'a>(&self, held: &'a [Lease]) -> BTreeSet<&'a str> {
        let present = self.presence_of("");
        let members = held.iter().filter(|lease| lease.name.starts_with(&present));
        members.map(|lease| lease.holder.as_str()).collect()
    }

    /// The groups others have.
    fn theirs(&self, held: &[Lease]) -> BTreeSet<ShardGroup> {
        let others = held.iter().filter(|lease| lease.holder != self.holder);
        let names: BTreeSet<&str> = others.map(|lease| lease.name.as_str()).collect();
        ShardGroup::all().filter(|group| names.contains(self.name(*group).as_str())).collect()
    }

    /// Follows `mine` from now on, and says so where it is news.
    fn follow(&mut self, mine: BTreeSet<ShardGroup>) {
        if mine == self.mine {
            return;
        }
        let (follower, groups) = (self.follower.name(), mine.len());
        tracing::info!(follower, groups, "this process follows its share of the groups");
        self.follower.hold(&mine);
        self.mine = mine;
    }

    fn names<'a>(&self, groups: impl IntoIterator<Item = &'a ShardGroup>) -> Vec<String> {
        groups.into_iter().map(|group| self.name(*group)).collect()
    }

    fn name(&self, group: ShardGroup) -> String {
        format!("{}{group}", self.prefix)
    }

    /// The lease that says `holder` is there.
    fn presence_of(&self, holder: &str) -> String {
        format!("{}{PRESENT}{holder}", self.prefix.trim_end_matches('/'))
    }
}
