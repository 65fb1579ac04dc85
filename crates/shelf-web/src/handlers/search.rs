//! Searching while one types: the library's list, ranked by words and meaning.

use shelf_bookmarks::search::{Hit, SearchAnswer, SearchAsk, as_chosen, search as find};
use shelf_ports::search::{Facets, Flags};

use super::{
    Answer, items,
    lists::{Ask, answer, is_panel},
};
use crate::{
    frame::Here,
    link,
    marked::{Marked, Piece},
    pages::list::{Coat, Facet, FacetGroup, ListPage},
    ui::row::RowView,
    visit::{Visit, moment},
    words::counted,
};

/// Hits of one page.
const PAGE_HITS: usize = 40;
/// Values of each facet.
const FACETS: usize = 6;
/// How near a hit must be in meaning for that to be a reason worth telling.
const MEANING_TOLD: f32 = 0.35;

/// What the query finds, best first.
pub(super) async fn search(visit: Visit, ask: Ask) -> Answer {
    if is_panel(&visit, &ask) {
        return items::panel(&visit, &ask.item).await;
    }
    let clock = &visit.ctx.stores.clock;
    let offset = ask.after.parse().unwrap_or(0);
    let facets = if offset == 0 { FACETS } else { 0 };
    let asked = SearchAsk { limit: PAGE_HITS, offset, facets, ..SearchAsk::new(ask.q.clone()) };
    let asked = as_chosen(&visit.ctx, asked).await?;
    let began = clock.ticks_us();
    let found = find(&visit.web.search, visit.scope, asked).await?;
    let took_us = clock.ticks_us().saturating_sub(began);
    let base = link::with("/library", "q", &ask.q);
    let next = found.more.then(|| link::with(&base, "after", &(offset + PAGE_HITS).to_string()));
    let page = ListPage {
        heading: "Found".into(),
        total: found.total,
        coat: if ask.view.is_empty() { visit.coat } else { Coat::named(&ask.view) },
        rows: found.hits.iter().map(row).collect(),
        next,
        facets: groups(&found.facets, &ask.q),
        took_us: Some(took_us),
        remarks: remarks(&found),
        open: Some(ask.item.clone()).filter(|item| !item.is_empty()),
        base,
        ..ListPage::default()
    };
    answer(visit, Here::Elsewhere, &page, &ask).await
}

fn row(hit: &Hit) -> RowView {
    let text = &hit.text;
    RowView {
        id: hit.item.to_string(),
        url: text.url.clone(),
        title: marked(&hit.title),
        snippet: marked(&hit.snippet),
        tags: text.tags.iter().map(|name| (address(&word("tag", name)), name.clone())).collect(),
        place: text.folders.first().and_then(|path| {
            let names: Vec<&str> = path.iter().map(|folder| folder.name.as_str()).collect();
            Some((names.join(" / "), path.last()?.id.to_string()))
        }),
        saved_at: moment(text.created_at_ms),
        unread: text.flags.has(Flags::UNREAD),
        favourite: text.flags.has(Flags::FAVOURITE),
        archived: text.flags.has(Flags::ARCHIVED),
        comments: 0,
        why: why(hit),
    }
}

fn marked(text: &shelf_bookmarks::search::snippet::Marked) -> Marked {
    let pieces = text.pieces().into_iter().filter(|(text, _)| !text.is_empty());
    Marked(pieces.map(|(text, marked)| Piece { text: text.to_owned(), marked }).collect())
}

fn why(hit: &Hit) -> Vec<String> {
    let mut reasons: Vec<String> = hit
        .why
        .words
        .iter()
        .map(|word| {
            let other = word.taken_for.as_ref().map(|other| format!(" (as {other})"));
            format!("{}{} in {}", word.asked, other.unwrap_or_default(), word.fields.join(", "))
        })
        .collect();
    if hit.why.meaning >= MEANING_TOLD || (reasons.is_empty() && hit.why.meaning > 0.0) {
        reasons.push(format!("meaning {:.0} %", f64::from(hit.why.meaning.max(0.0)) * 100.0));
    }
    reasons
}

fn remarks(found: &SearchAnswer) -> Vec<String> {
    let corrected =
        found.corrected.iter().map(|(typed, read)| format!("“{typed}” was read as “{read}”"));
    let behind = (found.behind > 0).then(|| {
        let changes = counted(found.behind, "change", "changes");
        format!("{changes} still to be made searchable: what came in last may be missing")
    });
    let partial = found.newest_only.map(|most| {
        let bookmarks = counted(most, "bookmark", "bookmarks");
        format!("The search engine is away: only the {bookmarks} that came in last were looked at")
    });
    corrected.chain(found.hints.iter().cloned()).chain(behind).chain(partial).collect()
}

fn groups(facets: &Facets, query: &str) -> Vec<FacetGroup> {
    let named = |name: &str, key: &str, values: &[(String, u32)]| FacetGroup {
        name: name.to_owned(),
        choices: values
            .iter()
            .map(|(value, count)| facet(value, *count, word(key, value), query))
            .collect(),
    };
    let states: Vec<(String, u32)> =
        facets.flags.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let years = facets.years.iter().map(|(year, count)| {
        facet(&year.to_string(), *count, format!("after:{year} before:{}", year + 1), query)
    });
    vec![
        named("Tags", "tag", &facets.tags),
        named("Sites", "site", &facets.sites),
        named("Folders", "in", &facets.folders),
        FacetGroup { name: "Years".into(), choices: years.take(FACETS).collect() },
        named("State", "is", &states),
    ]
}

/// A choice that adds its word to the query, or takes it away where it stands already.
fn facet(name: &str, count: u32, word: String, query: &str) -> Facet {
    let rest = without(query, &word);
    let chosen = rest.is_some();
    let query = rest.unwrap_or_else(|| format!("{} {word}", query.trim()));
    Facet { name: name.to_owned(), count: u64::from(count), href: address(query.trim()), chosen }
}

fn without(query: &str, word: &str) -> Option<String> {
    let (before, after) = query.split_once(word)?;
    let whole = before.chars().next_back().is_none_or(char::is_whitespace)
        && after.chars().next().is_none_or(char::is_whitespace);
    whole.then(|| format!("{} {}", before.trim_end(), after.trim_start()))
}

/// `key:value` as the query language writes it.
fn word(key: &str, value: &str) -> String {
    if value.chars().any(|c| c.is_whitespace() || c == '"') {
        format!("{key}:\"{}\"", value.replace('"', ""))
    } else {
        format!("{key}:{value}")
    }
}

fn address(query: &str) -> String {
    if query.is_empty() { "/library".to_owned() } else { link::with("/library", "q", query) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_remarked() {
        let partial = SearchAnswer { newest_only: Some(1_000), ..SearchAnswer::default() };
        let [remark] = &remarks(&partial)[..] else { panic!("one remark") };
        assert!(remark.contains(&counted(1_000, "bookmark", "bookmarks")), "{remark}");
        assert!(remarks(&SearchAnswer::default()).is_empty());
    }

    #[test]
    fn a_facet_is_chosen_once_and_let_go_again() {
        let chosen = facet("a b", 3, word("tag", "a b"), "rust");
        assert_eq!(chosen.href, "/library?q=rust+tag%3A%22a+b%22");
        assert!(!chosen.chosen);
        let again = facet("a b", 3, word("tag", "a b"), "rust tag:\"a b\" is:unread");
        assert!(again.chosen);
        assert_eq!(again.href, "/library?q=rust+is%3Aunread");
        assert!(!facet("a", 1, word("tag", "a"), "tag:ab").chosen);
        assert_eq!(facet("a", 1, word("tag", "a"), "tag:a").href, "/library");
    }
}
