//! Import a file: every row stored, merged or refused with its reason, as one act.

use std::fmt;
use std::io::{Read, Seek};

use shelf_domain::id::{ActId, Ids, ItemId, LibraryId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Reads;
use shelf_ports::blobs::BlobKey;
use shelf_ports::imports::{ImportJob, JobState, LedgerRow};
use shelf_ports::{Away, Failure, Fault};

use super::bring_files::bring_files;
use super::folders::Folders;
use super::rehearse::Rehearsal;
use super::settle_imports::lease_of;
use super::steps::{Became, Step, Steps, ask_of, merged_row, refused_row};
use super::{Entry, Folder, Format, Node, Options, ReadError, RefusedRow, source};
use crate::archive::{BroughtIn, bookmarks_in};
use crate::ctx::Ctx;
use crate::held::Held;

/// Notices of a file that are told with the job.
const NOTICES_MAX: usize = 5;
/// Folders at which a library is mounted in one turn.
const MOUNTS_OF_TURN: usize = 500;
/// Why an import ended that nobody stopped.
const LOST: &str = "this process was away too long; another one settles the import";

/// Bytes that can be read twice: an open file, or a cursor over memory.
pub trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// What to import, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportFile {
    /// The file's name, for people; the format is told from its content.
    pub file_name: String,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Whether a row is private that does not say so.
    pub missing_private: Option<bool>,
    /// Address against which addresses without scheme are completed.
    pub base_url: Option<String>,
}

/// An import that has its job and its format, and can be run.
pub struct Begun {
    /// The job as it was kept.
    pub job: ImportJob,
    format: Format,
    options: Options,
    source: Box<dyn Source>,
    /// The archive it was in, where it was in one.
    archive: Option<Box<dyn Source>>,
    held: Held,
    /// What waits until all is imported.
    waiting: Option<BlobKey>,
}

impl Begun {
    /// The same; the blob `waiting` is removed when all is imported.
    pub(super) fn until_then(self, waiting: BlobKey) -> Self {
        Self { waiting: Some(waiting), ..self }
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("job", &self.job).finish_non_exhaustive()
    }
}

/// Imports a file from beginning to end. What was stored before a failure stays, can be undone by
/// the job's act, and merges when the file is imported again.
pub async fn import_file(
    ctx: &Ctx,
    scope: Scope,
    ask: ImportFile,
    source: Box<dyn Source>,
) -> Result<ImportJob, Failure> {
    let begun = begin_import(ctx, scope, ask, source).await?;
    run_import(ctx, scope, begun).await
}

/// Detects the format and keeps a job, so that its progress can be asked for while
/// [`run_import`] works. Refused `unknown_format`, with what was seen, if it cannot be read.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn begin_import(
    ctx: &Ctx,
    scope: Scope,
    ask: ImportFile,
    source: Box<dyn Source>,
) -> Result<Begun, Failure> {
    begin_as(ctx, scope, new_act(ctx), ask, source).await
}

/// A new act of this moment.
pub(super) fn new_act(ctx: &Ctx) -> ActId {
    let author = ctx.author();
    Ids::new(author.now, author.seed).make()
}

/// Begins the import `id`, which is new.
pub(super) async fn begin_as(
    ctx: &Ctx,
    scope: Scope,
    id: ActId,
    ask: ImportFile,
    source: Box<dyn Source>,
) -> Result<Begun, Failure> {
    ctx.to_write()?;
    let draft = ctx.stores.blobs.draft().await?;
    let work = move || {
        let mut brought = bookmarks_in(source, draft)?;
        source::identify(&mut *brought.bookmarks).map(|format| (brought, format))
    };
    let (BroughtIn { bookmarks: source, archive }, format) = blocking(work).await?;
    let now = ctx.stores.clock.now_ms();
    let job = ImportJob {
        id,
        file_name: ask.file_name,
        format: format.name().to_owned(),
        state: JobState::Running,
        dry_run: ask.dry_run,
        parsed: 0,
        stored: 0,
        merged: 0,
        refused: 0,
        folders: 0,
        total: None,
        started_at: now,
        ended_at: None,
        problem: None,
    };
    let lease = lease_of(scope, id);
    let Some(held) = Held::take(&ctx.stores, &lease).await? else {
        return Err(Fault::new("beginning an import", "its id is not new").into());
    };
    ctx.stores.imports.put(scope, &job, &[]).await?;
    let (missing_private, base_url) = (ask.missing_private, ask.base_url);
    let options = Options { now_ms: now, missing_private, base_url };
    Ok(Begun { job, format, options, source, archive, held, waiting: None })
}

/// Runs an import to its end and keeps its ledger; the answer is the job as it was kept last.
/// Ends unsettled where this process was away so long that another one settles the import.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn run_import(ctx: &Ctx, scope: Scope, begun: Begun) -> Result<ImportJob, Failure> {
    let Begun { job, format, options, source, archive, held, waiting } = begun;
    let mut run = Run::new(ctx, scope, job, format).await?;
    let all = async {
        run.all(source, options).await?;
        run.files(archive).await
    };
    let Some(done) = held.during(all).await else {
        return Err(Fault::new("importing a file", Away(LOST.into())).into());
    };
    run.job.ended_at = Some(ctx.stores.clock.now_ms());
    match &done {
        Ok(()) => {
            run.job.state = JobState::Done;
            run.job.total = Some(run.job.parsed);
            run.job.problem = (!run.notices.is_empty()).then(|| run.notices.join("; "));
        }
        Err(failure) => {
            run.job.state = JobState::Failed;
            run.job.problem = Some(failure.to_string());
        }
    }
    run.keep().await?;
    held.give_back().await?;
    done?;
    if let Some(waiting) = waiting {
        ctx.stores.blobs.remove(&waiting).await?;
    }
    Ok(run.job)
}

/// Runs `work`, which reads a file, where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(failure_of),
        Err(join) => Err(Fault::new("reading a file", join).into()),
    }
}

fn failure_of(error: ReadError) -> Failure {
    match error {
        ReadError::Refused(refusal) => {
            Refused::new(Code::UnknownFormat, "file", refusal.reason).into()
        }
        ReadError::Io(source) => Fault::new("reading a file", source).into(),
    }
}

struct Run<'c> {
    ctx: &'c Ctx,
    scope: Scope,
    job: ImportJob,
    format: Format,
    folders: Folders,
    /// What is mounted at folders that were made, once everything stands where it belongs.
    mounts: Vec<(ItemId, LibraryId)>,
    rehearsal: Rehearsal,
    /// Rows of the ledger that are not kept yet.
    rows: Vec<LedgerRow>,
    notices: Vec<String>,
}

impl<'c> Run<'c> {
    async fn new(
        ctx: &'c Ctx,
        scope: Scope,
        job: ImportJob,
        format: Format,
    ) -> Result<Self, Failure> {
        let living = ctx.stores.views.collections(scope).await?;
        let living = living.into_iter().map(|(collection, _)| collection).collect();
        let top = ctx.stores.library.read(scope, Reads::none().into_collection(None)).await?;
        let is_root_empty = top.children_of(None).is_empty();
        let author = ctx.author();
        let folders = Folders::new(living, is_root_empty, Ids::new(author.now, author.seed));
        let (rehearsal, rows, notices) = (Rehearsal::default(), Vec::new(), Vec::new());
        let mounts = Vec::new();
        Ok(Self { ctx, scope, job, format, folders, mounts, rehearsal, rows, notices })
    }

    async fn all(&mut self, source: Box<dyn Source>, options: Options) -> Result<(), Failure> {
        let (format, first) = (self.format, options.clone());
        let (source, total) = blocking(move || source::count(source, format, &first)).await?;
        self.job.total = Some(total);
        self.keep().await?;
        let (mut portions, reader) = source::start(source, format, options);
        while let Some(nodes) = portions.recv().await {
            self.portion(nodes).await?;
        }
        match reader.await {
            Ok(result) => result.map_err(failure_of)?,
            Err(join) => return Err(Fault::new("reading a file", join).into()),
        }
        self.mount().await
    }

    /// Mounts what was mounted at the folders of the file.
    async fn mount(&mut self) -> Result<(), Failure> {
        let mounts = std::mem::take(&mut self.mounts);
        for mounts in mounts.chunks(MOUNTS_OF_TURN) {
            let mut steps = Steps::default();
            for (id, library) in mounts {
                steps.mount(*id, *library);
            }
            self.take(steps).await?;
        }
        Ok(())
    }

    /// Brings back the files that are in the archive too; a rehearsal speaks of bookmarks alone.
    async fn files(&mut self, archive: Option<Box<dyn Source>>) -> Result<(), Failure> {
        let Some(archive) = archive.filter(|_| !self.job.dry_run) else { return Ok(()) };
        if let Some(told) = bring_files(self.ctx, self.scope, archive).await? {
            // It is told however much else there is to tell.
            self.notices.truncate(NOTICES_MAX - 1);
            self.notice(told);
        }
        Ok(())
    }

    /// Keeps the job and the new rows of its ledger.
    async fn keep(&mut self) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.rows);
        Ok(self.ctx.stores.imports.put(self.scope, &self.job, &rows).await?)
    }

    /// Takes the steps of one turn. The ledger of the turns before is kept beside it, mostly in
    /// the same commit: should the server stop here, at most this turn is missing there.
    async fn turn(&mut self, steps: Steps) -> Result<Vec<Became>, Failure> {
        let (rows, job) = (std::mem::take(&mut self.rows), self.job.clone());
        let kept = self.ctx.stores.imports.put(self.scope, &job, &rows);
        if self.job.dry_run {
            kept.await?;
            return self.rehearsal.take(self.ctx, self.scope, &steps.list, steps.reads).await;
        }
        let (reads, decide, became) = steps.decision(self.job.id);
        let (written, kept) = tokio::join!(self.ctx.write(self.scope, None, reads, decide), kept);
        written?;
        kept?;
        Ok(std::mem::take(&mut *became.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }

    async fn portion(&mut self, nodes: Vec<Node>) -> Result<(), Failure> {
        let mut steps = Steps::default();
        for node in nodes {
            match node {
                Node::Folder(folder) => self.folder(&folder, &mut steps),
                Node::Tag(tag) => steps.tag(tag),
                Node::Comment(comment) => steps.comment(comment),
                Node::Bookmark(entry) => self.bookmark(*entry, &mut steps),
                Node::Refused(row) => self.refuse(row),
                Node::Notice(text) => self.notice(text),
            }
        }
        self.take(steps).await
    }

    /// Takes `steps` in one turn, and tells what became of each.
    async fn take(&mut self, steps: Steps) -> Result<(), Failure> {
        if steps.list.is_empty() {
            return Ok(());
        }
        let list = steps.list.clone();
        let became = self.turn(steps).await?;
        for (step, became) in list.into_iter().zip(became) {
            self.tell(step, became);
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Folder, steps: &mut Steps) {
        match self.folders.settle(folder) {
            Some(settled) if settled.is_new => {
                self.job.folders += 1;
                let library = folder.mount.parse::<LibraryId>().ok();
                self.mounts.extend(library.map(|library| (settled.id, library)));
                steps.collection(folder, settled);
            }
            Some(_) => {}
            None => self.notice(format!(
                "folder \"{}\" lies too deep; its content goes to the folder above",
                super::out::echo(&folder.name)
            )),
        }
    }

    fn bookmark(&mut self, entry: Entry, steps: &mut Steps) {
        let row = entry.row;
        let (url, title) = (super::out::echo(&entry.url), super::out::echo(&entry.title));
        match ask_of(entry, &self.folders, self.format).checked() {
            Ok(ask) => steps.save(row, ask),
            Err(refused) => self.refuse(RefusedRow { row, url, title, reason: refused.detail }),
        }
    }

    fn notice(&mut self, text: String) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(text);
        }
    }

    fn refuse(&mut self, row: RefusedRow) {
        self.job.parsed += 1;
        self.job.refused += 1;
        self.rows.push(refused_row(row));
    }

    fn tell(&mut self, step: Step, became: Became) {
        let Step::Save { row, ask } = step else {
            if let Became::Refused(refused) = became {
                self.notice(format!("a folder, tag or comment was not taken: {}", refused.detail));
            }
            return;
        };
        match became {
            Became::Stored | Became::Done => {
                self.job.parsed += 1;
                self.job.stored += 1;
            }
            Became::Merged { item, kept_title } => {
                self.job.parsed += 1;
                self.job.merged += 1;
                self.rows.push(merged_row(row, &ask, item, kept_title));
            }
            Became::Refused(refused) => {
                let (url, title) = (super::out::echo(&ask.url), super::out::echo(&ask.title));
                self.refuse(RefusedRow { row, url, title, reason: refused.detail });
            }
        }
    }
}
