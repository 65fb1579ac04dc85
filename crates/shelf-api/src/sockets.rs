//! The sockets of a process: how many of sync there may be, and that all are closed when it stops.

use std::sync::Arc;
use tokio::sync::watch;

/// How many sockets of sync may be open at once, and whether sockets are to close, those of GraphQL too.
/// Cloning shares it.
#[derive(Clone, Debug)]
pub struct Sockets {
    most: usize,
    closes: Arc<watch::Sender<bool>>,
}

impl Sockets {
    /// At most `most` of sync; none is to close.
    pub fn of(most: usize) -> Self {
        Self { most, closes: Arc::new(watch::Sender::new(false)) }
    }

    /// How many of sync there may be.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Has all sockets close, and those that are opened from now on: whoever has one comes back to
    /// another process, or to the next one.
    pub fn close(&self) {
        self.closes.send_replace(true);
    }

    /// Waits until none is open any more; the caller bounds the wait.
    pub async fn closed(&self) {
        self.closes.closed().await;
    }

    /// One more that is open.
    pub(crate) fn one(&self) -> Open {
        Open(self.closes.subscribe())
    }
}

/// A socket that is open, until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(watch::Receiver<bool>);

impl Open {
    /// Waits until it is to close.
    pub(crate) async fn must_close(&mut self) {
        drop(self.0.wait_for(|closes| *closes).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_stops_waits_for_the_last_socket() {
        let sockets = Sockets::of(7);
        let mut open = sockets.one();
        sockets.close();
        open.must_close().await;
        sockets.one().must_close().await;
        let closed = tokio::spawn(async move { sockets.closed().await });
        tokio::task::yield_now().await;
        assert!(!closed.is_finished(), "one is open");
        drop(open);
        closed.await.unwrap();
    }
}
