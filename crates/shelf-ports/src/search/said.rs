//! What every engine of search says alike: which facet counts a label, the year of a moment,
//! whether places hold a phrase, and the best of many.

use std::cmp::Ordering;

const DAY_MS: i64 = 86_400_000;

/// What a label is for: which facet counts it, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// `tag:`
    Tag,
    /// `site:`
    Site,
    /// `folder:`
    Folder,
    /// `lang:`
    Language,
    /// What filters alone read.
    Other,
}

impl LabelKind {
    /// What a label begins with, by kind.
    const STARTS: [(Self, &'static str); 4] = [
        (Self::Tag, "tag:"),
        (Self::Site, "site:"),
        (Self::Folder, "folder:"),
        (Self::Language, "lang:"),
    ];

    /// What labels of this kind begin with; nothing for [`Self::Other`].
    pub fn start(self) -> &'static str {
        let known = Self::STARTS.iter().find(|(kind, _)| *kind == self);
        known.map_or("", |(_, start)| start)
    }

    /// The kind of `label`.
    pub fn of(label: &str) -> Self {
        let found = Self::STARTS.iter().find(|(_, start)| label.starts_with(start));
        found.map_or(Self::Other, |(kind, _)| *kind)
    }
}

/// The year (UTC) of a moment in milliseconds since 1970; days to civil dates as in the proleptic
/// Gregorian calendar.
pub fn year_of(ms: i64) -> i16 {
    let days = ms.div_euclid(DAY_MS) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let after_february = (5 * of_year + 2) / 153 < 10;
    i16::try_from(era * 400 + of_era + i64::from(!after_february)).unwrap_or(0)
}

/// Whether the lists of rising places hold a run: a place in the first, the next one in the
/// second, and so on. No list holds none.
pub fn side_by_side(mut lists: impl Iterator<Item = Vec<u32>>) -> bool {
    let Some(mut starts) = lists.next() else { return false };
    for (offset, places) in (1_u32..).zip(lists) {
        starts.retain(|start| places.binary_search(&(start + offset)).is_ok());
        if starts.is_empty() {
            return false;
        }
    }
    !starts.is_empty()
}

/// Keeps the first `most` of `all` by `order`, in order.
pub fn best_first<T>(all: &mut Vec<T>, most: usize, order: impl Fn(&T, &T) -> Ordering + Copy) {
    if all.len() > most {
        if most > 0 {
            all.select_nth_unstable_by(most - 1, order);
        }
        all.truncate(most);
    }
    all.sort_unstable_by(order);
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
            assert_eq!(year_of(ms), expected, "{ms}");
        }
    }

    #[test]
    fn a_phrase_is_a_run_of_places() {
        let holds = |lists: &[&[u32]]| side_by_side(lists.iter().map(|places| places.to_vec()));
        assert!(holds(&[&[1, 7], &[8]]) && holds(&[&[3]]));
        assert!(!holds(&[&[1, 7], &[3, 9]]) && !holds(&[&[2], &[1]]) && !holds(&[]));
    }

    #[test]
    fn a_label_says_its_kind() {
        assert_eq!(LabelKind::of("tag:rust"), LabelKind::Tag);
        assert_eq!(LabelKind::of("in:read later"), LabelKind::Other);
        assert_eq!(LabelKind::Language.start(), "lang:");
    }
}
