//! A person at the browser: what they see, press, type and drag, in the words they read.

use crate::driver::{Driver, Element};
use crate::extending::loading;
use crate::judge::Judge;
use crate::stage::{self, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How long something may take to appear, in milliseconds.
const PATIENCE_MS: u64 = 10_000;
/// How many times longer work is waited for that takes long.
const TIMES_LONGER: u32 = 12;
/// Times a page may change under a hand that reaches for it.
const TRIES: usize = 5;
/// What can be pressed.
const PRESSABLE: &str = "button, a[href], summary, [role=option], input[type=checkbox], label.flag, \
     label.pick input";
/// What can be typed into.
const FIELDS: &str = "input:not([type=hidden], [type=checkbox]), textarea, select";

/// Whether the page that was marked has given way to another, and that one is whole.
const TURNED: &str =
    "return document.readyState === 'complete' && !document.documentElement.dataset.left";

/// A key without a letter, as `WebDriver` writes it.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\u{e007}";
    pub(crate) const ESCAPE: &str = "\u{e00c}";
    pub(crate) const DOWN: &str = "\u{e015}";
    pub(crate) const BACKSPACE: &str = "\u{e003}";
    pub(crate) const CONTROL: char = '\u{e009}';
}

/// One person, one browser, one server.
pub(crate) struct Walk {
    pub(crate) driver: Driver,
    pub(crate) server: Server,
    pub(crate) judge: Judge,
    patience_ms: u64,
    dir: TempDir,
}

impl Walk {
    /// A walk over an empty library; nothing, said loudly, where no browser is named.
    pub(crate) async fn begin() -> Option<Self> {
        Self::at(false, "").await
    }

    /// A walk over the library of [`stage::LIBRARY`], signed in.
    pub(crate) async fn among_links() -> Option<Self> {
        let walk = Self::at(true, "").await?;
        walk.sign_in().await;
        Some(walk)
    }

    /// The same where everything stands beneath a path, as behind a proxy.
    pub(crate) async fn beneath_a_path() -> Option<Self> {
        let walk = Self::at(true, "/shelf").await?;
        walk.sign_in().await;
        Some(walk)
    }

    /// A walk over the library of [`stage::LIBRARY`], signed in where the server is reached by a name,
    /// in a browser whose machine makes passkeys.
    pub(crate) async fn with_passkeys() -> Option<Self> {
        let walk = Self::called(true, "localhost", "", &[]).await?;
        walk.driver.make_passkeys().await;
        walk.sign_in().await;
        Some(walk)
    }

    async fn at(filled: bool, base: &str) -> Option<Self> {
        Self::called(filled, "", base, &[]).await
    }

    /// A walk over an empty library in a browser that loads the extension in the folder `extension`.
    pub(crate) async fn with_extension(extension: &Path) -> Option<Self> {
        Self::called(false, "", "", &loading(extension)).await
    }

    async fn called(filled: bool, name: &str, base: &str, switches: &[String]) -> Option<Self> {
        let Some(chromium) = std::env::var_os("MINDSHELF_CHROMIUM") else {
            eprintln!("SKIPPED: no browser is named; `cargo xtask browser` names one");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("shelf");
        std::fs::create_dir(dir.path().join("downloads")).unwrap();
        if filled {
            stage::fill(&data);
        }
        let server = Server::called(&data, name, base);
        let driver = Driver::start(&chromium, switches).await;
        let judge = Judge::called(
            std::env::var_os("MINDSHELF_JUDGES").map(Into::into),
            std::env::var_os("MINDSHELF_PICTURES").map(Into::into),
        );
        let walk = Self { driver, server, judge, patience_ms: PATIENCE_MS, dir };
        walk.judge.wide(&walk.driver).await;
        let kept = json!({ "behavior": "allow", "downloadPath": walk.dir().join("downloads") });
        walk.driver.devtools("Browser.setDownloadBehavior", kept).await;
        Some(walk)
    }

    /// A browser besides, which nobody is signed in with; its pages are looked over by nobody.
    pub(crate) async fn another_browser(&self) -> Option<Driver> {
        let chromium = std::env::var_os("MINDSHELF_CHROMIUM")?;
        Some(Driver::start(&chromium, &[]).await)
    }

    /// From here on no page may run a script. What is not there when a page has loaded will not
    /// come, so nothing is waited for.
    pub(crate) async fn forbid_scripts(&mut self) {
        let off = json!({ "value": true });
        self.driver.devtools("Emulation.setScriptExecutionDisabled", off).await;
        self.patience_ms = 0;
    }

    /// Comes in by the link the server printed. The door speaks of a library too, so it is the
    /// next page that is waited for.
    pub(crate) async fn sign_in(&self) {
        self.driver.goto(&self.server.link).await;
        self.turn("", "Sign in").await;
        self.sees("Library").await;
    }

    /// A file called `name` that holds `text`.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where this walk keeps its files.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Chooses `file` on the page of imports.
    pub(crate) async fn choose(&self, file: &Path) {
        self.open("/import").await;
        self.find("label.drop", "Drop your bookmarks here").await;
        let field = self.asks("return document.querySelector('input[type=file]')").await;
        let field = Element::of(&field).unwrap();
        self.driver.send(&field, file.to_str().unwrap()).await.unwrap();
    }

    /// What was downloaded last, once it is whole; its name ends in `ending`. It is taken away.
    pub(crate) async fn downloaded(&self, ending: &str) -> String {
        for _ in 0..500 {
            for entry in std::fs::read_dir(self.dir().join("downloads")).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|found| found == ending) {
                    let text = std::fs::read_to_string(&path).unwrap();
                    std::fs::remove_file(&path).unwrap();
                    return text;
                }
            }
            // The browser takes its time; waiting in it leaves the processor to it.
            self.driver.wait("setTimeout(arguments[0], 20)", &[]).await.unwrap();
        }
        panic!("nothing was downloaded from {}", self.told().await);
    }

    /// Goes to a page of this server.
    pub(crate) async fn open(&self, path: &str) {
        self.driver.goto(&format!("{}{path}", self.server.origin)).await;
    }

    /// Waits until `words` can be read.
    pub(crate) async fn sees(&self, words: &str) {
        assert!(self.reads(words, true).await, "{words:?} is not on {}", self.told().await);
    }

    /// The same for work that takes long on a slow machine.
    pub(crate) async fn sees_in_the_end(&self, words: &str) {
        for _ in 0..TIMES_LONGER {
            if self.reads(words, true).await {
                return;
            }
        }
        panic!("{words:?} is not on {}", self.told().await);
    }

    /// Waits until `words` can no longer be read.
    pub(crate) async fn misses(&self, words: &str) {
        assert!(self.reads(words, false).await, "{words:?} is still on {}", self.told().await);
    }

    async fn reads(&self, words: &str, wanted: bool) -> bool {
        let arguments = [json!(words), json!(wanted), json!(self.patience_ms)];
        for _ in 0..TRIES {
            // A page that is replaced while one reads is read again.
            if let Ok(answer) = self.driver.wait(include_str!("until.js"), &arguments).await {
                return answer == json!(true);
            }
        }
        false
    }

    /// The page as it is read aloud where something is missing.
    pub(crate) async fn told(&self) -> String {
        let text = self.driver.run("return document.body.innerText", &[]).await;
        format!("{}:\n{}", self.driver.address().await, text.unwrap_or_default())
    }

    /// Waits for what is called `words` among `css`.
    pub(crate) async fn find(&self, css: &str, words: &str) -> Element {
        let arguments = [json!(css), json!(words), json!(self.patience_ms)];
        for _ in 0..TRIES {
            // A page that is replaced while one looks is looked at again.
            let Ok(answer) = self.driver.wait(include_str!("find.js"), &arguments).await else {
                continue;
            };
            match Element::of(&answer) {
                Some(element) => return element,
                None => break,
            }
        }
        panic!("nothing called {words:?} among {css:?} on {}", self.told().await);
    }

    /// Presses what is called `words`.
    pub(crate) async fn press(&self, words: &str) {
        self.press_in("", words).await;
    }

    /// Presses what is called `words` inside of `css`.
    pub(crate) async fn press_in(&self, css: &str, words: &str) {
        let among: Vec<String> =
            PRESSABLE.split(',').map(|one| format!("{css} {}", one.trim())).collect();
        let mut trouble = String::new();
        for _ in 0..TRIES {
            let element = self.find(&among.join(", "), words).await;
            match self.driver.press(&element).await {
                Ok(()) => return,
                Err(error) => trouble = error,
            }
        }
        panic!("{words:?} cannot be pressed ({trouble}) on {}", self.told().await);
    }

    /// Presses what is called `words` inside of `css` and waits for the page that follows.
    pub(crate) async fn turn(&self, css: &str, words: &str) {
        self.asks("document.documentElement.dataset.left = 'yes'").await;
        self.press_in(css, words).await;
        for _ in 0..2_000 {
            if self.driver.run(TURNED, &[]).await.is_ok_and(|turned| turned == json!(true)) {
                return;
            }
        }
        panic!("no page followed {words:?} on {}", self.told().await);
    }

    /// Types `text` into the field called `words`.
    pub(crate) async fn write(&self, words: &str, text: &str) {
        let field = self.find(FIELDS, words).await;
        self.driver.send(&field, text).await.unwrap();
    }

    /// Puts `text` in the place of what the field called `words` holds.
    pub(crate) async fn rewrite(&self, words: &str, text: &str) {
        let field = self.find(FIELDS, words).await;
        self.driver.press(&field).await.unwrap();
        self.driver.keys("a", Some(key::CONTROL)).await;
        self.driver.send(&field, text).await.unwrap();
    }

    /// Leaves the field one types in, as the tabulator does; what saves itself is saved by it.
    pub(crate) async fn leave_field(&self) {
        self.driver.keys("\u{e004}", None).await;
    }

    /// Types on the keyboard, wherever the focus is.
    pub(crate) async fn keys(&self, keys: &str) {
        self.driver.keys(keys, None).await;
    }

    /// Drags one thing onto another by the mouse: `at` is how far below the middle it lands.
    pub(crate) async fn drag(&self, from: &Element, to: &Element, at: i32) {
        let over = |element: &Element, x: i32, y: i32| json!({ "type": "pointerMove", "duration": 80, "origin": element.argument(), "x": x, "y": y });
        let steps = [
            over(from, 0, 0),
            json!({ "type": "pointerDown", "button": 0 }),
            over(from, 6, 6),
            over(to, 2, at),
            over(to, 0, at),
            json!({ "type": "pointerUp", "button": 0 }),
        ];
        self.driver.point(json!(steps)).await;
    }

    /// What a script about the page answers.
    pub(crate) async fn asks(&self, script: &str) -> Value {
        self.driver.run(script, &[]).await.unwrap()
    }

    /// The titles of the list, from the top. Read from the document, not from the screen: a row
    /// that has not been drawn yet (`content-visibility`) shows no text.
    pub(crate) async fn titles(&self) -> Vec<String> {
        let titles =
            "return [...document.querySelectorAll('.row-title')].map((one) => one.textContent)";
        serde_json::from_value(self.asks(titles).await).unwrap()
    }

    /// Looks the page over at every width and in every light, and keeps its pictures as `name`.
    pub(crate) async fn look(&self, name: &str) {
        self.judge.look(&self.driver, name).await;
    }

    /// Ends the walk; fails where a page was not as it should be or the browser complained.
    pub(crate) async fn end(self) {
        self.judge.hear(&self.driver, "the end").await;
        self.judge.verdict();
    }
}
