//! The door and the first run: a link that works once, an invitation, a browser called by its name.

use crate::walk::Walk;

#[tokio::test]
async fn a_link_opens_the_door_once_and_leads_to_an_invitation() {
    let Some(walk) = Walk::begin().await else { return };
    walk.open("/library").await;
    walk.sees("With your name and password").await;
    walk.sees("mindshelf link").await;
    walk.look("door").await;

    // Looking at the link spends nothing.
    walk.driver.goto(&walk.server.link).await;
    walk.driver.goto(&walk.server.link).await;
    walk.sees("This link works once").await;
    walk.look("knock").await;
    walk.press("Sign in").await;
    walk.sees("Everything you have saved, found again").await;
    walk.sees("Drop your bookmarks here").await;
    walk.look("welcome").await;

    walk.judge.expects("401");
    walk.driver.goto(&walk.server.link).await;
    walk.press("Sign in").await;
    walk.sees("This link has been used").await;

    walk.driver.goto(&walk.server.another_link()).await;
    walk.press("Sign in").await;
    walk.sees("Drop your bookmarks here").await;
    walk.end().await;
}
