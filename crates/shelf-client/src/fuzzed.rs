//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::failure::ClientFailure;
use crate::news::read;
use crate::proving::Key;
use serde_json::Value;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    (
        "client refusal",
        refusal,
        &[br##"{"title":"t","code":"c","detail":"d","errors":[{"pointer":"#/a","detail":"e"}]}"##],
    ),
    ("client key", key, &[b"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"]),
    ("client news", news, &[br#"{"type":"changes","library":"l","changes":[{}]}"#, b"{}"]),
];

fn refusal(bytes: &[u8]) {
    let told = ClientFailure::refused(400, bytes).to_string();
    assert!(!told.is_empty() || bytes.contains(&b'{'), "there is something to tell");
}

fn key(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(Key::read(&text).is_ok_and(|key| key.kept() == text) || Key::read(&text).is_err());
}

fn news(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let (Ok(told), Ok(whole)) = (read(&text), text.parse::<Value>()) {
        let said = whole.get("type").and_then(Value::as_str);
        assert_eq!(said, Some(told.kind.as_str()), "it is what it says");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
