//! What holds on every page: nobody is shut out, nothing is too wide, the browser has no complaint.

use crate::driver::Driver;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Mutex;

/// The widths pages are looked at, with their heights and names.
const SIZES: [(u32, u32, &str); 2] = [(1440, 900, "wide"), (390, 844, "narrow")];
/// The rules of accessibility that every page keeps.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/// What is said when one types on before a search has answered: it is broken off, as it should be.
/// A request that truly fails is told by other names.
const TYPED_ON: [&str; 2] = ["htmx:sendAbort", "htmx:afterRequest"];
/// Asks axe, which is in the page already, for what breaks a rule.
const ASK_AXE: &str = "const [rules, done] = arguments; \
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(({ violations }) => \
    done(violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => \
    `${id}: ${help}\\n    ${html.slice(0, 300)}\\n    ${failureSummary.replaceAll('\\n', ' ')}`))))";

/// Collects what is wrong, so that one walk tells all of it.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    axe: Option<String>,
    pictures: Option<PathBuf>,
    expected: Mutex<Vec<&'static str>>,
    wrong: Mutex<Vec<String>>,
}

impl Judge {
    /// A judge with the outside judges in the folder `judges`, which keeps `pictures`.
    pub(crate) fn called(judges: Option<PathBuf>, pictures: Option<PathBuf>) -> Self {
        let axe = judges.map(|folder| {
            let path = folder.join("node_modules/axe-core/axe.min.js");
            std::fs::read_to_string(&path).expect("axe-core is installed among the judges")
        });
        if axe.is_none() {
            eprintln!("SKIPPED: no axe-core; `cargo xtask browser` brings it");
        }
        Self { axe, pictures, ..Self::default() }
    }

    /// A complaint of the browser that belongs to the story.
    pub(crate) fn expects(&self, words: &'static str) {
        self.expected.lock().unwrap().push(words);
    }

    /// Notes what is wrong.
    pub(crate) fn blames(&self, what: String) {
        let mut wrong = self.wrong.lock().unwrap();
        if !wrong.contains(&what) {
            wrong.push(what);
        }
    }

    /// Makes the window as wide as a desk's.
    pub(crate) async fn wide(&self, driver: &Driver) {
        resize(driver, SIZES[0]).await;
    }

    /// Makes the window as narrow as a phone's.
    pub(crate) async fn narrow(&self, driver: &Driver) {
        resize(driver, SIZES[1]).await;
    }

    /// Looks the page over at every width, in light and in the dark.
    pub(crate) async fn look(&self, driver: &Driver, name: &str) {
        for size in SIZES {
            resize(driver, size).await;
            for light in ["light", "dark"] {
                bright(driver, light).await;
                let at = format!("{name}, {}, {light}", size.2);
                self.measure(driver, &at, size.0).await;
                self.ask_axe(driver, &at).await;
                self.keep(driver, &format!("{name}-{}-{light}", size.2)).await;
            }
        }
        bright(driver, "light").await;
        self.wide(driver).await;
        self.hear(driver, name).await;
    }

    async fn measure(&self, driver: &Driver, at: &str, width: u32) {
        let widest = "return document.documentElement.scrollWidth";
        let found = driver.run(widest, &[]).await.unwrap();
        if found.as_u64() > Some(width.into()) {
            self.blames(format!("{at}: the page is {found} px wide"));
        }
    }

    async fn ask_axe(&self, driver: &Driver, at: &str) {
        let Some(axe) = &self.axe else { return };
        if driver.run("return typeof axe", &[]).await.unwrap() == "undefined" {
            driver.run(axe, &[]).await.unwrap();
        }
        let broken = driver.wait(ASK_AXE, &[json!(RULES)]).await.unwrap();
        for rule in broken.as_array().unwrap() {
            self.blames(format!("{at}: {}", rule.as_str().unwrap_or_default()));
        }
    }

    /// Keeps a picture of what the window shows as `name`, where pictures are wanted.
    pub(crate) async fn keep(&self, driver: &Driver, name: &str) {
        let Some(folder) = &self.pictures else { return };
        std::fs::write(folder.join(format!("{name}.png")), picture(driver).await).unwrap();
    }

    /// Hears what the browser complains about: scripts that failed, what a policy forbade.
    pub(crate) async fn hear(&self, driver: &Driver, at: &str) {
        let expected = self.expected.lock().unwrap().clone();
        for complaint in driver.complaints().await {
            if !expected.iter().chain(&TYPED_ON).any(|words| complaint.contains(words)) {
                self.blames(format!("{at}: the browser says: {complaint}"));
            }
        }
    }

    /// Fails where anything was wrong.
    pub(crate) fn verdict(&self) {
        let wrong = self.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

async fn resize(driver: &Driver, (width, height, _): (u32, u32, &str)) {
    let size =
        json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
    driver.devtools("Emulation.setDeviceMetricsOverride", size).await;
}

/// Makes the room light or dark, as the system would.
pub(crate) async fn bright(driver: &Driver, light: &str) {
    let features = json!({ "features": [
        { "name": "prefers-color-scheme", "value": light },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    driver.devtools("Emulation.setEmulatedMedia", features).await;
}

/// What the window shows, as PNG.
pub(crate) async fn picture(driver: &Driver) -> Vec<u8> {
    let shot: Value = driver.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
    BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
}
