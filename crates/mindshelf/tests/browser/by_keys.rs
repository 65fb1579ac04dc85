//! The whole day without a mouse: every key that the page of keys names.

use crate::walk::{Walk, key};

const FOCUSED: &str =
    "return document.activeElement.closest('.row')?.querySelector('.row-title').innerText";

#[tokio::test]
async fn a_hand_that_stays_on_the_keyboard_reaches_everything() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library").await;
    walk.keys("?").await;
    walk.sees("Put in the trash").await;
    walk.look("keys").await;
    walk.keys(key::ESCAPE).await;

    walk.keys("/").await;
    walk.keys("tag:bread").await;
    walk.sees("3 links").await;
    walk.keys(key::DOWN).await;
    let titles = walk.titles().await;
    assert_eq!(walk.asks(FOCUSED).await, *titles[0]);
    walk.keys("jj").await;
    assert_eq!(walk.asks(FOCUSED).await, *titles[2]);
    walk.keys("k").await;
    assert_eq!(walk.asks(FOCUSED).await, *titles[1]);

    walk.keys(key::ENTER).await;
    walk.sees("Put in another folder").await;
    walk.keys(key::ESCAPE).await;
    walk.misses("Put in another folder").await;
    assert_eq!(walk.asks(FOCUSED).await, *titles[1], "closing leads back to the row");

    walk.keys("f").await;
    walk.find(".row[data-cursor] [aria-pressed=true]", "Not a favourite").await;
    walk.keys("x").await;
    walk.sees("1 selected").await;
    walk.look("selected").await;
    walk.keys("t").await;
    walk.keys("kept").await;
    walk.keys(key::ENTER).await;
    walk.sees("#kept").await;
    walk.end().await;
}

#[tokio::test]
async fn a_link_is_moved_archived_and_thrown_away_by_keys() {
    let Some(walk) = Walk::beneath_a_path().await else { return };
    walk.open("/library?q=tag:bread").await;
    walk.keys("j").await;
    let titles = walk.titles().await;
    walk.keys("m").await;
    walk.find(".many .menu-list button", "Garden").await;
    walk.keys("gard").await;
    walk.keys(key::ENTER).await;
    walk.sees("moved").await;
    walk.open("/library?q=in:Garden").await;
    walk.find(".row-title", &titles[0]).await;

    walk.open("/library?q=tag:bread").await;
    walk.keys("j").await;
    walk.keys("#").await;
    walk.sees("1 link in the trash").await;
    walk.find(".list-head .count", "2 links").await;
    assert_eq!(walk.titles().await.len(), 2);
    walk.keys("z").await;
    walk.sees("Undone").await;
    walk.find(".list-head .count", "3 links").await;
    assert_eq!(walk.titles().await.len(), 3);
    walk.keys("j").await;
    walk.keys("e").await;
    walk.sees("archived").await;
    walk.open("/archive").await;
    walk.sees("1 link").await;

    walk.driver.keys("k", Some(key::CONTROL)).await;
    walk.find("[role=option]", "Arrange folders").await;
    walk.look("palette").await;
    walk.keys("arrange").await;
    walk.keys(key::ENTER).await;
    walk.find("h1", "Folders").await;
    walk.keys("s").await;
    walk.find("h1", "Save a link").await;
    walk.end().await;
}
