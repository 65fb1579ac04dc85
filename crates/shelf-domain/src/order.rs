//! Order among siblings: a fractional index in base 62, with jitter against equal keys.
//!
//! After D. Greenspan, "Implementing Fractional Indexing" (2020): a key is a fraction written in
//! digits that sort as text; between any two keys there is always another.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Longest key before siblings should be numbered anew.
pub const KEY_CHARS_MAX: usize = 48;

/// Longest key that is taken at all.
const KEY_BYTES_MAX: usize = 1_024;

/// Digits at the front of a key that count siblings added at either end.
const COUNTED: usize = 6;

/// Whether `text` is a key: digits of which the last is no zero, so that there is room before it.
pub fn is_key(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    digits && !text.is_empty() && !text.ends_with('0') && text.len() <= KEY_BYTES_MAX
}

/// A key that sorts after `below` and before `above` (empty: no bound on that side).
///
/// `jitter` scatters keys made at the same spot by different devices.
pub fn between(below: &str, above: &str, jitter: u16) -> String {
    let mut key = match (below.is_empty(), above.is_empty() || above <= below) {
        (true, true) => return nth(0),
        (false, true) => counted(below, 1).unwrap_or_else(|| halved(below, "")),
        (true, false) => counted(above, -1).unwrap_or_else(|| halved("", above)),
        (false, false) => halved(below, above),
    };
    let mut left = usize::from(jitter);
    for _ in 0..2 {
        key.push(1 + left % (DIGITS.len() - 1));
        left /= DIGITS.len() - 1;
    }
    written(&key)
}

/// `count` keys in order, spread evenly between `below` and `above` (empty: no bound on that side):
/// for numbering siblings anew.
pub fn spread(below: &str, above: &str, count: usize) -> Vec<String> {
    let mut keys = vec![String::new(); count];
    // Spans whose middle is still to be found: first and last slot, and their bounds.
    let mut open = vec![(0, count, below.to_owned(), above.to_owned())];
    while let Some((from, to, low, high)) = open.pop() {
        let middle = from + (to - from) / 2;
        let Some(slot) = keys.get_mut(middle).filter(|_| from < to) else { continue };
        let key = written(&halved(&low, &high));
        slot.clone_from(&key);
        open.push((from, middle, low, key.clone()));
        open.push((middle + 1, to, key, high));
    }
    keys
}

/// The first digits of `key` as one number, moved by `step`; `None` at the end of the range.
fn counted(key: &str, step: i64) -> Option<Vec<usize>> {
    let base = i64::try_from(DIGITS.len()).ok()?;
    let front = (0..COUNTED).map(|at| key.as_bytes().get(at).map_or(0, |byte| digit(*byte)));
    let mut number = front.fold(0, |sum, digit| sum * base + i64::try_from(digit).unwrap_or(0));
    number += step;
    if number <= 0 || number >= base.pow(6) {
        return None;
    }
    let mut digits = vec![0; COUNTED];
    for slot in digits.iter_mut().rev() {
        *slot = usize::try_from(number % base).ok()?;
        number /= base;
    }
    Some(digits)
}

/// Digits of a fraction between the two keys.
fn halved(below: &str, above: &str) -> Vec<usize> {
    let (low, high) = (below.as_bytes(), above.as_bytes());
    let mut key = Vec::new();
    let mut open = above.is_empty();
    for at in 0.. {
        // Foreign keys may leave no room ("V" and "V0"): then after `below` is near enough.
        open = open || at >= low.len().max(high.len());
        let from = low.get(at).map_or(0, |byte| digit(*byte));
        let to = if open { DIGITS.len() } else { high.get(at).map_or(0, |byte| digit(*byte)) };
        if to > from + 1 {
            key.push(from + (to - from) / 2);
            break;
        }
        key.push(from);
        open = open || to > from;
    }
    key
}

/// The `at`-th of many keys made at once, in order: for imports and renumbering.
pub fn nth(at: usize) -> String {
    let mut digits = [0_usize; 5];
    let mut left = at + 1;
    for slot in digits.iter_mut().rev() {
        *slot = left % DIGITS.len();
        left /= DIGITS.len();
    }
    format!("V{}V", written(&digits))
}

fn written(digits: &[usize]) -> String {
    digits.iter().filter_map(|digit| DIGITS.get(*digit)).map(|byte| char::from(*byte)).collect()
}

fn digit(byte: u8) -> usize {
    DIGITS.iter().position(|known| *known == byte).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn appending_a_thousand_times_keeps_keys_short_and_rising() {
        let mut last = String::new();
        for jitter in 0..1_000 {
            let next = between(&last, "", jitter);
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        assert!(last.len() <= KEY_CHARS_MAX, "{last}");
        let mut first = nth(5);
        for jitter in 0..1_000 {
            let next = between("", &first, jitter);
            assert!(next < first, "{next} before {first}");
            first = next;
        }
        assert!(first.len() <= KEY_CHARS_MAX, "{first}");
        assert!(nth(3) < nth(4) && nth(61) < nth(62) && nth(99_999) < nth(100_000));
    }

    #[test]
    fn spread_keys_rise_between_their_bounds_and_are_short() {
        let long = between("V", &between("V", "", 3), 9);
        for (below, above) in [("", ""), ("V", ""), ("", "V"), ("V", "W"), (long.as_str(), "VZ")] {
            for count in [1, 2, 7, 401] {
                let keys = spread(below, above, count);
                assert_eq!(keys.len(), count);
                assert!(keys.iter().all(|key| is_key(key) && key.len() <= 16), "{keys:?}");
                assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
                assert!(keys[0].as_str() > below);
                assert!(above.is_empty() || keys[count - 1].as_str() < above);
            }
        }
    }

    proptest! {
        #[test]
        fn there_is_always_a_key_between(spots in prop::collection::vec((any::<prop::sample::Index>(), any::<u16>()), 1..120)) {
            let mut keys: Vec<String> = Vec::new();
            for (spot, jitter) in spots {
                let at = spot.index(keys.len() + 1);
                let below = at.checked_sub(1).map_or("", |at| keys[at].as_str());
                let above = keys.get(at).map_or("", String::as_str);
                let key = between(below, above, jitter);
                prop_assert!(key.as_str() > below, "{key} > {below}");
                prop_assert!(above.is_empty() || key.as_str() < above, "{key} < {above}");
                keys.insert(at, key);
            }
        }
    }
}
