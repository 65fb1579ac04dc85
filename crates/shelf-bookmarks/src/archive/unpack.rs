//! Reads a ZIP archive somebody brought, within bounds: what is in it, and the bytes of one file.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use crate::import::{ReadError, Refusal, Source};
use sha2::{Digest, Sha256};
use std::io::{Read, SeekFrom, Write};
use zip::ZipArchive;

/// Most files of an archive.
const ENTRIES_MAX: usize = 60_000;
/// Most bytes of its list of files.
const LIST_BYTES_MAX: u32 = 32 << 20;
/// How many more bytes all files have unpacked than packed. Files that stand as they are do not count.
const GROWTH_MAX: u64 = 4 << 30;
/// From this size on a file is looked at for being a bomb.
const RATIO_FROM: u64 = 1 << 20;
/// How many times its packed size such a file may have.
const RATIO_MAX: u64 = 200;
/// The longest end of an archive: its own 22 bytes and a remark.
const END_BYTES_MAX: u64 = 22 + 65_535;
/// Bytes that are read at once.
const AT_ONCE: usize = 64 << 10;

/// An archive that is read.
pub(super) struct Unpack<S: Source>(ZipArchive<S>);

/// Whether the bytes begin as an archive does.
pub(super) fn is_archive(source: &mut dyn Source) -> Result<bool, ReadError> {
    let mut head = Vec::new();
    source.seek(SeekFrom::Start(0))?;
    (&mut *source).take(4).read_to_end(&mut head)?;
    source.seek(SeekFrom::Start(0))?;
    Ok(head == b"PK\x03\x04")
}

impl<S: Source> Unpack<S> {
    /// Opens an archive whose files are few enough, and neither too large nor packed too tightly.
    pub(super) fn open(mut source: S) -> Result<Self, ReadError> {
        let (count, len) = said(&mut source)?;
        let mut zip = ZipArchive::new(source).map_err(|_| broken())?;
        if zip.len() != count {
            return Err(refused("a file is in the archive twice"));
        }
        let (mut growth, mut packed) = (0_u64, 0_u64);
        for at in 0..count {
            let one = zip.by_index_raw(at).map_err(|_| broken())?;
            growth = growth.saturating_add(one.size().saturating_sub(one.compressed_size()));
            if growth > GROWTH_MAX {
                let most = GROWTH_MAX;
                return Err(refused(format!(
                    "unpacked, the archive grows by more than {most} bytes"
                )));
            }
            // Several files that are the same bytes would be more than what somebody sent.
            packed = packed.saturating_add(one.compressed_size());
            if packed > len {
                return Err(broken());
            }
            let most = one.compressed_size().saturating_mul(RATIO_MAX);
            if one.size() > RATIO_FROM && one.size() > most {
                return Err(refused("a file in the archive is packed more tightly than files are"));
            }
        }
        Ok(Self(zip))
    }

    /// The names of all files.
    pub(super) fn names(&self) -> Result<Vec<String>, ReadError> {
        let name = |name: Result<_, _>| match name {
            Ok(name) => Ok(std::borrow::Cow::into_owned(name)),
            Err(zip::result::ZipError::Io(error)) => Err(error.into()),
            Err(_) => Err(broken()),
        };
        self.0.file_names().map(name).collect()
    }

    /// How long the file `name` says it is; `None` where there is none.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Option<u64>, ReadError> {
        let Some(at) = self.0.index_for_name(name) else { return Ok(None) };
        Ok(Some(self.0.by_index_raw(at).map_err(|_| broken())?.size()))
    }

    /// Writes the bytes of the file `name` to `to`; their SHA-256. What is longer or shorter than it
    /// says, or damaged, is refused.
    pub(super) fn copy(&mut self, name: &str, to: &mut dyn Write) -> Result<[u8; 32], ReadError> {
        let mut from = self.0.by_name(name).map_err(|_| broken())?;
        let (whole, mut hash, mut bytes) = (from.size(), Sha256::new(), 0_u64);
        let mut portion = vec![0; AT_ONCE];
        loop {
            // What cannot be unpacked is the fault of the file, not of the disk.
            let read = from.read(&mut portion).map_err(|_| broken())?;
            let portion = portion.get(..read).unwrap_or_default();
            if portion.is_empty() {
                break;
            }
            bytes += read as u64;
            if bytes > whole {
                return Err(broken());
            }
            hash.update(portion);
            to.write_all(portion)?;
        }
        if bytes == whole { Ok(hash.finalize().into()) } else { Err(broken()) }
    }
}

/// How many files the end of an archive says there are, within what is read here: whoever reads the
/// list keeps all of it in memory. And how long the archive is.
fn said(source: &mut dyn Source) -> Result<(usize, u64), ReadError> {
    let len = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(len.saturating_sub(END_BYTES_MAX)))?;
    let mut tail = Vec::new();
    (&mut *source).take(END_BYTES_MAX).read_to_end(&mut tail)?;
    source.seek(SeekFrom::Start(0))?;
    let end = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
    let end = end.and_then(|at| tail.get(at..)).ok_or_else(broken)?;
    let count = end.get(10..12).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
    let bytes = end.get(12..16).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let (count, bytes) = count.zip(bytes).ok_or_else(broken)?;
    if count == u16::MAX || bytes == u32::MAX {
        return Err(refused("there are too many files in the archive"));
    }
    if usize::from(count) > ENTRIES_MAX || bytes > LIST_BYTES_MAX {
        return Err(refused("there are too many files in the archive"));
    }
    Ok((usize::from(count), len))
}

pub(super) fn refused(reason: impl Into<String>) -> ReadError {
    Refusal::new(reason).into()
}

fn broken() -> ReadError {
    refused("the archive is damaged or cut off; export it again")
}
