//! What others changed in a library since a page of it was made, as a part of that page.

use axum::extract::Query;
use serde::Deserialize;
use shelf_bookmarks::history::{ActRow, ActsOfOthers, OfOthers, acts_of_others};

use super::Answer;
use crate::{
    deeds::deed,
    frame::company::{self, Line, News},
    visit::{Visit, html, moment},
    words,
    writers::SOMEONE,
};

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
    let asked = ActsOfOthers { after, limit: LINES_MAX };
    let OfOthers { rows, more, through } = acts_of_others(&visit.ctx, visit.scope, asked).await?;
    let lines: Vec<Line> = rows.iter().map(|row| line(&visit, row)).collect();
    Ok(html(&company::news(&News { lines, more, through })))
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
