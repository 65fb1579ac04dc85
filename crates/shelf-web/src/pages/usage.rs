//! What a team uses: numbers against its plan, and its last thirty days as a small drawing.

use maud::{Markup, html};
use shelf_domain::plan::{Plan, Stock};
use time::OffsetDateTime;

use crate::{frame::Frame, ui::when, words};

/// How wide a day is drawn, and how far one is from the next.
const BAR: usize = 8;
/// The same with the gap after it.
const STEP: usize = 10;
/// How high the drawing is.
const HEIGHT: u64 = 80;

/// One thing the plan bounds.
#[derive(Debug, Clone, Copy)]
pub struct BoundLine {
    /// What.
    pub stock: Stock,
    /// How much of it there is.
    pub used: u64,
    /// How much there may be; nothing for any amount.
    pub most: Option<u64>,
}

/// One library.
#[derive(Debug, Clone)]
pub struct LibraryLine {
    /// What it is called.
    pub name: String,
    /// Its bookmarks.
    pub bookmarks: u64,
    /// Bytes of its files: those kept with bookmarks, those that wait for an import, and the copy
    /// devices begin from.
    pub bytes: u64,
    /// When something was written to it last.
    pub written_at: Option<OffsetDateTime>,
}

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct UsagePage {
    /// The team: its id and name.
    pub team: (String, String),
    /// The plan it is on.
    pub plan: Plan,
    /// What the plan bounds.
    pub bounds: Vec<BoundLine>,
    /// Its libraries, the fullest first.
    pub libraries: Vec<LibraryLine>,
    /// What was asked for on each day, in units, today last.
    pub days: Vec<(OffsetDateTime, u64)>,
}

/// What a plan is called.
pub fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Home => "Home",
        Plan::Personal => "Personal",
        Plan::Team => "Team",
    }
}

/// What is bounded, as the head of a line.
pub fn stock_name(stock: Stock) -> &'static str {
    match stock {
        Stock::Cost => "Asked for today, units of work",
        Stock::Bookmarks => "Bookmarks in all libraries",
        Stock::BookmarksALibrary => "Bookmarks in the fullest library",
        Stock::Members => "Members",
        Stock::Libraries => "Libraries",
        Stock::Webhooks => "Webhooks",
        Stock::Tokens => "Keys of one person",
        Stock::WaitingBytes => "Files that wait, bytes",
        Stock::CaptureBytes => "Files kept with bookmarks, bytes",
    }
}

/// The page.
pub fn usage(page: &UsagePage, _frame: &Frame) -> Markup {
    let (team, name) = &page.team;
    html! {
        div.page {
            header {
                p.small { a href="/people" { "People" } " / " a href={ "/people/" (team) } { (name) } }
                h1 { "What is used" }
                p { "The plan is " strong { (plan_name(page.plan)) } ". What is full refuses new things alone: reading, exporting and removing always go on." }
            }
            section.part {
                h2 { "Against the plan" }
                ul { @for bound in &page.bounds { (bound_line(*bound)) } }
            }
            (by_library(&page.libraries))
            section.part {
                h2 { "The last thirty days" }
                p.muted { "How much work was asked for by everybody here: reading costs one unit, saving two, searching three." }
                @if page.days.iter().all(|(_, units)| *units == 0) {
                    p { "Nobody asked for anything in these days." }
                } @else {
                    (plot(&page.days))
                    details {
                        summary { "As numbers" }
                        (numbers(&page.days))
                    }
                }
            }
        }
    }
}

/// The libraries as a table.
fn by_library(libraries: &[LibraryLine]) -> Markup {
    html! {
        section.part {
            h2 id="by-library" { "By library" }
            @if libraries.is_empty() {
                p { "There is no library here yet." }
            } @else {
                p.muted { "Files are those kept with bookmarks, what waits to be imported, and the copy new devices begin from. The last two go by themselves." }
                div.scroll role="region" aria-labelledby="by-library" tabindex="0" {
                    table.figures {
                        thead { tr {
                            th scope="col" { "Library" }
                            th.num scope="col" { "Bookmarks" }
                            th.num scope="col" { "Files" }
                            th.end scope="col" { "Last written" }
                        } }
                        tbody { @for library in libraries { tr {
                            th scope="row" { (library.name) }
                            td.num { (words::count(library.bookmarks)) }
                            td.num { @if library.bytes == 0 { "none" } @else { (words::size(library.bytes)) } }
                            td.end { @match library.written_at {
                                Some(at) => { (when::day(at)) },
                                None => { "never" },
                            } }
                        } } }
                    }
                }
            }
        }
    }
}

/// The days as a table, the latest first.
fn numbers(days: &[(OffsetDateTime, u64)]) -> Markup {
    html! {
        table.figures {
            caption.sr { "Units of work, day by day" }
            thead { tr { th scope="col" { "Day (UTC)" } th.num scope="col" { "Units" } } }
            tbody { @for (day, units) in days.iter().rev() {
                tr { th scope="row" { (words::day(*day)) } td.num { (words::count(*units)) } }
            } }
        }
    }
}

/// One bound with its bar; the bar says nothing the words do not.
pub fn bound_line(bound: BoundLine) -> Markup {
    let BoundLine { stock, used, most } = bound;
    html! {
        li.used {
            div.line-item {
                span.grow { (stock_name(stock)) }
                span.small.muted {
                    (words::count(used)) @if let Some(most) = most { " of " (words::count(most)) } @else { ", any number" }
                }
            }
            @if let Some(most) = most {
                progress.progress aria-label=(stock_name(stock)) max=(most.max(1)) value=(used.min(most)) {}
            }
        }
    }
}

/// The days as bars, the highest as high as the drawing.
fn plot(days: &[(OffsetDateTime, u64)]) -> Markup {
    let top = days.iter().map(|(_, units)| *units).max().unwrap_or(0).max(1);
    let width = days.len().max(1) * STEP;
    let all = days.iter().fold(0_u64, |all, (_, units)| all.saturating_add(*units));
    let said = format!(
        "{} in {}, at most {} on one. Today is the last bar; the numbers stand below.",
        words::counted(all, "unit", "units"),
        words::counted(days.len() as u64, "day", "days"),
        words::count(top)
    );
    html! {
        svg.plot role="img" aria-labelledby="plot-title" aria-describedby="plot-said"
            viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
            title id="plot-title" { "Units of work, day by day" }
            desc id="plot-said" { (said) }
            @for (at, (day, units)) in days.iter().enumerate() {
                @let height = bar(*units, top);
                rect x=(at * STEP) y=(HEIGHT - height) width=(BAR) height=(height) {
                    title { (words::day(*day)) ": " (words::count(*units)) }
                }
            }
        }
    }
}

/// How high a day of `units` is drawn where the highest has `top`: what is not nothing is seen.
fn bar(units: u64, top: u64) -> u64 {
    let exact = u128::from(units) * u128::from(HEIGHT) / u128::from(top.max(1));
    let height = u64::try_from(exact).unwrap_or(HEIGHT).min(HEIGHT);
    if units > 0 { height.max(1) } else { 0 }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn page(text: &str) -> UsagePage {
        let day = datetime!(2026-01-02 00:00 UTC);
        UsagePage {
            team: ("t".into(), text.into()),
            plan: Plan::Team,
            bounds: vec![
                BoundLine { stock: Stock::Members, used: 3, most: Some(2) },
                BoundLine { stock: Stock::Bookmarks, used: 1_234, most: None },
            ],
            libraries: vec![
                LibraryLine {
                    name: text.into(),
                    bookmarks: 12_345,
                    bytes: 2_500_000,
                    written_at: Some(day),
                },
                LibraryLine { name: "Empty".into(), bookmarks: 0, bytes: 0, written_at: None },
            ],
            days: vec![(day, 0), (day, 1), (day, u64::MAX)],
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let out = usage(&page(string), &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
        }
    }

    #[test]
    fn a_bar_is_never_longer_than_its_room_and_what_is_not_nothing_is_seen() {
        let out = usage(&page("x"), &Frame::default()).into_string();
        assert!(out.contains("max=\"2\" value=\"2\""), "more than there may be is full: {out}");
        assert!(out.contains("any number"));
        assert_eq!([0, 1, 50, 100].map(|units| bar(units, 100)), [0, 1, 40, 80]);
        assert_eq!((bar(u64::MAX, u64::MAX), bar(5, 0)), (80, 80));
    }

    #[test]
    fn the_drawing_says_in_words_what_it_shows_and_stands_as_numbers_too() {
        let out = usage(&page("x"), &Frame::default()).into_string();
        assert!(out.contains("role=\"img\"") && out.contains("units in 3 days"), "{out}");
        assert!(
            out.contains("aria-describedby=\"plot-said\"")
                && out.contains("<desc id=\"plot-said\"")
        );
        assert_eq!(out.matches("<rect").count(), 3);
        let table = out.split("As numbers").nth(1).unwrap();
        assert_eq!(table.matches("<tr>").count(), 4);
    }

    #[test]
    fn numbers_have_thousands_apart_and_units_and_nothing_is_said_in_words() {
        let out = usage(&page("x"), &Frame::default()).into_string();
        for words in [">12,345<", ">2.5 MB<", ">none<", ">never<", "scope=\"row\">Empty<"] {
            assert!(out.contains(words), "{words}: {out}");
        }
        let bare = UsagePage { libraries: Vec::new(), days: Vec::new(), ..page("x") };
        let out = usage(&bare, &Frame::default()).into_string();
        assert!(out.contains("There is no library here yet") && out.contains("Nobody asked"));
        assert!(!out.contains("<svg class=\"plot\"") && !out.contains("<table"), "{out}");
    }
}
