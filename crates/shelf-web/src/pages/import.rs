//! Bringing links in: drop a file, see what would happen, watch it happen, read the ledger, undo.

use maud::{Markup, html};

use crate::{
    frame::Frame,
    link,
    ui::{
        button::{Weight, link as link_button, link_icon},
        field::token,
        icon::icon,
        progress,
    },
    words,
};

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Read, nothing written: the dry run.
    Preview,
    /// Being read for the dry run.
    Reading,
    /// Being written.
    Running,
    /// Done.
    Done,
    /// Done, and undone since.
    Undone,
    /// Stopped before its end; what was written stands in the ledger.
    Stopped,
}

/// Everything the page of one import shows.
#[derive(Debug, Clone)]
pub struct ImportPage {
    /// The import's id.
    pub id: String,
    /// The file's name, as the browser gave it.
    pub file: String,
    /// The format that was recognised, in words.
    pub format: String,
    /// How far it has come.
    pub stage: Stage,
    /// Rows read from the file.
    pub parsed: u64,
    /// Rows written so far, for the progress bar.
    pub done: u64,
    /// Rows that became, or would become, new links.
    pub stored: u64,
    /// Rows that joined, or would join, a link already there.
    pub merged: u64,
    /// Rows that were, or would be, refused.
    pub refused: u64,
    /// The folders of the file: depth, name, links in it.
    pub tree: Vec<(usize, String, u64)>,
    /// Folders beyond those listed.
    pub tree_more: u64,
    /// Lines of the ledger on this page.
    pub ledger: Vec<LedgerLine>,
    /// Which outcome the ledger is narrowed to; empty for all.
    pub filter: String,
    /// Where the ledger goes on.
    pub next: Option<String>,
    /// The act that undoes it.
    pub act: Option<String>,
    /// What stopped it.
    pub trouble: Option<String>,
}

/// One row of a file and what became of it.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    /// Its number in the file, from 1.
    pub row: u64,
    /// `stored`, `merged` or `refused`.
    pub outcome: String,
    /// The reason, in words; empty when plainly stored.
    pub reason: String,
    /// Its title, or its address.
    pub name: String,
    /// The item it became or joined.
    pub item: Option<String>,
}

/// One import in the list of earlier ones.
#[derive(Debug, Clone)]
pub struct PastImport {
    /// Its id.
    pub id: String,
    /// The file's name.
    pub file: String,
    /// When, in words.
    pub when: String,
    /// How many links it brought.
    pub stored: u64,
}

/// The page one starts at.
pub fn start(frame: &Frame, past: &[PastImport]) -> Markup {
    html! {
        div.page.stack-l {
            header {
                h1 { "Import and export" }
                p { "Nothing is written before you have seen what would happen." }
            }
            (drop(frame))
            @if !past.is_empty() {
                section {
                    h2 { "Earlier imports" }
                    ul {
                        @for import in past {
                            li.line-item {
                                (icon("file-up"))
                                a.grow href={ "/import/" (import.id) } { (import.file) }
                                span.small.muted { (import.when) ", " (words::counted(import.stored, "link", "links")) }
                            }
                        }
                    }
                }
            }
            section.stack-s {
                h2 { "Take your links out" }
                p.muted { "Everything, in formats others read." }
                div.line { (link_icon("Export", "/export", "download", Weight::Line)) }
            }
        }
    }
}

/// Where a file is dropped; without a script it is chosen and sent.
pub fn drop(frame: &Frame) -> Markup {
    html! {
        form method="post" action="/import" enctype="multipart/form-data" data-drop {
            (token(&frame.csrf))
            label.drop {
                (icon("file-up"))
                strong { "Drop your bookmarks here" }
                span.muted { "A browser's export, or a file from Firefox, Chrome, Pocket or MindShelf. Or press to choose one." }
                input type="file" name="file" required
                    accept=".html,.htm,.json,.jsonl,.ndjson,.jsonlz4,.baklz4,.csv,.txt,.zip";
            }
            button.btn.btn-line.only-plain type="submit" { "Look at it" }
            div data-drop-progress hidden { (progress::bar("Sending the file", 0, 1)) p.small.muted { "Reading the file" } }
            p.note.note-danger data-drop-trouble role="alert" hidden {}
        }
    }
}

/// The page of one import, whatever its stage.
pub fn import(page: &ImportPage, frame: &Frame) -> Markup {
    html! {
        div.page.page-wide.stack-l {
            header {
                h1 { (heading(page.stage)) }
                p { (page.file) " · " (page.format) }
            }
            @match page.stage {
                Stage::Preview => { (preview(page, frame)) }
                Stage::Reading | Stage::Running => { (running(page)) }
                Stage::Done | Stage::Undone | Stage::Stopped => { (done(page, frame)) }
            }
        }
    }
}

fn heading(stage: Stage) -> &'static str {
    match stage {
        Stage::Preview => "Before it comes in",
        Stage::Reading => "Reading the file",
        Stage::Running => "Coming in",
        Stage::Done => "It is in",
        Stage::Undone => "Undone",
        Stage::Stopped => "Stopped on the way",
    }
}

fn sums(page: &ImportPage) -> Markup {
    let here = format!("/import/{}", page.id);
    html! {
        div.sums {
            a href=(here) { strong { (words::count(page.parsed)) } span { "in the file" } }
            a href=(link::with(&here, "outcome", "stored")) { strong { (words::count(page.stored)) } span { "new" } }
            a href=(link::with(&here, "outcome", "merged")) {
                strong { (words::count(page.merged)) } span { "joined with what was there" }
            }
            a href=(link::with(&here, "outcome", "refused")) { strong { (words::count(page.refused)) } span { "refused" } }
        }
    }
}

fn preview(page: &ImportPage, frame: &Frame) -> Markup {
    html! {
        (sums(page))
        form.line method="post" action={ "/import/" (page.id) "/run" } {
            (token(&frame.csrf))
            button.btn.btn-main type="submit" disabled[page.stored + page.merged == 0] {
                "Bring in " (words::counted(page.stored + page.merged, "link", "links"))
            }
            (link_button("Leave it", "/import", Weight::Quiet))
            span.small.muted { "It can be undone afterwards." }
        }
        @if !page.tree.is_empty() {
            section {
                h2 { "Folders in the file" }
                div.outline.box tabindex="0" { (outline(&page.tree)) @if page.tree_more > 0 {
                    p.muted { "and " (words::counted(page.tree_more, "more", "more")) }
                } }
            }
        }
        @if !page.ledger.is_empty() {
            section { h2 { "What needs a look" } (filters(page)) (ledger(page)) }
        }
    }
}

fn outline(tree: &[(usize, String, u64)]) -> Markup {
    html! {
        ul {
            @for (depth, name, count) in tree {
                li.line-item data-depth=(depth.min(&4)) {
                    (icon("folder")) (name) span.num { (words::count(*count)) }
                }
            }
        }
    }
}

/// The part of a running import that refreshes itself until it is done.
pub fn running(page: &ImportPage) -> Markup {
    html! {
        section.stack id="progress" hx-get={ "/import/" (page.id) "/progress" } hx-trigger="every 400ms"
            hx-swap="outerHTML" {
            (progress::bar(heading(page.stage), page.done, page.parsed))
            p.num {
                @if page.parsed == 0 { "Looking what is in it" }
                @else { (words::count(page.done)) " of " (words::counted(page.parsed, "link", "links")) }
            }
            p.only-plain { a.btn.btn-line href={ "/import/" (page.id) } { "See how far it is" } }
        }
    }
}

fn done(page: &ImportPage, frame: &Frame) -> Markup {
    html! {
        @if let Some(trouble) = &page.trouble {
            p.note.note-danger { (icon("triangle-alert")) (trouble) }
        }
        (sums(page))
        p.equation {
            (words::count(page.parsed)) " parsed = " (words::count(page.stored)) " stored + "
            (words::count(page.merged)) " merged + " (words::count(page.refused)) " refused"
        }
        div.line {
            (link_button("To the library", "/library", Weight::Main))
            @if let (Stage::Done | Stage::Stopped, Some(act)) = (page.stage, &page.act) {
                form method="post" action={ "/import/" (act) "/undo" } {
                    (token(&frame.csrf))
                    button.btn.btn-line type="submit" { (icon("undo-2")) "Undo this import" }
                }
            }
        }
        section {
            h2 { "Ledger" }
            (filters(page))
            (ledger(page))
        }
    }
}

fn filters(page: &ImportPage) -> Markup {
    let here = format!("/import/{}", page.id);
    let choices = [
        ("", "All that needs a look"),
        ("merged", "Merged"),
        ("refused", "Refused"),
        ("stored", "Stored"),
    ];
    html! {
        div.seg role="group" aria-label="Show" {
            @for (value, name) in choices {
                @let href = if value.is_empty() { here.clone() } else { link::with(&here, "outcome", value) };
                a href=(href) aria-current=[(page.filter == value).then_some("true")] { (name) }
            }
        }
    }
}

fn ledger(page: &ImportPage) -> Markup {
    html! {
        @if page.ledger.is_empty() {
            p.muted { "No such rows." }
        } @else {
            table.ledger {
                thead { tr { th scope="col" { "Row" } th scope="col" { "Link" } th scope="col" { "What became of it" } } }
                tbody { @for line in &page.ledger { (ledger_line(line)) } }
            }
            @if let Some(next) = &page.next { p { a.btn.btn-line href=(next) rel="next" { "More rows" } } }
        }
    }
}

fn ledger_line(line: &LedgerLine) -> Markup {
    let (class, picture) = match line.outcome.as_str() {
        "stored" => ("outcome outcome-stored", "check"),
        "merged" => ("outcome outcome-merged", "merge"),
        _ => ("outcome outcome-refused", "x"),
    };
    html! {
        tr {
            td { (line.row) }
            td {
                @match &line.item {
                    Some(item) => { a href={ "/items/" (item) } { (line.name) } }
                    None => { (line.name) }
                }
            }
            td {
                span class=(class) { (icon(picture)) (line.outcome) }
                @if !line.reason.is_empty() { p.small.muted { (line.reason) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    pub(crate) fn sample(text: &str, stage: Stage) -> ImportPage {
        ImportPage {
            id: "imp".into(),
            file: text.into(),
            format: "Netscape HTML".into(),
            stage,
            parsed: 3,
            done: 1,
            stored: 1,
            merged: 1,
            refused: 1,
            tree: vec![(0, text.into(), 2)],
            tree_more: 0,
            ledger: vec![LedgerLine {
                row: 2,
                outcome: "refused".into(),
                reason: text.into(),
                name: text.into(),
                item: None,
            }],
            filter: String::new(),
            next: None,
            act: Some("act".into()),
            trouble: Some(text.into()),
        }
    }

    #[test]
    fn hostile_files_stay_text_at_every_stage() {
        for string in hostile::STRINGS {
            for stage in [Stage::Preview, Stage::Running, Stage::Done, Stage::Stopped] {
                let out = import(&sample(string, stage), &Frame::default()).into_string();
                hostile::assert_dead(&out, string);
            }
        }
    }

    #[test]
    fn the_ledger_says_that_nothing_was_lost() {
        let out = import(&sample("f", Stage::Done), &Frame::default()).into_string();
        assert!(out.contains("3 parsed = 1 stored + 1 merged + 1 refused"));
        assert!(out.contains("Undo this import"));
    }

    #[test]
    fn an_undone_import_cannot_be_undone_again() {
        let out = import(&sample("f", Stage::Undone), &Frame::default()).into_string();
        assert!(!out.contains("Undo this import"));
    }
}
