//! Files that are compared byte for byte, and how they are written.

use std::fs;
use std::path::{Path, PathBuf};

fn blessed() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
    let asked = std::env::var("MINDSHELF_BLESS");
    asked.is_ok_and(|value| value == "1")
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the file `name` (from the crate's folder) holds.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_default()
}

/// Compares a frozen file with what is written now. Lines may be added (by blessing), but a line
/// that is there is never written anew: old logs and backups hold its bytes.
pub(crate) fn assert_frozen(name: &str, lines: &[String]) {
    let now = lines.join("\n") + "\n";
    let then = read(name);
    if blessed() && now.starts_with(&then) && now != then {
        fs::write(path(name), &now).unwrap();
        return;
    }
    for (then, now) in then.lines().zip(lines) {
        assert_eq!(now, then, "{name} is frozen");
    }
    assert_eq!(now, then, "{name} is frozen; new lines are added at its end by cargo xtask bless");
}

/// Compares a generated file with what the code says now, or writes it when blessing.
pub(crate) fn assert_generated(name: &str, now: &str) {
    if blessed() {
        fs::write(path(name), now).unwrap();
    }
    assert!(read(name) == now, "{name} is out of date: run cargo xtask bless");
}
