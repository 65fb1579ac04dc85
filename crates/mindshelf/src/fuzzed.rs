//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::archive::reading::{walk_plain, walk_sealed};
use crate::archive::{Keyring, KeysFile};
use crate::config::{Settings, of_text};
use crate::proxies::Proxies;
use crate::roles::Roles;
use axum::http::{HeaderMap, HeaderValue};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("settings", settings, &[SETTINGS, b"listen = \"nowhere\""]),
    (
        "forwarded",
        forwarded,
        &[b"203.0.113.9:4711, 10.0.0.2", b"[2001:db8::7]:4711", b"10.0.0.9,10.0.0.9,10.0.0.9"],
    ),
    ("backup", backup, &[BACKUP, b"\x1f\x8b"]),
    ("backup lines", backup_lines, &[LINES]),
    ("keys file", keys_file, &[KEYS]),
];

/// Settings of all sorts.
const SETTINGS: &[u8] = br#"listen = "localhost:4747"
role = "gateway,keeper"
hosts = ["a.example", "b.example"]
trusted_proxies = ["10.0.0.0/8"]
public_url = "https://a.example/shelf"
outbound_allowed = ["nas.home:5000", "10.1.0.0/16"]
outbound_ports = ["8080"]
records = "postgres://a@b/c"
"#;

/// The first line of a backup, one frame of the server's, and its end.
const BACKUP: &[u8] = b"{\"mindshelf_backup\":2,\"program\":\"x\",\"made_at\":5,\"id\":\"00000000000000000000000000000000\"}\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x02ab\xff{\"end\":{\"entries\":1,\"sha256\":\"00\"}}\n";

/// The lines of a backup from before they were sealed.
const LINES: &[u8] = br#"{"mindshelf_backup":1,"program":"x","made_at":5}
{"of":null}
{"entry":{"setting":["00000000-0000-7000-8000-000000000000","search","words"]}}
{"of":{"tenant":"00000000-0000-7000-8000-000000000001","library":"00000000-0000-7000-8000-000000000002"}}
{"end":{"entries":1,"sha256":"00"}}
"#;

/// Keys that stand as they are.
const KEYS: &[u8] = br#"{"mindshelf_keys":1,"made_at":5,"keys":[["server","AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]]}"#;

fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let named = || "the settings".to_owned();
    if let Ok(said) = of_text(&text, &named)
        && let Err(wrong) = Settings::checked(&said, &BTreeMap::new())
    {
        assert!(!format!("{wrong:#}").is_empty(), "what is wrong is named");
    }
    drop((Roles::read(&text), Proxies::read(&[text.into_owned()])));
}

/// What stands in `X-Forwarded-For`, from a proxy that is believed and from one that is not.
fn forwarded(bytes: &[u8]) {
    let Ok(proxies) = Proxies::read(&["10.0.0.0/8".to_owned()]) else { return };
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-for", value);
    let (stranger, proxy) = (IpAddr::from([203, 0, 113, 9]), IpAddr::from([10, 0, 0, 1]));
    assert_eq!(proxies.client(stranger, &headers), stranger, "a stranger says nothing of others");
    let _ = proxies.client(proxy, &headers);
}

fn backup(bytes: &[u8]) {
    let keyring = Keyring::default();
    drop(walk_sealed(bytes, &keyring, |_| Ok(())));
    drop(walk_plain(bytes, |_| Ok(())));
}

fn backup_lines(bytes: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let written = packed.write_all(bytes).and_then(|()| packed.finish());
    if let Ok(packed) = written {
        drop(walk_plain(packed.as_slice(), |batch| {
            assert!(!batch.entries.is_empty(), "nothing empty is handed over");
            Ok(())
        }));
    }
}

fn keys_file(bytes: &[u8]) {
    let file = KeysFile::of(Path::new("a.backup"), None, None);
    drop(file.of_text(&String::from_utf8_lossy(bytes)));
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
