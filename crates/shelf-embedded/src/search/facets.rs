//! Counts what found bookmarks have in common: one pass over their labels.

use super::rows::Rows;
use shelf_ports::search::{Facets, Flags, LabelKind, best_first};

/// The facets of `numbers`, at most `most` values each.
pub(super) fn facets(rows: &Rows, numbers: impl Iterator<Item = u32>, most: usize) -> Facets {
    let mut labels = vec![0_u32; rows.labels.len()];
    let mut met: Vec<u32> = Vec::new();
    let mut years: Vec<(i16, u32)> = Vec::new();
    let mut flags = [0_u32; Flags::NAMED.len()];
    for number in numbers {
        let Some(row) = rows.get(number as usize) else { continue };
        for &label in rows.labels_of(row) {
            let count = &mut labels[label as usize];
            if *count == 0 {
                met.push(label);
            }
            *count += 1;
        }
        match years.iter_mut().find(|(year, _)| *year == row.year) {
            Some((_, count)) => *count += 1,
            None => years.push((row.year, 1)),
        }
        for (count, (flag, _)) in flags.iter_mut().zip(Flags::NAMED) {
            *count += u32::from(row.flags.has(flag));
        }
    }
    let (mut tags, mut sites, mut folders) = (Vec::new(), Vec::new(), Vec::new());
    for (id, count) in met.into_iter().map(|id| (id, labels[id as usize])) {
        match rows.labels.kind(id) {
            LabelKind::Tag => tags.push((count, id)),
            LabelKind::Site => sites.push((count, id)),
            LabelKind::Folder => folders.push((count, id)),
            LabelKind::Language | LabelKind::Other => {}
        }
    }
    let name = |id: u32| rows.labels.name(id);
    let top = |mut side: Vec<(u32, u32)>| -> Vec<(String, u32)> {
        keep_highest(&mut side, most);
        best_first(&mut side, most, |a, b| b.0.cmp(&a.0).then_with(|| name(a.1).cmp(name(b.1))));
        side.into_iter().map(|(count, id)| (name(id).to_owned(), count)).collect()
    };
    years.sort_unstable_by_key(|year| std::cmp::Reverse(year.0));
    years.truncate(most);
    let named = flags.into_iter().zip(Flags::NAMED).filter(|(count, _)| *count > 0);
    Facets {
        tags: top(tags),
        sites: top(sites),
        folders: top(folders),
        years: years.into_iter().map(|(year, count)| (year.into(), count)).collect(),
        flags: named.map(|(count, (_, name))| (name, count)).collect(),
    }
}

/// Keeps the `most` highest counts with all that equal the last: names are slow to compare.
fn keep_highest(side: &mut Vec<(u32, u32)>, most: usize) {
    if most > 0 && side.len() > most {
        let (_, last, _) = side.select_nth_unstable_by(most - 1, |a, b| b.0.cmp(&a.0));
        let least = last.0;
        side.retain(|(count, _)| *count >= least);
    }
}
