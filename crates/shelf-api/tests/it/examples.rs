//! The second half of `docs/API.md`: every operation by an example, asked of the real router.

use crate::walk::{IN_PERSON, Prepared, Route, request, routes};
use crate::world::Told;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What stands before the examples in the document.
const MARK: &str = "<!-- What follows is written by a test that runs it: cargo xtask bless. -->\n";
/// What the ids of the examples begin with.
const EXAMPLE: &str = "0193f0a0-0000-7000-8000-";
/// Headers of an answer that are worth showing.
const SHOWN: [&str; 4] = ["location", "etag", "link", "content-type"];
/// Longest text shown whole, characters.
const TEXT_MAX: usize = 300;

/// Calls what changes from run to run by names that do not.
#[derive(Default)]
struct Names {
    ids: BTreeMap<String, String>,
}

impl Names {
    /// `text` with its ids and times made steady.
    fn steady(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(id) = rest.get(..36).filter(|id| is_id(id)) {
                let fresh = format!("{EXAMPLE}{:012x}", 0x100 + self.ids.len());
                let known = id.starts_with(EXAMPLE);
                let name = if known { id.to_owned() } else { fresh };
                out.push_str(self.ids.entry(id.to_owned()).or_insert(name));
                rest = &rest[36..];
            } else if let Some(length) = time_at(rest) {
                out.push_str("2026-09-21T14:13:20Z");
                rest = &rest[length..];
            } else {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        out
    }

    /// `value` likewise, lists cut to their first element.
    fn shown(&mut self, name: &str, value: &Value) -> Value {
        match (name, value) {
            ("token", Value::String(_)) => "the-token-itself-shown-this-once".into(),
            ("secret", Value::String(_)) => "the-secret-of-an-invitation".into(),
            ("signing_secret", Value::String(_)) => "whsec_shown-this-once".into(),
            ("next_cursor" | "cursor", Value::String(_)) => "opaque".into(),
            // Sums are of ids, and those are other ones each time.
            ("checksum", Value::String(_)) => "1ea4d1934af46c90".into(),
            ("ranges", Value::Array(_)) => serde_json::json!(["0000000000000000"]),
            ("seal", Value::String(seal)) => {
                let place = seal.rsplit_once(':').map_or("", |(place, _)| place);
                let joint = if place.is_empty() { "" } else { ":" };
                format!("{place}{joint}{}", "5ea1".repeat(16)).into()
            }
            ("key", Value::String(_)) => "the-public-half-in-base64".into(),
            ("text", Value::String(text)) if text.starts_with("mindshelf-domain=") => {
                "mindshelf-domain=drawn-by-the-server".into()
            }
            ("hlc", Value::String(_)) => "0193f0a000000000".into(),
            ("took_us", _) => 264.into(),
            // That of a file is part of its id.
            ("number", Value::Number(number)) if number.as_u64().is_some_and(|n| n > 1 << 16) => {
                1_234_567.into()
            }
            (_, Value::String(text)) if text.len() == 8 && text.starts_with("V0000") => {
                "V00002Hq".into()
            }
            (_, Value::String(text)) => self.steady(text).into(),
            (_, Value::Array(items)) => {
                items.iter().take(1).map(|item| self.shown("", item)).collect()
            }
            (_, Value::Object(fields)) => {
                let field =
                    |(name, value): (&String, &Value)| (self.steady(name), self.shown(name, value));
                fields.iter().map(field).collect::<serde_json::Map<_, _>>().into()
            }
            (_, Value::Number(number)) if number.as_i64().is_some_and(|n| n > 1 << 40) => {
                1_790_000_000_000_i64.into()
            }
            (_, other) => other.clone(),
        }
    }
}

fn is_id(text: &str) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.bytes().enumerate().all(|(at, byte)| match byte {
        b'-' => dash(at),
        byte => !dash(at) && byte.is_ascii_hexdigit(),
    })
}

/// How long the time at the beginning of `text` is.
fn time_at(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("2026-")?;
    let end = rest.find('Z')? + 6;
    text[..end].bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte)).then_some(end)
}

/// What somebody is shown to have asked for, in units.
const USED: u32 = 135;

/// How the request of `route` is shown.
fn asked(route: &Route, names: &mut Names) -> String {
    let pairs = route.query.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut text = format!("{} {}{query}\n", route.method, route.path);
    if IN_PERSON.contains(&route.template.as_str()) {
        text.push_str("Cookie: mindshelf_session=SESSION\nX-CSRF-Token: SECRET\n");
    } else if !route.public {
        text.push_str("Authorization: Bearer TOKEN\n");
    }
    if !route.kind.is_empty() {
        writeln!(text, "Content-Type: {}\n\n{}", route.kind, route.body.trim_end()).unwrap();
    }
    names.steady(&text)
}

/// How its answer is shown.
fn answered(told: &Told, names: &mut Names) -> String {
    let mut text = format!("{}\n", told.status);
    for name in SHOWN.into_iter().filter(|name| !told.header(name).is_empty()) {
        let is_file = told.header("content-type") == "application/gzip";
        if (name != "content-type" || told.json.is_null()) && !(name == "etag" && is_file) {
            writeln!(text, "{name}: {}", names.steady(told.header(name))).unwrap();
        }
    }
    let body = match &told.json {
        Value::Null if told.header("content-type") == "application/zip" => "(the archive)".into(),
        Value::Null if told.header("content-type") == "application/gzip" => "(the file)".into(),
        Value::Null => told.text.chars().take(TEXT_MAX).collect(),
        json => names.shown("", json).to_string(),
    };
    let body = names.steady(body.trim_end());
    if body.is_empty() { text } else { format!("{text}\n{body}\n") }
}

/// The examples as they belong into the document.
async fn written() -> String {
    let document = shelf_api::document();
    let mut text = MARK.to_owned();
    text.push_str(
        "\n## Every operation by example\n\nOf lists the first row is shown. Ids, times and what \
         is opaque are other ones with you.\n",
    );
    for route in routes(&document) {
        let prepared = Prepared::new().await;
        let ada = &prepared.world.ada;
        let told =
            prepared.world.send(request(&route, Some(ada), |text| prepared.adas(text))).await;
        let operation = &document["paths"][&route.template][route.method.as_str().to_lowercase()];
        let summary = operation["summary"].as_str().unwrap();
        let cost = match operation["x-cost"].as_u64().unwrap() {
            0 => "Costs nothing.".to_owned(),
            cost => format!("Costs {cost}."),
        };
        let cost = match &route.scope {
            Some(scope) => format!("{cost} Takes `{scope}`."),
            None => cost,
        };
        let told = Told { text: prepared.examples(&told.text), ..told };
        let mut json = serde_json::from_str(&told.text).unwrap_or(Value::Null);
        if route.template.ends_with("/sync/repair") {
            // Which items end in these bytes is chance.
            json["items"] = Value::Array(Vec::new());
            json["aliases"] = Value::Array(Vec::new());
        }
        if route.template == "/v1/admin/tenants" {
            // How often something was asked until it was there is chance.
            json["items"][0]["bounds"][0]["used"] = Value::from(USED);
        }
        let mut headers = told.headers.clone();
        for (_, value) in &mut headers {
            *value = prepared.examples(value.to_str().unwrap()).parse().unwrap();
        }
        let told = Told { headers, json, ..told };
        let mut names = Names::default();
        let (asked, answered) = (asked(&route, &mut names), answered(&told, &mut names));
        write!(text, "\n### {summary}\n\n{cost}\n\n```http\n{asked}```\n```http\n{answered}```\n")
            .unwrap();
    }
    text
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "blessing is asked for by the environment")]
async fn every_operation_is_shown_by_an_example_that_works_as_it_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/API.md");
    let kept = std::fs::read_to_string(&file).unwrap();
    let (by_hand, _) = kept.split_once(MARK).unwrap_or((&kept, ""));
    let wanted = format!("{}\n\n{}", by_hand.trim_end(), written().await);
    if std::env::var("MINDSHELF_BLESS").as_deref() == Ok("1") {
        std::fs::write(&file, &wanted).unwrap();
        return;
    }
    let differs = kept.lines().zip(wanted.lines()).find(|(kept, wanted)| kept != wanted);
    assert_eq!(differs, None, "docs/API.md is stale: cargo xtask bless, and look at the change");
    assert_eq!(kept.lines().count(), wanted.lines().count());
    for path in ["/openapi.json", "/healthz", "/readyz", "/metrics"] {
        assert!(by_hand.contains(&format!("`{path}`")), "{path} is open and not named");
    }
}
