//! What a follower remembers of each library; lost on a crash and found again from the stores.

use shelf_domain::id::Scope;
use shelf_domain::shard::ShardGroup;
use shelf_domain::stamp::Seq;
use shelf_ports::news::Mark;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// One library as its follower sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    /// How far its projection is, as far as is known.
    pub(crate) position: Option<Seq>,
    /// Server time of the oldest change that is known and not taken in.
    pub(crate) waiting_since: Option<i64>,
    /// Faults in a row.
    pub(crate) faults: u32,
    /// What the last fault said.
    pub(crate) problem: String,
    /// Not to be tried before.
    pub(crate) retry_at: Option<Instant>,
}

/// All libraries of one follower.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    /// The groups that are followed, each with the mark up to which its news were heard.
    pub(crate) marks: BTreeMap<ShardGroup, Mark>,
    /// By scope.
    pub(crate) all: BTreeMap<Scope, Track>,
    /// Those that may have changes not taken in yet.
    pub(crate) stirred: BTreeSet<Scope>,
    /// Faults met since the start.
    pub(crate) retries: u64,
    /// Size of the last batch.
    pub(crate) batch_size: usize,
}

impl Tracks {
    /// Follows `groups` alone from now on. Of a new one all news are heard from the first; of one
    /// that goes nothing is remembered.
    pub(crate) fn hold(&mut self, groups: &BTreeSet<ShardGroup>) {
        let before = std::mem::take(&mut self.marks);
        let mark = |group: &ShardGroup| before.get(group).copied().unwrap_or(0);
        self.marks = groups.iter().map(|group| (*group, mark(group))).collect();
        let is_lost = |scope: &Scope| {
            let group = ShardGroup::of(scope.library);
            before.contains_key(&group) && !groups.contains(&group)
        };
        self.stirred.retain(|scope| !is_lost(scope));
        self.all.retain(|scope, _| !is_lost(scope));
    }

    /// The mark from which on there is something to hear; `None` where nothing is followed.
    pub(crate) fn hears_from(&self) -> Option<Mark> {
        self.marks.values().min().copied()
    }

    /// Notes what was told when asked for news since `asked`. A group that was taken meanwhile has
    /// no part in it: what it has to hear lies before.
    pub(crate) fn heard(&mut self, asked: Mark, news: &[(Mark, Scope)]) {
        let Some((last, _)) = news.last() else { return };
        for (mark, scope) in news {
            let heard = self.marks.get(&ShardGroup::of(scope.library));
            if heard.is_some_and(|heard| *heard < *mark) {
                self.stirred.insert(*scope);
            }
        }
        for heard in self.marks.values_mut().filter(|heard| **heard >= asked) {
            *heard = (*last).max(*heard);
        }
    }

    /// Stirred libraries that may be tried at `now`.
    pub(crate) fn due(&self, now: Instant) -> Vec<Scope> {
        let due = |scope: &&Scope| {
            self.all.get(scope).and_then(|track| track.retry_at).is_none_or(|at| at <= now)
        };
        self.stirred.iter().filter(due).copied().collect()
    }

    /// When the next library that waits after a fault may be tried.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        self.stirred.iter().filter_map(|scope| self.all.get(scope)?.retry_at).min()
    }

    /// The track of `scope`, unless its group went while it was followed.
    pub(crate) fn of_stirred(&mut self, scope: Scope) -> Option<&mut Track> {
        self.stirred.contains(&scope).then(|| self.all.entry(scope).or_default())
    }

    /// Notes that `scope` is at `position` and, if `done`, that nothing more is known to wait.
    pub(crate) fn arrived(&mut self, scope: Scope, position: Seq, done: bool) {
        let Some(track) = self.of_stirred(scope) else { return };
        track.position = Some(position);
        track.faults = 0;
        track.retry_at = None;
        track.problem.clear();
        if done {
            track.waiting_since = None;
            self.stirred.remove(&scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::{LibraryId, TenantId};

    /// One library each of the first two groups there are, with its group.
    fn two() -> [(Scope, ShardGroup); 2] {
        let scope = |number| Scope {
            tenant: TenantId::from_bytes([1; 16]),
            library: LibraryId::from_bytes([number; 16]),
        };
        let of = |scope: Scope| (scope, ShardGroup::of(scope.library));
        let first = of(scope(1));
        let other = (2..9).map(|number| of(scope(number))).find(|(_, group)| *group != first.1);
        [first, other.unwrap()]
    }

    fn held(groups: &[ShardGroup]) -> BTreeSet<ShardGroup> {
        groups.iter().copied().collect()
    }

    #[test]
    fn a_group_that_is_taken_hears_what_was_told_before() {
        let [(a, of_a), (b, of_b)] = two();
        let news = [(3, a), (5, b)];
        let mut tracks = Tracks::default();
        tracks.hold(&held(&[of_a]));
        tracks.heard(0, &news);
        assert_eq!((tracks.stirred.clone(), tracks.hears_from()), ([a].into(), Some(5)));
        tracks.stirred.clear();
        tracks.hold(&held(&[of_a, of_b]));
        assert_eq!(tracks.hears_from(), Some(0));
        tracks.heard(0, &news);
        assert_eq!(tracks.stirred, [b].into(), "the other group heard it already");
        assert_eq!(tracks.hears_from(), Some(5));
    }

    #[test]
    fn a_group_that_is_taken_while_others_are_told_news_misses_none() {
        let [(a, of_a), (b, of_b)] = two();
        let mut tracks = Tracks::default();
        tracks.hold(&held(&[of_a]));
        tracks.heard(0, &[(5, a)]);
        let asked = tracks.hears_from().unwrap();
        tracks.hold(&held(&[of_a, of_b]));
        tracks.heard(asked, &[(7, a)]);
        assert_eq!(tracks.hears_from(), Some(0), "the new group has heard nothing");
        tracks.heard(0, &[(4, b), (7, a)]);
        assert!(tracks.stirred.contains(&b));
        assert_eq!(tracks.hears_from(), Some(7));
    }

    #[test]
    fn of_a_group_that_goes_nothing_is_left_and_what_is_rebuilt_stays() {
        let [(a, of_a), (b, of_b)] = two();
        let mut tracks = Tracks::default();
        tracks.hold(&held(&[of_a]));
        tracks.heard(0, &[(1, a)]);
        tracks.arrived(a, 1, false);
        tracks.stirred.insert(b);
        tracks.hold(&held(&[]));
        tracks.arrived(a, 2, false);
        assert_eq!((tracks.stirred, tracks.all.len()), ([b].into(), 0));
        assert_eq!(tracks.marks.get(&of_b), None);
    }
}
