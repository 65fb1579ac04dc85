//! What was done elsewhere: deletions of a device that wait for a word, links kept while the server was
//! away, and where an app is connected.

use crate::walk::Walk;
use serde_json::{Value, json};

/// Pairs a device over HTTP that saves enough to be many, and then deletes everything: how many of
/// that waits.
const DELETE_EVERYTHING: &str = include_str!("delete_everything.js");

#[tokio::test]
async fn what_a_device_wants_to_delete_waits_and_is_kept_or_put_into_the_trash() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/waiting").await;
    walk.sees("Nothing waits").await;
    walk.look("waiting-none").await;
    let token = walk.server.said(&["token", "create", "--name", "The old phone"]);
    let held = deletes_everything(&walk, &token, 1).await;
    assert!(held >= 50, "{held} wait");
    walk.open("/waiting").await;
    walk.sees(&format!("“Phone 1” wanted to delete {held} things")).await;
    walk.look("waiting").await;
    walk.turn("main form", "Keep them").await;
    walk.sees(&format!("{held} things stayed")).await;
    walk.sees("Nothing waits").await;
    walk.open("/trash").await;
    walk.sees("The trash is empty").await;

    let held = deletes_everything(&walk, &token, 2).await;
    walk.open("/waiting").await;
    walk.sees(&format!("“Phone 2” wanted to delete {held} things")).await;
    // The question of the browser is answered with yes.
    walk.asks("window.confirm = () => true").await;
    walk.turn("main form", "Put them into the trash").await;
    walk.sees(&format!("{held} things went into the trash")).await;
    walk.open("/library").await;
    walk.sees("Nothing here yet").await;
    walk.end().await;
}

/// How many deletions of a new device, the `number`th, wait.
async fn deletes_everything(walk: &Walk, token: &str, number: u32) -> u64 {
    let told = walk.driver.wait(DELETE_EVERYTHING, &[json!(token), json!(number)]).await.unwrap();
    let answers = told["answers"].as_array().unwrap_or_else(|| panic!("{told}"));
    let waits = |answer: &&Value| answer["status"] == "held";
    answers.iter().filter(waits).count() as u64
}

#[tokio::test]
async fn a_link_is_kept_in_the_browser_and_saved_by_a_button() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/offline").await;
    walk.sees("Waiting to be saved").await;
    walk.look("offline-none").await;
    walk.write("Address", "https://train.example/timetable").await;
    walk.write("Title", "Timetable of the night train").await;
    walk.press_in("main", "Keep it in this browser").await;
    walk.sees("It is not saved yet").await;
    walk.look("offline").await;
    walk.press_in("main", "Save them now").await;
    walk.sees("1 saved").await;
    walk.misses("Timetable of the night train").await;
    walk.open("/library").await;
    walk.sees("Timetable of the night train").await;
    walk.end().await;
}

/// Runs in every page before anything of it does.
async fn before_each_page(walk: &Walk, script: &str) {
    let source = json!({ "source": script });
    walk.driver.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
}

/// Counts how often a page asks that what it keeps is not cleared.
const ASKED: &str = "StorageManager.prototype.persist = async () => { \
    globalThis.asked = (globalThis.asked ?? 0) + 1; return true; };";
/// A browser that keeps nothing.
const FORGETFUL: &str = "Object.defineProperty(globalThis, 'indexedDB', { value: undefined });";

#[tokio::test]
async fn a_browser_is_asked_once_to_go_on_keeping_and_one_that_keeps_nothing_says_so() {
    let Some(walk) = Walk::among_links().await else { return };
    before_each_page(&walk, ASKED).await;
    walk.open("/offline").await;
    for address in ["https://one.example/", "https://two.example/"] {
        walk.write("Address", address).await;
        walk.press_in("main", "Keep it in this browser").await;
        walk.sees(address).await;
    }
    assert_eq!(walk.asks("return globalThis.asked").await, json!(1), "with the first link");
    walk.open("/library").await;
    before_each_page(&walk, FORGETFUL).await;
    walk.open("/offline#url=https://lost.example/").await;
    walk.sees("This browser keeps nothing").await;
    walk.sees("https://lost.example/").await;
    walk.misses("Keep it in this browser").await;
    walk.end().await;
}

/// Signs out just before a link that waits is sent, as another tab may.
const SIGNS_OUT_BEFORE_IT_IS_SENT: &str = "const real = window.fetch; \
    window.fetch = async (address, options) => { \
        if (options?.method === 'POST') { \
            window.fetch = real; \
            const body = new URLSearchParams({ _csrf: options.body.get('_csrf') }); \
            await real('/sign-out', { method: 'POST', body }); \
        } \
        return real(address, options); \
    };";

#[tokio::test]
async fn a_link_that_waits_keeps_all_that_was_said_of_it_and_stays_until_it_is_saved() {
    let Some(walk) = Walk::among_links().await else { return };
    // As the worker sends a form on that could not be sent: a folder that is not there any more, too.
    let folder = "0193f0a0-0000-7000-8000-0000000000aa";
    let said = format!("url=https://later.example/&title=Later&unread=on&folder={folder}");
    walk.open(&format!("/offline#{said}")).await;
    walk.press_in("main", "Keep it in this browser").await;
    walk.sees("to read later").await;
    // What is refused with a folder of elsewhere is sent without: the browser says so.
    walk.judge.expects("422");
    walk.press_in("main", "Save them now").await;
    walk.sees("1 saved").await;
    walk.open("/unread").await;
    walk.sees("Later").await;

    walk.open("/offline#url=https://lost.example/&title=Nearly+lost").await;
    walk.press_in("main", "Keep it in this browser").await;
    walk.sees("It is not saved yet").await;
    walk.asks(SIGNS_OUT_BEFORE_IT_IS_SENT).await;
    walk.press_in("main", "Save them now").await;
    walk.sees("0 saved, 1 still here").await;
    walk.sees("Nearly lost").await;
    walk.end().await;
}

#[tokio::test]
async fn an_app_is_connected_by_an_address_and_a_key() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/settings").await;
    walk.find("#connect h2", "Connect an app").await;
    let addresses = "return [...document.querySelectorAll('#connect code.secret')] \
        .map((one) => one.textContent)";
    let addresses = walk.asks(addresses).await;
    let addresses = addresses.as_array().unwrap();
    assert!(addresses.len() >= 2, "{addresses:?}");
    for address in addresses {
        assert!(address.as_str().unwrap().starts_with(&walk.server.origin), "{address}");
    }
    walk.asks("document.querySelector('#connect').scrollIntoView()").await;
    walk.look("connect").await;
    walk.press_in("#connect", "Make a key").await;
    let at = walk.driver.address().await;
    assert!(at.ends_with("#tokens"), "{at}");
    walk.end().await;
}
