//! The audit log of a team: what was done about who may do what, and whether the log holds.

use maud::{Markup, html};
use shelf_domain::audit::Deed;
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        button::{Weight, link, link_icon},
        icon::icon,
        when,
    },
    words,
};

/// One record.
#[derive(Debug, Clone)]
pub struct RecordLine {
    /// Its place in the log.
    pub number: u64,
    /// When.
    pub at: OffsetDateTime,
    /// Who, by name; empty for somebody who is no member any more.
    pub who: String,
    /// What was done.
    pub deed: Deed,
    /// To what, by name where it still has one.
    pub what: String,
    /// How: a role, a right.
    pub how: String,
}

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The team: its id and name.
    pub team: (String, String),
    /// The records of this page, latest first.
    pub records: Vec<RecordLine>,
    /// Where older ones are.
    pub older: Option<String>,
    /// How many records there are in all.
    pub total: u64,
    /// The last seal, `number:seal`.
    pub seal: String,
    /// Whether the log holds, or why not; nothing where it is too long to be followed for a page.
    pub holds: Option<Result<(), String>>,
}

/// What was done, as the middle of a sentence.
pub fn sentence(deed: Deed) -> &'static str {
    match deed {
        Deed::SignedIn => "signed in",
        Deed::GrantEnded => "ended a session, key or device",
        Deed::PasswordSet => "set a password",
        Deed::PasswordRemoved => "removed their password",
        Deed::RecoveryCodesMade => "made recovery codes",
        Deed::PasskeyAdded => "added a passkey",
        Deed::PasskeyRemoved => "removed a passkey",
        Deed::PasskeyCopied => "used a passkey that somebody may have a copy of",
        Deed::TokenMade => "made a key for a program",
        Deed::DevicePaired => "paired a device",
        Deed::TenantMade => "made the team",
        Deed::TenantRenamed => "renamed the team",
        Deed::Invited => "invited somebody",
        Deed::InvitationTakenBack => "took an invitation back",
        Deed::Joined => "joined",
        Deed::RoleChanged => "changed what a member is",
        Deed::MemberRemoved => "took a member out",
        Deed::GroupMade => "made a group",
        Deed::GroupRenamed => "renamed a group",
        Deed::GroupRemoved => "removed a group",
        Deed::GroupJoined => "put somebody into a group",
        Deed::GroupLeft => "took somebody out of a group",
        Deed::LibraryMade => "made a library",
        Deed::LibraryRenamed => "renamed a library",
        Deed::RightGiven => "let somebody use a library",
        Deed::RightTakenBack => "took back who may use a library",
        Deed::Exported => "took a library out as a file",
        Deed::EndpointAdded => "had a program told what happens",
        Deed::EndpointChanged => "changed who is told what happens",
        Deed::EndpointSecretRotated => "gave a webhook another secret",
        Deed::EndpointRemoved => "had a program told no more",
        Deed::EndpointGivenUp => "gave a webhook up that could not be reached",
        Deed::ClientRegistered => "registered a program",
        Deed::ClientRemoved => "removed a program",
        Deed::AppLetIn => "let a program in",
        Deed::AppShutOut => "had a program shut out, whose secret was used twice",
        Deed::ProviderConnected => "connected an identity provider",
        Deed::ProviderChanged => "changed the identity provider",
        Deed::ProviderRemoved => "removed the identity provider",
        Deed::DomainAdded => "named a domain of mail addresses",
        Deed::DomainVerified => "proved a domain of mail addresses",
        Deed::DomainRemoved => "removed a domain of mail addresses",
        Deed::ProviderLinked => "is known to the identity provider now",
        Deed::ProviderSignedIn => "came in by the identity provider",
        Deed::ProviderSignedOut => "was signed out by the identity provider",
        Deed::ProviderTurnedAway => "came from the identity provider and was turned away",
        Deed::GroupJoinedByClaim => "came into a group, as the identity provider says",
        Deed::GroupLeftByClaim => "left a group, as the identity provider says",
        Deed::RoleChangedByClaim => "became something else, as the identity provider says",
        Deed::ErasureAsked => "asked to be erased",
        Deed::ErasureTakenBack => "took back that they asked to be erased",
        Deed::PlanGiven => "runs the server, and gave a team a plan",
        Deed::OperatorNamed => "let somebody run the server",
        Deed::OperatorEnded => "ended that somebody runs the server",
        Deed::Erased => "was erased",
        Deed::KeysReplaced => "replaced the root key of the server",
    }
}

/// The page.
pub fn audit(page: &AuditPage, _frame: &Frame) -> Markup {
    let (team, name) = &page.team;
    html! {
        div.page {
            header {
                p.small { a href="/people" { "People" } " / " a href={ "/people/" (team) } { (name) } }
                h1 { "What was done" }
                p { "Who let whom do what, signed in, or took a library out. Nothing can be taken out of this log." }
            }
            (holds(page))
            div.scroll {
                table.ledger.records {
                    thead { tr { th.num { "No." } th { "When" } th { "Who" } th { "What" } } }
                    tbody { @for record in &page.records { (line(record)) } }
                }
            }
            @if let Some(older) = &page.older { p { (link("Older", older, Weight::Line)) } }
            section.part {
                h2 { "Elsewhere" }
                p.muted {
                    "Each record is sealed to the one before it. Keep the last seal where nobody who runs this server can change it: "
                    "then a log that was cut off or written anew can be told from this one."
                }
                code.secret { (page.seal) }
                p { (link_icon("Take the log out", &format!("/people/{team}/audit.jsonl"), "download", Weight::Line)) }
            }
        }
    }
}

fn holds(page: &AuditPage) -> Markup {
    let records = words::counted(page.total, "record", "records");
    html! {
        @match &page.holds {
            Some(Ok(())) => p.note.note-ok role="status" {
                (icon("circle-check")) (records) ", and each is as it was written."
            },
            Some(Err(problem)) => p.note.note-danger role="alert" {
                (icon("triangle-alert")) "This log was tampered with: " (problem) "."
            },
            None => p.note {
                (icon("history")) (records) ", too many to be followed for a page. Whoever runs the server follows them with "
                code { "mindshelf audit verify" } ", and you can with the file below."
            },
        }
    }
}

fn line(record: &RecordLine) -> Markup {
    html! {
        tr {
            td.num { (record.number) }
            td { (when::moment(record.at)) }
            td { @if record.who.is_empty() { span.muted { "No member any more" } } @else { (record.who) } }
            td {
                (sentence(record.deed)) @if !record.what.is_empty() { ": " (record.what) }
                @if !record.how.is_empty() { " " span.muted { "(" (record.how) ")" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn page(text: &str, holds: Option<Result<(), String>>) -> AuditPage {
        AuditPage {
            team: ("t".into(), text.into()),
            records: vec![RecordLine {
                number: 1,
                at: datetime!(2026-01-02 03:04 UTC),
                who: text.into(),
                deed: Deed::Exported,
                what: text.into(),
                how: text.into(),
            }],
            older: Some("/people/t/audit?before=1".into()),
            total: 1,
            seal: "1:00".into(),
            holds,
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let out =
                audit(&page(string, Some(Err(string.into()))), &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
        }
    }

    #[test]
    fn a_log_that_does_not_hold_says_so() {
        let of = |holds| audit(&page("x", holds), &Frame::default()).into_string();
        assert!(of(Some(Ok(()))).contains("each is as it was written"));
        let broken = of(Some(Err("record 3 is not what was written".into())));
        assert!(broken.contains("role=\"alert\"") && broken.contains("record 3"));
        assert!(!broken.contains("each is as it was written"));
        // One that was not followed claims nothing.
        let long = of(None);
        assert!(long.contains("mindshelf audit verify") && !long.contains("as it was written"));
    }
}
