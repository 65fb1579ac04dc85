//! The search use case: read the query, ask the library's vocabulary, run the plan, show the hits.

use super::plan::{Draft, Drawn, How, Mode, Tuning};
use super::snippet::{Marked, Marker, Why};
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::privacy::Purpose;
use shelf_domain::query::Query;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;
use shelf_ports::library::Library;
use shelf_ports::privacy::may_process;
use shelf_ports::search::{
    BookmarkText, CANDIDATES_MAX, Embedder, Embedding, Facets, SearchIndex, Texts,
};
use std::sync::Arc;
use std::time::Duration;

/// Most hits of one answer.
pub const HITS_MAX: usize = 200;
/// How long an answer waits for the write its asker wants to see.
const AT_LEAST_WAIT: Duration = Duration::from_secs(2);
/// How long an answer waits for what was written before the question. Whoever types on while a
/// large file comes in waits no longer than this, and is told what is missing.
const SOON_WAIT: Duration = Duration::from_millis(150);

/// What search needs: the log's heads, an index, a model, and the texts for snippets.
#[derive(Clone, Debug)]
pub struct SearchPorts {
    /// Where logs stand.
    pub library: Arc<dyn Library>,
    /// Candidates.
    pub index: Arc<dyn SearchIndex>,
    /// Meaning.
    pub embedder: Arc<dyn Embedder>,
    /// What hits show.
    pub texts: Arc<dyn Texts>,
}

/// One search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchAsk {
    /// As typed.
    pub query: String,
    /// What ranks.
    pub mode: Mode,
    /// How many hits, at most [`HITS_MAX`].
    pub limit: usize,
    /// How many hits to leave out first; with `limit` at most [`CANDIDATES_MAX`].
    pub offset: usize,
    /// How many values of each facet; 0 for none.
    pub facets: usize,
    /// The write that must be seen, if any.
    pub at_least: Option<Seq>,
    /// The arithmetic; [`Tuning::CHOSEN`] but in measurements.
    pub tuning: Tuning,
}

impl SearchAsk {
    /// The first page for `query`.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            mode: Mode::default(),
            limit: 20,
            offset: 0,
            facets: 12,
            at_least: None,
            tuning: Tuning::CHOSEN,
        }
    }
}

/// `ask` as it is answered to whoever asks: by words alone, where they restricted what is done with
/// what is theirs.
pub async fn as_chosen(ctx: &Ctx, ask: SearchAsk) -> Result<SearchAsk, Failure> {
    let by_meaning = may_process(&*ctx.stores.accounts, ctx.person, Purpose::Meaning).await?;
    let mode = if by_meaning { ask.mode } else { Mode::Words };
    Ok(SearchAsk { mode, ..ask })
}

/// One bookmark that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The bookmark.
    pub item: ItemId,
    /// Its number.
    pub number: u32,
    /// Its texts as they are now.
    pub text: BookmarkText,
    /// Its title with what matched.
    pub title: Marked,
    /// The piece of description or notes that matched best.
    pub snippet: Marked,
    /// Higher is better; only comparable within one answer.
    pub score: f32,
    /// Why it was found.
    pub why: Why,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchAnswer {
    /// The page of hits, best first.
    pub hits: Vec<Hit>,
    /// How many were found in all.
    pub total: u64,
    /// What those have in common.
    pub facets: Facets,
    /// What the query said that could not be taken as written.
    pub hints: Vec<String>,
    /// Words that were taken for others: as typed, and as read.
    pub corrected: Vec<(String, String)>,
    /// The position of the library this was read at, at least.
    pub seq: Seq,
    /// How many changes written before the question are not searchable yet.
    pub behind: u64,
    /// How many bookmarks were looked at, those that came in last, where an engine is away and
    /// there are more.
    pub newest_only: Option<u64>,
    /// Whether a further page may follow.
    pub more: bool,
}

/// Finds bookmarks of one library.
pub async fn search(
    ports: &SearchPorts,
    scope: Scope,
    ask: SearchAsk,
) -> Result<SearchAnswer, Failure> {
    if ask.limit > HITS_MAX || ask.offset.saturating_add(ask.limit) > CANDIDATES_MAX {
        return Err(Refused::new(Code::Invalid, "limit", "too many hits asked for").into());
    }
    if let Some(seq) = ask.at_least {
        let reached = tokio::time::timeout(AT_LEAST_WAIT, ports.index.reached(scope, seq)).await;
        reached.map_err(|_| {
            Refused::new(Code::NotYet, "at_least", "that write is not followed yet")
        })??;
    }
    let head = caught_up(ports, scope).await?;
    let query = Query::read(&ask.query);
    let mut drawn = draw(ports, scope, &query, &ask).await?;
    drawn.plan.limit = ask.offset + ask.limit;
    drawn.plan.facets = ask.facets;
    let found = ports.index.candidates(scope, &drawn.plan).await?;
    let more = found.candidates.len() == drawn.plan.limit && found.total > drawn.plan.limit as u64;
    let page = found.candidates.get(ask.offset..).unwrap_or_default();
    let items: Vec<ItemId> = page.iter().map(|candidate| candidate.item).collect();
    let texts = ports.texts.texts(scope, &items).await?;
    let marker = Marker::new(&drawn);
    let hits = page.iter().zip(texts).filter_map(|(candidate, text)| {
        let text = text?;
        let shown = marker.show(&text);
        let why = Why { words: shown.words, meaning: candidate.meaning };
        let (item, number, score) = (candidate.item, candidate.number, candidate.score);
        Some(Hit { item, number, text, title: shown.title, snippet: shown.snippet, score, why })
    });
    Ok(SearchAnswer {
        hits: hits.collect(),
        total: found.total,
        facets: found.facets,
        hints: query.hints.iter().map(ToString::to_string).collect(),
        corrected: corrected(&drawn),
        seq: found.seq,
        behind: head.saturating_sub(found.seq),
        newest_only: found.newest_only,
        more,
    })
}

/// Waits a moment for what is written now to be searchable; where the log stands.
async fn caught_up(ports: &SearchPorts, scope: Scope) -> Result<Seq, Failure> {
    let head = ports.library.head(scope).await?.seq;
    // Whether it came in time is told by the answer itself.
    if let Ok(reached) = tokio::time::timeout(SOON_WAIT, ports.index.reached(scope, head)).await {
        reached?;
    }
    Ok(head)
}

/// The plan of `query` in the words this library knows; limit and facets are not set.
pub async fn draw(
    ports: &SearchPorts,
    scope: Scope,
    query: &Query,
    ask: &SearchAsk,
) -> Result<Drawn, Failure> {
    let draft = Draft::of(query, ask.mode);
    let vocabulary = ports.index.vocabulary(scope, &draft.probes).await?;
    let about = query.about();
    let vector: Option<Embedding> = if ask.mode == Mode::Words || about.is_empty() {
        None
    } else {
        ports.embedder.embed(&[&about]).await?.pop().flatten()
    };
    Ok(draft.draw(&vocabulary, &ask.tuning, ask.mode, vector))
}

/// Words that stand only for others a slip away.
fn corrected(drawn: &Drawn) -> Vec<(String, String)> {
    let taken = drawn.read.iter().filter_map(|read| {
        let slip = read.terms.iter().find(|(_, how, _)| *how == How::Typo)?;
        Some((read.asked.clone(), slip.2.clone()))
    });
    taken.collect()
}
