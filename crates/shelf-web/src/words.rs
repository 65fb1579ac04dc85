//! Numbers and dates as people read them.

use time::{OffsetDateTime, macros::format_description};

/// A count with its thousands apart: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 link`, `2 links`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A day: `12 Mar 2024`.
pub fn day(at: OffsetDateTime) -> String {
    at.format(format_description!("[day padding:none] [month repr:short] [year]"))
        .unwrap_or_default()
}

/// A moment: `12 Mar 2024, 14:05`.
pub fn moment(at: OffsetDateTime) -> String {
    at.format(format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]"))
        .unwrap_or_default()
}

/// The machine's reading of a moment, for `datetime` attributes: RFC 3339, UTC.
pub fn machine(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
        .unwrap_or_default()
}

/// How long ago, coarsely: `just now`, `5 min ago`, `yesterday`, else the day.
pub fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let minutes = (now - at).whole_minutes();
    match minutes {
        ..0 => day(at),
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1440 => format!("{} h ago", minutes / 60),
        1440..2880 => "yesterday".to_owned(),
        2880..10_080 => format!("{} days ago", minutes / 1440),
        _ => day(at),
    }
}

/// A size in bytes as people read it: `3.4 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// The beginning of `text`, at most `most` characters, with a sign that there is more.
pub fn begun(text: &str, most: usize) -> String {
    let mut begun: String = text.chars().take(most).collect();
    if begun.len() < text.len() {
        begun.push('…');
    }
    begun
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "link", "links"), "1 link");
    }

    #[test]
    fn moments_are_told_coarsely() {
        let now = datetime!(2026-03-12 12:00 UTC);
        assert_eq!(ago(datetime!(2026-03-12 11:59:30 UTC), now), "just now");
        assert_eq!(ago(datetime!(2026-03-12 11:10 UTC), now), "50 min ago");
        assert_eq!(ago(datetime!(2026-03-11 11:00 UTC), now), "yesterday");
        assert_eq!(ago(datetime!(2025-01-02 11:00 UTC), now), "2 Jan 2025");
        assert_eq!(machine(now), "2026-03-12T12:00:00Z");
    }
}
