//! Signing in by an organisation: the way there and back, and the page on which one is connected.

use maud::{Markup, html};
use shelf_domain::right::Role;

use super::people::role_name;
use crate::{
    frame::{Frame, wordmark},
    ui::{
        button::{Weight, link, link_icon, submit},
        field::{Field, line, switch, token},
        icon::icon,
    },
};

/// Rules that are offered beside those there are.
const EMPTY_RULES: usize = 2;
/// What a provider may make somebody.
const ROLES: [Role; 3] = [Role::Viewer, Role::Member, Role::Admin];

/// Where somebody says to which organisation they belong; `refused` is why it led nowhere.
pub fn ask(mail: &str, refused: Option<&str>) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Sign in with your organisation" }
                p.lede { "Type your mail address there. It is used to find your organisation's own sign-in, and for nothing else." }
            }
            form.stack-s method="post" action="/sign-in/sso" {
                (line(Field {
                    name: "mail", label: "Mail address", kind: "email", value: mail, required: true,
                    autocomplete: "email", error: refused, placeholder: "ada@example.org",
                    ..Field::default()
                }))
                div.line {
                    (submit("Go on", Weight::Main))
                    a href="/sign-in" { "Another way in" }
                }
            }
        }
    }
}

/// The way to the organisation: browsers follow it by themselves.
pub fn onwards(address: &str, host: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "To your organisation" }
                p.lede { "You sign in at " strong { (host) } ", and come back here." }
            }
            p { (link_icon("Go on", address, "key-round", Weight::Main)) }
        }
    }
}

/// Why nobody came in; `word` names it for whoever runs the organisation's sign-in.
pub fn turned_away(sentence: &str, word: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "You are not signed in" }
                p.lede role="alert" { (sentence) }
            }
            div.line {
                (link("Begin again", "/sign-in/sso", Weight::Main))
                (link("Another way in", "/sign-in", Weight::Line))
            }
            p.small.muted { "What happened: " code { (word) } }
        }
    }
}

/// A team that asks its members to come by its own sign-in, or lets them.
#[derive(Debug, Clone)]
pub struct ConnectPage {
    /// The id of the team.
    pub team: String,
    /// What it is called.
    pub name: String,
    /// Whether it asks for it.
    pub is_required: bool,
}

/// Where a member goes to the organisation's sign-in from inside, so that both accounts are one.
pub fn connect(page: &ConnectPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                p.small { a href="/people" { "People" } " / " (page.name) }
                h1 { "Connect my account" }
                @if page.is_required {
                    p { (page.name) " asks its members to sign in by its own sign-in. Your own libraries stay open either way." }
                } @else {
                    p { "Once connected, you can come in by the sign-in of " (page.name) ", too." }
                }
            }
            form.stack method="post" action={ "/people/" (page.team) "/sso/connect" } {
                (token(&frame.csrf))
                p.muted { "You sign in there once; this account and that one are the same from then on. Both stay as they are." }
                div.line { button.btn.btn-main type="submit" { (icon("key-round")) "Sign in there" } }
            }
        }
    }
}

/// A rule: what follows from one value of the claim.
#[derive(Debug, Clone, Default)]
pub struct RuleLine {
    /// The value.
    pub value: String,
    /// The id of the group.
    pub group: String,
    /// The role.
    pub role: Option<Role>,
}

/// A domain.
#[derive(Debug, Clone)]
pub struct DomainLine {
    /// Its name.
    pub name: String,
    /// Where it has to say whose it is.
    pub place: String,
    /// The line that has to stand there.
    pub text: String,
    /// Whether it was proven.
    pub is_verified: bool,
}

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct SsoPage {
    /// The id of the team.
    pub team: String,
    /// What it is called.
    pub name: String,
    /// Where the provider must send browsers back to.
    pub redirect_uri: String,
    /// Where it says that somebody is signed out.
    pub logout_uri: String,
    /// Whether a provider is connected.
    pub is_connected: bool,
    /// Whether its secret was lost, so that nobody comes in by it.
    pub lacks_secret: bool,
    /// What it calls itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// The claim that names groups.
    pub groups_claim: String,
    /// What follows from its values.
    pub rules: Vec<RuleLine>,
    /// What somebody new is.
    pub role: Role,
    /// Whether members come in no other way.
    pub is_required: bool,
    /// The groups of the team: ids and names.
    pub groups: Vec<(String, String)>,
    /// The domains.
    pub domains: Vec<DomainLine>,
    /// The field that was refused, and why.
    pub refused: Option<(String, String)>,
}

/// The page on which a provider is connected.
pub fn settings(page: &SsoPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                p.small { a href="/people" { "People" } " / " a href={ "/people/" (page.team) } { (page.name) } }
                h1 { "Single sign-on" }
                p { "Members come in with the account your organisation gave them. It takes three steps." }
            }
            (step_there(page))
            (step_connect(page, frame))
            (step_domains(page, frame))
            @if page.is_connected { (end(page, frame)) }
        }
    }
}

fn step_there(page: &SsoPage) -> Markup {
    html! {
        section.part {
            h2 { "1. At your identity provider" }
            p {
                "Make a client for MindShelf there: OpenID Connect, confidential, with the standard (code) flow and nothing else. "
                "Give it this address to send people back to, exactly:"
            }
            code.secret { (page.redirect_uri) }
            p { "If it can, let it say here when it signs somebody out (back-channel logout); they are out of here, too, then:" }
            code.secret { (page.logout_uri) }
            p.muted { "It has to hand out the mail address and whether it was verified, and, if groups are to follow, a claim that names them." }
        }
    }
}

fn step_connect(page: &SsoPage, frame: &Frame) -> Markup {
    let refused = |at: &str| {
        page.refused.as_ref().filter(|(place, _)| place == at).map(|(_, why)| why.as_str())
    };
    let known = ["issuer", "client_id", "client_secret", "groups_claim", "required"];
    let other =
        page.refused.as_ref().filter(|(at, _)| !known.contains(&at.as_str()) && at != "domain");
    let is_kept = page.is_connected && !page.lacks_secret;
    let hint = is_kept.then_some("Leave it empty to keep the one there is.");
    html! {
        section.part id="provider" {
            h2 { "2. Here" }
            @if page.lacks_secret {
                p.note.note-danger role="status" {
                    (icon("triangle-alert"))
                    "This server lost the client secret, so nobody comes in by this provider. Give it again, and all is as before."
                }
            }
            @if let Some((_, why)) = other {
                p.note.note-danger role="alert" { (icon("triangle-alert")) (why) }
            }
            form.stack method="post" action={ "/people/" (page.team) "/sso" } {
                (token(&frame.csrf))
                (line(Field {
                    name: "issuer", label: "Issuer", kind: "url", value: &page.issuer, required: true,
                    error: refused("issuer"), placeholder: "https://id.example.org/realms/main",
                    hint: Some("The address the provider calls itself."), ..Field::default()
                }))
                (line(Field {
                    name: "client_id", label: "Client ID", value: &page.client_id, required: true,
                    error: refused("client_id"), ..Field::default()
                }))
                (line(Field {
                    name: "client_secret", label: "Client secret", kind: "password", required: !is_kept,
                    error: refused("client_secret"), hint, autocomplete: "new-password", ..Field::default()
                }))
                (line(Field {
                    name: "groups_claim", label: "Claim that names groups", value: &page.groups_claim,
                    error: refused("groups_claim"), ..Field::default()
                }))
                (rules(page))
                div.field {
                    label for="sso-role" { "Whoever comes for the first time is" }
                    (roles("sso-role", "newcomer", Some(page.role), false))
                }
                (switch("required", "Members other than owners come in no other way", page.is_required))
                @if let Some(why) = refused("required") { p.error { (icon("triangle-alert")) (why) } }
                div.line { (submit(if page.is_connected { "Save" } else { "Connect" }, Weight::Main)) }
            }
        }
    }
}

fn roles(id: &str, name: &str, chosen: Option<Role>, may_be_none: bool) -> Markup {
    html! {
        select.input id=(id) name=(name) {
            @if may_be_none { option value="" selected[chosen.is_none()] { "No other role" } }
            @for role in ROLES { option value=(role.name()) selected[chosen == Some(role)] { (role_name(role)) } }
        }
    }
}

fn rules(page: &SsoPage) -> Markup {
    let empty = std::iter::repeat_n(RuleLine::default(), EMPTY_RULES);
    let all: Vec<RuleLine> = page.rules.iter().cloned().chain(empty).collect();
    html! {
        fieldset.choices {
            legend { "What follows from its groups" }
            @for (at, rule) in all.iter().enumerate() {
                div.fields {
                    div.field {
                        label for={ "rule-value-" (at) } { "Whoever has" }
                        input.input id={ "rule-value-" (at) } name="value" value=(rule.value) maxlength="200" autocomplete="off";
                    }
                    div.field {
                        label for={ "rule-group-" (at) } { "is in the group" }
                        select.input id={ "rule-group-" (at) } name="group" {
                            option value="" { "None" }
                            @for (id, name) in &page.groups { option value=(id) selected[*id == rule.group] { (name) } }
                        }
                    }
                    div.field {
                        label for={ "rule-role-" (at) } { "and is" }
                        (roles(&format!("rule-role-{at}"), "role", rule.role, true))
                    }
                }
            }
        }
    }
}

fn step_domains(page: &SsoPage, frame: &Frame) -> Markup {
    let refused =
        page.refused.as_ref().filter(|(at, _)| at == "domain").map(|(_, why)| why.as_str());
    html! {
        section.part id="domains" {
            h2 { "3. Your mail addresses" }
            p { "Nobody new comes in whose address is of another domain than those you prove to be yours." }
            @if let Some(why) = refused {
                p.note.note-danger role="alert" { (icon("triangle-alert")) (why) }
            }
            @for domain in &page.domains { (domain_line(page, domain, frame)) }
            form.line method="post" action={ "/people/" (page.team) "/sso/domains" } {
                (token(&frame.csrf))
                input.input.grow name="domain" required maxlength="253" placeholder="example.org"
                    aria-label="Domain" autocomplete="off";
                button.btn.btn-line type="submit" { (icon("plus")) "Add domain" }
            }
        }
    }
}

fn domain_line(page: &SsoPage, domain: &DomainLine, frame: &Frame) -> Markup {
    let action = format!("/people/{}/sso/domains", page.team);
    let form = |end: &str, inside: Markup| {
        html! {
            form method="post" action={ (action) "/" (end) } {
                (token(&frame.csrf))
                input type="hidden" name="domain" value=(domain.name);
                (inside)
            }
        }
    };
    html! {
        div.setting {
            div.stack-s {
                h3 { (domain.name) }
                @if domain.is_verified {
                    p { (icon("circle-check")) "Proven to be yours." }
                } @else {
                    p { "Put this line into a text file at " (domain.place) ", then press Check." }
                    code.secret { (domain.text) }
                }
            }
            div.line {
                @if !domain.is_verified { (form("verify", submit("Check", Weight::Line))) }
                (form("remove", html! { button.btn.btn-danger.btn-small type="submit" { "Remove" } }))
            }
        }
    }
}

fn end(page: &SsoPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "End" }
            div.setting {
                div {
                    h3 { "Remove the provider" }
                    p { "Members stay members. Whoever came in by it is signed out, and leaves groups they were in for its sake alone." }
                    p { "Whoever has neither a password nor a passkey here does not come in any more, not even to what is their own: have them add one first." }
                }
                form method="post" action={ "/people/" (page.team) "/sso/remove" } {
                    (token(&frame.csrf))
                    (submit("Remove", Weight::Danger))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    fn page(text: &str) -> SsoPage {
        SsoPage {
            team: "t".into(),
            name: text.into(),
            redirect_uri: text.into(),
            logout_uri: text.into(),
            is_connected: true,
            lacks_secret: true,
            issuer: text.into(),
            client_id: text.into(),
            groups_claim: text.into(),
            rules: vec![RuleLine {
                value: text.into(),
                group: "g".into(),
                role: Some(Role::Admin),
            }],
            role: Role::Member,
            is_required: true,
            groups: vec![("g".into(), text.into())],
            domains: vec![DomainLine {
                name: text.into(),
                place: text.into(),
                text: text.into(),
                is_verified: false,
            }],
            refused: Some(("domain".into(), text.into())),
        }
    }

    #[test]
    fn hostile_words_stay_text() {
        for string in hostile::STRINGS {
            let frame = Frame::default();
            hostile::assert_dead(&settings(&page(string), &frame).into_string(), string);
            hostile::assert_dead(&ask(string, Some(string)).into_string(), string);
            hostile::assert_dead(&turned_away(string, string).into_string(), string);
        }
    }

    #[test]
    fn no_owner_can_be_made_and_no_secret_is_shown() {
        let out = settings(&page("x"), &Frame::default()).into_string();
        assert!(!out.contains("value=\"owner\""));
        let secret = out.split("name=\"client_secret\"").nth(1).unwrap();
        assert!(secret.split('>').next().unwrap().contains("value=\"\""), "{secret}");
    }
}
