//! Which bookmarks a token was shown a moment ago: who saves one of them again is editing it.

use shelf_domain::id::{DeviceId, ItemId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a bookmark counts as shown, milliseconds.
const SHOWN_MS: i64 = 10 * 60 * 1_000;
/// Most of them that are remembered in this process.
const SHOWN_MAX: usize = 10_000;

/// What was shown to whom, and when. Cloning shares it. Losing it is harmless: a save then adds
/// and takes nothing away. So other processes are not told, which would cost each read a round trip.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Mutex<HashMap<(DeviceId, ItemId), i64>>>);

impl Seen {
    /// Notes that `grant` was shown `item` at `now`.
    pub(super) fn note(&self, grant: DeviceId, item: ItemId, now: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SHOWN_MAX {
            all.retain(|_, at| is_recent(*at, now));
        }
        if all.len() >= SHOWN_MAX {
            all.clear();
        }
        all.insert((grant, item), now);
    }

    /// Whether `grant` was shown `item` within the last minutes.
    pub(super) fn has(&self, grant: DeviceId, item: ItemId, now: i64) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(grant, item)).is_some_and(|at| is_recent(*at, now))
    }
}

fn is_recent(at: i64, now: i64) -> bool {
    now.saturating_sub(at) <= SHOWN_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_known_to_whom_it_was_shown_for_ten_minutes() {
        let seen = Seen::default();
        let [ada, eve] = [1, 2].map(|byte| DeviceId::from_bytes([byte; 16]));
        let item = ItemId::from_bytes([3; 16]);
        seen.note(ada, item, 1_000);
        assert!(seen.has(ada, item, 1_000 + SHOWN_MS));
        assert!(!seen.has(ada, item, 1_001 + SHOWN_MS) && !seen.has(eve, item, 1_000));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let seen = Seen::default();
        let ada = DeviceId::from_bytes([1; 16]);
        for number in 0..=u32::try_from(SHOWN_MAX).unwrap() {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            seen.note(ada, ItemId::from_bytes(bytes), 5);
        }
        assert!(seen.0.lock().unwrap().len() <= SHOWN_MAX);
    }
}
