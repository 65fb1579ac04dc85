//! The files that are kept with bookmarks, on their way into an archive.

use super::manifest::{FILE_LIST, FILES};
use super::write_archive::{Writing, lines, packing};
use crate::captures::all_files::files_after;
use crate::ctx::Ctx;
use serde::Serialize;
use shelf_domain::id::{CaptureId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::captures::{Capture, content_of};
use shelf_ports::{Failure, Fault};
use tokio::io::AsyncReadExt;

/// Most files of one archive: whoever reads it keeps a list of them, and reads no more of them.
const FILES_MAX: u64 = 50_000;
/// Bytes of a file that are written at once.
const PART_BYTES: u64 = 256 << 10;

/// A line of the list of files: what is known of one, and the address of its bookmark, by which that
/// is found elsewhere.
#[derive(Serialize)]
struct Line<'a> {
    url: &'a str,
    #[serde(flatten)]
    capture: &'a Capture,
}

/// Refuses an archive with the files of `libraries` where they are too many for one.
pub(super) async fn must_be_readable(ctx: &Ctx, libraries: &[LibraryInfo]) -> Result<(), Failure> {
    let (mut files, mut bytes) = (0_u64, 0_u64);
    for library in libraries {
        let mut after = None;
        loop {
            let (some, next) = files_after(ctx, library.scope(), after).await?;
            files += some.len() as u64;
            bytes += some.iter().map(|standing| standing.capture.bytes).sum::<u64>();
            if next.is_none() {
                break;
            }
            after = next;
        }
    }
    within(files, bytes)
}

/// Refuses more files than one archive takes.
fn within(files: u64, bytes: u64) -> Result<(), Failure> {
    if files <= FILES_MAX {
        return Ok(());
    }
    let detail = format!(
        "{files} files ({bytes} bytes) are kept with bookmarks, and one archive takes {FILES_MAX}: \
         take everything out without them (files=none), which lists each, and each file by itself"
    );
    Err(Refused::invalid("files", detail).into())
}

impl Writing {
    /// Writes what is known of the files of a library; their ids.
    pub(super) async fn files(
        &mut self,
        ctx: &Ctx,
        library: &LibraryInfo,
        folder: &str,
    ) -> Result<Vec<CaptureId>, Failure> {
        let (scope, mut after, mut ids) = (library.scope(), None, Vec::new());
        loop {
            let (some, next) = files_after(ctx, scope, after).await?;
            if ids.is_empty() && !some.is_empty() {
                let what =
                    format!("{}: what is known of the files kept with bookmarks", library.name);
                self.begin(&format!("{folder}{FILE_LIST}"), &what).await?;
            }
            ids.extend(some.iter().map(|standing| standing.capture.id));
            let some: Vec<Line<'_>> = some
                .iter()
                .map(|standing| Line { url: &standing.url, capture: &standing.capture })
                .collect();
            if !some.is_empty() {
                self.write(lines(&some)?).await?;
            }
            if next.is_none() {
                break;
            }
            after = next;
        }
        self.end();
        Ok(ids)
    }

    /// Writes the content of these files. They are named by their ids: what people call them may be the
    /// name of another file. One that was removed meanwhile is in the list alone.
    pub(super) async fn contents(
        &mut self,
        ctx: &Ctx,
        scope: Scope,
        folder: &str,
        ids: Vec<CaptureId>,
    ) -> Result<(), Failure> {
        for id in ids {
            let opened = ctx.stores.blobs.open(&content_of(scope, id)).await?;
            let Some(file) = opened else { continue };
            let path = format!("{folder}{FILES}{id}");
            let head = self.pack.begin_plain(&path).map_err(packing)?;
            self.begun(&path, "a file that is kept with a bookmark", head).await?;
            self.content(tokio::fs::File::from_std(file)).await?;
            self.end();
        }
        Ok(())
    }

    async fn content(&mut self, mut file: tokio::fs::File) -> Result<(), Failure> {
        let fault = |error| Fault::of_file("reading a file that is kept", error);
        loop {
            let mut some = Vec::new();
            let mut part = AsyncReadExt::take(&mut file, PART_BYTES);
            part.read_to_end(&mut some).await.map_err(fault)?;
            if some.is_empty() {
                return Ok(());
            }
            self.write(some).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::refusal::Code;

    #[test]
    fn more_files_than_one_archive_takes_are_refused_with_their_number_and_what_to_do() {
        assert!(within(FILES_MAX, u64::MAX).is_ok());
        let Err(Failure::Refused(refused)) = within(FILES_MAX + 1, 7) else {
            panic!("a refusal was due");
        };
        assert_eq!((refused.code, refused.at.as_str()), (Code::Invalid, "files"));
        assert!(refused.detail.starts_with("50001 files (7 bytes)"), "{}", refused.detail);
        assert!(refused.detail.contains("files=none"), "{}", refused.detail);
    }
}
