//! The server, for whoever runs it: tenants in numbers, their plans, and how everything stands.
//! Nothing of what is in a library.

use maud::{Markup, html};
use shelf_domain::{audit::Deed, plan::Plan};
use shelf_ports::machine::{Following, Share, Stand};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    pages::usage::plan_name,
    ui::{
        button::{Weight, link},
        field::token,
        icon::icon,
        when,
    },
    words,
};

/// One tenant.
#[derive(Debug, Clone)]
pub struct TenantLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The plan it is on.
    pub plan: Plan,
    /// How many members it has.
    pub members: u64,
    /// How many libraries.
    pub libraries: u64,
    /// How many bookmarks in all of them.
    pub bookmarks: u64,
    /// Units of work asked for today.
    pub today: u64,
    /// Deliveries of webhooks that wait, and that were given up.
    pub deliveries: (u64, u64),
    /// When something was written to any of its libraries last.
    pub written_at: Option<OffsetDateTime>,
}

/// Everything the page shows.
#[derive(Debug, Clone, Default)]
pub struct AdminPage {
    /// The tenants of this page.
    pub tenants: Vec<TenantLine>,
    /// Where the next ones are.
    pub next: Option<String>,
    /// How the process that answers stands, and the engines behind it.
    pub stand: Stand,
    /// What the reader did here, latest first.
    pub deeds: Vec<DeedLine>,
}

/// Something the reader did as who runs the server.
#[derive(Debug, Clone)]
pub struct DeedLine {
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub deed: Deed,
    /// The team or person it was done to; empty where it is not there any more.
    pub name: String,
    /// The plan that was given.
    pub plan: Option<Plan>,
}

/// The page.
pub fn admin(page: &AdminPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "This server" }
                p { "You run it. You see names and numbers here, and nothing anybody saved. What you decide about a team stands in its own log, and in yours." }
            }
            (stands(&page.stand))
            section.part {
                h2 { "Teams" }
                @if page.tenants.is_empty() { p { "There are no more teams." } }
                @for tenant in &page.tenants { (tenant_line(tenant, frame)) }
                @if let Some(next) = &page.next { p { (link("More", next, Weight::Line)) } }
            }
            (deeds(&page.deeds))
        }
    }
}

/// What the reader did, in words.
fn deeds(deeds: &[DeedLine]) -> Markup {
    html! {
        section.part {
            h2 { "What you did" }
            @if deeds.is_empty() {
                p.muted { "Nothing yet. Plans you give and people you let run the server are listed here." }
            }
            ul { @for one in deeds {
                li.line-item {
                    span.grow { (deed_words(one)) }
                    span.small.muted { (when::moment(one.at)) }
                }
            } }
        }
    }
}

fn deed_words(one: &DeedLine) -> Markup {
    let gone = |what: &'static str| if one.name.is_empty() { what } else { one.name.as_str() };
    html! {
        @match (one.deed, one.plan) {
            (Deed::OperatorNamed, _) => { "You let " (gone("somebody who is gone")) " run this server" },
            (Deed::OperatorEnded, _) => { "You ended that " (gone("somebody who is gone")) " runs this server" },
            (_, Some(plan)) => { "You gave " (gone("a team that is gone")) " the plan " (plan_name(plan)) },
            (_, None) => { "You let " (gone("a team that is gone")) " be on the plan of the server" },
        }
    }
}

fn stands(stand: &Stand) -> Markup {
    let Stand { waiting, degraded, following, .. } = stand;
    html! {
        @if waiting.is_empty() && degraded.is_empty() {
            p.note.note-ok role="status" { (icon("circle-check")) "Everything answers." }
        }
        @for name in waiting {
            p.note.note-danger role="alert" { (icon("triangle-alert")) "Not ready: " (name) "." }
        }
        @for name in degraded {
            p.note role="status" { (icon("triangle-alert")) "Away, and gone on without: " (name) "." }
        }
        section.part {
            h2 { "Queues" }
            ul {
                @for one in following { (following_line(one)) }
                (imports_line(stand))
                li.line-item {
                    span.grow { "Mail" }
                    span.small.muted { "this server sends no mail" }
                }
            }
        }
        (shares(&stand.shares))
    }
}

fn imports_line(stand: &Stand) -> Markup {
    let (running, left) = (stand.imports_running as u64, stand.imports_left as u64);
    html! {
        li.line-item {
            span.grow { "Imports" }
            span.small.muted {
                @if running == 0 { "none runs" } @else { (words::counted(running, "runs", "run")) }
                @if left > 0 { ", " (words::counted(left, "was left and waits", "were left and wait")) " to be settled" }
            }
        }
    }
}

/// Who follows for all processes.
fn shares(shares: &[Share]) -> Markup {
    html! {
        section.part {
            h2 id="shares" { "Processes" }
            @if shares.is_empty() {
                p.muted { "This process follows every library by itself." }
            } @else {
                p.muted { "Libraries fall into 64 groups, which the processes share. Whoever has none stands by." }
                div.scroll role="region" aria-labelledby="shares" tabindex="0" {
                    table.figures {
                        thead { tr {
                            th scope="col" { "Process" }
                            th scope="col" { "Keeps" }
                            th.num scope="col" { "Groups" }
                        } }
                        tbody { @for share in shares { tr {
                            th scope="row" { code { (share.process) } }
                            td { (share.follower) }
                            td.num { (words::count(share.groups as u64)) }
                        } } }
                    }
                }
            }
        }
    }
}

fn following_line(one: &Following) -> Markup {
    html! {
        li.line-item {
            span.grow { (one.name) }
            span.small.muted {
                (words::counted(one.lag_changes, "change", "changes")) " behind"
                @if one.parked > 0 { ", stuck at " (words::counted(one.parked as u64, "library", "libraries")) }
            }
        }
    }
}

fn tenant_line(tenant: &TenantLine, frame: &Frame) -> Markup {
    let (waiting, failed) = tenant.deliveries;
    html! {
        div.setting {
            div {
                h3 { (tenant.name) }
                p {
                    (words::counted(tenant.members, "member", "members")) ", "
                    (words::counted(tenant.libraries, "library", "libraries")) ", "
                    (words::counted(tenant.bookmarks, "bookmark", "bookmarks")) "; "
                    (words::counted(tenant.today, "unit", "units")) " of work today"
                    @if waiting > 0 { "; " (words::counted(waiting, "delivery waits", "deliveries wait")) }
                    @if failed > 0 { "; " (words::counted(failed, "delivery failed", "deliveries failed")) }
                    "; " @match tenant.written_at {
                        Some(at) => { "last written to " (when::moment(at)) },
                        None => { "nothing was ever written" },
                    }
                }
            }
            form.line method="post" action={ "/admin/tenants/" (tenant.id) } {
                (token(&frame.csrf))
                select.input name="plan" aria-label={ "Plan of " (tenant.name) } {
                    @for plan in Plan::ALL {
                        option value=(plan.name()) selected[plan == tenant.plan] { (plan_name(plan)) }
                    }
                    option value="" { "As the server says" }
                }
                button.btn.btn-line type="submit" { "Give" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    const MADE: OffsetDateTime = datetime!(2026-01-02 03:04 UTC);

    fn page(text: &str) -> AdminPage {
        let following =
            Following { name: text.into(), lag_changes: 3, lag_seconds: 0.5, parked: 1 };
        AdminPage {
            tenants: vec![TenantLine {
                id: "t".into(),
                name: text.into(),
                plan: Plan::Team,
                members: 1,
                libraries: 2,
                bookmarks: 3,
                today: 4,
                deliveries: (5, 6),
                written_at: None,
            }],
            next: Some("/admin?after=t".into()),
            stand: Stand {
                waiting: vec![text.into()],
                degraded: vec![text.into()],
                following: vec![following],
                shares: vec![Share { follower: text.into(), process: text.into(), groups: 64 }],
                imports_running: 1,
                imports_left: 2,
            },
            deeds: [Deed::PlanGiven, Deed::OperatorNamed, Deed::OperatorEnded]
                .map(|deed| DeedLine { at: MADE, deed, name: text.into(), plan: None })
                .into(),
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let out = admin(&page(string), &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
        }
    }

    #[test]
    fn what_is_not_ready_is_said_and_never_that_everything_answers() {
        let out = admin(&page("records"), &Frame::default()).into_string();
        assert!(out.contains("Not ready: records") && !out.contains("Everything answers"));
        assert!(out.contains("3 changes behind, stuck at 1 library"), "{out}");
        assert!(out.contains("1 runs, 2 were left and wait to be settled"), "{out}");
        let calm = admin(&AdminPage::default(), &Frame::default()).into_string();
        assert!(calm.contains("Everything answers"));
        for words in ["none runs", "this server sends no mail", "by itself", "Nothing yet"] {
            assert!(calm.contains(words), "{words}: {calm}");
        }
    }

    #[test]
    fn what_was_done_is_told_with_what_is_gone_by_another_word() {
        let told = |deed, name: &str, plan| {
            let line = DeedLine { at: MADE, deed, name: name.into(), plan };
            deed_words(&line).into_string()
        };
        let given = told(Deed::PlanGiven, "Guild", Some(Plan::Team));
        assert_eq!(given, "You gave Guild the plan Team");
        let back = told(Deed::PlanGiven, "", None);
        assert_eq!(back, "You let a team that is gone be on the plan of the server");
        let named = told(Deed::OperatorNamed, "Flo", None);
        assert_eq!(named, "You let Flo run this server");
    }
}
