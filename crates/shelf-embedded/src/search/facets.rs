//! Counts what found bookmarks have in common: one pass over their labels.

use super::candidates::best_first;
use super::rows::{LabelKind, Rows};
use shelf_ports::search::{Facets, Flags};

const DAY_MS: i64 = 86_400_000;

/// The facets of `numbers`, at most `most` values each.
pub(super) fn facets(rows: &Rows, numbers: impl Iterator<Item = u32>, most: usize) -> Facets {
    let mut labels = vec![0_u32; rows.labels.len()];
    let mut years: Vec<(i32, u32)> = Vec::new();
    let mut flags = [0_u32; Flags::NAMED.len()];
    for number in numbers {
        let Some(row) = rows.get(number as usize) else { continue };
        for &label in rows.labels_of(row) {
            labels[label as usize] += 1;
        }
        let saved = year(row.created_at_ms);
        match years.iter_mut().find(|(year, _)| *year == saved) {
            Some((_, count)) => *count += 1,
            None => years.push((saved, 1)),
        }
        for (count, (flag, _)) in flags.iter_mut().zip(Flags::NAMED) {
            *count += u32::from(row.flags.has(flag));
        }
    }
    let (mut tags, mut sites, mut folders) = (Vec::new(), Vec::new(), Vec::new());
    for (id, count) in (0_u32..).zip(labels).filter(|(_, count)| *count > 0) {
        match rows.labels.kind(id) {
            LabelKind::Tag => tags.push((count, id)),
            LabelKind::Site => sites.push((count, id)),
            LabelKind::Folder => folders.push((count, id)),
            LabelKind::Language | LabelKind::Other => {}
        }
    }
    let name = |id: u32| rows.labels.name(id);
    let top = |mut side: Vec<(u32, u32)>| -> Vec<(String, u32)> {
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
        years,
        flags: named.map(|(count, (_, name))| (name, count)).collect(),
    }
}

/// The year (UTC) of a moment; days to civil dates as in the proleptic Gregorian calendar.
fn year(ms: i64) -> i32 {
    let days = ms.div_euclid(DAY_MS) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let after_february = (5 * of_year + 2) / 153 < 10;
    i32::try_from(era * 400 + of_era + i64::from(!after_february)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_turn_at_new_year() {
        for (ms, expected) in [
            (0, 1970),
            (-1, 1969),
            (1_704_067_199_999, 2023),
            (1_704_067_200_000, 2024),
            (1_709_164_800_000, 2024),
            (1_735_689_599_999, 2024),
        ] {
            assert_eq!(year(ms), expected, "{ms}");
        }
    }
}
