//! Who is in a library now, and at which item: said again and again while it is so, and never kept.

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::id::{ItemId, PersonId, Scope};
use std::fmt;

/// How long somebody is there who does not say so again, milliseconds.
pub const PRESENT_MS: i64 = 30_000;
/// Most sessions of one person that are known in one library; of more, the latest to have said so.
pub const SESSIONS_MAX: usize = 8;
/// Most sessions that are known in one library; one more is not taken.
pub const SEATS_MAX: usize = 256;

/// One place where somebody looks at a library: a page, an app. Nobody can tell from it which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// What somebody does there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doing {
    /// They look.
    #[default]
    Reading,
    /// They change something.
    Writing,
}

impl Doing {
    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Writing => "writing",
        }
    }

    /// What is meant by that word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Reading, Self::Writing].into_iter().find(|doing| doing.name() == name)
    }
}

/// Where somebody is, from one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The item it is at, if at one.
    pub item: Option<ItemId>,
    /// What they do there.
    pub doing: Doing,
}

/// Who is where. Nothing of it is durable, and all of it may be forgotten at any time: then nobody
/// is there until they say so again.
///
/// - The moment comes from the caller. A seat is taken until [`PRESENT_MS`] after it was, and not at
///   that moment any more. Where processes share a store, their clocks may differ: it means one clock.
/// - A library knows at most [`SEATS_MAX`] seats, and of one person [`SESSIONS_MAX`].
/// - What is said in one library is not seen in another.
#[async_trait]
pub trait Presence: fmt::Debug + Send + Sync {
    /// Takes `seat`, in place of what its session had said in this library. Of more than
    /// [`SESSIONS_MAX`] of the person the one goes that was said longest ago; where the library is
    /// full of others, nothing is taken.
    async fn here(&self, scope: Scope, seat: &Seat, now_ms: i64) -> Result<(), Fault>;

    /// Gives back what `session` had in this library; nothing happens where it had nothing.
    async fn away(&self, scope: Scope, session: SessionId) -> Result<(), Fault>;

    /// Who is in this library now, by session.
    async fn present(&self, scope: Scope, now_ms: i64) -> Result<Vec<Seat>, Fault>;
}

/// A seat, and when it was taken, milliseconds.
pub type Taken = (Seat, i64);

/// Puts `seat` among those that are taken, or not, as the contract has it. For adapters, so that all
/// answer alike.
pub fn take_seat(taken: &mut Vec<Taken>, seat: Seat, now_ms: i64) {
    taken.retain(|(known, at)| known.session != seat.session && is_taken(*at, now_ms));
    let of_person = taken.iter().filter(|(known, _)| known.person == seat.person);
    if of_person.clone().count() >= SESSIONS_MAX {
        let oldest = of_person.min_by_key(|(known, at)| (*at, known.session));
        let oldest = oldest.map(|(known, _)| known.session);
        taken.retain(|(known, _)| Some(known.session) != oldest);
    }
    if taken.len() < SEATS_MAX {
        taken.push((seat, now_ms));
    }
}

/// Whether a seat that was taken `at` is taken still.
pub fn is_taken(at: i64, now_ms: i64) -> bool {
    now_ms < at.saturating_add(PRESENT_MS)
}

/// Those of `taken` that are there now, by session.
pub fn seated(taken: &[Taken], now_ms: i64) -> Vec<Seat> {
    let now = taken.iter().filter(|(_, at)| is_taken(*at, now_ms));
    let mut seats: Vec<Seat> = now.map(|(seat, _)| *seat).collect();
    seats.sort_unstable();
    seats
}
