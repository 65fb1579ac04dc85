//! Bring the files in an archive back to their bookmarks, one after the other.

use shelf_domain::id::Scope;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;

use super::Source;
use super::import_file::blocking;
use super::out::echo;
use crate::archive::{Brought, FilesIn, Next};
use crate::captures::{KeepFile, keep_file};
use crate::ctx::Ctx;

/// Files that were not taken, and why the first one was not.
#[derive(Debug, Default)]
struct Left {
    count: u64,
    first: Option<(String, String)>,
}

/// Keeps each file in `archive` with the bookmark of its address, which came in before; what is there
/// already stays. What is to be told of those that were not taken, if any was not.
pub(super) async fn bring_files(
    ctx: &Ctx,
    scope: Scope,
    archive: Box<dyn Source>,
) -> Result<Option<String>, Failure> {
    let mut files = blocking(move || FilesIn::open(archive)).await?;
    let mut left = Left::default();
    loop {
        let draft = ctx.stores.blobs.draft().await?;
        let (back, next) = blocking(move || {
            let next = files.next(draft)?;
            Ok((files, next))
        })
        .await?;
        files = back;
        match next {
            Next::List => {}
            Next::File(brought) => keep(ctx, scope, *brought, &mut left).await?,
            Next::End => return Ok(left.told()),
        }
    }
}

/// Keeps one file, or notes why it cannot be kept. What may pass is no reason to go on without it.
async fn keep(ctx: &Ctx, scope: Scope, brought: Brought, left: &mut Left) -> Result<(), Failure> {
    let Brought { listed, content } = brought;
    let received = match content {
        Ok(received) => received,
        Err(why) => {
            left.add(&listed.name, why);
            return Ok(());
        }
    };
    let shelf = ctx.stores.library.read(scope, Reads::none().url(&listed.url)).await?;
    let bookmark = shelf.by_url(&listed.url).filter(|item| item.is_living()).map(|item| item.id);
    let Some(bookmark) = bookmark else {
        left.add(&listed.name, "its bookmark is not here");
        return Ok(());
    };
    let ask = KeepFile {
        bookmark,
        kind: listed.kind,
        name: listed.name.clone(),
        content_type: Some(listed.content_type),
    };
    match keep_file(ctx, scope, ask, received).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused(refused)) if is_lasting(refused.code) => {
            let Refused { detail, .. } = refused;
            left.add(&listed.name, &detail);
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}

/// Whether the same is refused again when the same is asked again.
fn is_lasting(code: Code) -> bool {
    matches!(code, Code::Quota | Code::NotFound | Code::Invalid | Code::Moved)
}

impl Left {
    fn add(&mut self, name: &str, why: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (echo(name), why.to_owned()));
    }

    fn told(self) -> Option<String> {
        let (name, why) = self.first?;
        let files = match self.count {
            1 => "1 file was".to_owned(),
            count => format!("{count} files were"),
        };
        Some(format!("{files} not taken, \"{name}\" because {why}"))
    }
}
