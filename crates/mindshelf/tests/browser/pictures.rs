//! The pictures of the README, taken of a library of our own making.

use crate::judge;
use crate::walk::Walk;

#[tokio::test]
async fn the_readme_is_shown_the_search_and_a_phone() {
    let Some(walk) = Walk::among_links().await else { return };
    let search = "/library?q=log+that+survives+a+crash";
    // The first search of a process also loads the model.
    walk.open(search).await;
    walk.open(search).await;
    walk.sees("Write-ahead logging").await;
    walk.press_in(".row-body", "Write-ahead logging").await;
    walk.sees("Put in another folder").await;
    walk.judge.keep(&walk.driver, "search").await;

    walk.judge.narrow(&walk.driver).await;
    judge::bright(&walk.driver, "dark").await;
    walk.open("/library?q=fermentaton").await;
    walk.sees("was read as").await;
    walk.judge.keep(&walk.driver, "phone").await;
    walk.end().await;
}
