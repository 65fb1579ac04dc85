//! The frames of a backup: whose each is, how many entries begin in it, and what was sealed.

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use shelf_domain::id::{LibraryId, PersonId, TenantId};
use shelf_ports::vault::{Of, Owner};
use std::io::{self, Read, Write};

/// The bytes of a frame before they are packed and sealed.
pub(super) const FRAME_BYTES_MAX: usize = 256 << 10;
/// More than packing and sealing add to one that cannot be packed.
const MORE: usize = 4 << 10;
/// Stands where a frame would begin, after the last one.
const END: u8 = 0xff;

/// One frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) owner: Owner,
    pub(super) entries: u32,
    pub(super) sealed: Vec<u8>,
}

/// What a frame is as a sealed thing: one of this backup, at this place.
pub(super) fn of(backup: [u8; 16], number: u64) -> Of {
    Of { what: "backup", id: backup, part: number }
}

fn kind_of(owner: Owner) -> u8 {
    match owner {
        Owner::Server => 0,
        Owner::Tenant(_) => 1,
        Owner::Person(_) => 2,
        Owner::Library(_) => 3,
    }
}

fn owner_of(kind: u8, id: [u8; 16]) -> Result<Owner> {
    Ok(match kind {
        0 => Owner::Server,
        1 => Owner::Tenant(TenantId::from_bytes(id)),
        2 => Owner::Person(PersonId::from_bytes(id)),
        3 => Owner::Library(LibraryId::from_bytes(id)),
        _ => bail!("a frame of nobody known"),
    })
}

/// Passes bytes on and digests them.
#[derive(Debug)]
pub(super) struct Hashed<T> {
    pub(super) inner: T,
    hash: Sha256,
}

impl<T> Hashed<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// SHA-256 of what passed so far, in hex.
    pub(super) fn digest(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }
}

impl<W: Write> Hashed<W> {
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }

    /// Writes a frame.
    pub(super) fn frame(&mut self, frame: &Frame) -> io::Result<()> {
        let bytes = u32::try_from(frame.sealed.len()).map_err(io::Error::other)?;
        self.put(&[kind_of(frame.owner)])?;
        self.put(&frame.owner.to_bytes())?;
        self.put(&frame.entries.to_be_bytes())?;
        self.put(&bytes.to_be_bytes())?;
        self.put(&frame.sealed)
    }

    /// Says that there are no more.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.put(&[END])
    }
}

impl<R: Read> Hashed<R> {
    fn exactly<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    /// Reads the line that comes first, without its end, of at most `max` bytes.
    pub(super) fn line(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while line.len() < max {
            let [byte] = self.exactly()?;
            if byte == b'\n' {
                break;
            }
            line.push(byte);
        }
        Ok(line)
    }

    /// The next frame; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Frame>> {
        let cut = "it breaks off: its end is missing";
        let [kind] = self.exactly().context(cut)?;
        if kind == END {
            return Ok(None);
        }
        let owner = owner_of(kind, self.exactly().context(cut)?)?;
        let entries = u32::from_be_bytes(self.exactly().context(cut)?);
        let bytes = usize::try_from(u32::from_be_bytes(self.exactly().context(cut)?))?;
        ensure!(bytes <= FRAME_BYTES_MAX + MORE, "a frame is too long");
        let mut sealed = vec![0; bytes];
        self.inner.read_exact(&mut sealed).context(cut)?;
        self.hash.update(&sealed);
        Ok(Some(Frame { owner, entries, sealed }))
    }
}
