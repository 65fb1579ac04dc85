//! What a socket tells: what is due in each library it follows, and whether it may.

use super::followed::{Due, Followed, Read};
use super::{FOLLOW, Talk};
use crate::graphql::session::Close;
use crate::graphql::socket::sent;
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use shelf_domain::id::LibraryId;
use shelf_domain::refusal::Code;
use shelf_identity::{Signed, libraries};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is asked whether the caller is still signed in and may hear of what is followed, while
/// nothing is told.
const ASK_MIN: Duration = Duration::from_secs(3);
/// The same at most, however many sockets there are.
const ASK_MAX: Duration = Duration::from_secs(30);
/// How many of them ask in a second.
const ASKS_A_SECOND: u32 = 500;
/// When it is tried again, where something was away or the caller may not have it yet.
const SOON: Duration = Duration::from_secs(1);
/// How much is told before it is listened again.
const TURN_MAX: usize = 16;

/// Sends messages in order; whether the other side takes them.
pub(super) async fn all_sent(socket: &mut WebSocket, told: &[Value]) -> bool {
    for one in told {
        if !sent(socket, Message::text(one.to_string())).await {
            return false;
        }
    }
    true
}

impl Talk {
    /// Tells what is due, at most some of it; whether the other side takes it.
    pub(super) async fn tell(&mut self, socket: &mut WebSocket) -> Result<bool, Close> {
        if self.follows.iter().any(Followed::must_ask) {
            let gone = Box::pin(self.ask()).await?;
            if !all_sent(socket, &gone).await {
                return Ok(false);
            }
        }
        let (mut index, mut turns) = (0, 0);
        while let Some(followed) = self.follows.get_mut(index) {
            let Some(due) = followed.due() else {
                index += 1;
                continue;
            };
            if !followed.may_hear() {
                self.soon();
                index += 1;
                continue;
            }
            if turns == TURN_MAX {
                // What the other side says is heard first.
                self.bell.notify_one();
                break;
            }
            turns += 1;
            let takes = match due {
                Due::Tell(frame) => {
                    followed.took(&frame);
                    sent(socket, Message::Text(frame.text)).await
                }
                Due::Poke(seq) => {
                    let poke = followed.poke(seq);
                    all_sent(socket, &[poke]).await
                }
                Due::Read => {
                    if let Some(read) = Box::pin(self.read(index)).await? {
                        self.told(socket, index, read).await
                    } else {
                        index += 1;
                        true
                    }
                }
                Due::Close => return Err(Close::Slow),
                Due::Later => {
                    self.soon();
                    index += 1;
                    true
                }
            };
            if !takes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Tells what was read for the library at `index`.
    async fn told(&mut self, socket: &mut WebSocket, index: usize, read: Read) -> bool {
        match read {
            Read::Reset(reset) => {
                self.follows.remove(index);
                all_sent(socket, &[reset]).await
            }
            Read::Rows(frames) => {
                for frame in frames {
                    let followed = self.follows.get_mut(index);
                    // What is not sent in time is read again, if they still may.
                    let Some(followed) = followed.filter(|one| one.may_hear()) else { break };
                    followed.has_read(frame.to);
                    if !sent(socket, Message::Text(frame.text)).await {
                        return false;
                    }
                }
                true
            }
        }
    }

    /// Reads rows for this socket alone, in the library at `index`; none where that has to wait.
    async fn read(&mut self, index: usize) -> Result<Option<Read>, Close> {
        let read = match self.signed().await? {
            Ok(signed) => self.read_for(&signed, index).await,
            Err(_) => None,
        };
        if read.is_none() {
            // There is room again in a moment; nothing is lost.
            self.soon();
        }
        Ok(read)
    }

    async fn read_for(&mut self, signed: &Signed, index: usize) -> Option<Read> {
        let admitted = self.admitted(signed, FOLLOW).await.ok()?;
        let doors = self.sharing.doors().clone();
        let followed = self.follows.get_mut(index)?;
        let (scope, read) = (followed.scope(), followed.read(&doors).await);
        self.settled(admitted, Some(scope), &read).await;
        read.ok()
    }

    /// Asks, where it is time, whether the caller may still hear of what is followed; what to tell of
    /// what they may not.
    pub(super) async fn again(&mut self) -> Result<Vec<Value>, Close> {
        if Instant::now() < self.asks_at {
            self.wakes_at = self.asks_at;
            return Ok(Vec::new());
        }
        self.asks_at = self.next_ask();
        self.wakes_at = self.asks_at;
        self.ask().await
    }

    /// Asks whether the caller is signed in and may still hear of what is followed, of all of it in one
    /// question; what to tell of what they may not.
    async fn ask(&mut self) -> Result<Vec<Value>, Close> {
        let (when, mut told) = (Instant::now(), Vec::new());
        let Ok(signed) = self.signed().await? else {
            self.soon();
            return Ok(told);
        };
        let asked: Vec<LibraryId> = self.follows.iter().map(Followed::library).collect();
        if asked.is_empty() {
            return Ok(told);
        }
        let Ok(reach) = libraries(&self.api.doors(), &signed).await else {
            self.soon();
            return Ok(told);
        };
        for library in asked {
            if reach.iter().any(|reach| reach.library.id == library) {
                self.may(library, when);
            } else {
                self.leave(library);
                let code = Code::NotFound.name();
                told.push(json!({ "type": "gone", "library": library, "code": code }));
            }
        }
        Ok(told)
    }

    /// The caller may hear of `library`, where it is followed: so it was answered to what was asked at
    /// `when`.
    pub(super) fn may(&mut self, library: LibraryId, when: Instant) {
        if let Some(followed) = self.follows.iter_mut().find(|one| one.library() == library) {
            followed.may(when);
        }
    }

    /// Follows `library` no more.
    pub(super) fn leave(&mut self, library: LibraryId) {
        self.follows.retain(|one| one.library() != library);
    }

    /// When to ask next: of few sockets every few seconds, of many so many a second, and not all at
    /// once.
    pub(super) fn next_ask(&self) -> Instant {
        let sockets = u32::try_from(self.seats.taken()).unwrap_or(u32::MAX);
        let [chance, ..] = self.api.stores.chance.seed();
        Instant::now() + spread(sockets, chance)
    }

    fn soon(&mut self) {
        self.wakes_at = self.wakes_at.min(Instant::now() + SOON);
    }
}

/// How long one of so many `sockets` waits, by `chance`.
fn spread(sockets: u32, chance: u8) -> Duration {
    let every = Duration::from_secs(sockets.div_ceil(ASKS_A_SECOND).into());
    let every = every.clamp(ASK_MIN, ASK_MAX);
    every + every * u32::from(chance) / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sockets_ask_every_few_seconds_and_many_so_many_a_second() {
        let seconds = |sockets, chance| spread(sockets, chance).as_secs_f64();
        assert!((seconds(1, 0) - 3.0).abs() < f64::EPSILON);
        assert!(seconds(1, u8::MAX) < 4.5);
        assert!((seconds(10_000, 0) - 20.0).abs() < f64::EPSILON);
        assert!(
            seconds(u32::MAX, u8::MAX) < 45.0,
            "a socket that ended its right is closed in time"
        );
        for sockets in [1_500, 5_000, 15_000] {
            assert!(f64::from(sockets) / seconds(sockets, 0) <= 500.5, "{sockets}");
        }
    }
}
