//! Room for what a search notes of every bookmark of a library. It is as large as the library, so
//! searches take it over from each other: what each of many threads asked for anew would stay with
//! every one of them.

use super::shelf::Matches;
use std::sync::{Mutex, PoisonError};

/// Rooms of one library that are kept for the next search.
const KEPT_MAX: usize = 2;

/// The room of one search; what the last one noted may still stand there.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The score by words of each number.
    pub(super) words: Vec<f32>,
    /// The numbers that have one.
    pub(super) matched: Vec<u32>,
    /// What one group matches.
    pub(super) matches: Matches,
    /// The best of its alternatives for each number; all 0 between two groups.
    pub(super) best: Vec<f32>,
    /// The first look at the vector of each number.
    pub(super) glances: Vec<f32>,
}

/// Rooms that nobody uses now.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<Vec<Room>>);

impl Rooms {
    /// One of them, or a new one.
    pub(super) fn take(&self) -> Room {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps `room` for the next search.
    pub(super) fn give_back(&self, room: Room) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(room);
        }
    }
}
