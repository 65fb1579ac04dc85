//! What passes a filter: one pass over the rows, and the documents of its words and phrases.

use super::room::Room;
use super::rows::{Row, Rows};
use super::shelf::Walk;
use shelf_ports::Fault;
use shelf_ports::search::{Filter, Flags, Group, Label, Ranking};

/// Which numbers pass.
#[derive(Debug)]
pub(super) enum Passing {
    /// Every living one.
    All,
    /// Those that are true here.
    These(Vec<bool>),
}

impl Passing {
    pub(super) fn has(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::These(passing) => passing.get(number).copied().unwrap_or(false),
        }
    }
}

impl Walk<'_> {
    /// What passes `filter`.
    pub(super) fn passing(
        &self,
        filter: &Filter,
        ranking: &Ranking,
        room: &mut Room,
    ) -> Result<Passing, Fault> {
        if *filter == Filter::default() {
            return Ok(Passing::All);
        }
        let rows = &self.shelf.rows;
        let mut passing = by_rows(rows, filter);
        let Room { best, matches, .. } = room;
        let mut numbers = |group: &Group| -> Result<Vec<u32>, Fault> {
            self.group(group, ranking, best, matches)?;
            Ok(matches.iter().map(|(number, _)| *number).collect())
        };
        for group in &filter.groups {
            keep(&mut passing, &numbers(group)?);
        }
        for group in &filter.without_groups {
            drop_all(&mut passing, &numbers(group)?);
        }
        for phrase in &filter.phrases {
            keep(&mut passing, &self.phrase(phrase)?);
        }
        for phrase in &filter.without_phrases {
            drop_all(&mut passing, &self.phrase(phrase)?);
        }
        Ok(Passing::These(passing))
    }
}

fn by_rows(rows: &Rows, filter: &Filter) -> Vec<bool> {
    let wanted: Option<Vec<u32>> =
        filter.labels.iter().map(|label| rows.labels.id(label)).collect();
    let Some(wanted) = wanted else { return vec![false; rows.len()] };
    let unwanted: Vec<u32> =
        filter.without_labels.iter().filter_map(|label| rows.labels.id(label)).collect();
    // One that no document has is none of those that would do.
    let any_of = |labels: &Vec<Label>| -> Vec<u32> {
        labels.iter().filter_map(|label| rows.labels.id(label)).collect()
    };
    let any: Vec<Vec<u32>> = filter.any_labels.iter().map(any_of).collect();
    let is_plain = wanted.is_empty() && unwanted.is_empty() && any.is_empty();
    let by_row = |row: &Row| {
        row.living
            && row.flags.has(filter.flags)
            && (filter.without_flags == Flags::default() || !row.flags.meets(filter.without_flags))
            && filter.from_ms.is_none_or(|from| row.created_at_ms() >= from)
            && filter.until_ms.is_none_or(|until| row.created_at_ms() < until)
            && (is_plain || {
                let labels = rows.labels_of(row);
                wanted.iter().all(|id| labels.contains(id))
                    && !unwanted.iter().any(|id| labels.contains(id))
                    && any.iter().all(|some| some.iter().any(|id| labels.contains(id)))
            })
    };
    rows.all().iter().map(by_row).collect()
}

fn keep(passing: &mut [bool], numbers: &[u32]) {
    let mut held = vec![false; passing.len()];
    for &number in numbers {
        if let Some(held) = held.get_mut(number as usize) {
            *held = true;
        }
    }
    for (passes, held) in passing.iter_mut().zip(held) {
        *passes &= held;
    }
}

fn drop_all(passing: &mut [bool], numbers: &[u32]) {
    for &number in numbers {
        if let Some(passes) = passing.get_mut(number as usize) {
            *passes = false;
        }
    }
}
