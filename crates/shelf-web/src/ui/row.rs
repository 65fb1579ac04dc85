//! One bookmark in a list; cards and table are the same markup in another coat.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::icon::icon;
use crate::{link, marked::Marked, words};

/// What a list shows of one bookmark.
#[derive(Debug, Clone)]
pub struct RowView {
    /// The item's id.
    pub id: String,
    /// The saved address, as typed.
    pub url: String,
    /// What to call it; the address when it has no title.
    pub title: Marked,
    /// A sentence or two from description, notes or text; may be empty.
    pub snippet: Marked,
    /// Its tags: where each leads, and its name.
    pub tags: Vec<(String, String)>,
    /// One folder it stands in, as a path and an id.
    pub place: Option<(String, String)>,
    /// When it was saved.
    pub saved_at: OffsetDateTime,
    /// Whether it waits to be read.
    pub unread: bool,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// How many comments people made on it; not told in searches.
    pub comments: u64,
    /// Why a search found it, in words; empty outside of searches.
    pub why: Vec<String>,
}

/// Tags shown on a row before the rest is counted.
const TAGS_SHOWN: usize = 3;

/// The row of one bookmark; `base` is the list's own address, to which the chosen item is added.
pub fn row(view: &RowView, base: &str, open: Option<&str>) -> Markup {
    placed_row(view, base, open, None)
}

/// The row of one bookmark, to be put where it stands already, whatever else is answered.
pub fn fresh_row(view: &RowView, base: &str) -> Markup {
    placed_row(view, base, None, Some("true"))
}

/// The order to take the row of `id` off the list.
pub fn no_row(id: &str) -> Markup {
    html! { li id={ "item-" (id) } hx-swap-oob="delete" {} }
}

fn placed_row(view: &RowView, base: &str, open: Option<&str>, swap: Option<&str>) -> Markup {
    let site = link::site(&view.url);
    let href = link::with(base, "item", &view.id);
    let letter = site.chars().next().unwrap_or('·');
    html! {
        li.row id={ "item-" (view.id) } data-id=(view.id) data-unread[view.unread]
            hx-swap-oob=[swap] data-open[open == Some(view.id.as_str())] {
            label.pick {
                span.tile data-cloth=(link::cloth(&site)) aria-hidden="true" { (letter) }
                input.check type="checkbox" name="item" value=(view.id)
                    aria-label={ "Select " (view.title.text()) };
            }
            div.row-body {
                a.row-title href=(href) hx-get=(href) hx-target="#panel" hx-push-url="true" data-row-link {
                    @if view.title.is_empty() { (view.url) } @else { (view.title) }
                }
                @if !view.snippet.is_empty() { p.row-snippet dir="auto" { (view.snippet) } }
                p.row-meta { (meta(view, &site)) }
            }
            div.acts { (acts(view)) }
        }
    }
}

fn meta(view: &RowView, site: &str) -> Markup {
    html! {
        span.row-site { (site) }
        @if let Some((path, id)) = &view.place {
            span.row-place { a href={ "/folders/" (id) } { (path) } }
        }
        time.row-date datetime=(words::machine(view.saved_at)) { (words::day(view.saved_at)) }
        @for (href, name) in view.tags.iter().take(TAGS_SHOWN) {
            a.tag-link href=(href) { "#" (name) }
        }
        @if view.tags.len() > TAGS_SHOWN { span.tag-link { "+" (view.tags.len() - TAGS_SHOWN) } }
        @if view.comments > 0 {
            span.row-said title="Comments" { (words::counted(view.comments, "comment", "comments")) }
        }
        @if !view.why.is_empty() {
            span.row-why title="Why this was found" { (view.why.join(", ")) }
        }
    }
}

fn acts(view: &RowView) -> Markup {
    let (star, shelf) =
        if view.favourite { ("no", "Not a favourite") } else { ("yes", "Favourite") };
    let (away, archive) =
        if view.archived { ("no", "Back from the archive") } else { ("yes", "Archive") };
    html! {
        button.btn.btn-icon type="submit" formaction={ "/items/" (view.id) "/flags?favourite=" (star) }
            hx-post={ "/items/" (view.id) "/flags?favourite=" (star) } hx-target="closest .row" hx-swap="outerHTML"
            aria-pressed=(view.favourite) title=(shelf) data-act="favourite" { (icon("star")) span.sr { (shelf) } }
        button.btn.btn-icon type="submit" formaction={ "/items/" (view.id) "/flags?archived=" (away) }
            hx-post={ "/items/" (view.id) "/flags?archived=" (away) } hx-target="closest .row" hx-swap="outerHTML"
            aria-pressed=(view.archived) title=(archive) data-act="archive" {
            (icon(if view.archived { "archive-restore" } else { "archive" })) span.sr { (archive) }
        }
        @if let Some(href) = link::followable(&view.url) {
            a.btn.btn-icon.always href=(href) target="_blank" rel="noopener noreferrer" title="Open the page"
                data-opened=(view.id) { (icon("external-link")) span.sr { "Open the page" } }
        }
    }
}

/// Rows under each other, ending in the way to the next page.
pub fn rows(views: &[RowView], base: &str, open: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @for view in views { (row(view, base, open)) }
        @if let Some(next) = next {
            li.more hx-get=(next) hx-trigger="intersect once" hx-target="this" hx-swap="outerHTML" {
                a.btn.btn-small href=(next) rel="next" { "More" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn view(title: &str, url: &str) -> RowView {
        RowView {
            id: "0198".into(),
            url: url.into(),
            title: Marked::plain(title),
            snippet: Marked::default(),
            tags: vec![("/tags/t1".into(), "a b".into()), ("/tags/t2".into(), "<i>".into())],
            place: Some(("Reading / <b>Rust</b>".into(), "f1".into())),
            saved_at: datetime!(2024-03-12 10:00 UTC),
            unread: true,
            favourite: false,
            archived: false,
            comments: 0,
            why: Vec::new(),
        }
    }

    #[test]
    fn hostile_titles_tags_and_folders_stay_text() {
        for title in crate::pages::hostile::STRINGS {
            let out =
                row(&view(title, "https://example.org"), "/library?q=<a>", None).into_string();
            crate::pages::hostile::assert_dead(&out, title);
        }
    }

    #[test]
    fn an_address_that_could_run_is_not_a_link() {
        let out = row(&view("x", "javascript:alert(1)"), "/library", None).into_string();
        assert!(!out.contains("javascript:"));
        let out = row(&view("", "javascript:alert(1)"), "/library", None).into_string();
        assert!(!out.contains("href=\"javascript:"));
        assert!(out.contains(">javascript:alert(1)</a>"), "still shown as text");
    }

    #[test]
    fn the_next_page_is_a_link_before_it_is_a_script() {
        let out = rows(&[], "/library", None, Some("/library?after=x")).into_string();
        assert!(out.contains("<a class=\"btn btn-small\" href=\"/library?after=x\" rel=\"next\""));
    }
}
