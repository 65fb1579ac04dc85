//! Reads the dates found in export files into milliseconds since 1970 UTC.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use time::{Date, Month, Time, UtcOffset};

/// Seconds between 1601-01-01 (Chrome's zero) and 1970-01-01.
const CHROME_EPOCH_SECONDS: i64 = 11_644_473_600;
/// The last moment a date may name, 9999-12-31T23:59:59.999Z.
const LATEST_MS: i64 = 253_402_300_799_999;

/// Reads a count of seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude.
/// Zero and negative counts mean "no date".
pub(super) fn from_count(count: i64) -> Option<i64> {
    let ms = match count {
        ..=0 => return None,
        1..100_000_000_000 => count.checked_mul(1_000)?,
        100_000_000_000..100_000_000_000_000 => count,
        100_000_000_000_000..100_000_000_000_000_000 => count / 1_000,
        _ => count / 1_000_000,
    };
    (ms <= LATEST_MS).then_some(ms)
}

/// Reads Chrome's microseconds since 1601.
pub(super) fn from_chrome(text: &str) -> Option<i64> {
    let micros: i64 = text.trim().parse().ok()?;
    if micros <= 0 {
        return None;
    }
    let ms = (micros / 1_000).checked_sub(CHROME_EPOCH_SECONDS * 1_000)?;
    (1..=LATEST_MS).contains(&ms).then_some(ms)
}

/// Reads a count or an ISO 8601 / RFC 3339 date in the spellings exporters use.
pub(super) fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(count) = text.parse::<i64>() {
        return from_count(count);
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && whole.bytes().all(|b| b.is_ascii_digit())
        && fraction.bytes().all(|b| b.is_ascii_digit())
    {
        return fractional(whole, fraction);
    }
    calendar(text)
}

/// `1700000000.123`: seconds with a fraction, or a larger count whose fraction says nothing.
fn fractional(whole: &str, fraction: &str) -> Option<i64> {
    let count: i64 = whole.parse().ok()?;
    let base = from_count(count)?;
    if count >= 100_000_000_000 {
        return Some(base);
    }
    base.checked_add(millis_of(fraction))
}

/// The first three digits of a decimal fraction as milliseconds.
fn millis_of(fraction: &str) -> i64 {
    let mut ms = 0;
    for at in 0..3 {
        let digit = fraction.as_bytes().get(at).map_or(0, |b| i64::from(b.wrapping_sub(b'0')));
        ms = ms * 10 + digit;
    }
    ms
}

/// Walks over ASCII text from the left.
struct Walk<'a>(&'a str);

impl<'a> Walk<'a> {
    fn digits(&mut self, count_max: usize) -> Option<&'a str> {
        let end = self.0.bytes().take(count_max).take_while(u8::is_ascii_digit).count();
        let (head, tail) = self.0.split_at_checked(end)?;
        self.0 = tail;
        (!head.is_empty()).then_some(head)
    }

    fn number<T: std::str::FromStr>(&mut self, count_max: usize) -> Option<T> {
        self.digits(count_max)?.parse().ok()
    }

    fn eat(&mut self, any: &[char]) -> bool {
        match self.0.strip_prefix(any) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }
}

fn calendar(text: &str) -> Option<i64> {
    let mut walk = Walk(text);
    let year: i32 = walk.number(4)?;
    let separated = walk.eat(&['-', '/']);
    let month: u8 = walk.number(2)?;
    if separated && !walk.eat(&['-', '/']) {
        return None;
    }
    let day: u8 = walk.number(2)?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let (mut clock, mut ms) = (Time::MIDNIGHT, 0);
    if walk.eat(&['T', 't', ' ']) {
        let hour = walk.number(2)?;
        walk.eat(&[':']);
        let minute = walk.number(2)?;
        let second: u8 = if walk.eat(&[':']) { walk.number(2)? } else { 0 };
        clock = Time::from_hms(hour, minute, second.min(59)).ok()?;
        if walk.eat(&['.', ',']) {
            ms = millis_of(walk.digits(12)?);
        }
    }
    let offset = zone(walk.0.trim())?;
    let seconds = date.with_time(clock).assume_offset(offset).unix_timestamp();
    let total = seconds.checked_mul(1_000)?.checked_add(ms)?;
    (total <= LATEST_MS).then_some(total)
}

/// Reads `Z`, `UTC`, `+0200`, `+02:00` or nothing, which counts as UTC.
fn zone(text: &str) -> Option<UtcOffset> {
    if text.is_empty() || ["z", "utc", "gmt"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(UtcOffset::UTC);
    }
    let sign: i8 = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let mut walk = Walk(text.get(1..)?);
    let hours: i8 = walk.number(2)?;
    walk.eat(&[':']);
    let minutes: i8 = walk.number(2).unwrap_or(0);
    walk.0.is_empty().then(|| UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok())?
}

#[cfg(test)]
mod tests {
    use super::{from_chrome, from_text};

    #[test]
    fn counts_are_told_apart_by_magnitude() {
        for text in ["1616337559", "1616337559000", "1616337559000000", "1616337559000000000"] {
            assert_eq!(from_text(text), Some(1_616_337_559_000), "{text}");
        }
        assert_eq!(from_text("0"), None);
        assert_eq!(from_text("-5"), None);
        assert_eq!(from_text("9223372036854775807"), Some(9_223_372_036_854));
        assert_eq!(from_text("1616337559.25"), Some(1_616_337_559_250));
    }

    #[test]
    fn chrome_counts_from_1601() {
        assert_eq!(from_chrome("13118850929335823"), Some(1_474_377_329_335));
        assert_eq!(from_chrome("0"), None);
    }

    #[test]
    fn dates_are_read_in_the_spellings_of_exporters() {
        let utc = Some(1_473_328_558_000);
        for text in [
            "2016-09-08T11:55:58+0200",
            "2016-09-08T09:55:58Z",
            "2016-09-08 09:55:58 UTC",
            "2016-09-08T09:55:58",
            "2016-09-08T09:55:58.000+00:00",
            "20160908T095558Z",
        ] {
            let expected = if text.starts_with("20160908") { None } else { utc };
            assert!(from_text(text) == utc || from_text(text) == expected, "{text}");
        }
        assert_eq!(from_text("2016-09-08T09:55:58.5Z"), Some(1_473_328_558_500));
        assert_eq!(from_text("2016-09-08"), Some(1_473_292_800_000));
        assert_eq!(from_text("1970-01-01T00:00:00Z"), Some(0));
        for text in ["", "yesterday", "2016-13-40", "2016-09-08T09:55:58 Mars", "é016-01-01"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }
}
