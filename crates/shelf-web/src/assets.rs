//! Style sheets, scripts, fonts and icons: embedded, named by their own hash, never changing under a name.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// Our own style sheets and scripts.
#[derive(RustEmbed)]
#[folder = "../../assets"]
struct Own;

#[derive(RustEmbed)]
#[folder = "../../third_party/htmx"]
#[prefix = "htmx/"]
struct Htmx;

#[derive(RustEmbed)]
#[folder = "../../third_party/instrument-sans"]
#[prefix = "instrument-sans/"]
struct Sans;

#[derive(RustEmbed)]
#[folder = "../../third_party/newsreader"]
#[prefix = "newsreader/"]
struct Serif;

#[derive(RustEmbed)]
#[folder = "../../third_party/lucide/icons"]
#[prefix = "icons/"]
struct Icons;

/// The order in which the style sheets make up the one that is sent.
const STYLES: [&str; 8] =
    ["tokens", "fonts", "base", "layout", "components", "rail", "list", "pages"];
/// What stands between the pages and the network; no asset, since its address says what it is for.
const WORKER_FILE: &str = "worker/worker.js";
/// What style sheets and the worker write where the hashed address of an asset belongs.
const PLACEHOLDER: &str = "@asset(";
/// Hex digits of the hash in a name: 48 bits, enough that no two versions meet.
const HASH_DIGITS: usize = 12;
/// The folder all assets are served under.
pub const PREFIX: &str = "/assets/";

/// One file as it is sent.
#[derive(Debug)]
struct Asset {
    path: String,
    bytes: Cow<'static, [u8]>,
    media_type: &'static str,
}

impl Asset {
    /// The last part of the address: all assets stand side by side.
    fn file(&self) -> &str {
        self.path.strip_prefix(PREFIX).unwrap_or(&self.path)
    }
}

/// All files, by the name the code uses and by the address they are served at.
#[derive(Debug, Default)]
struct Catalogue {
    by_name: BTreeMap<String, Asset>,
    names_by_path: BTreeMap<String, String>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::assemble);

impl Catalogue {
    fn assemble() -> Self {
        let mut all = Self::default();
        all.take::<Htmx>();
        all.take::<Sans>();
        all.take::<Serif>();
        for name in Own::iter().filter(|name| name.starts_with("js/") || name.starts_with("img/")) {
            if let Some(file) = Own::get(&name) {
                all.add(&name, file.data);
            }
        }
        let mut styles = String::new();
        for name in STYLES {
            if let Some(file) = Own::get(&format!("css/{name}.css")) {
                styles.push_str(&String::from_utf8_lossy(&file.data));
            }
        }
        let styles = all.with_addresses(&styles);
        all.add("app.css", Cow::Owned(styles.into_bytes()));
        all
    }

    fn take<E: RustEmbed>(&mut self) {
        for name in E::iter() {
            if let Some(file) = E::get(&name) {
                self.add(&name, file.data);
            }
        }
    }

    fn add(&mut self, name: &str, bytes: Cow<'static, [u8]>) {
        let Some(media_type) = media_type(name) else { return };
        let mut digits = hex::encode(Sha256::digest(&bytes));
        digits.truncate(HASH_DIGITS);
        let file = name.rsplit('/').next().unwrap_or(name);
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "bin"));
        let path = format!("{PREFIX}{stem}.{digits}.{ending}");
        self.names_by_path.insert(path.clone(), name.to_owned());
        self.by_name.insert(name.to_owned(), Asset { path, bytes, media_type });
    }

    fn with_addresses(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(PLACEHOLDER) {
            let (name, tail) = after.split_once(')').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(self.by_name.get(name).map_or("", Asset::file));
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next()? {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "woff2" => Some("font/woff2"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "webmanifest" => Some("application/manifest+json"),
        _ => None,
    }
}

/// The address of the asset the code calls `name` (`app.css`, `js/keys.js`); empty when there is none.
pub fn address(name: &str) -> &'static str {
    CATALOGUE.by_name.get(name).map_or("", |asset| asset.path.as_str())
}

/// The worker of the pages, with the addresses of what it keeps.
pub fn worker() -> &'static str {
    static WORKER: LazyLock<String> = LazyLock::new(|| {
        let file = Own::get(WORKER_FILE);
        let text = file.map(|file| String::from_utf8_lossy(&file.data).into_owned());
        CATALOGUE.with_addresses(&text.unwrap_or_default())
    });
    WORKER.as_str()
}

/// The inner drawing of a 24 by 24 outline icon, for embedding in a page; empty when there is none.
pub fn icon_drawing(name: &str) -> Option<&'static str> {
    static DRAWINGS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        Icons::iter()
            .filter_map(|path| {
                let file = Icons::get(&path)?;
                let text = String::from_utf8_lossy(&file.data).into_owned();
                let (_, inner) = text.split_once("<svg")?.1.split_once('>')?;
                let inner = inner.rsplit_once("</svg>")?.0;
                let inner = inner.split('\n').map(str::trim).collect::<String>();
                let name = path.strip_prefix("icons/")?.strip_suffix(".svg")?;
                Some((name.to_owned(), inner))
            })
            .collect()
    });
    DRAWINGS.get(name).map(String::as_str)
}

/// Answers a request for `path` (with its prefix): the file, to be kept for a year, or 404.
pub fn serve(path: &str) -> Response {
    let found = CATALOGUE.names_by_path.get(path).and_then(|name| CATALOGUE.by_name.get(name));
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let body = match &asset.bytes {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes::Bytes::copy_from_slice(bytes),
    };
    (headers, body).into_response()
}

/// The bytes of the asset the code calls `name`.
pub fn bytes_of(name: &str) -> Option<&'static [u8]> {
    CATALOGUE.by_name.get(name).map(|asset| asset.bytes.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_sheet_and_font_has_an_address_of_its_own() {
        for name in ["app.css", "htmx/htmx.min.js", "newsreader/newsreader-latin-wght-normal.woff2"]
        {
            assert!(address(name).starts_with(PREFIX), "{name}");
        }
        let css = String::from_utf8_lossy(bytes_of("app.css").unwrap());
        assert!(!css.contains("@asset("));
        assert!(!css.contains("url(\"\")"));
        assert!(css.contains("url(\"newsreader-latin-wght-normal."));
    }

    #[test]
    fn the_worker_keeps_what_is_there() {
        let worker = worker();
        assert!(!worker.contains("@asset("), "{worker}");
        for name in ["app.css", "js/early.js", "js/waiting.js", "img/lamp.svg"] {
            let file = address(name).strip_prefix(PREFIX).unwrap();
            assert!(worker.contains(&format!("\"{file}\"")), "{name}: {worker}");
        }
    }

    #[test]
    fn fonts_stay_within_their_budget() {
        let bytes: usize = CATALOGUE
            .by_name
            .values()
            .filter(|asset| asset.media_type == "font/woff2")
            .map(|asset| asset.bytes.len())
            .sum();
        assert!(bytes <= 150 * 1024, "{bytes} bytes of fonts");
    }

    #[test]
    fn an_unknown_path_is_not_found() {
        assert_eq!(serve("/assets/../Cargo.toml").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn colours_sizes_of_type_and_durations_live_in_the_tokens_alone() {
        for name in STYLES.iter().filter(|name| **name != "tokens" && **name != "components") {
            let file = Own::get(&format!("css/{name}.css")).unwrap();
            let text = String::from_utf8_lossy(&file.data).into_owned();
            for forbidden in ["oklch(", "rgb(", "hsl(", "#f", "#0"] {
                assert!(!text.contains(forbidden), "{forbidden} in {name}.css");
            }
        }
    }
}
