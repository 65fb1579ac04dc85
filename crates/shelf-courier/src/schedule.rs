//! When a delivery that was not taken is tried again.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// About how long to wait after each try that failed; after the last one it is given up. In all
/// some three days.
const WAITS: [i64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// Most tries of one delivery.
pub const ATTEMPTS_MAX: u32 = 10;
/// About the longest rest of an endpoint between two tries of whatever waits for it, milliseconds.
const REST_MAX: i64 = 5 * MINUTE;

/// How long to wait after the `attempts`th try failed, milliseconds, as `seed` says; `None` where it
/// is given up.
pub(crate) fn wait(attempts: u32, seed: [u8; 16]) -> Option<i64> {
    let at = usize::try_from(attempts.checked_sub(1)?).ok()?;
    WAITS.get(at).map(|wait| spread(*wait, seed))
}

/// How long to leave an endpoint alone after so many failures in a row, milliseconds: one that is
/// away for long is asked every few minutes, however much waits for it.
pub(crate) fn rest(failures: u32, seed: [u8; 16]) -> i64 {
    let at = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    spread(WAITS.get(at).copied().unwrap_or(REST_MAX).min(REST_MAX), seed)
}

/// Anything from half of `wait` to one and a half, so that what failed together does not come back
/// together.
fn spread(wait: i64, seed: [u8; 16]) -> i64 {
    let [a, b, c, d, ..] = seed;
    let drawn = i64::from(u32::from_be_bytes([a, b, c, d]));
    wait / 2 + ((wait * drawn) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_spans_days_and_ends() {
        let (least, most) = ([0; 16], [0xff; 16]);
        assert_eq!(wait(1, least), Some(2_500));
        assert_eq!(wait(1, most), Some(7_499));
        assert_eq!(wait(9, least), Some(12 * HOUR));
        assert_eq!(wait(ATTEMPTS_MAX, most), None);
        assert_eq!(wait(u32::MAX, most), None);
        let all: i64 = (1..ATTEMPTS_MAX).filter_map(|at| wait(at, [0x80; 16])).sum();
        assert!((70 * HOUR..80 * HOUR).contains(&all), "{all}");
    }

    #[test]
    fn who_fails_for_long_rests_for_minutes_and_not_for_days() {
        assert_eq!(rest(1, [0; 16]), 2_500);
        for failures in [2, 5, 9, 10, 1_000, u32::MAX] {
            let rest = rest(failures, [0xff; 16]);
            assert!((MINUTE..=REST_MAX * 3 / 2).contains(&rest), "{failures}: {rest}");
        }
    }
}
