//! A folder that becomes a library of its own, and is found where it was.

use crate::walk::Walk;

/// Where the folder of the rail that is called so leads.
const FOLDER: &str = "return [...document.querySelectorAll('a[href^=\"/folders/\"]')] \
     .find((one) => one.innerText.includes('Cooking')).getAttribute('href')";

#[tokio::test]
async fn a_folder_becomes_a_library_of_its_own_and_leads_there() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/library").await;
    let folder = walk.asks(FOLDER).await.as_str().unwrap().to_owned();
    walk.open(&folder).await;
    walk.open(&format!("{folder}/share")).await;
    walk.sees("Make it a library of its own").await;
    walk.look("folder-share").await;
    walk.turn("main", "Make it a library").await;
    walk.sees("It is a library of its own now").await;
    walk.look("folder-shared").await;

    // Where it was, it leads there; its links are there, and here no more.
    walk.open(&folder).await;
    walk.sees("This folder shows the library").await;
    assert!(walk.titles().await.is_empty(), "they are over there");
    walk.look("folder-mounted").await;
    walk.turn("main .note", "Cooking").await;
    assert_eq!(walk.titles().await.len(), 6, "those of the folder in it, too");
    walk.end().await;
}
