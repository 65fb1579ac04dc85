//! Bringing links in: a file is kept, rehearsed, shown, then imported, with its ledger and undo.

use std::ops::ControlFlow;

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use shelf_bookmarks::import::{
    Begun, Format, Node, Options, import_waiting, read, receive, rehearse_import, run_import,
    undo_import, waiting_file,
};
use shelf_domain::{id::ActId, refusal::Refused};
use shelf_ports::imports::{ImportJob, JobState, LedgerRow, RowOutcome};

use super::{Answer, exports::room_beside};
use crate::{
    frame::Here,
    link,
    pages::import::{self, ImportPage, LedgerLine, PastImport, Stage},
    posted::{Posted, Said, header_of, is_ours, read_body},
    trouble::Trouble,
    ui::toast::Toast,
    upload,
    visit::{Visit, html, moment},
    web::Web,
    words,
};

/// Rows of one page of a ledger.
const PAGE_ROWS: usize = 100;
/// Earlier imports that are listed.
const PAST: usize = 20;
/// Folders of a file that a preview lists.
const TREE_ROWS: usize = 200;
/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Most bytes of a file that comes without a script's help.
const FORM_FILE_BYTES_MAX: usize = 64 << 20;
/// Longest name of a file that is kept, in characters.
const NAME_CHARS_MAX: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    after: u64,
}

/// Where a file is dropped, and what was imported before.
pub(crate) async fn start(visit: Visit) -> Answer {
    let jobs = visit.ctx.stores.imports.jobs(visit.scope, PAST).await?;
    let past: Vec<PastImport> = jobs
        .into_iter()
        .filter(|job| !job.dry_run)
        .map(|job| PastImport {
            id: job.id.to_string(),
            when: words::ago(moment(job.started_at), visit.now()),
            file: job.file_name,
            stored: job.stored,
        })
        .collect();
    let frame = visit.frame("Import", Here::Import).await?;
    Ok(visit.page(&frame, &import::start(&frame, &past), None))
}

/// Takes a file and begins its rehearsal; the answer says where to look at it.
pub(crate) async fn take(State(web): State<Web>, request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::from_request_parts(&mut parts, &web).await?;
    let by_script =
        header_of(&parts.headers, "X-CSRF-Token").is_some_and(|sent| visit.csrf.is(sent));
    let (name, body) = if by_script {
        let said = Said::read(parts.uri.query().unwrap_or_default().as_bytes());
        (said.text("name").to_owned(), body)
    } else {
        sent_by_form(&visit, &parts.headers, body).await?
    };
    if !is_ours(&parts.headers, &visit.reached) {
        return Err(Trouble::StaleForm);
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let job = rehearse(&visit, name, body).await?;
    let path = format!("/import/{}", job.id);
    if !by_script {
        return Ok(visit.go(&path, None));
    }
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(path) = HeaderValue::from_str(&path) {
        response.headers_mut().insert("X-Location", path);
    }
    Ok(response)
}

async fn sent_by_form(
    visit: &Visit,
    headers: &HeaderMap,
    body: Body,
) -> Result<(String, Body), Trouble> {
    let bytes = read_body(body, FORM_FILE_BYTES_MAX).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some(sent) = upload::read(kind.unwrap_or_default(), &bytes) else {
        return Err(Refused::invalid("file", "no file was sent").into());
    };
    if !visit.csrf.is(&sent.csrf) {
        return Err(Trouble::StaleForm);
    }
    Ok((sent.name, Body::from(bytes.slice_ref(sent.bytes))))
}

/// Takes in the file and rehearses it, beside the answer.
async fn rehearse(visit: &Visit, file_name: String, body: Body) -> Result<ImportJob, Trouble> {
    room_beside(visit)?;
    let blobs = &*visit.ctx.stores.blobs;
    let received = receive(blobs, body.into_data_stream(), FILE_BYTES_MAX).await?;
    let begun = rehearse_import(&visit.ctx, visit.scope, file_name, received.file).await?;
    Ok(going_on(visit, begun))
}

/// Lets an import go on beside the answer.
fn going_on(visit: &Visit, begun: Begun) -> ImportJob {
    let (ctx, scope, job) = (visit.ctx.clone(), visit.scope, begun.job.clone());
    drop(visit.web.tasks.spawn(async move {
        if let Err(failure) = run_import(&ctx, scope, begun).await {
            tracing::warn!(cause = failure.to_string(), "an import stopped");
        }
    }));
    job
}

/// One import: its preview, its progress, or its ledger.
pub(crate) async fn page(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let job = job_of(&visit, &id).await?;
    let shown = shown(&visit, job, &ask).await?;
    let frame = visit.frame("Import", Here::Import).await?;
    Ok(visit.page(&frame, &import::import(&shown, &frame), None))
}

/// How far it is; when it is done, the whole page is asked for again.
pub(crate) async fn progress(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job_of(&visit, &id).await?;
    let is_running = job.state == JobState::Running;
    let mut response = html(&import::running(&blank(&job)));
    if !is_running {
        response.headers_mut().insert("HX-Refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Imports the file of a rehearsal.
pub(crate) async fn run(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let begun = import_waiting(&visit.ctx, visit.scope, act(&id)?).await?;
    let job = going_on(&visit, begun);
    Ok(visit.go(&format!("/import/{}", job.id), None))
}

/// Takes an import back.
pub(crate) async fn undo(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let job = undo_import(&visit.ctx, visit.scope, act(&id)?).await?;
    let toast = Toast { words: format!("{} is out again", job.file_name), undo: None };
    Ok(visit.go(&format!("/import/{id}"), Some(&toast)))
}

fn act(id: &str) -> Result<ActId, Trouble> {
    id.parse().map_err(|_| Refused::not_found("import").into())
}

async fn job_of(visit: &Visit, id: &str) -> Result<ImportJob, Trouble> {
    let job = visit.ctx.stores.imports.job(visit.scope, act(id)?).await?;
    job.ok_or_else(|| Trouble::not_found("import"))
}

async fn shown(visit: &Visit, job: ImportJob, ask: &Ask) -> Result<ImportPage, Trouble> {
    let outcome = RowOutcome::named(&ask.outcome);
    let imports = &visit.ctx.stores.imports;
    let rows = imports.rows(visit.scope, job.id, outcome, ask.after, PAGE_ROWS).await?;
    let here = format!("/import/{}", job.id);
    let here = if outcome.is_some() { link::with(&here, "outcome", &ask.outcome) } else { here };
    let last = rows.last().map(|row| row.row.to_string());
    let mut page = blank(&job);
    page.next =
        last.filter(|_| rows.len() == PAGE_ROWS).map(|last| link::with(&here, "after", &last));
    page.ledger = rows.into_iter().map(line).collect();
    page.filter = outcome.map(|_| ask.outcome.clone()).unwrap_or_default();
    if page.stage == Stage::Preview {
        (page.tree, page.tree_more) = outline(visit, &job).await?;
    }
    Ok(page)
}

fn blank(job: &ImportJob) -> ImportPage {
    ImportPage {
        id: job.id.to_string(),
        file: job.file_name.clone(),
        format: called(&job.format),
        stage: stage(job),
        parsed: job.total.unwrap_or(job.parsed).max(job.parsed),
        done: job.parsed,
        stored: job.stored,
        merged: job.merged,
        refused: job.refused,
        tree: Vec::new(),
        tree_more: 0,
        ledger: Vec::new(),
        filter: String::new(),
        next: None,
        act: (!job.dry_run).then(|| job.id.to_string()),
        trouble: job.problem.clone(),
    }
}

/// A format in words.
fn called(format: &str) -> String {
    match format {
        "netscape-html" => "a browser's bookmarks file",
        "chrome-json" => "Chrome's own file",
        "firefox-json" | "firefox-jsonlz4" => "a backup of Firefox",
        "mindshelf-jsonl" => "JSON Lines of MindShelf",
        "mindshelf-csv" => "a table of MindShelf",
        "pocket-html" | "pocket-csv" => "an export of Pocket",
        other => other,
    }
    .to_owned()
}

fn stage(job: &ImportJob) -> Stage {
    match job.state {
        JobState::Running if job.dry_run => Stage::Reading,
        JobState::Running => Stage::Running,
        JobState::Done if job.dry_run => Stage::Preview,
        JobState::Done => Stage::Done,
        JobState::Failed => Stage::Stopped,
        JobState::Undone => Stage::Undone,
    }
}

fn line(row: LedgerRow) -> LedgerLine {
    let kept = row.kept_title.filter(|title| !title.is_empty());
    let kept = kept.map(|title| format!(" (kept as “{title}”)")).unwrap_or_default();
    LedgerLine {
        row: row.row,
        outcome: row.outcome.name().to_owned(),
        reason: format!("{}{kept}", row.reason),
        name: if row.title.is_empty() { row.url } else { row.title },
        item: row.item.map(|item| item.to_string()),
    }
}

type Outline = (Vec<(usize, String, u64)>, u64);

/// The folders of the waiting file; none when it is gone.
async fn outline(visit: &Visit, job: &ImportJob) -> Result<Outline, Trouble> {
    let file = waiting_file(&visit.ctx, visit.scope, job.id).await?;
    let (Some(file), Some(format)) = (file, Format::named(&job.format)) else {
        return Ok(Outline::default());
    };
    let drawn = tokio::task::spawn_blocking(move || drawn(file, format)).await;
    Ok(drawn.unwrap_or_default())
}

fn drawn(mut file: std::fs::File, format: Format) -> Outline {
    // (depth, name, links) by the folder's number in the file.
    let mut folders: Vec<(usize, String, u64)> = Vec::new();
    let counted = read(&mut file, format, &Options::default(), &mut |node| {
        match node {
            Node::Folder(folder) => {
                let above = folder.parent.and_then(|parent| folders.get(index(parent)));
                let depth = above.map_or(0, |(depth, ..)| depth + 1);
                folders.push((depth, folder.name, 0));
            }
            Node::Bookmark(entry) => {
                for place in entry.places.iter().filter_map(|place| place.folder) {
                    if let Some((_, _, count)) = folders.get_mut(index(place)) {
                        *count += 1;
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    if counted.is_err() {
        return Outline::default();
    }
    let more = u64::try_from(folders.len().saturating_sub(TREE_ROWS)).unwrap_or(0);
    folders.truncate(TREE_ROWS);
    (folders, more)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
