//! The file of a snapshot: a mark by which it is known again, then lines of JSON, packed.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sha2::{Digest, Sha256};
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, LibraryId};
use shelf_domain::item::Item;
use shelf_domain::kind::Kind;
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_domain::sums::{Sums, written};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// What the file begins with.
const MAGIC: [u8; 8] = *b"msnap.1\n";
/// Bytes of a mark: those, the epoch, the seq, when it was made, and the digest of what follows.
pub(super) const MARK_BYTES: usize = 8 + 4 + 8 + 8 + 32;
/// The name of what the lines are.
const NAME: &str = "snapshot.v1";

/// What is known of a snapshot without unpacking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub epoch: u32,
    pub seq: Seq,
    pub made_at: i64,
    pub digest: [u8; 32],
}

impl Mark {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MARK_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.made_at.to_be_bytes());
        bytes.extend(self.digest);
        bytes
    }

    /// Reads the mark at the beginning of `file`; `None` where there is none.
    pub(super) fn read(file: &mut File) -> io::Result<Option<Self>> {
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(MARK_BYTES);
        Read::by_ref(file).take(MARK_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (epoch, rest) = rest.split_first_chunk::<4>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (made_at, rest) = rest.split_first_chunk::<8>()?;
        let digest = rest.first_chunk::<32>()?;
        (*magic == MAGIC).then_some(Self {
            epoch: u32::from_be_bytes(*epoch),
            seq: Seq::from_be_bytes(*seq),
            made_at: i64::from_be_bytes(*made_at),
            digest: *digest,
        })
    }
}

/// The first line.
#[derive(Serialize)]
struct First<'a> {
    mindshelf: &'static str,
    library: LibraryId,
    epoch: u32,
    seq: Seq,
    cursor: &'a str,
    hlc: Hlc,
    at: i64,
    numbers: &'a BTreeMap<Kind, u32>,
}

/// The last line.
#[derive(Serialize)]
struct Last {
    items: u64,
    aliases: u64,
    checksum: String,
    settled: Seq,
}

/// Writes to a file and digests what it writes.
struct Digesting {
    file: BufWriter<File>,
    digest: Sha256,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A snapshot that is being written.
pub(super) struct Writing {
    packed: GzEncoder<Digesting>,
    sums: Sums,
    items: u64,
    aliases: u64,
}

impl Writing {
    /// Begins one of `library`, which stands at `head`, in an empty file.
    pub(super) fn begin(
        mut file: File,
        library: LibraryId,
        head: &Head,
        cursor: &str,
    ) -> io::Result<Self> {
        file.write_all(&[0; MARK_BYTES])?;
        let to = Digesting { file: BufWriter::new(file), digest: Sha256::new() };
        let packed = GzEncoder::new(to, Compression::fast());
        let mut writing = Self { packed, sums: Sums::default(), items: 0, aliases: 0 };
        let Head { epoch, seq, hlc, at, ref numbers, .. } = *head;
        let first = First { mindshelf: NAME, library, epoch, seq, cursor, hlc, at, numbers };
        writing.line(&first)?;
        Ok(writing)
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.packed, line)?;
        self.packed.write_all(b"\n")
    }

    /// Adds items.
    pub(super) fn items(mut self, items: &[Item]) -> io::Result<Self> {
        for item in items {
            self.sums.add_item(item.id, item.version());
            self.items += 1;
            self.line(&Stated::from(item))?;
        }
        Ok(self)
    }

    /// Adds ids that joined.
    pub(super) fn aliases(mut self, pairs: &[(ItemId, ItemId)]) -> io::Result<Self> {
        for (younger, item) in pairs {
            self.sums.add_alias(*younger, *item);
            self.aliases += 1;
            self.line(&StatedAlias { younger: *younger, item: *item })?;
        }
        Ok(self)
    }

    /// Ends it: the last line, then the mark that `mark` makes of its digest.
    pub(super) fn end(
        mut self,
        settled: Seq,
        mark: impl FnOnce([u8; 32]) -> Mark,
    ) -> io::Result<File> {
        let checksum = written(self.sums.whole());
        let (items, aliases) = (self.items, self.aliases);
        self.line(&Last { items, aliases, checksum, settled })?;
        let Digesting { file, digest } = self.packed.finish()?;
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&mark(digest.finalize().into()).bytes())?;
        file.flush()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_nothing_else_is_one() {
        let mark = Mark { epoch: 2, seq: 7, made_at: -1, digest: [9; 32] };
        let bytes = mark.bytes();
        assert_eq!(bytes.len(), MARK_BYTES);
        assert_eq!(Mark::of(&bytes), Some(mark));
        assert_eq!(Mark::of(&bytes[..59]), None);
        assert_eq!(Mark::of(&[0; MARK_BYTES]), None);
    }
}
