//! The exam of activity.

use crate::desk::Desk;
use shelf_ports::accounts::Accounts;
use shelf_ports::activity::{Activity, Deed, Event};

/// Sits the whole exam of [`Activity`].
pub async fn exam(accounts: &dyn Accounts, activity: &dyn Activity) {
    let (ada, ben) = (Desk::new(accounts, 501).await, Desk::new(accounts, 502).await);
    let deeds = [Deed::Opened, Deed::Read, Deed::Kept, Deed::Dismissed];
    let events: Vec<Event> = deeds
        .into_iter()
        .zip(1_000_i64..)
        .map(|(deed, at)| Event { at, deed, item: ada.new_item() })
        .collect();
    for event in &events {
        activity.record(ada.scope, ada.person, event).await.unwrap();
    }
    let latest_first: Vec<Event> = events.iter().rev().cloned().collect();
    let seen = activity.recent(ada.scope, ada.person, 10).await.unwrap();
    assert_eq!(seen, latest_first);
    let seen = activity.recent(ada.scope, ada.person, 2).await.unwrap();
    assert_eq!(seen, latest_first[..2]);
    for (scope, person) in [(ada.scope, ben.person), (ben.scope, ada.person)] {
        let seen = activity.recent(scope, person, 10).await.unwrap();
        assert!(seen.is_empty(), "activity is of one person in one library");
        activity.forget(scope, person, None).await.unwrap();
    }
    activity.forget(ada.scope, ada.person, Some(1_002)).await.unwrap();
    let seen = activity.recent(ada.scope, ada.person, 10).await.unwrap();
    assert_eq!(seen, latest_first[..2], "what came before the moment is forgotten");
    activity.forget(ada.scope, ada.person, None).await.unwrap();
    assert!(activity.recent(ada.scope, ada.person, 10).await.unwrap().is_empty());
}
