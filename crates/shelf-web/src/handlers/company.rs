//! What others changed in a library since a page of it was made, as a part of that page.

use axum::extract::Query;
use serde::Deserialize;
use shelf_bookmarks::history::{ActRow, LibraryHistory, library_history};
use shelf_domain::id::PersonId;

use super::Answer;
use crate::{
    deeds::deed,
    frame::company::{self, Line, News},
    visit::{Visit, html, moment},
    words,
    writers::{SOMEONE, is_server},
};

/// Acts that are looked at.
const ACTS_MAX: usize = 30;
/// Lines that are shown.
const LINES_MAX: usize = 4;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    after: String,
}

/// The latest acts of others after a position of the log; nothing, where no position is said.
pub(crate) async fn news(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let Ok(after) = ask.after.parse::<u64>() else {
        return Ok(html(&company::news(&News::default())));
    };
    let asked = LibraryHistory { before: None, limit: ACTS_MAX };
    let (acts, _) = library_history(&visit.ctx, visit.scope, asked).await?;
    let me = visit.ctx.person;
    let of_others: Vec<&ActRow> = acts
        .iter()
        .take_while(|row| row.line.last > after)
        .filter(|row| is_of_others(row, me))
        .collect();
    let lines: Vec<Line> = of_others.iter().take(LINES_MAX).map(|row| line(&visit, row)).collect();
    let more = u64::try_from(of_others.len() - lines.len()).unwrap_or(u64::MAX);
    let through = acts.first().map_or(after, |row| row.line.last);
    Ok(html(&company::news(&News { lines, more, through })))
}

fn is_of_others(row: &ActRow, me: PersonId) -> bool {
    let is_mine = row.person.as_ref().is_some_and(|writer| writer.id == me);
    !is_mine && !is_server(row.line.device)
}

fn line(visit: &Visit, row: &ActRow) -> Line {
    let who = row.person.as_ref().map_or(SOMEONE, |writer| writer.name.as_str());
    let is_told = row.import.is_some() || !row.steps.is_empty();
    let (words, item) = if is_told { deed(row) } else { ("Changed something".to_owned(), None) };
    Line {
        who: who.to_owned(),
        words,
        ago: words::ago(moment(row.line.at), visit.now()),
        item: item.map(|item| item.to_string()),
    }
}
