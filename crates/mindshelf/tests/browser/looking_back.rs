//! Looking back: what was done, by which browser, at the reader's own time, and the way back to then.

use crate::walk::Walk;
use serde_json::json;

const RYE: &str = "“Dark rye, baked low and slow”";

#[tokio::test]
async fn the_history_names_each_deed_and_takes_the_library_back() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library?q=tag:bread").await;
    walk.press("Dark rye, baked low and slow").await;
    walk.rewrite("Title", "Dark rye").await;
    walk.leave_field().await;
    walk.find("#item-history ins", "Dark rye").await;
    walk.rewrite("Title", "Dark rye, baked low and slow").await;
    walk.leave_field().await;
    walk.find("#item-history del", "Dark rye").await;
    walk.press("Put in the trash").await;
    walk.sees("Put in the trash").await;
    walk.press("Undo").await;
    walk.sees("Undone").await;

    walk.open("/history").await;
    walk.find(".timeline a", &format!("Changed the title of {RYE}")).await;
    walk.find(".timeline a", &format!("Put {RYE} in the trash")).await;
    walk.find(".timeline a", &format!("Restored {RYE}")).await;
    walk.sees("Imported bookmarks.html").await;
    walk.sees("Chrome on Linux").await;
    walk.look("history").await;

    let long_ago = "document.querySelector('#moment').value = '2020-01-01T00:00'";
    walk.asks(long_ago).await;
    walk.turn("main", "See what would change").await;
    walk.sees("Since 1 Jan 2020, 00:00: 5 acts").await;
    walk.look("time-machine").await;
    walk.turn("main", "Put it back to then").await;
    walk.sees("The library is as it was then").await;
    walk.open("/library").await;
    walk.sees("Nothing here yet").await;
    walk.open("/history").await;
    walk.turn(".timeline li:first-child", "Undo").await;
    walk.open("/library").await;
    walk.sees("40 links").await;
    walk.end().await;
}

#[tokio::test]
async fn times_are_told_in_the_zone_of_their_reader() {
    let Some(walk) = Walk::among_links().await else { return };
    let tokyo = json!({ "timezoneId": "Asia/Tokyo" });
    walk.driver.devtools("Emulation.setTimezoneOverride", tokyo).await;
    walk.open("/history").await;
    walk.sees("Imported bookmarks.html").await;
    let told = "const time = document.querySelector('.timeline time'); \
        const at = new Date(new Date(time.dateTime).getTime() + 9 * 3600000).toISOString(); \
        return [time.innerText.slice(-5), at.slice(11, 16)]";
    let told = walk.asks(told).await;
    assert_eq!(told[0], told[1], "nine hours ahead of Greenwich");

    // What one types is meant in that zone as well.
    walk.asks("document.querySelector('#moment').value = '2020-01-01T08:00'").await;
    walk.turn("main", "See what would change").await;
    walk.sees("Since 1 Jan 2020, 08:00").await;
    assert!(walk.driver.address().await.contains("2019-12-31T23%3A00%3A00Z"));
    walk.end().await;
}
