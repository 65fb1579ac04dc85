//! The exam of news.

use crate::desk::Desk;
use shelf_domain::id::Scope;
use shelf_ports::accounts::Accounts;
use shelf_ports::library::Library;
use shelf_ports::news::{Mark, News};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often news is asked for until it must be there, and the pause between: writes elsewhere may
/// keep it back for a moment.
const ASKED_MAX: usize = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// Sits the whole exam of [`News`] over a store that may hold other libraries.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library, news: &dyn News) {
    let (ada, ben) = (Desk::new(accounts, 701).await, Desk::new(accounts, 702).await);
    let start = drain(news, 0).await.1;
    assert!(drain(news, start).await.0.is_empty(), "a library nobody wrote to is no news");
    ada.save_url(library, "https://news.example/1").await;
    ben.save_url(library, "https://news.example/2").await;
    let (seen, after_both) = told(news, start, 2).await;
    assert_eq!(seen, [ada.scope, ben.scope], "in the order of their writes");
    let part = news.stirred_since(start, 1).await.unwrap();
    assert_eq!(part.len(), 1);
    ada.save_url(library, "https://news.example/3").await;
    let (seen, _) = told(news, start, 2).await;
    assert_eq!(seen, [ben.scope, ada.scope], "a library written to again moves to the end");
    let (seen, _) = told(news, after_both, 1).await;
    assert_eq!(seen, [ada.scope], "what was seen is not told again");
}

/// What is told since `mark`, asked again until `count` libraries are.
async fn told(news: &dyn News, mark: Mark, count: usize) -> (Vec<Scope>, Mark) {
    for _ in 0..ASKED_MAX {
        let (seen, last) = drain(news, mark).await;
        if seen.len() >= count {
            return (seen, last);
        }
        #[expect(clippy::disallowed_methods, reason = "an exam knows no runtime to ask for time")]
        std::thread::sleep(PAUSE);
    }
    drain(news, mark).await
}

async fn drain(news: &dyn News, mut mark: Mark) -> (Vec<Scope>, Mark) {
    let mut seen = Vec::new();
    let mut marks = BTreeSet::new();
    loop {
        let part = news.stirred_since(mark, 2).await.unwrap();
        let Some((last, _)) = part.last() else { return (seen, mark) };
        assert!(*last > mark, "marks rise");
        mark = *last;
        for (at, scope) in part {
            assert!(marks.insert(at), "each library has a mark of its own");
            seen.push(scope);
        }
    }
}
