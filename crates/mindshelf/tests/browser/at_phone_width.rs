//! A phone: one column, a bar at the bottom, fingers.

use crate::walk::Walk;

#[tokio::test]
async fn a_phone_searches_reads_and_saves() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.judge.narrow(&walk.driver).await;
    walk.open("/library").await;
    walk.press_in(".bar", "Search").await;
    let focused = walk.asks("return document.activeElement.id").await;
    assert_eq!(focused, "q");
    walk.keys("kintsugi").await;
    walk.find("mark", "Kintsugi").await;
    walk.press("Kintsugi: mending with gold").await;
    walk.sees("The crack is part of the bowl's history").await;
    let panel =
        walk.asks("return document.querySelector('#panel').getBoundingClientRect().width").await;
    assert!(panel.as_f64() > Some(380.0), "the item fills the screen: {panel}");
    walk.press_in("#panel", "Close").await;
    walk.misses("Put in another folder").await;

    walk.press_in(".bar", "Save").await;
    walk.write("Address", "https://phone.example/page").await;
    walk.write("Title", "Found on the way").await;
    walk.write("Tags", "on the way").await;
    walk.press_in("main", "Save").await;
    walk.sees("Found on the way").await;
    walk.press_in(".bar", "Shelves").await;
    walk.press_in(".rail", "Garden").await;
    walk.find("h1", "Garden").await;

    walk.judge.wide(&walk.driver).await;
    walk.open("/save?url=https://phone.example/other&title=Another").await;
    walk.look("save").await;
    for coat in ["cards", "table", "list"] {
        walk.open(&format!("/library?view={coat}")).await;
        walk.look(coat).await;
    }
    walk.open("/settings").await;
    walk.look("settings").await;
    walk.open("/import").await;
    walk.look("import").await;
    walk.judge.expects("404");
    walk.open("/nowhere").await;
    walk.look("nowhere").await;
    walk.end().await;
}
