//! Everything of a person as one signed file: written, checked, and taken in again.
//!
//! It is a ZIP archive: what is known of the account, each library in every format, and a manifest
//! that says of every file what it is and which bytes it has. The manifest is signed by the server.

mod pack;
mod unpack;
pub mod manifest;
pub mod write_archive;
pub mod check_archive;
pub mod bookmarks_in;
mod files_out;
mod files_in;

pub use bookmarks_in::{BroughtIn, bookmarks_in};
pub use check_archive::{Checked, check_archive};
pub(crate) use files_in::{Brought, FilesIn, Next};
pub use manifest::{ArchivedFile, MANIFEST, Manifest, SIGNATURE};
pub use write_archive::{Archived, Contents, OwnFile, Sign, WriteArchive, write_archive};
