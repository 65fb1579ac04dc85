//! Days, months and years as `after:` and `before:` take them.

use super::Moment;
use std::fmt;
use time::{Date, Month};

impl Moment {
    /// Reads `2024`, `2024-1`, `2024-01` or `2024-01-31`; nothing else is a moment.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(['-', '/', '.']);
        let year: i32 = parts.next().filter(|y| y.len() == 4).and_then(digits)?;
        let month = parts.next().map(digits::<u8>);
        let day = parts.next().map(digits::<u8>);
        if parts.next().is_some() {
            return None;
        }
        let (month, day) = (flipped(month)?, flipped(day)?);
        let name = Month::try_from(month.unwrap_or(1)).ok()?;
        let date = Date::from_calendar_date(year, name, day.unwrap_or(1)).ok()?;
        let first_ms = date.midnight().assume_utc().unix_timestamp().checked_mul(1_000)?;
        Some(Self { year, month, day, first_ms })
    }
}

/// `None` for a part that is there and no number, `Some(None)` for a part that is not there.
#[expect(clippy::option_option, reason = "absent and unreadable are different answers")]
fn flipped(part: Option<Option<u8>>) -> Option<Option<u8>> {
    match part {
        Some(None) => None,
        Some(number) => Some(number),
        None => Some(None),
    }
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_a_month_and_a_day_are_known_by_their_first_moment() {
        let first = |text: &str| Moment::read(text).map(Moment::first_ms);
        assert_eq!(first("1970"), Some(0));
        assert_eq!(first("2024-01"), Some(1_704_067_200_000));
        assert_eq!(first("2024-1"), first("2024-01-01"));
        for odd in ["", "24", "2024-13", "2023-02-29", "2024-", "2024-01-01-01", "soon", "+024"] {
            assert_eq!(first(odd), None, "{odd}");
        }
    }
}
