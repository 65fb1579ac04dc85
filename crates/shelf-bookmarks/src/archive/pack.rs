//! Writes a ZIP archive piece by piece, never going back: sizes stand after each file.
//!
//! Only what every program reads is used: deflate, names in UTF-8, no extensions. So an archive and
//! each file in it are smaller than 4 GiB; what would be larger is refused.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::{self, Write};

/// The lowest version of the format that knows folders and deflate.
const VERSION: u16 = 20;
/// Sizes stand after the file; its name is UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
/// Deflate.
const METHOD: u16 = 8;
/// The first day there is: when a file was written, its manifest says.
const DATE: u16 = 1 << 5 | 1;

/// A file that is there.
struct Entry {
    name: String,
    offset: u32,
    crc: u32,
    packed: u32,
    bytes: u32,
}

/// The file that is being written.
struct Open {
    name: String,
    offset: u32,
    deflate: DeflateEncoder<Vec<u8>>,
    crc: Crc,
    packed: u64,
    bytes: u64,
}

/// An archive that is being written. What it gives out is written one after the other.
#[derive(Default)]
pub(super) struct Pack {
    entries: Vec<Entry>,
    open: Option<Open>,
    at: u64,
}

impl Pack {
    /// Begins the file `name`; the one before was ended.
    pub(super) fn begin(&mut self, name: &str) -> io::Result<Vec<u8>> {
        let offset = small(self.at)?;
        let mut head = Vec::with_capacity(30 + name.len());
        head.extend(0x0403_4b50_u32.to_le_bytes());
        for half in [VERSION, FLAGS, METHOD, 0, DATE] {
            head.extend(half.to_le_bytes());
        }
        head.extend([0; 12]);
        head.extend(length(name)?.to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        head.extend(name.as_bytes());
        self.open = Some(Open {
            name: name.to_owned(),
            offset,
            deflate: DeflateEncoder::new(Vec::new(), Compression::default()),
            crc: Crc::new(),
            packed: 0,
            bytes: 0,
        });
        Ok(self.given(head))
    }

    /// Writes more of the file that was begun.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let open = self.open.as_mut().ok_or_else(|| io::Error::other("no file was begun"))?;
        open.crc.update(bytes);
        open.bytes += bytes.len() as u64;
        open.deflate.write_all(bytes)?;
        let out = std::mem::take(open.deflate.get_mut());
        open.packed += out.len() as u64;
        Ok(self.given(out))
    }

    /// Ends the file that was begun.
    pub(super) fn end(&mut self) -> io::Result<Vec<u8>> {
        let open = self.open.take().ok_or_else(|| io::Error::other("no file was begun"))?;
        let mut out = open.deflate.finish()?;
        let packed = small(open.packed + out.len() as u64)?;
        let (crc, bytes) = (open.crc.sum(), small(open.bytes)?);
        for word in [0x0807_4b50, crc, packed, bytes] {
            out.extend(word.to_le_bytes());
        }
        self.entries.push(Entry { name: open.name, offset: open.offset, crc, packed, bytes });
        Ok(self.given(out))
    }

    /// What stands at the end: the list of all files.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        for entry in &self.entries {
            out.extend(0x0201_4b50_u32.to_le_bytes());
            for half in [VERSION, VERSION, FLAGS, METHOD, 0, DATE] {
                out.extend(half.to_le_bytes());
            }
            for word in [entry.crc, entry.packed, entry.bytes] {
                out.extend(word.to_le_bytes());
            }
            out.extend(length(&entry.name)?.to_le_bytes());
            out.extend([0; 12]);
            out.extend(entry.offset.to_le_bytes());
            out.extend(entry.name.as_bytes());
        }
        let (bytes, at) = (small(out.len() as u64)?, small(self.at)?);
        let many = || io::Error::other("an archive has at most 65 534 files");
        let count = u16::try_from(self.entries.len()).ok().filter(|count| *count < u16::MAX);
        let count = count.ok_or_else(many)?;
        out.extend(0x0605_4b50_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(count.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(bytes.to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        Ok(out)
    }

    /// Counts what is given out.
    fn given(&mut self, out: Vec<u8>) -> Vec<u8> {
        self.at += out.len() as u64;
        out
    }
}

fn small(bytes: u64) -> io::Result<u32> {
    let large = || io::Error::other("an archive is smaller than 4 GiB");
    u32::try_from(bytes).ok().filter(|bytes| *bytes < u32::MAX).ok_or_else(large)
}

fn length(name: &str) -> io::Result<u16> {
    u16::try_from(name.len()).map_err(|_| io::Error::other("the name of a file is too long"))
}
