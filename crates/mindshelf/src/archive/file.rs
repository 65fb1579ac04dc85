//! The file of a backup: gzip, one line of JSON an entry, between a first line that says what it
//! is and a last one that says that all of it is there.

use super::{Digest, Line, Lines};
use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::archive::{Batch, ENTRIES_MAX, Entry, Taking};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The version of the format.
const VERSION: u32 = 1;
/// The longest line, bytes: the longest texts of an item, escaped, and room to spare.
const LINE_BYTES_MAX: u64 = 32 << 20;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
struct First {
    mindshelf_backup: u32,
    /// When it was made, milliseconds since 1970.
    made_at: i64,
}

/// The last line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Last {
    end: Digest,
}

/// A backup that is being written, beside its place until all of it is there.
#[derive(Debug)]
pub(crate) struct BackupFile {
    out: GzEncoder<BufWriter<File>>,
    lines: Lines,
    part: PathBuf,
    path: PathBuf,
}

impl BackupFile {
    /// Begins the backup `path`, which must not be there, readable for its owner alone.
    pub(crate) fn begin(path: &Path, made_at: i64) -> Result<Self> {
        let named = || format!("cannot write {}", path.display());
        ensure!(!path.exists(), "{}: there is a file of that name", named());
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).with_context(named)?;
        let mut out = GzEncoder::new(BufWriter::new(file), Compression::fast());
        let first = First { mindshelf_backup: VERSION, made_at };
        writeln!(out, "{}", serde_json::to_string(&first)?).with_context(named)?;
        Ok(Self { out, lines: Lines::default(), part, path: path.to_owned() })
    }

    /// Ends it and puts it in its place, once it is on the disk.
    pub(crate) fn end(self) -> Result<Digest> {
        let Self { mut out, lines, part, path } = self;
        let named = || format!("cannot write {}", path.display());
        let end = lines.digest();
        let last = serde_json::to_string(&Last { end: end.clone() })?;
        writeln!(out, "{last}").with_context(named)?;
        let file = out.finish().and_then(|out| Ok(out.into_inner()?)).with_context(named)?;
        file.sync_all().with_context(named)?;
        std::fs::rename(&part, &path).with_context(named)?;
        Ok(end)
    }
}

#[async_trait]
impl Taking for BackupFile {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        let out = &mut self.out;
        let written = self.lines.of(&batch, |line| out.write_all(line));
        written.map_err(|error| Fault::new("writing the backup", error))
    }
}

/// A backup that was read to its end and is whole.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) digest: Digest,
    /// When it was made, milliseconds since 1970.
    pub(crate) made_at: i64,
}

/// Reads the whole backup `path` and holds it against its last line.
pub(crate) fn check(path: &Path) -> Result<Checked> {
    let mut lines = Lines::default();
    let (first, last) = walk(path, |batch| Ok(lines.of(&batch, |_| Ok(()))?))?;
    let digest = lines.digest();
    ensure!(
        digest == last.end,
        "{} is damaged: it holds {} entries where {} were written, or others",
        path.display(),
        digest.entries,
        last.end.entries
    );
    Ok(Checked { digest, made_at: first.made_at })
}

/// Gives what the backup `path` holds to `take`, batch by batch.
pub(crate) fn read(path: &Path, take: impl FnMut(Batch) -> Result<()>) -> Result<()> {
    walk(path, take).map(drop)
}

fn walk(path: &Path, mut take: impl FnMut(Batch) -> Result<()>) -> Result<(First, Last)> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut text = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let broken = |number: u64| format!("{}, line {number}", path.display());
    let head = line(&mut text).ok().flatten().and_then(|line| serde_json::from_str(&line).ok());
    let Some(first): Option<First> = head else {
        bail!("{} is no backup of this program", path.display());
    };
    ensure!(
        first.mindshelf_backup == VERSION,
        "{} is of version {}; this program reads {VERSION}",
        path.display(),
        first.mindshelf_backup
    );
    let mut waiting = Waiting::default();
    for number in 2_u64.. {
        let Some(line) = line(&mut text).with_context(|| broken(number))? else { break };
        if let Ok(last) = serde_json::from_str::<Last>(&line) {
            waiting.hand_over(&mut take)?;
            // To its very end, which holds gzip's own sum.
            let more = self::line(&mut text).with_context(|| broken(number))?;
            ensure!(more.is_none(), "{} goes on after its end", path.display());
            return Ok((first, last));
        }
        let line = serde_json::from_str(&line).with_context(|| broken(number))?;
        waiting.line(line, &mut take)?;
    }
    bail!("{} breaks off: its end is missing", path.display())
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
                self.hand_over(take)?;
                self.scope = home.map(super::Home::scope);
            }
            Line::Entry(entry) => self.entries.push(entry),
        }
        if self.entries.len() < ENTRIES_MAX { Ok(()) } else { self.hand_over(take) }
    }

    fn hand_over(&mut self, take: &mut impl FnMut(Batch) -> Result<()>) -> Result<()> {
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() { Ok(()) } else { take(Batch { scope: self.scope, entries }) }
    }
}
