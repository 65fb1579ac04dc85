//! Reads a ZIP archive somebody brought, within bounds: what is listed, and the bytes of one file.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use crate::import::{ReadError, Refusal, Source};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use sha2::{Digest, Sha256};
use std::io::{Read, SeekFrom, Write};

/// Most files of an archive.
const ENTRIES_MAX: usize = 60_000;
/// Most bytes of its list of files.
const LIST_BYTES_MAX: u64 = 32 << 20;
/// Most bytes of all files, unpacked.
const BYTES_MAX: u64 = 4 << 30;
/// From this size on a file is looked at for being a bomb.
const RATIO_FROM: u64 = 1 << 20;
/// How many times its packed size such a file may have.
const RATIO_MAX: u64 = 200;
/// The longest end of an archive: its own 22 bytes and a remark.
const END_BYTES_MAX: u64 = 22 + 65_535;
/// Bytes that are read at once.
const AT_ONCE: usize = 64 << 10;

/// A file that is listed.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Where it is.
    pub(super) name: String,
    /// How long it says it is.
    pub(super) bytes: u64,
    offset: u64,
    packed: u64,
    method: u16,
    crc: u32,
}

/// Whether the bytes begin as an archive does.
pub(super) fn is_archive(source: &mut dyn Source) -> Result<bool, ReadError> {
    let mut head = Vec::new();
    source.seek(SeekFrom::Start(0))?;
    (&mut *source).take(4).read_to_end(&mut head)?;
    source.seek(SeekFrom::Start(0))?;
    Ok(head == b"PK\x03\x04")
}

/// Every file, as the list at the end has them.
pub(super) fn listed(source: &mut dyn Source) -> Result<Vec<Listed>, ReadError> {
    let len = source.seek(SeekFrom::End(0))?;
    let from = len.saturating_sub(END_BYTES_MAX);
    let tail = part(source, from, len - from)?;
    let end = tail.windows(4).rposition(|four| four == [0x50, 0x4b, 0x05, 0x06]);
    let end = end.and_then(|at| tail.get(at..)).ok_or_else(broken)?;
    let count = usize::from(half(end, 10).ok_or_else(broken)?);
    let bytes = u64::from(word(end, 12).ok_or_else(broken)?);
    let offset = u64::from(word(end, 16).ok_or_else(broken)?);
    if count == usize::from(u16::MAX) || offset == u64::from(u32::MAX) {
        return Err(refused("the archive is of the kind for more than 4 GiB, which is not read"));
    }
    if count > ENTRIES_MAX || bytes > LIST_BYTES_MAX {
        return Err(refused("there are too many files in the archive"));
    }
    let list = part(source, offset, bytes)?;
    let (mut all, mut rest, mut total) = (Vec::new(), list.as_slice(), 0_u64);
    for _ in 0..count {
        let (one, next) = entry(rest).ok_or_else(broken)?;
        total = total.saturating_add(one.bytes);
        if total > BYTES_MAX {
            return Err(refused(format!("the archive unpacks to more than {BYTES_MAX} bytes")));
        }
        if one.bytes > RATIO_FROM && one.bytes > one.packed.saturating_mul(RATIO_MAX) {
            return Err(refused("a file in the archive is packed more tightly than files are"));
        }
        all.push(one);
        rest = next;
    }
    Ok(all)
}

/// Writes the bytes of `one` to `to`; their SHA-256. What is longer or shorter than it says, or
/// damaged, is refused.
pub(super) fn copy(
    source: &mut dyn Source,
    one: &Listed,
    to: &mut dyn Write,
) -> Result<[u8; 32], ReadError> {
    let head = part(source, one.offset, 30)?;
    let (name, more) = half(&head, 26).zip(half(&head, 28)).ok_or_else(broken)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(broken());
    }
    let begin = one.offset + 30 + u64::from(name) + u64::from(more);
    source.seek(SeekFrom::Start(begin))?;
    let packed = (&mut *source).take(one.packed);
    match one.method {
        0 => drained(packed, one, to),
        8 => drained(DeflateDecoder::new(packed), one, to),
        _ => Err(refused("a file in the archive is packed in a way that is not read here")),
    }
}

fn drained(mut from: impl Read, one: &Listed, to: &mut dyn Write) -> Result<[u8; 32], ReadError> {
    let (mut crc, mut hash, mut bytes) = (Crc::new(), Sha256::new(), 0_u64);
    let mut portion = vec![0; AT_ONCE];
    loop {
        // What cannot be unpacked is the fault of the file, not of the disk.
        let read = from.read(&mut portion).map_err(|_| broken())?;
        let portion = portion.get(..read).unwrap_or_default();
        if portion.is_empty() {
            break;
        }
        bytes += read as u64;
        if bytes > one.bytes {
            return Err(broken());
        }
        crc.update(portion);
        hash.update(portion);
        to.write_all(portion)?;
    }
    if bytes != one.bytes || crc.sum() != one.crc {
        return Err(broken());
    }
    Ok(hash.finalize().into())
}

/// The first file of a list, and the list after it.
fn entry(list: &[u8]) -> Option<(Listed, &[u8])> {
    if !list.starts_with(b"PK\x01\x02") {
        return None;
    }
    let [name, extra, remark] = [half(list, 28)?, half(list, 30)?, half(list, 32)?];
    let end = 46 + usize::from(name);
    let one = Listed {
        name: String::from_utf8_lossy(list.get(46..end)?).into_owned(),
        method: half(list, 10)?,
        crc: word(list, 16)?,
        packed: u64::from(word(list, 20)?),
        bytes: u64::from(word(list, 24)?),
        offset: u64::from(word(list, 42)?),
    };
    Some((one, list.get(end + usize::from(extra) + usize::from(remark)..)?))
}

/// `bytes` bytes from `offset` on; all of them.
fn part(source: &mut dyn Source, offset: u64, bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut part = Vec::new();
    source.seek(SeekFrom::Start(offset))?;
    (&mut *source).take(bytes).read_to_end(&mut part)?;
    if part.len() as u64 == bytes { Ok(part) } else { Err(broken()) }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn refused(reason: impl Into<String>) -> ReadError {
    Refusal::new(reason).into()
}

fn broken() -> ReadError {
    refused("the archive is damaged or cut off; export it again")
}
