//! How what was found is shown: hits with marks and reasons, and facets.

use crate::moment::Moment;
use crate::wire::Id;
use serde::Serialize;
use shelf_bookmarks::search::Hit;
use shelf_bookmarks::search::snippet::Marked;
use shelf_domain::id::LibraryId;
use shelf_domain::stamp::Seq;
use shelf_ports::search::{Facets, Flags};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Values of each facet.
pub(crate) const FACETS: usize = 12;

/// One bookmark that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
pub(crate) struct HitOut {
    /// The bookmark.
    pub id: Id,
    /// The library it is in.
    #[schema(format = Uuid)]
    pub library: String,
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its title as HTML: escaped, with `<mark>` around what matched.
    pub title_html: String,
    /// The piece of its texts that matched best, as HTML: escaped, with `<mark>` around what
    /// matched.
    pub snippet: String,
    /// Higher is better; only comparable within one answer.
    pub score: f32,
    /// Why it was found, for people.
    pub why: String,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Paths of the collections it is in.
    pub collections: Vec<String>,
    /// When it was saved.
    pub created_at: Moment,
    /// Whether it is still to be read.
    pub unread: bool,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is archived.
    pub archived: bool,
}

impl HitOut {
    /// How `hit` of `library` stands on the wire.
    pub(crate) fn of(hit: Hit, library: LibraryId) -> Self {
        let path = |folders: &Vec<shelf_ports::search::Folder>| {
            folders.iter().map(|folder| folder.name.as_str()).collect::<Vec<_>>().join("/")
        };
        let flags = hit.text.flags;
        Self {
            id: Id(hit.item),
            library: library.to_string(),
            title_html: html(&hit.title),
            snippet: html(&hit.snippet),
            score: hit.score,
            why: hit.why.to_string(),
            collections: hit.text.folders.iter().map(path).collect(),
            created_at: Moment(hit.text.created_at_ms),
            unread: flags.has(Flags::UNREAD),
            favourite: flags.has(Flags::FAVOURITE),
            archived: flags.has(Flags::ARCHIVED),
            url: hit.text.url,
            title: hit.text.title,
            tags: hit.text.tags,
        }
    }
}

/// A marked text as HTML.
fn html(marked: &Marked) -> String {
    let mut html = String::new();
    for (piece, matched) in marked.pieces() {
        html.push_str(if matched { "<mark>" } else { "" });
        for letter in piece.chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                plain => html.push(plain),
            }
        }
        html.push_str(if matched { "</mark>" } else { "" });
    }
    html
}

/// One value and how many found bookmarks have it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FacetValue)]
struct ValueOut {
    /// The value.
    value: String,
    /// How many.
    count: u64,
}

/// What the found bookmarks have in common.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Facets)]
pub(crate) struct FacetsOut {
    /// Tags, for `tag:`.
    tags: Vec<ValueOut>,
    /// Sites, for `site:`.
    sites: Vec<ValueOut>,
    /// Collections, for `in:`.
    collections: Vec<ValueOut>,
    /// Years of saving.
    years: Vec<ValueOut>,
    /// States, for `is:`.
    flags: Vec<ValueOut>,
}

/// The facets of several libraries as one.
pub(crate) fn merged(all: Vec<Facets>) -> FacetsOut {
    let sums = |pick: &dyn Fn(&Facets) -> Vec<(String, u32)>| {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (value, count) in all.iter().flat_map(pick) {
            *sums.entry(value).or_default() += u64::from(count);
        }
        let mut rows: Vec<ValueOut> =
            sums.into_iter().map(|(value, count)| ValueOut { value, count }).collect();
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        rows.truncate(FACETS);
        rows
    };
    let year = |(year, count): &(i32, u32)| (year.to_string(), *count);
    let flag = |(name, count): &(&'static str, u32)| ((*name).to_owned(), *count);
    FacetsOut {
        tags: sums(&|facets| facets.tags.clone()),
        sites: sums(&|facets| facets.sites.clone()),
        collections: sums(&|facets| facets.folders.clone()),
        years: sums(&|facets| facets.years.iter().map(year).collect()),
        flags: sums(&|facets| facets.flags.iter().map(flag).collect()),
    }
}

/// A word that was taken for another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Corrected)]
pub(crate) struct CorrectedOut {
    /// As typed.
    pub typed: String,
    /// As read.
    pub read: String,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Found)]
pub(crate) struct FoundOut {
    /// The page of hits, best first.
    pub hits: Vec<HitOut>,
    /// How many were found in all.
    pub total: u64,
    /// How long it took, microseconds.
    pub took_us: u64,
    /// What those have in common.
    pub facets: FacetsOut,
    /// What the query said that could not be taken as written.
    pub hints: Vec<String>,
    /// Words that were taken for others.
    pub corrected: Vec<CorrectedOut>,
    /// The position each library was read at, by id.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub heads: BTreeMap<String, Seq>,
    /// How many changes written before the question are not searchable yet; 0 but while much
    /// comes in at once, or an engine is away.
    pub behind: u64,
    /// What the answer lacks because an engine is away. `older`: only the bookmarks that came in
    /// last were looked at.
    pub degraded: Vec<&'static str>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matched_is_marked_and_what_is_hostile_stays_text() {
        let matched = 3..7;
        let marked = Marked { text: "<b>rust & \"co\"".to_owned(), marks: Vec::from([matched]) };
        assert_eq!(html(&marked), "&lt;b&gt;<mark>rust</mark> &amp; &quot;co&quot;");
    }
}
