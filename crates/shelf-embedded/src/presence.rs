//! Who is in a library now, known by this process alone and gone with it.

use async_trait::async_trait;
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::presence::{Presence, Seat, SessionId, Taken, is_taken, seated, take_seat};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most libraries somebody is in at once: some megabytes.
const LIBRARIES_MAX: usize = 4_096;

/// Seats in memory. Cloning shares them.
///
/// Where people are in too many libraries, one more is not known: nobody is shown there, and nothing
/// else is missing.
#[derive(Clone, Debug, Default)]
pub struct LocalPresence {
    libraries: Arc<Mutex<HashMap<Scope, Vec<Taken>>>>,
}

impl LocalPresence {
    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, Vec<Taken>>> {
        self.libraries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn here(&self, scope: Scope, seat: &Seat, now_ms: i64) -> Result<(), Fault> {
        let mut libraries = self.lock();
        if libraries.len() >= LIBRARIES_MAX && !libraries.contains_key(&scope) {
            libraries.retain(|_, taken| taken.iter().any(|(_, at)| is_taken(*at, now_ms)));
            if libraries.len() >= LIBRARIES_MAX {
                return Ok(());
            }
        }
        take_seat(libraries.entry(scope).or_default(), *seat, now_ms);
        Ok(())
    }

    async fn away(&self, scope: Scope, session: SessionId) -> Result<(), Fault> {
        let mut libraries = self.lock();
        let Some(taken) = libraries.get_mut(&scope) else { return Ok(()) };
        taken.retain(|(seat, _)| seat.session != session);
        if taken.is_empty() {
            libraries.remove(&scope);
        }
        Ok(())
    }

    async fn present(&self, scope: Scope, now_ms: i64) -> Result<Vec<Seat>, Fault> {
        Ok(self.lock().get(&scope).map(|taken| seated(taken, now_ms)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::{LibraryId, PersonId, TenantId};
    use shelf_ports::presence::{Doing, PRESENT_MS};

    const NOW: i64 = 1_790_000_000_000;

    fn scope(number: u64) -> Scope {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        Scope { tenant: TenantId::from_bytes([1; 16]), library: LibraryId::from_bytes(id) }
    }

    fn seat() -> Seat {
        let person = PersonId::from_bytes([2; 16]);
        Seat { session: SessionId([3; 16]), person, item: None, doing: Doing::Reading }
    }

    #[tokio::test]
    async fn so_many_libraries_are_known_and_those_everybody_left_make_room() {
        let presence = LocalPresence::default();
        for number in 0..5_000 {
            presence.here(scope(number), &seat(), NOW).await.unwrap();
        }
        assert_eq!(presence.lock().len(), LIBRARIES_MAX, "bounded");
        let later = NOW + PRESENT_MS;
        presence.here(scope(9_999), &seat(), later).await.unwrap();
        assert_eq!(presence.present(scope(9_999), later).await.unwrap(), [seat()]);
        presence.away(scope(9_999), seat().session).await.unwrap();
        assert!(presence.lock().is_empty(), "nothing is kept of where nobody is");
    }
}
