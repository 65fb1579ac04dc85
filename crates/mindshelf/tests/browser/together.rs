//! Two people, each with a browser of their own, in one library: who is there, and what one changes.

use crate::driver::Driver;
use crate::sharing::{a_team_and_an_invitation, comes_as_new};
use crate::walk::Walk;
use serde_json::{Value, json};

/// What is waited for in the browser of the other one, and how often it is looked.
const LOOKS_MAX: usize = 4_000;
/// Puts another title into the page of an item, as somebody who types does.
const RENAME: &str = "const title = document.querySelector('textarea.item-title'); \
     title.value = arguments[0]; \
     title.dispatchEvent(new Event('input', { bubbles: true })); \
     title.dispatchEvent(new Event('change', { bubbles: true }));";

/// Waits until whoever listens was told of something with these words; they are told every ten seconds at
/// most.
const SAID: &str = "const [words, done] = arguments; \
     const began = performance.now(); \
     const look = () => { \
       const so = document.querySelector('[data-company-said]').textContent.includes(words); \
       if (so || performance.now() - began >= 11000) return done(so); \
       setTimeout(look, 50); \
     }; \
     look();";

#[tokio::test]
async fn two_people_see_each_other_and_what_the_other_changes() {
    let Some(walk) = Walk::among_links().await else { return };
    let (_, invitation) = a_team_and_an_invitation(&walk).await;
    let library = comes_as_new(&walk, &invitation).await;
    let Some(owners) = walk.another_browser().await else { return };
    sign_in(&walk, &owners).await;
    owners.goto(&format!("{}{library}/library", walk.server.origin)).await;
    walk.open(&format!("{library}/library")).await;
    let faces = "return document.querySelector('[data-company-faces]')?.innerText ?? ''";
    until(&owners, faces, |told| told.as_str().is_some_and(|told| told.contains("Flo"))).await;
    walk.find(".face", "reading").await;
    walk.look("together").await;

    // Nothing of what Flo reads moves while the owner gives a link another title.
    let first = "return document.querySelector('[data-row-link]').href";
    let item = owners.run(first, &[]).await.unwrap();
    let id = item.as_str().unwrap().rsplit(['/', '=']).next().unwrap().to_owned();
    owners.goto(&format!("{}{library}/items/{id}", walk.server.origin)).await;
    owners.run(RENAME, &[json!("Maps of thinking")]).await.unwrap();
    walk.sees("changed the title of “Maps of thinking” just now").await;
    // What comes at once after something that was said is said, too, if later.
    owners.run(RENAME, &[json!("Maps of thought")]).await.unwrap();
    walk.sees("changed the title of “Maps of thought” just now").await;
    assert_eq!(walk.titles().await, ["Maps of meaning"], "the list is as it was");
    walk.look("together-changed").await;
    let said = walk.driver.wait(SAID, &[json!("Maps of thought")]).await;
    assert_eq!(said, Ok(json!(true)), "whoever listens is told of the last change");
    walk.turn("", "Show it here").await;
    walk.sees("Maps of thought").await;
    assert_eq!(walk.titles().await, ["Maps of thought"]);

    // The page of the link says who did it; and who leaves is gone.
    walk.open(&format!("{library}/items/{id}")).await;
    walk.find(".face", "on this link").await;
    walk.look("together-item").await;
    owners.goto("about:blank").await;
    let nobody = "return document.querySelector('[data-company-faces]').hidden";
    until(&walk.driver, nobody, |told| *told == json!(true)).await;
    drop(owners);
    walk.end().await;
}

/// Signs the owner in, in a browser of their own.
async fn sign_in(walk: &Walk, owners: &Driver) {
    owners.goto(&walk.server.another_link()).await;
    let press = "[...document.querySelectorAll('button')] \
         .find((one) => one.innerText.includes('Sign in')).click()";
    owners.run(press, &[]).await.unwrap();
    let inside = "return document.querySelector('.shell') !== null";
    until(owners, inside, |told| *told == json!(true)).await;
}

/// Looks again and again, until `script` answers what is `wanted`.
async fn until(driver: &Driver, script: &str, wanted: impl Fn(&Value) -> bool) {
    for _ in 0..LOOKS_MAX {
        if driver.run(script, &[]).await.is_ok_and(|told| wanted(&told)) {
            return;
        }
    }
    panic!("it was never so: {script}");
}
