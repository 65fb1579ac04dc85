//! The library's history: looked at, undone, put back to a moment.

use axum::extract::{Path, Query};
use serde::Deserialize;
use shelf_bookmarks::history::{
    ActRow, LibraryHistory, library_history, restore_library, undo_act,
};
use shelf_bookmarks::import::undo_import;
use shelf_domain::refusal::Refused;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

use super::{Answer, items::told};
use crate::{
    deeds::deed,
    frame::Here,
    link,
    pages::history::{Act, HistoryPage, Moment, history},
    posted::Posted,
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, moment},
    writers::Reader,
};

/// Acts of one page.
const PAGE_ACTS: usize = 50;
/// Acts counted at most when a moment is looked at.
const COUNT_MAX: usize = 5_000;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    before: String,
    #[serde(default)]
    moment: String,
}

/// Acts by day, and what putting the library back to a moment would touch.
pub(crate) async fn page(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let asked = LibraryHistory { before: ask.before.parse().ok(), limit: PAGE_ACTS };
    let (acts, next) = library_history(&visit.ctx, visit.scope, asked).await?;
    let chosen =
        if ask.moment.is_empty() { None } else { Some(since(&visit, read(&ask.moment)?).await?) };
    let (frame, reader) = (visit.frame("History", Here::History).await?, visit.reader().await?);
    let page = HistoryPage {
        acts: acts.iter().map(|row| shown(row, reader)).collect(),
        next: next.map(|seq| link::with("/history", "before", &seq.to_string())),
        floor: None,
        moment: chosen,
    };
    Ok(visit.page(&frame, &history(&page, &frame), None))
}

fn shown(row: &ActRow, reader: Reader) -> Act {
    let (words, item) = deed(row);
    Act {
        id: row.line.act.to_string(),
        at: moment(row.line.at),
        words,
        by: reader.by(row.line.device, row.device_name.as_deref(), row.person.as_ref()),
        item: item.map(|item| item.to_string()),
        settled: false,
    }
}

/// Reads a moment as forms and pages write it, in UTC, to the end of what is named.
fn read(text: &str) -> Result<OffsetDateTime, Refused> {
    let minute = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let second = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let text = text.trim_end_matches('Z');
    PrimitiveDateTime::parse(text, minute)
        .or_else(|_| PrimitiveDateTime::parse(text, second))
        .map(PrimitiveDateTime::assume_utc)
        .map_err(|_| Refused::invalid("moment", "not a moment"))
}

fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1_000 + i64::from(at.millisecond())
}

async fn since(visit: &Visit, at: OffsetDateTime) -> Result<Moment, Trouble> {
    let lines = visit.ctx.stores.library.acts(visit.scope, None, COUNT_MAX).await?;
    let later: Vec<u64> =
        lines.iter().take_while(|line| line.at > millis(at)).map(|line| line.rows).collect();
    let acts = u64::try_from(later.len()).unwrap_or(u64::MAX);
    Ok(Moment { at, acts, items: later.into_iter().sum() })
}

/// Puts the library back to a moment, as an act of its own.
pub(crate) async fn put_back(Posted { visit, said }: Posted) -> Answer {
    let at = read(said.text("moment"))?;
    let toast = match restore_library(&visit.ctx, visit.scope, millis(at)).await? {
        Some(changed) => told("The library is as it was then", &changed),
        None => Toast { words: "Nothing has happened since then".into(), undo: None },
    };
    Ok(visit.go("/history", Some(&toast)))
}

/// Takes an act back.
pub(crate) async fn undo(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let act = id.parse().map_err(|_| Refused::not_found("act"))?;
    if visit.ctx.stores.imports.job(visit.scope, act).await?.is_some() {
        let job = undo_import(&visit.ctx, visit.scope, act).await?;
        let words = format!("{} is out again", job.file_name);
        return Ok(visit.go(said.back(), Some(&Toast { words, undo: None })));
    }
    let changed = undo_act(&visit.ctx, visit.scope, act).await?;
    let words = match changed.left.len() {
        0 => "Undone".to_owned(),
        left => format!("Undone; {left} changed since and were left"),
    };
    Ok(visit.go(said.back(), Some(&told(&words, &changed))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_forms_write_them() {
        assert_eq!(read("2026-01-02T03:04").unwrap(), read("2026-01-02T03:04:00Z").unwrap());
        assert!(read("yesterday").is_err());
    }
}
