//! Wakes whoever waits for news. A bus carries it to other processes.

use tokio::sync::Notify;

/// Rung when a library was written to.
#[derive(Debug, Default)]
pub struct Bell {
    hint: Notify,
    rung: Notify,
}

impl Bell {
    /// Something was written by this process: everybody wakes, and the bus carries it on.
    pub(crate) fn ring(&self) {
        self.hint.notify_waiters();
        self.rung.notify_one();
    }

    /// Something was written by another process: everybody here wakes.
    pub(crate) fn echo(&self) {
        self.hint.notify_waiters();
    }

    /// Waits until something may have been written anywhere.
    pub(crate) async fn heard(&self) {
        self.hint.notified().await;
    }

    /// Waits until this process wrote. However often it was rung meanwhile is once.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }
}
