//! What an archive says of itself.

use serde::{Deserialize, Serialize};

/// The name of the format.
pub const FORMAT: &str = "mindshelf-archive";
/// Its version.
pub const VERSION: u32 = 1;
/// Where the manifest is in an archive.
pub const MANIFEST: &str = "manifest.json";
/// Where the signature of its bytes is (Ed25519, 64 bytes).
pub const SIGNATURE: &str = "manifest.sig";
/// What the files of bookmarks that are taken in are called, in the folder of their library.
pub(super) const BOOKMARKS: &str = "bookmarks.jsonl";
/// What the list of the files that are kept with bookmarks is called there.
pub(super) const FILE_LIST: &str = "files.jsonl";
/// The folder of their contents there.
pub(super) const FILES: &str = "files/";
/// The folder of the libraries.
pub(super) const LIBRARIES: &str = "libraries/";

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedFile {
    /// Where it is.
    pub path: String,
    /// What it is, for people.
    pub what: String,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// How the server that wrote it is reached.
    pub server: String,
    /// The id of the person.
    pub person: String,
    /// What they are called.
    pub name: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// The public key that checks the signature (Ed25519), base64.
    pub key: String,
    /// Every other file, in the order they stand in.
    pub files: Vec<ArchivedFile>,
}
