//! Take the files that are kept with bookmarks out of an archive, one after the other.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::check_archive::{manifest_of, whole};
use super::manifest::{FILE_LIST, FILES, LIBRARIES, MANIFEST};
use super::unpack::{Unpack, refused};
use crate::import::{ReadError, Received, Source};
use serde::Deserialize;
use shelf_domain::id::CaptureId;
use shelf_domain::limits::CAPTURE_BYTES_MAX;
use shelf_ports::captures::CaptureKind;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::vec::IntoIter;

/// Longest line of a list of files, bytes: an address and a name, each as long as it may be.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// What a list says of a file.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    id: CaptureId,
    /// The address of its bookmark; lists of the first servers that had files do not say it.
    #[serde(default)]
    pub(crate) url: String,
    pub(crate) kind: CaptureKind,
    pub(crate) name: String,
    pub(crate) content_type: String,
}

/// A file that was taken out.
#[derive(Debug)]
pub(crate) struct Brought {
    pub(crate) listed: Listed,
    /// Its content, or why it has none.
    pub(crate) content: Result<Received, &'static str>,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A list of files was taken out; a file is next.
    List,
    /// A file.
    File(Box<Brought>),
    /// There is nothing more.
    End,
}

/// An archive whose files are taken out.
pub(crate) struct FilesIn {
    archive: Unpack<Box<dyn Source>>,
    /// SHA-256 of lists and files that were not taken out yet, by where they are.
    digests: BTreeMap<String, String>,
    /// Where lists are that were not read yet.
    lists: IntoIter<String>,
    /// The folder of the list that is read, and what is left of it.
    open: Option<(String, BufReader<File>)>,
}

impl fmt::Debug for FilesIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesIn").finish_non_exhaustive()
    }
}

impl FilesIn {
    /// Opens an archive of ours.
    pub(crate) fn open(source: Box<dyn Source>) -> Result<Self, ReadError> {
        let mut archive = Unpack::open(source)?;
        let manifest = manifest_of(&whole(&mut archive, MANIFEST)?)?;
        let all = manifest.files.into_iter().filter(|file| file.path.starts_with(LIBRARIES));
        let all = all.filter(|file| {
            let (list, folder) = (format!("/{FILE_LIST}"), format!("/{FILES}"));
            file.path.ends_with(&list) || file.path.contains(&folder)
        });
        let digests: BTreeMap<String, String> = all.map(|file| (file.path, file.sha256)).collect();
        let lists = digests.keys().filter(|path| folder_of(path).is_some());
        let lists = lists.cloned().collect::<Vec<_>>().into_iter();
        Ok(Self { archive, digests, lists, open: None })
    }

    /// Takes out what is next, into `draft`, which is empty.
    pub(crate) fn next(&mut self, draft: File) -> Result<Next, ReadError> {
        if let Some((listed, folder)) = self.line()? {
            let content = self.content(&folder, listed.id, draft)?;
            return Ok(Next::File(Box::new(Brought { listed, content })));
        }
        let Some(path) = self.lists.next() else { return Ok(Next::End) };
        let Some(folder) = folder_of(&path).map(str::to_owned) else { return Ok(Next::List) };
        let (mut list, _) = self.copy(&path, draft)?;
        list.seek(SeekFrom::Start(0))?;
        self.open = Some((folder, BufReader::new(list)));
        Ok(Next::List)
    }

    /// The next line of the list that is read, with its folder.
    fn line(&mut self) -> Result<Option<(Listed, String)>, ReadError> {
        let Some((folder, lines)) = &mut self.open else { return Ok(None) };
        let mut line = Vec::new();
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            self.open = None;
            return Ok(None);
        }
        let listed = serde_json::from_slice(&line).map_err(|error| {
            refused(format!("a line of {folder}{FILE_LIST} cannot be read: {error}"))
        })?;
        Ok(Some((listed, folder.clone())))
    }

    /// The content of a file, in `draft`; or why there is none.
    fn content(
        &mut self,
        folder: &str,
        id: CaptureId,
        draft: File,
    ) -> Result<Result<Received, &'static str>, ReadError> {
        let path = format!("{folder}{FILES}{id}");
        match self.archive.bytes(&path)? {
            None => return Ok(Err("its content is not in the archive")),
            Some(0) => return Ok(Err("it is empty")),
            Some(bytes) if bytes > CAPTURE_BYTES_MAX => return Ok(Err("it is too large")),
            Some(_) => {}
        }
        let (file, digest) = self.copy(&path, draft)?;
        Ok(Ok(Received { file, digest }))
    }

    /// Writes the bytes of the file at `path` into `draft`; it and their SHA-256, which is that of the
    /// manifest.
    fn copy(&mut self, path: &str, mut draft: File) -> Result<(File, [u8; 32]), ReadError> {
        if self.archive.bytes(path)?.is_none() {
            return Err(refused(format!("{path} is missing")));
        }
        // What is taken out stays within what the archive holds, whatever its lists name.
        let Some(said) = self.digests.remove(path) else {
            return Err(refused(format!("{path} is listed twice, or not in the manifest")));
        };
        let digest = self.archive.copy(path, &mut draft)?;
        if hex::encode(digest) != said {
            return Err(refused(format!("{path} is not what was exported")));
        }
        Ok((draft, digest))
    }
}

/// The folder of the library whose list of files is at `path`; `None` where no list is.
fn folder_of(path: &str) -> Option<&str> {
    let folder = path.strip_suffix(FILE_LIST)?;
    let library = folder.strip_prefix(LIBRARIES)?.strip_suffix('/')?;
    (!library.is_empty() && !library.contains('/')).then_some(folder)
}
