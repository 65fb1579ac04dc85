//! Privacy: what a person decides about what is theirs, without help.

use crate::walk::Walk;

#[tokio::test]
async fn whoever_asks_to_be_erased_sees_it_everywhere_and_takes_it_back() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/settings").await;
    walk.turn("#privacy", "Open").await;
    walk.sees("Take everything out").await;
    walk.look("privacy").await;
    walk.turn("main form[action='/settings/privacy/restriction']", "Off").await;
    walk.sees("On").await;
    walk.turn("main form[action='/settings/privacy/restriction']", "On").await;
    walk.press("Yes, erase everything of mine").await;
    walk.turn("main", "Erase everything").await;
    walk.sees("there the receipt will be").await;
    walk.look("leaving").await;
    walk.open("/library").await;
    walk.sees("Everything of yours is erased on").await;
    walk.look("leaving-soon").await;
    walk.turn("main .leaving", "Take that back").await;
    walk.turn("main form[action='/settings/privacy/erasure/take-back']", "Take that back").await;
    walk.misses("there the receipt will be").await;
    walk.open("/library").await;
    walk.misses("Everything of yours is erased on").await;
    walk.end().await;
}
