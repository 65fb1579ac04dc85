//! Arranging: edited in place, tagged, moved by hand, put in the trash, and every step back.

use crate::walk::{Walk, key};

const RYE: &str = "Dark rye, baked low and slow";

#[tokio::test]
async fn an_item_is_edited_in_place_and_an_older_version_put_back() {
    let Some(walk) = Walk::beneath_a_path().await else { return };
    walk.open("/library?q=rye").await;
    walk.press(RYE).await;
    walk.sees("Put in another folder").await;
    walk.rewrite("Title", "Rye bread of my grandmother").await;
    walk.leave_field().await;
    walk.sees("Saved").await;
    walk.write("Notes", "Scald the flour first.").await;
    walk.leave_field().await;
    // The row beside it says so at once, and so does the history.
    walk.find(".row-title", "Rye bread of my grandmother").await;
    walk.find("#item-history ins", "Scald the flour first.").await;
    walk.write("Add a tag", "grandmother").await;
    walk.keys(key::ENTER).await;
    walk.find("#item-tags .chip", "grandmother").await;
    walk.look("item-beside").await;

    walk.press("A page of its own").await;
    walk.sees("Close").await;
    let title = walk.asks("return document.querySelector('textarea[name=title]').value").await;
    assert_eq!(title, "Rye bread of my grandmother");
    let notes = walk.asks("return document.querySelector('#item-notes').value").await;
    assert_eq!(notes, "Scald the flour first.");
    walk.look("item").await;

    let versions = walk.asks("return document.querySelectorAll('#item-history form').length").await;
    assert!(versions.as_u64() >= Some(3), "{versions} older versions");
    walk.press_in("#item-history li:last-child", "Put back this version").await;
    walk.find("#item-history del", "grandmother").await;
    assert_eq!(walk.asks("return document.querySelector('textarea[name=title]').value").await, RYE);
    let tags = walk.asks("return document.querySelectorAll('#item-tags .chip').length").await;
    assert_eq!(tags, 1, "the tag is off again");
    walk.open("/library?q=rye").await;
    walk.find(".row-title", RYE).await;
    walk.end().await;
}

#[tokio::test]
async fn links_and_folders_are_moved_by_the_mouse() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library?q=rye").await;
    let row = walk.find(".row", RYE).await;
    let garden = walk.find(".rail [data-folder] .nav-item", "Garden").await;
    walk.drag(&row, &garden, 0).await;
    walk.sees("moved").await;
    walk.press_in(".rail", "Garden").await;
    walk.find("h1", "Garden").await;
    walk.find(".row-title", RYE).await;
    walk.look("folder").await;

    walk.open("/folders").await;
    walk.look("folders").await;
    let order = "return [...document.querySelectorAll('[data-arrange] a')].map((one) => one.innerText).join()";
    let before = walk.asks(order).await;
    assert!(before.as_str().unwrap().starts_with("Cooking,Bread,"), "{before}");
    let garden = walk.find("[data-arrange] li", "Garden").await;
    let cooking = walk.find("[data-arrange] li", "Cooking").await;
    walk.drag(&garden, &cooking, -14).await;
    walk.find("[data-arrange] li:first-child", "Garden").await;

    walk.write("Name", "Kitchen").await;
    walk.press("Make the folder").await;
    walk.find("h1", "Kitchen").await;
    walk.end().await;
}

#[tokio::test]
async fn what_is_thrown_away_comes_back() {
    let Some(walk) = Walk::beneath_a_path().await else { return };
    walk.open("/library?q=rye").await;
    walk.press(RYE).await;
    walk.press("Put in the trash").await;
    walk.find(".toast button", "Undo").await;
    walk.open("/trash").await;
    walk.sees(RYE).await;
    walk.look("trash").await;
    walk.press("Restore").await;
    walk.sees("The trash is empty").await;
    walk.look("trash-empty").await;
    walk.open("/library?q=rye").await;
    walk.find(".row-title", RYE).await;

    // The whole library has a history as well, and each act in it a way back.
    walk.open("/history").await;
    walk.look("history").await;
    walk.turn(".timeline li:first-child", "Undo").await;
    walk.open("/trash").await;
    walk.sees(RYE).await;
    walk.press("Empty the trash for good").await;
    assert_eq!(walk.driver.agree().await, "Remove everything here for good?");
    walk.sees("The trash is empty").await;
    walk.open("/library").await;
    walk.sees("39 links").await;
    walk.end().await;
}

#[tokio::test]
async fn tags_are_browsed_renamed_and_merged() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/tags").await;
    walk.sees("bread").await;
    walk.look("tags").await;
    walk.press_in("main", "Change recipe").await;
    walk.rewrite("New name for recipe", "recipes").await;
    walk.keys(key::ENTER).await;
    walk.find("main a", "recipes").await;
    walk.press_in("main", "Merge recipes").await;
    walk.write("Merge the ticked ones into", "bread").await;
    walk.press("Merge").await;
    walk.misses("recipes").await;
    walk.press_in("main", "bread").await;
    walk.find("h1", "#bread").await;
    walk.sees("4 links").await;
    walk.end().await;
}
