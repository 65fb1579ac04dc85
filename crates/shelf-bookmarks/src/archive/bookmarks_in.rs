//! Take the bookmarks out of an archive, as one file that can be imported.

use super::check_archive::{manifest_of, whole};
use super::manifest::{BOOKMARKS, LIBRARIES, MANIFEST};
use super::unpack::{Unpack, is_archive, refused};
use crate::import::{ReadError, Source};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

/// What somebody brought to be imported.
pub struct BroughtIn {
    /// The bookmarks, as one file.
    pub bookmarks: Box<dyn Source>,
    /// The archive they were in, where they were in one: files may be in it too.
    pub archive: Option<Box<dyn Source>>,
}

impl fmt::Debug for BroughtIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroughtIn").finish_non_exhaustive()
    }
}

/// The bookmarks of every library in the archive `source`, one after the other, written into
/// `draft`. What is no archive of ours is given back as it is: whoever reads it says why it is none.
/// The signature is not asked for: whoever brings a file may bring one they changed.
pub fn bookmarks_in(mut source: Box<dyn Source>, draft: File) -> Result<BroughtIn, ReadError> {
    if !is_archive(&mut *source)? {
        return Ok(BroughtIn { bookmarks: source, archive: None });
    }
    let mut archive = Unpack::open(&mut *source)?;
    if archive.bytes(MANIFEST)?.is_none() {
        drop(archive);
        source.seek(SeekFrom::Start(0))?;
        return Ok(BroughtIn { bookmarks: source, archive: None });
    }
    let manifest = manifest_of(&whole(&mut archive, MANIFEST)?)?;
    let mut to = BufWriter::new(draft);
    let mut libraries = BTreeSet::new();
    for file in &manifest.files {
        let is_ours = file.path.starts_with(LIBRARIES) && file.path.ends_with(BOOKMARKS);
        if !is_ours {
            continue;
        }
        // What is written stays within what the archive unpacks to, whatever the manifest names.
        if !libraries.insert(file.path.as_str()) {
            return Err(refused(format!("{} is in the manifest twice", file.path)));
        }
        if archive.bytes(&file.path)?.is_none() {
            return Err(refused(format!("{} is missing", file.path)));
        }
        if hex::encode(archive.copy(&file.path, &mut to)?) != file.sha256 {
            return Err(refused(format!("{} is not what was exported", file.path)));
        }
    }
    if libraries.is_empty() {
        return Err(refused("there is no library in the archive"));
    }
    to.flush()?;
    let mut draft = to.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    draft.seek(SeekFrom::Start(0))?;
    drop(archive);
    Ok(BroughtIn { bookmarks: Box::new(draft), archive: Some(source) })
}
