//! Everything of a person as one file, by the command line: out, checked, and in again.

use crate::program::{complained, mindshelf, said, told};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_is_taken_out_is_its_owners_alone_checked_and_taken_in_again() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = home.path().join("me.zip");
    said(mindshelf(home.path()).args(["add", "https://example.org/taken", "--tags", "out"]));
    said(mindshelf(home.path()).args(["privacy", "export", "--output"]).arg(&file));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let whole = said(mindshelf(other.path()).args(["privacy", "verify"]).arg(&file));
    assert!(whole.starts_with("Whole: 7 files"), "{whole}");

    let job = told(mindshelf(other.path()).arg("import").arg(&file).arg("--json"));
    assert_eq!(job["stored"], 1, "{job}");
    let found = said(mindshelf(other.path()).args(["search", "tag:out"]));
    assert!(found.contains("https://example.org/taken"), "{found}");

    let mut bytes = fs::read(&file).unwrap();
    // Within the account, which is the first file and longer than this when packed.
    bytes[200] ^= 1;
    fs::write(&file, bytes).unwrap();
    complained(mindshelf(other.path()).args(["privacy", "verify"]).arg(&file), 1);
}
