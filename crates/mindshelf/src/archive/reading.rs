//! Reads backups: those of today, and those from before backups were sealed (version 1), which are
//! gzip around the lines.

use super::file::{First, Last, VERSION};
use super::frames::{FRAME_BYTES_MAX, Frame, Hashed, of};
use super::keyring::Keyring;
use super::present::Present;
use super::{Digest, Line, Lines};
use anyhow::{Context, Result, anyhow, bail, ensure};
use flate2::read::MultiGzDecoder;
use shelf_domain::id::Scope;
use shelf_ports::archive::{Batch, ENTRIES_MAX, Entry};
use shelf_ports::vault::Owner;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The version that was not sealed.
const PLAIN: u32 = 1;
/// What gzip begins with, and so every backup of that version.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The longest line, bytes: the longest texts of an item, escaped, and room to spare.
const LINE_BYTES_MAX: u64 = 32 << 20;
/// The longest first or last line, bytes.
const EDGE_BYTES_MAX: usize = 4 << 10;

/// A backup that was read to its end and is whole.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) digest: Digest,
    /// When it was made, milliseconds since 1970.
    pub(crate) made_at: i64,
    /// How many entries are sealed with keys that were destroyed.
    pub(crate) unreadable: u64,
    /// Who is in what can be read.
    pub(crate) present: Present,
}

/// Whether the backup `path` opens with keys alone.
pub(crate) fn is_sealed(path: &Path) -> Result<bool> {
    let mut begins = [0; 2];
    let read = opened(path)?.read(&mut begins);
    let read = read.with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(read > 0, "{} is no backup of this program", path.display());
    Ok(begins != GZIP)
}

/// Reads the whole backup `path` and holds it against its last line.
pub(crate) fn check(path: &Path, keyring: &Keyring) -> Result<Checked> {
    let (mut lines, mut present) = (Lines::default(), Present::default());
    let walked = walk(path, keyring, |batch| {
        present.note(&batch);
        Ok(lines.of::<std::io::Error>(&batch, |_, _| Ok(()))?)
    })?;
    let Walked { first, last, unreadable } = walked;
    let digest = lines.digest();
    let is_whole = match unreadable {
        0 => digest == last.end,
        _ => digest.entries + unreadable == last.end.entries,
    };
    ensure!(
        is_whole,
        "{} is damaged: it holds {} entries where {} were written, or others",
        path.display(),
        digest.entries + unreadable,
        last.end.entries
    );
    Ok(Checked { digest: last.end, made_at: first.made_at, unreadable, present })
}

/// Gives what can be read of the backup `path` to `take`, batch by batch.
pub(crate) fn read(
    path: &Path,
    keyring: &Keyring,
    take: impl FnMut(Batch) -> Result<()>,
) -> Result<()> {
    walk(path, keyring, take).map(drop)
}

/// What stands around the entries.
pub(crate) struct Walked {
    first: First,
    last: Last,
    unreadable: u64,
}

fn opened(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

fn walk(path: &Path, keyring: &Keyring, take: impl FnMut(Batch) -> Result<()>) -> Result<Walked> {
    let walked = if is_sealed(path)? {
        walk_sealed(opened(path)?, keyring, take)
    } else {
        walk_plain(opened(path)?, take)
    };
    walked.with_context(|| format!("cannot read {}", path.display()))
}

fn known(first: First, version: u32) -> Result<First> {
    let is = first.mindshelf_backup;
    ensure!(is == version, "it is of version {is}; this program reads {PLAIN} and {VERSION}");
    Ok(first)
}

/// Reads a backup that is sealed.
pub(crate) fn walk_sealed(
    file: impl Read,
    keyring: &Keyring,
    mut take: impl FnMut(Batch) -> Result<()>,
) -> Result<Walked> {
    let mut from = Hashed::new(BufReader::new(file));
    let head = from.line(EDGE_BYTES_MAX).ok();
    let first = head.and_then(|line| serde_json::from_slice::<First>(&line).ok());
    let first = known(first.context("this is no backup of this program")?, VERSION)?;
    let id = first.id.as_deref().and_then(|id| hex::decode(id).ok());
    let id: [u8; 16] = id.and_then(|id| id.try_into().ok()).context("its first line is damaged")?;
    let (mut unreadable, mut assembled) = (0, Assembled::default());
    for number in 0.. {
        let Some(frame) = from.next()? else { break };
        let Some(text) = text_of(&frame, id, number, keyring)? else {
            assembled.whole()?;
            unreadable += u64::from(frame.entries);
            continue;
        };
        assembled.add(frame.owner, &text, &mut take)?;
    }
    assembled.whole()?;
    assembled.waiting.hand_over(&mut take)?;
    let digest = from.digest();
    let mut rest = Vec::new();
    from.inner.take(EDGE_BYTES_MAX as u64).read_to_end(&mut rest)?;
    let last: Last = serde_json::from_slice(&rest).context("its last line is damaged")?;
    ensure!(assembled.end.as_ref() == Some(&last.end), "it is damaged: it was cut off");
    ensure!(rest.ends_with(b"\n"), "it breaks off: its end is missing");
    ensure!(last.file_sha256.as_ref() == Some(&digest), "it is damaged: its bytes were changed");
    Ok(Walked { first, last, unreadable })
}

/// The text in a frame; `None` where its key was destroyed.
fn text_of(frame: &Frame, id: [u8; 16], number: u64, keyring: &Keyring) -> Result<Option<Vec<u8>>> {
    let Some(key) = keyring.key(frame.owner) else {
        ensure!(frame.owner != Owner::Server, "these are no keys of a shelf");
        return Ok(None);
    };
    let packed = key.open(frame.owner, of(id, number), &frame.sealed);
    let packed = packed.map_err(|_| {
        anyhow!("a part does not open: it was changed, or the keys are those of another shelf")
    })?;
    let (mut text, limit) = (Vec::new(), FRAME_BYTES_MAX as u64 + 1);
    MultiGzDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut text)?;
    ensure!(text.len() <= FRAME_BYTES_MAX, "a frame is too long");
    Ok(Some(text))
}

/// Lines that come in pieces.
#[derive(Default)]
struct Assembled {
    owner: Option<Owner>,
    text: Vec<u8>,
    waiting: Waiting,
    /// What the end says, sealed with the key of the server.
    end: Option<Digest>,
}

impl Assembled {
    fn add(
        &mut self,
        owner: Owner,
        text: &[u8],
        take: &mut impl FnMut(Batch) -> Result<()>,
    ) -> Result<()> {
        if self.owner.replace(owner) != Some(owner) {
            self.whole()?;
        }
        let mut pieces = text.split_inclusive(|byte| *byte == b'\n');
        pieces.try_for_each(|piece| {
            self.text.extend_from_slice(piece);
            ensure!(self.text.len() as u64 <= LINE_BYTES_MAX, "a line is too long");
            if piece.ends_with(b"\n") {
                let line = serde_json::from_slice(&self.text).context("a line is damaged")?;
                self.text.clear();
                match line {
                    Line::End(end) if owner == Owner::Server => self.end = Some(end),
                    line => self.waiting.line(line, take)?,
                }
            }
            Ok(())
        })
    }

    /// Refuses a line without its end.
    fn whole(&self) -> Result<()> {
        ensure!(self.text.is_empty(), "a line breaks off");
        Ok(())
    }
}

/// Reads a backup from before they were sealed.
pub(crate) fn walk_plain(
    file: impl Read,
    mut take: impl FnMut(Batch) -> Result<()>,
) -> Result<Walked> {
    let mut text = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let broken = |number: u64| format!("line {number}");
    let head = line(&mut text).ok().flatten().and_then(|line| serde_json::from_str(&line).ok());
    let first = known(head.context("this is no backup of this program")?, PLAIN)?;
    let mut waiting = Waiting::default();
    for number in 2_u64.. {
        let Some(line) = line(&mut text).with_context(|| broken(number))? else { break };
        if let Ok(last) = serde_json::from_str::<Last>(&line) {
            waiting.hand_over(&mut take)?;
            // To its very end, which holds gzip's own sum.
            let more = self::line(&mut text).with_context(|| broken(number))?;
            ensure!(more.is_none(), "it goes on after its end");
            return Ok(Walked { first, last, unreadable: 0 });
        }
        let line = serde_json::from_str(&line).with_context(|| broken(number))?;
        waiting.line(line, &mut take)?;
    }
    bail!("it breaks off: its end is missing")
}

/// The next line without its end; `None` at the end of the file.
fn line(text: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = text.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// Entries on their way into a batch.
#[derive(Default)]
struct Waiting {
    scope: Option<Scope>,
    entries: Vec<Entry>,
}

impl Waiting {
    fn line(&mut self, line: Line, take: &mut impl FnMut(Batch) -> Result<()>) -> Result<()> {
        match line {
            Line::Of(home) => {
                let scope = home.map(super::Home::scope);
                if scope != self.scope {
                    self.hand_over(take)?;
                    self.scope = scope;
                }
            }
            Line::Entry(entry) => {
                // A part of a file is large by itself.
                let is_large = matches!(entry, Entry::Content(_));
                self.entries.push(entry);
                if is_large {
                    return self.hand_over(take);
                }
            }
            Line::End(_) => bail!("a line is at a wrong place"),
        }
        if self.entries.len() < ENTRIES_MAX { Ok(()) } else { self.hand_over(take) }
    }

    fn hand_over(&mut self, take: &mut impl FnMut(Batch) -> Result<()>) -> Result<()> {
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() { Ok(()) } else { take(Batch { scope: self.scope, entries }) }
    }
}
