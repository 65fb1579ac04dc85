//! The extension: two browsers and a library are kept level, through an outage and a restart.

use crate::driver::{Driver, Element};
use crate::stage::Server;
use crate::walk::Walk;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The address of the extension's pages; it follows from the key in its manifest.
const PAGES: &str = "chrome-extension://mpjegajfegahaakpkeecmdmhiebkindb/pages";
/// What is loaded of it.
const PARTS: [&str; 3] = ["img", "pages", "src"];
/// How long both sides may take to be level, in milliseconds.
const PATIENCE_MS: u64 = 11_000;
/// Looks at a page that is about to change; each waits 20 ms in the browser.
const LOOKS: usize = 500;

#[tokio::test]
async fn two_browsers_are_level_with_the_library_through_an_outage_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let extension = folder.path().join("extension");
    copy(&extension);
    let Some(mut walk) = Walk::with_extension(&extension).await else { return };
    for words in ["400", "app.webmanifest", "ERR_CONNECTION_REFUSED", "/v1/sync"] {
        // The first proof of a key is asked to repeat what the server says; then the server is away.
        walk.judge.expects(words);
    }
    let chromium = std::env::var_os("MINDSHELF_CHROMIUM").unwrap();
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let mut switches = loading(&extension);
    switches.push(profile);

    walk.driver.goto(&format!("{PAGES}/options.html")).await;
    walk.sees("Nothing leaves this browser before you connect").await;
    walk.look("extension-connect").await;
    connect(&walk.driver, &walk.server, &walk.server.link).await;
    let other = Driver::start(&chromium, &switches).await;
    connect(&other, &walk.server, &walk.server.another_link()).await;

    // What is made in one browser by hand is in the other, with its folder.
    does(&other, MAKES).await;
    holds(&walk.driver, "News(One https://one.example/)|Two https://two.example/", true).await;
    // Nobody presses anything: the server tells of it.
    does(&other, MAKES_ANOTHER).await;
    is_told(&walk.driver, "Told https://told.example/").await;
    // Named and moved there, it is so here; and what is no page of the web stays where it is.
    does(&walk.driver, MOVES).await;
    holds(&other, "(Renamed https://one.example/|News()|Two https://two.example/", true).await;
    holds(&other, "Script javascript:alert(1)", true).await;
    holds(&walk.driver, "javascript:", false).await;

    // The server goes; what is done meanwhile waits, and outlives the browser.
    let (data, listen) = walk.server.ended();
    does(&other, MAKES_MORE).await;
    shows(&other, "#news", "The server does not answer").await;
    saves_by_popup(&other).await;
    drop(other);
    let other = Driver::start(&chromium, &switches).await;
    other.goto(&format!("{PAGES}/options.html")).await;
    shows(&other, "#standing", "to be sent").await;
    walk.server = Server::listening(&data, listen, "", "");
    holds(&other, "Offline https://offline.example/", true).await;
    shows(&other, "#standing", "Synced").await;
    holds(&walk.driver, "Offline https://offline.example/", true).await;

    // What was saved with tags and a note is known in the other browser.
    walk.driver.goto(&popup()).await;
    walk.sees("This page is saved").await;
    let known = "return ['tags', 'notes'].map((id) => document.getElementById(id).value)";
    assert_eq!(walk.asks(known).await, json!(["blue, red", "By hand"]));
    walk.look("extension-popup").await;

    walk.driver.goto(&format!("{PAGES}/options.html")).await;
    does(&walk.driver, REMOVES).await;
    holds(&other, "two.example", false).await;
    holds(&walk.driver, "two.example", false).await;
    walk.press("Verify").await;
    walk.sees("Both sides were compared").await;
    walk.misses("differed").await;
    walk.look("extension-options").await;
    walk.end().await;
}

/// A folder with a page in it, a page, and what is no page.
const MAKES: &str = "const news = await chrome.bookmarks.create({ parentId: '1', title: 'News' }); \
    await chrome.bookmarks.create({ parentId: news.id, title: 'One', url: 'https://one.example/' }); \
    await chrome.bookmarks.create({ parentId: '1', title: 'Two', url: 'https://two.example/' }); \
    await chrome.bookmarks.create({ parentId: '1', title: 'Script', url: 'javascript:alert(1)' })";
const MAKES_ANOTHER: &str = "await chrome.bookmarks.create({ parentId: '2', title: 'Told', \
    url: 'https://told.example/' })";
const MOVES: &str = "const [one] = await chrome.bookmarks.search({ url: 'https://one.example/' }); \
    await chrome.bookmarks.update(one.id, { title: 'Renamed' }); \
    await chrome.bookmarks.move(one.id, { parentId: '1', index: 0 })";

const MAKES_MORE: &str = "await chrome.bookmarks.create({ parentId: '2', title: 'Offline', \
    url: 'https://offline.example/' })";
const REMOVES: &str = "const [two] = await chrome.bookmarks.search({ url: 'https://two.example/' }); \
    await chrome.bookmarks.remove(two.id)";
/// Whether a page followed the door.
const IN: &str = "return location.pathname !== '/sign-in' && document.readyState === 'complete'";

/// How a browser is told to load an extension from a folder.
pub(crate) fn loading(extension: &Path) -> Vec<String> {
    vec![
        format!("--load-extension={}", extension.display()),
        "--disable-features=DisableLoadExtensionCommandLineSwitch".to_owned(),
    ]
}

/// Copies the extension, with the permission to ask this machine in its manifest: nobody can answer the
/// browser's question without a window.
fn copy(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../extension");
    let mut open: Vec<PathBuf> = PARTS.iter().map(PathBuf::from).collect();
    while let Some(part) = open.pop() {
        if from.join(&part).is_dir() {
            std::fs::create_dir_all(to.join(&part)).unwrap();
            let entries = std::fs::read_dir(from.join(&part)).unwrap();
            open.extend(entries.map(|entry| part.join(entry.unwrap().file_name())));
        } else {
            std::fs::copy(from.join(&part), to.join(&part)).unwrap();
        }
    }
    let manifest = std::fs::read_to_string(from.join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["host_permissions"] = json!(["http://127.0.0.1/*"]);
    std::fs::write(to.join("manifest.json"), manifest.to_string()).unwrap();
}

/// The popup, about one page.
fn popup() -> String {
    format!("{PAGES}/popup.html?url=https%3A%2F%2Fpopup.example%2F&title=A+page")
}

/// Signs in by `link`, lets the extension in and mirrors the bookmarks, as a person would.
async fn connect(driver: &Driver, server: &Server, link: &str) {
    driver.goto(link).await;
    until(driver, &pressing("Sign in")).await;
    until(driver, IN).await;
    driver.goto(&format!("{PAGES}/options.html")).await;
    until(driver, "return !document.querySelector('#connect').hidden").await;
    driver.send(&at(driver, "#server").await, &server.origin).await.unwrap();
    let home = driver.window().await;
    driver.press(&at(driver, "#connect-form button.main").await).await.unwrap();
    turn_to_consent(driver, &home).await;
    until(driver, &pressing("Let it in")).await;
    driver.turn_to(&home).await;
    until(driver, "return !document.querySelector('#mirroring').hidden").await;
    driver.press(&at(driver, "#mirror-form button.main").await).await.unwrap();
    shows(driver, "#standing", "mirrored").await;
}

/// Turns to the window that asks whether to let the extension in, once it is there.
async fn turn_to_consent(driver: &Driver, home: &str) {
    for _ in 0..LOOKS {
        for window in driver.windows().await {
            if window == home {
                continue;
            }
            driver.turn_to(&window).await;
            if driver.address().await.contains("/oauth/authorize") {
                return;
            }
        }
        driver.turn_to(home).await;
        pause(driver).await;
    }
    panic!("no window asks whether to let the extension in");
}

/// Saves a page by the popup, with tags and a note, and goes back to the settings.
async fn saves_by_popup(driver: &Driver) {
    driver.goto(&popup()).await;
    until(driver, "return !document.querySelector('#form').hidden").await;
    driver.send(&at(driver, "#tags").await, "red, blue").await.unwrap();
    driver.send(&at(driver, "#notes").await, "By hand").await.unwrap();
    driver.press(&at(driver, "#save").await).await.unwrap();
    shows(driver, "#words", "Saved").await;
}

/// Presses the button called `words`; whether it was there.
fn pressing(words: &str) -> String {
    format!(
        "const one = [...document.querySelectorAll('button')].find((button) => \
         button.textContent.includes('{words}')); one?.click(); return one !== undefined"
    )
}

/// The element that `css` names.
async fn at(driver: &Driver, css: &str) -> Element {
    let found = driver.run("return document.querySelector(arguments[0])", &[json!(css)]).await;
    Element::of(&found.unwrap()).expect(css)
}

/// Does something in a page of the extension, which may do what a person does with bookmarks.
async fn does(driver: &Driver, code: &str) {
    let script = format!(
        "const done = arguments[arguments.length - 1]; \
         (async () => {{ {code} }})().then(() => done(''), (error) => done(String(error)))"
    );
    assert_eq!(driver.wait(&script, &[]).await.unwrap(), "", "{code}");
}

/// Waits until the bookmarks of a browser hold `words`, or do not.
async fn holds(driver: &Driver, words: &str, wanted: bool) {
    let arguments = [json!(words), json!(wanted), json!(PATIENCE_MS)];
    let text = driver.wait(include_str!("mirrored.js"), &arguments).await.unwrap();
    assert_eq!(text, "", "{words:?} was to be there: {wanted}");
}

/// Waits until the bookmarks of a browser hold `words`, without asking for them.
async fn is_told(driver: &Driver, words: &str) {
    let arguments = [json!(words), json!(PATIENCE_MS)];
    let text = driver.wait(include_str!("told.js"), &arguments).await.unwrap();
    assert_eq!(text, "", "{words:?} was to be told");
}

/// Waits until what `css` names shows `words`.
async fn shows(driver: &Driver, css: &str, words: &str) {
    let script = "return document.querySelector('{css}').textContent.includes('{words}')";
    until(driver, &script.replace("{css}", css).replace("{words}", words)).await;
}

/// Waits until a script answers yes; a page that is replaced meanwhile is asked again.
async fn until(driver: &Driver, script: &str) {
    for _ in 0..LOOKS {
        if driver.run(script, &[]).await.is_ok_and(|answer| answer == json!(true)) {
            return;
        }
        pause(driver).await;
    }
    let text = driver.run("return document.body.innerText", &[]).await;
    panic!("{script} is not so on {}:\n{}", driver.address().await, text.unwrap_or_default());
}

/// Leaves the processor to the browser for a moment.
async fn pause(driver: &Driver) {
    // A window that closes meanwhile breaks it off.
    drop(driver.wait("setTimeout(arguments[arguments.length - 1], 20)", &[]).await);
}
