//! Counts what found documents have in common.

use super::passing::Row;
use super::words;
use crate::postgres::Within;
use shelf_ports::Fault;
use shelf_ports::search::{Facets, Flags, LabelKind, year_of};
use std::collections::{BTreeMap, HashMap};

/// The facets of `rows`, at most `most` values each.
pub(super) async fn facets(
    within: &Within<'_>,
    rows: &[&Row],
    most: usize,
) -> Result<Facets, Fault> {
    let mut labels: HashMap<i32, u32> = HashMap::new();
    let mut years: BTreeMap<i16, u32> = BTreeMap::new();
    let mut flags = [0_u32; Flags::NAMED.len()];
    for row in rows {
        for label in &row.labels {
            *labels.entry(*label).or_insert(0) += 1;
        }
        *years.entry(year_of(row.created_at_ms)).or_insert(0) += 1;
        for (count, (flag, _)) in flags.iter_mut().zip(Flags::NAMED) {
            *count += u32::from(row.flags.has(flag));
        }
    }
    let ids: Vec<i64> = labels.keys().map(|id| i64::from(*id)).collect();
    let names = words::names(within, &ids).await?;
    let of = |kind: LabelKind| {
        let named = labels.iter().filter_map(|(id, count)| {
            let name = names.get(&i64::from(*id))?;
            let bare = name.strip_prefix(kind.start())?;
            (LabelKind::of(name) == kind).then(|| (bare.to_owned(), *count))
        });
        top(named.collect(), most)
    };
    let named = flags.into_iter().zip(Flags::NAMED).filter(|(count, _)| *count > 0);
    Ok(Facets {
        tags: of(LabelKind::Tag),
        sites: of(LabelKind::Site),
        folders: of(LabelKind::Folder),
        years: years.into_iter().rev().take(most).map(|(year, n)| (year.into(), n)).collect(),
        flags: named.map(|(count, (_, name))| (name, count)).collect(),
    })
}

/// The `most` highest, highest count first, then by name.
fn top(mut counted: Vec<(String, u32)>, most: usize) -> Vec<(String, u32)> {
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted.truncate(most);
    counted
}
