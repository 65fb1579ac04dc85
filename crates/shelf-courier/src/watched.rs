//! Which libraries have endpoints, so that all others cost nothing.

use async_trait::async_trait;
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::news::{Mark, News};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The libraries that have endpoints, as far as this process knows, and the bell that says there may
/// be more, or that something is due.
#[derive(Debug, Default)]
pub struct Watched {
    all: Mutex<BTreeSet<Scope>>,
    bell: Notify,
}

impl Watched {
    /// Says that endpoints or deliveries changed.
    pub fn stir(&self) {
        self.bell.notify_one();
    }

    /// Waits until somebody said so.
    pub(crate) async fn stirred(&self) {
        self.bell.notified().await;
    }

    /// Knows these from now on; which of them are new.
    pub(crate) fn know(&self, now: BTreeSet<Scope>) -> Vec<Scope> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let new = now.difference(&all).copied().collect();
        *all = now;
        new
    }

    fn is_empty(&self) -> bool {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn has(&self, scope: &Scope) -> bool {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).contains(scope)
    }
}

/// News of libraries that have endpoints. While there is none, nothing is asked and no hint wakes.
#[derive(Clone, Debug)]
pub struct WatchedNews {
    /// News of all libraries.
    pub all: Arc<dyn News>,
    /// Those that have endpoints.
    pub watched: Arc<Watched>,
}

#[async_trait]
impl News for WatchedNews {
    /// The last library is told whether it has endpoints or not: its mark says how far was asked.
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault> {
        let (mut told, mut asked) = (Vec::new(), mark);
        if self.watched.is_empty() {
            return Ok(told);
        }
        loop {
            let page = self.all.stirred_since(asked, limit).await?;
            let Some((last, _)) = page.last().copied() else { return Ok(told) };
            asked = last;
            let whole = page.len() < limit;
            let one = |(mark, scope): &(Mark, Scope)| *mark == last || self.watched.has(scope);
            told.retain(|(_, scope)| self.watched.has(scope));
            told.extend(page.into_iter().filter(one));
            if whole || told.len() >= limit {
                return Ok(told);
            }
        }
    }

    async fn hint(&self) {
        if self.watched.is_empty() {
            // Whoever waits looks again after a while by itself.
            std::future::pending::<()>().await;
        }
        self.all.hint().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::{LibraryId, TenantId};

    fn scope(number: u8) -> Scope {
        let tenant = TenantId::from_bytes([1; 16]);
        Scope { tenant, library: LibraryId::from_bytes([number; 16]) }
    }

    /// Libraries 1 to 100, each stirred in its turn.
    #[derive(Debug)]
    struct Hundred;

    #[async_trait]
    impl News for Hundred {
        async fn stirred_since(
            &self,
            mark: Mark,
            limit: usize,
        ) -> Result<Vec<(Mark, Scope)>, Fault> {
            let all = (mark + 1..=100).map(|mark| (mark, scope(u8::try_from(mark).unwrap())));
            Ok(all.take(limit).collect())
        }

        async fn hint(&self) {}
    }

    #[tokio::test]
    async fn only_watched_libraries_are_told_and_the_marks_go_on() {
        let watched = Arc::new(Watched::default());
        let news = WatchedNews { all: Arc::new(Hundred), watched: watched.clone() };
        assert_eq!(news.stirred_since(0, 10).await.unwrap(), []);
        let new = watched.know([scope(7), scope(50)].into());
        assert_eq!(new, [scope(7), scope(50)]);
        let told = news.stirred_since(0, 10).await.unwrap();
        assert_eq!(told, [(7, scope(7)), (50, scope(50)), (100, scope(100))]);
        assert_eq!(news.stirred_since(100, 10).await.unwrap(), []);
        assert_eq!(watched.know([scope(7), scope(8)].into()), [scope(8)]);
    }
}
