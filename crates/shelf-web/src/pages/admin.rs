//! The server, for whoever runs it: tenants in numbers, their plans, and how everything stands.
//! Nothing of what is in a library.

use maud::{Markup, html};
use shelf_domain::plan::Plan;
use shelf_ports::machine::{Following, Stand};
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
}

/// The page.
pub fn admin(page: &AdminPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "This server" }
                p { "You run it. You see names and numbers here, and nothing anybody saved. What you decide about a team stands in its own log." }
            }
            (stands(&page.stand))
            section.part {
                h2 { "Teams" }
                @for tenant in &page.tenants { (tenant_line(tenant, frame)) }
                @if let Some(next) = &page.next { p { (link("More", next, Weight::Line)) } }
            }
        }
    }
}

fn stands(stand: &Stand) -> Markup {
    let Stand { waiting, degraded, following } = stand;
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
        @if !following.is_empty() {
            section.part {
                h2 { "Queues" }
                ul { @for one in following { (following_line(one)) } }
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
    use super::*;
    use crate::pages::hostile;

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
            },
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
        let calm = admin(&AdminPage::default(), &Frame::default()).into_string();
        assert!(calm.contains("Everything answers"));
    }
}
