//! Search: in one library, and in all libraries the caller may use.

use crate::Api;
use crate::caller::{In, Me};
use crate::cursor;
use crate::page::{Here, Params};
use crate::problem::Problem;
use crate::routes::found::{CorrectedOut, FACETS, FoundOut, HitOut, merged};
use crate::wire::Answer;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shelf_bookmarks::search::{Mode, SearchAnswer, SearchAsk, as_chosen, search};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::stamp::Seq;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Hits when the caller does not say.
const LIMIT: usize = 20;
/// Most hits of one answer.
const LIMIT_MAX: usize = 200;
/// How far pages lead.
const DEPTH_MAX: usize = 1_000;
/// Longest query, in characters.
const QUERY_CHARS_MAX: usize = 4_096;

/// What `degraded` says where older bookmarks were not looked at.
const OLDER: &str = "older";

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(in_one)).routes(routes!(in_all))
}

/// What to find.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// The query: words, `"a phrase"`, `-without`, `tag:`, `tag:one|other`, `site:`, `in:"Folder"`,
    /// `is:unread|archived|favourite`, `after:` and `before:`.
    #[param(example = "rust -async tag:t", max_length = 4096)]
    q: Option<String>,
    /// What ranks.
    #[param(inline)]
    mode: Option<ModeIn>,
    /// Hits, 1 to 200; 20 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Wait until this position of the log is seen.
    #[param(value_type = Option<u64>, maximum = 9_223_372_036_854_775_807u64)]
    at_least: Option<Seq>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModeIn {
    Hybrid,
    Words,
    Meaning,
}

impl SearchQuery {
    fn ask(self) -> Result<SearchAsk, Problem> {
        if self.at_least.is_some_and(|seq| i64::try_from(seq).is_err()) {
            return Err(Problem::query("at_least", "no log is that long"));
        }
        let limit = match self.limit.map(usize::try_from) {
            None => LIMIT,
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
            Some(_) => return Err(Problem::query("limit", format!("this is 1 to {LIMIT_MAX}"))),
        };
        let query = self.q.unwrap_or_default();
        if query.chars().count() > QUERY_CHARS_MAX {
            let detail = format!("a query has at most {QUERY_CHARS_MAX} characters");
            return Err(Problem::query("q", detail));
        }
        let offset = match &self.cursor {
            None => 0,
            Some(text) => cursor::open::<usize>("search", text)?,
        };
        if offset.saturating_add(limit) > DEPTH_MAX {
            let detail = format!("pages lead to the {DEPTH_MAX}th hit: say more in the query");
            return Err(Problem::query("cursor", detail));
        }
        let mode = match self.mode {
            None | Some(ModeIn::Hybrid) => Mode::Hybrid,
            Some(ModeIn::Words) => Mode::Words,
            Some(ModeIn::Meaning) => Mode::Meaning,
        };
        let at_least = self.at_least;
        let ask = SearchAsk::new(query);
        Ok(SearchAsk { mode, limit, offset, facets: FACETS, at_least, ..ask })
    }
}

/// The answers of one or more libraries as one page.
fn page(answers: Vec<(LibraryId, SearchAnswer)>, ask: &SearchAsk, took_us: u64) -> FoundOut {
    let heads = answers.iter().map(|(id, answer)| (id.to_string(), answer.seq)).collect();
    let total = answers.iter().map(|(_, answer)| answer.total).sum();
    let behind = answers.iter().map(|(_, answer)| answer.behind).sum();
    let is_partial = answers.iter().any(|(_, answer)| answer.newest_only.is_some());
    let degraded = is_partial.then_some(OLDER).into_iter().collect();
    let one = answers.len() == 1;
    let mut more = answers.iter().any(|(_, answer)| answer.more);
    let (mut hits, mut facets) = (Vec::new(), Vec::new());
    let (mut hints, mut corrected): (Vec<String>, Vec<CorrectedOut>) = (Vec::new(), Vec::new());
    for (library, answer) in answers {
        hits.extend(answer.hits.into_iter().map(|hit| HitOut::of(hit, library)));
        facets.push(answer.facets);
        // The query is the same for all, and so is what could not be read of it.
        hints = answer.hints;
        let words = answer.corrected.into_iter();
        corrected.extend(words.map(|(typed, read)| CorrectedOut { typed, read }));
    }
    if !one {
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.drain(..ask.offset.min(hits.len()));
        more = more || hits.len() > ask.limit;
        hits.truncate(ask.limit);
    }
    let next = ask.offset + ask.limit;
    // Each of several libraries gives at most one answer's worth.
    let depth = if one { DEPTH_MAX } else { LIMIT_MAX };
    let more = more && next + ask.limit <= depth;
    let next_cursor = more.then(|| cursor::seal("search", &next));
    let facets = merged(facets);
    FoundOut {
        hits,
        total,
        took_us,
        facets,
        hints,
        corrected,
        heads,
        behind,
        degraded,
        next_cursor,
    }
}

fn told(found: FoundOut, here: &Here) -> Response {
    (here.link(found.next_cursor.as_deref()), Json(found)).into_response()
}

/// Search a library.
///
/// Pages lead to the 1000th hit.
#[utoipa::path(get, path = "/v1/libraries/{library}/search", tag = "search",
    operation_id = "search_library", params(SearchQuery),
    responses((status = 200, description = "What was found.", body = FoundOut)))]
async fn in_one(
    within: In,
    State(api): State<Api>,
    here: Here,
    Params(query): Params<SearchQuery>,
) -> Answer {
    let began = api.stores.clock.ticks_us();
    let ask = as_chosen(&within.ctx, query.ask()?).await?;
    let answer = search(&api.search, within.scope, ask.clone()).await?;
    let took_us = api.stores.clock.ticks_us().saturating_sub(began);
    Ok(told(page(vec![(within.scope.library, answer)], &ask, took_us), &here))
}

/// Search all libraries the caller may use.
///
/// Pages lead to the 1000th hit; where there are several libraries, to the 200th.
#[utoipa::path(get, path = "/v1/search", tag = "search", operation_id = "search_all",
    params(SearchQuery),
    responses((status = 200, description = "What was found.", body = FoundOut)))]
async fn in_all(
    me: Me,
    State(api): State<Api>,
    here: Here,
    Params(query): Params<SearchQuery>,
) -> Answer {
    let began = api.stores.clock.ticks_us();
    if query.at_least.is_some() {
        return Err(Problem::query("at_least", "positions are of one library: search that one"));
    }
    let ask = as_chosen(&me.ctx, query.ask()?).await?;
    let libraries = shelf_identity::libraries(&api.doors(), &me.signed).await?;
    let scopes: Vec<Scope> = libraries.iter().map(|reach| reach.library.scope()).collect();
    if scopes.len() > 1 && ask.offset + ask.limit > LIMIT_MAX {
        let detail = format!("over several libraries pages lead to the {LIMIT_MAX}th hit");
        return Err(Problem::query("cursor", detail));
    }
    // Of several libraries each gives its best from the beginning; the page is cut afterwards.
    let each = match scopes.len() {
        1 => ask.clone(),
        _ => SearchAsk { limit: (ask.offset + ask.limit).min(LIMIT_MAX), offset: 0, ..ask.clone() },
    };
    let mut answers = Vec::with_capacity(scopes.len());
    for scope in scopes {
        answers.push((scope.library, search(&api.search, scope, each.clone()).await?));
    }
    let took_us = api.stores.clock.ticks_us().saturating_sub(began);
    Ok(told(page(answers, &ask, took_us), &here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_library_lacks_all_of_them_lack() {
        let [one, other] = [1, 2].map(|byte| LibraryId::from_bytes([byte; 16]));
        let whole = SearchAnswer::default();
        let partial = SearchAnswer { newest_only: Some(100_000), ..SearchAnswer::default() };
        let ask = SearchAsk::new("kite");
        let found = page(vec![(one, whole.clone()), (other, partial)], &ask, 1);
        assert_eq!(found.degraded, ["older"]);
        assert!(page(vec![(one, whole)], &ask, 1).degraded.is_empty());
    }
}
