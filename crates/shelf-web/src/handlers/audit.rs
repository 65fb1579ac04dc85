//! The audit log of a team, as a page and as a file.

use std::collections::HashMap;

use axum::{
    body::Body,
    extract::{Path, Query},
    http::{HeaderValue, header},
    response::IntoResponse,
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use shelf_domain::{
    audit::{Deed, Sealed},
    id::{ItemId, TenantId},
};
use shelf_identity::{
    audit::{end_of_log, list_records, read_on, verify},
    tenants::{
        create_tenant::list_tenants, groups::list_groups, libraries::all_libraries_of,
        members::list_members,
    },
};
use shelf_ports::Failure;
use time::format_description::well_known::Rfc3339;

use super::{Answer, people::parsed};
use crate::{
    frame::Here,
    pages::audit::{AuditPage, RecordLine, audit},
    trouble::Trouble,
    visit::{Visit, moment},
};

/// Records on a page.
const ROWS: usize = 100;
/// The longest log that is followed whenever the page is shown: a few milliseconds of hashing.
const FOLLOWED_MAX: u64 = 10_000;
/// Records read at once for a file.
const AT_ONCE: usize = 500;

/// Which part of the log.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    before: Option<u64>,
}

/// The log, latest first.
pub(crate) async fn page(Path(id): Path<String>, Query(ask): Query<Ask>, visit: Visit) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let (doors, by) = (&visit.web.doors, visit.ctx.person);
    let records = list_records(doors, by, tenant, ask.before, ROWS).await?;
    let end = end_of_log(doors, by, tenant).await?;
    let total = end.as_ref().map_or(0, |end| end.n);
    let names = names(&visit, tenant).await?;
    let tenants = list_tenants(doors, by).await?;
    let team = tenants.into_iter().find(|(known, _)| known.id == tenant);
    let last = records.last().map_or(1, |last| last.n);
    let page = AuditPage {
        team: team.map(|(team, _)| (team.id.to_string(), team.name)).unwrap_or_default(),
        older: (last > 1).then(|| format!("/people/{tenant}/audit?before={last}")),
        records: records.into_iter().map(|record| line(record, &names)).collect(),
        total,
        seal: end.map(|end| format!("{total}:{}", end.seal)).unwrap_or_default(),
        holds: holds(&visit, tenant, total).await?,
    };
    let frame = visit.frame("What was done", Here::People).await?;
    Ok(visit.page(&frame, &audit(&page, &frame), None))
}

/// Whether the log holds; nothing where it is too long to be followed for a page.
async fn holds(
    visit: &Visit,
    tenant: TenantId,
    total: u64,
) -> Result<Option<Result<(), String>>, Trouble> {
    if total > FOLLOWED_MAX {
        return Ok(None);
    }
    let followed = verify(&visit.web.doors, visit.ctx.person, tenant, None).await?;
    Ok(Some(followed.broken.map_or(Ok(()), |broken| Err(broken.to_string()))))
}

/// What members, groups and libraries are called, by their ids.
async fn names(visit: &Visit, tenant: TenantId) -> Result<HashMap<[u8; 16], String>, Trouble> {
    let (doors, by) = (&visit.web.doors, visit.ctx.person);
    let members = list_members(doors, by, tenant).await?;
    let groups = list_groups(doors, by, tenant).await?;
    let libraries = all_libraries_of(doors, by, tenant).await?;
    let members = members.into_iter().map(|member| (member.person.to_bytes(), member.name));
    let groups = groups.into_iter().map(|group| (group.id.to_bytes(), group.name));
    let libraries = libraries.into_iter().map(|library| (library.id.to_bytes(), library.name));
    Ok(members.chain(groups).chain(libraries).collect())
}

fn line(sealed: Sealed, names: &HashMap<[u8; 16], String>) -> RecordLine {
    let name = |id: [u8; 16]| names.get(&id).cloned().unwrap_or_default();
    let record = sealed.record;
    let who = match record.deed {
        Deed::EndpointGivenUp => "This server".to_owned(),
        _ => name(record.person.to_bytes()),
    };
    RecordLine {
        number: sealed.n,
        at: moment(record.at),
        who,
        deed: record.deed,
        what: record.subject.map(name).unwrap_or_default(),
        how: named(&record.detail, names),
    }
}

/// A detail with a name in the place of the id it holds.
fn named(detail: &str, names: &HashMap<[u8; 16], String>) -> String {
    let id = detail.split([':', '=']).find_map(|part| part.parse::<ItemId>().ok());
    let known = id.and_then(|id| Some((id, names.get(&id.to_bytes())?)));
    known.map_or_else(|| detail.to_owned(), |(id, name)| detail.replace(&id.to_string(), name))
}

/// The whole log as JSON Lines, as `mindshelf audit verify --file` reads it.
pub(crate) async fn file(Path(id): Path<String>, visit: Visit) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let head = serde_json::json!({ "format": "mindshelf.audit.1", "tenant": tenant });
    // The first page is read before anything is answered: whoever may not read it is told so.
    let first = read_on(&visit.web.doors, visit.ctx.person, tenant, 0, AT_ONCE).await?;
    let begin = stream::once(async move { Ok(format!("{head}\n{}", lines(&first))) });
    let mut response = Body::from_stream(begin.chain(rest(visit, tenant))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    let name = HeaderValue::from_static("attachment; filename=\"audit.jsonl\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The log after its first page. A failure breaks the file off, so that nobody takes a part for the
/// whole.
fn rest(visit: Visit, tenant: TenantId) -> impl Stream<Item = Result<String, Failure>> {
    let begin = Some((visit, AT_ONCE as u64));
    stream::unfold(begin, move |state| async move {
        let (visit, after) = state?;
        let page = read_on(&visit.web.doors, visit.ctx.person, tenant, after, AT_ONCE).await;
        match page {
            Ok(page) => {
                let last = page.last()?.n;
                Some((Ok(lines(&page)), Some((visit, last))))
            }
            Err(failure) => Some((Err(failure), None)),
        }
    })
}

fn lines(page: &[Sealed]) -> String {
    page.iter().map(written).collect()
}

fn written(sealed: &Sealed) -> String {
    let record = &sealed.record;
    let line = serde_json::json!({
        "number": sealed.n,
        "at": moment(record.at).format(&Rfc3339).unwrap_or_default(),
        "deed": record.deed.name(),
        "person": record.person,
        "grant": record.grant,
        "subject": record.subject.map(ItemId::from_bytes),
        "detail": record.detail,
        "seal": sealed.seal.to_string(),
    });
    format!("{line}\n")
}
