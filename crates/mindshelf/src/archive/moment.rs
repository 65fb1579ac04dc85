//! A backup as it was at an earlier moment, in an epoch of its own.

use super::Present;
use crate::root_key::{BEFORE, KEPT};
use shelf_domain::change::Head;
use shelf_domain::id::{CaptureId, Scope};
use shelf_domain::kind::Kind;
use shelf_ports::accounts::{RESTORED, RESTORED_OF};
use shelf_ports::archive::{Batch, Entry, KeptAnswer};
use std::collections::BTreeSet;

/// How many small numbers of each kind are given to nothing after a restore: what was saved since
/// the backup had the next ones, and apps that kept them are not to find another item there.
const NUMBERS_SKIPPED: u32 = 1_000;

/// Turns what a backup holds into what is restored.
///
/// Accounts stay as they are in the backup; content goes back to the moment. Every library gets a
/// later epoch, so that devices which saw what is no longer there begin anew: seconds since 1970,
/// so that two restores of one backup are told apart.
#[derive(Debug)]
pub struct Restoring {
    until: i64,
    epoch: u32,
    last: Head,
    left_out: BTreeSet<shelf_domain::id::ActId>,
    /// Files that came later.
    without: BTreeSet<CaptureId>,
    /// Who is there, where not everybody is.
    present: Option<Present>,
    missing: u64,
}

impl Restoring {
    /// Restores what was there at `until`, at the moment `now`, both in milliseconds.
    pub fn new(until: i64, now: i64) -> Self {
        let epoch = u32::try_from(now / 1_000).unwrap_or(u32::MAX);
        let (last, left_out, without) = (Head::default(), BTreeSet::new(), BTreeSet::new());
        Self { until, epoch, last, left_out, without, present: None, missing: 0 }
    }

    /// Leaves out what names people, tenants and libraries that are not among `present`.
    pub(crate) fn among(self, present: Present) -> Self {
        Self { present: Some(present), ..self }
    }

    /// How many entries were left out for that.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// The setting by which processes know that records were restored.
    pub fn mark(&self) -> Batch {
        let mark = Entry::Setting(RESTORED_OF, RESTORED.to_owned(), self.epoch.to_string());
        Batch { scope: None, entries: vec![mark] }
    }

    /// What of `batch` is restored.
    pub fn of(&mut self, batch: Batch) -> Batch {
        let Batch { scope, entries } = batch;
        let entries = entries.into_iter().filter_map(|entry| self.entry(scope, entry)).collect();
        Batch { scope, entries }
    }

    fn entry(&mut self, scope: Option<Scope>, entry: Entry) -> Option<Entry> {
        let entry = match &self.present {
            Some(present) => {
                let of = present.of(scope, entry);
                self.missing += u64::from(of.is_none());
                of?
            }
            None => entry,
        };
        match entry {
            // What seals keys here was said before.
            Entry::Setting(person, name, _)
                if person == RESTORED_OF && [KEPT, BEFORE].contains(&name.as_str()) =>
            {
                None
            }
            Entry::Setting(person, name, _) if person == RESTORED_OF && name == RESTORED => None,
            Entry::Library(..) => {
                self.last = Head::default();
                Some(entry)
            }
            Entry::Change(ref change) if change.at <= self.until => {
                (self.last.seq, self.last.at) = (change.seq, change.at);
                Some(entry)
            }
            Entry::Change(_) => None,
            Entry::Answer(KeptAnswer::Push { at, .. } | KeptAnswer::Write { at, .. }) => {
                (at <= self.until).then_some(entry)
            }
            Entry::Held(ref held) => (held.at <= self.until).then_some(entry),
            Entry::Endpoint(ref endpoint) => (endpoint.created_at <= self.until).then_some(entry),
            Entry::Event(_, ref event) => (event.at <= self.until).then_some(entry),
            Entry::Import(ref job) if job.started_at > self.until => {
                self.left_out.insert(job.id);
                None
            }
            Entry::Capture(ref capture) if capture.made_at > self.until => {
                self.without.insert(capture.id);
                None
            }
            Entry::Content(ref content) => {
                (!self.without.contains(&content.capture)).then_some(entry)
            }
            Entry::Line(import, _) => (!self.left_out.contains(&import)).then_some(entry),
            Entry::Whole(head) => Some(Entry::Whole(self.head(head))),
            other => Some(other),
        }
    }

    /// Small numbers and stamps that were given stay given, also those of later rows.
    fn head(&self, head: Head) -> Head {
        let epoch = self.epoch.max(head.epoch.saturating_add(1));
        let mut numbers = head.numbers.clone();
        for kind in Kind::ALL {
            let highest = numbers.entry(kind).or_default();
            *highest = highest.saturating_add(NUMBERS_SKIPPED);
        }
        Head { epoch, seq: self.last.seq, at: self.last.at, numbers, ..head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_may_have_been_given_since_the_backup_are_given_to_nothing() {
        let mut restoring = Restoring::new(i64::MAX, 1_790_000_000_000);
        let numbers = [(Kind::Bookmark, 7)].into();
        let head = Head { epoch: 3, numbers, ..Head::default() };
        let entries = vec![Entry::Whole(head)];
        let restored = restoring.of(Batch { scope: None, entries }).entries;
        let Some(Entry::Whole(head)) = restored.first() else { panic!("{restored:?}") };
        assert_eq!(head.epoch, 1_790_000_000);
        assert_eq!(head.numbers.get(&Kind::Bookmark), Some(&1_007));
        assert_eq!(head.numbers.get(&Kind::Tag), Some(&1_000), "a first one had number one");
    }
}
