//! What people say of a link, and a text that two devices wrote at the same time.

use crate::walk::{Walk, key};
use serde_json::json;

/// Pairs two devices over HTTP that write the same notes blindly: which bookmark has them.
const WRITE_TWICE: &str = include_str!("write_twice.js");

#[tokio::test]
async fn a_link_is_commented_on_and_a_comment_changed_and_taken_back() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.press_in("main", "Dark rye, baked low and slow").await;
    walk.sees("Nobody has said anything yet").await;
    walk.write("Say something about it", "Sixteen hours is not too long.").await;
    walk.press_in("#item-comments", "Comment").await;
    walk.sees("Sixteen hours is not too long.").await;
    walk.misses("Nobody has said anything yet").await;
    walk.look("comments").await;
    walk.press_in("#item-comments", "Change it").await;
    walk.rewrite("Your comment", "Sixteen hours, and not one less.").await;
    walk.press_in("#item-comments", "Save the comment").await;
    walk.sees("edited").await;
    walk.asks("document.querySelector('#item-comments form[action$=remove] button').click()").await;
    walk.sees("The comment is in the trash").await;
    walk.sees("Nobody has said anything yet").await;
    walk.end().await;
}

#[tokio::test]
async fn a_comment_that_is_begun_outlives_what_else_is_done_to_the_link() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.press_in("main", "Dark rye, baked low and slow").await;
    walk.write("Say something about it", "Sixteen hours is").await;
    walk.write("Add a tag", "slow").await;
    walk.keys(key::ENTER).await;
    walk.find("#item-tags .chip", "slow").await;
    let typed = "return document.querySelector('#item-say').value";
    assert_eq!(walk.asks(typed).await, "Sixteen hours is");
    walk.press_in("#item-comments", "Comment").await;
    walk.find("#item-comments .said", "Sixteen hours is").await;
    assert_eq!(walk.asks(typed).await, "", "what was sent is not begun again");
    walk.end().await;
}

/// Signs out behind the page, as another tab may.
const SIGN_OUT: &str = "const done = arguments[0]; \
    const body = new URLSearchParams({ _csrf: document.body.dataset.csrf }); \
    fetch('/sign-out', { method: 'POST', body }).then((answer) => done(answer.ok), done);";

#[tokio::test]
async fn what_is_typed_stays_where_one_was_signed_out_meanwhile() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.press_in("main", "Dark rye, baked low and slow").await;
    walk.find("#item-comments", "Nobody has said anything yet").await;
    assert_eq!(walk.driver.wait(SIGN_OUT, &[]).await.unwrap(), true);
    walk.judge.expects("401");
    walk.write("Say something about it", "Sixteen hours is not too long.").await;
    walk.press_in("#item-comments", "Comment").await;
    walk.sees("You are signed out, and this is not saved").await;
    let typed = "return document.querySelector('#item-say').value";
    assert_eq!(walk.asks(typed).await, "Sixteen hours is not too long.");
    walk.end().await;
}

#[tokio::test]
async fn two_versions_of_a_text_are_looked_at_side_by_side_and_settled() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/conflicts").await;
    walk.sees("Nothing was written twice").await;
    walk.look("conflicts-none").await;
    let token = walk.server.said(&["token", "create", "--name", "Two devices"]);
    let texts = [json!(token), json!("Ask Ada about the oven."), json!("Ask Ben about the oven.")];
    let item = walk.driver.wait(WRITE_TWICE, &texts).await.unwrap();
    let item = item.as_str().unwrap_or_else(|| panic!("{item}")).to_owned();
    walk.open("/library").await;
    walk.turn("", "Written twice").await;
    walk.sees("Shown now").await;
    walk.sees("The phone").await;
    walk.look("conflicts").await;
    walk.open(&format!("/items/{item}")).await;
    walk.sees("Two versions were written at the same time").await;
    walk.look("conflict").await;
    walk.turn("#item-twice", "Keep the other").await;
    walk.sees("Kept the other version").await;
    walk.misses("Two versions were written at the same time").await;
    walk.turn("#toasts", "Undo").await;
    walk.open(&format!("/items/{item}")).await;
    walk.press_in("#item-twice", "Join both").await;
    walk.rewrite("Both, to make one of", "Ask Ada and Ben about the oven.").await;
    walk.turn("#item-twice", "Keep what I joined").await;
    walk.sees("Joined both versions").await;
    walk.open("/conflicts").await;
    walk.sees("Nothing was written twice").await;
    walk.end().await;
}
