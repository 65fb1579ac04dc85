//! A client that follows by a socket, opens another one when it is lost, and pulls where the socket says
//! that there is more.

use crate::folded::Folded;
use crate::frames::Socket;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// How long nothing comes until a socket is given up: the log grows all the time.
const HEARD_MAX: Duration = Duration::from_millis(2_500);
/// How long it may take until a socket is open.
const OPEN_MAX: Duration = Duration::from_millis(1_200);
/// Rows of a pull.
const ROWS: u64 = 200;

/// A client that follows by a socket.
#[derive(Debug)]
pub(crate) struct Follower {
    replica: Folded,
}

impl Follower {
    pub(crate) fn new(replica: Folded) -> Self {
        Self { replica }
    }

    /// Follows until it is over.
    pub(crate) async fn follows(mut self) -> Option<Folded> {
        while !self.replica.stage.is_over() {
            // A socket tells from the cursor it is given; without one, from the head.
            if self.replica.cursor().is_none() {
                self.replica.pull(ROWS).await;
            }
            if let Ok(Some(socket)) = timeout(OPEN_MAX, self.open()).await {
                self.hear(socket).await;
            }
            self.replica.caller.hop();
            self.replica.caller.pause().await;
        }
        Some(self.replica)
    }

    /// A socket that tells what comes after the cursor.
    async fn open(&self) -> Option<Socket> {
        let cursor = self.replica.cursor()?;
        let (way, token) = self.replica.caller.way();
        let mut socket = Socket::open(way, token).await?;
        socket.say(&json!({ "type": "hello" })).await?;
        socket.say(&self.follow(cursor)).await?;
        Some(socket)
    }

    fn follow(&self, cursor: &str) -> Value {
        let library = self.replica.caller.library_id();
        json!({ "type": "follow", "library": library, "cursor": cursor })
    }

    /// Takes what a socket tells, until it is lost or it is over.
    async fn hear(&mut self, mut socket: Socket) {
        while !self.replica.stage.is_over() {
            let began = self.replica.stage.recorder.begins();
            let Ok(Some(told)) = timeout(HEARD_MAX, socket.heard()).await else { return };
            let kind = told["type"].as_str().unwrap_or_default();
            assert!(!["reset", "gone"].contains(&kind), "a library that is there: {told}");
            match kind {
                "changes" if told["from"] == self.replica.position() => {
                    self.replica.take(began, &told);
                }
                "changes" | "poke" => {
                    while self.replica.pull(ROWS).await == Some(false) {}
                    let Some(cursor) = self.replica.cursor() else { return };
                    if socket.say(&self.follow(cursor)).await.is_none() {
                        return;
                    }
                }
                "refused" => return,
                _ => {}
            }
        }
    }
}
