//! An invitation, as whoever was given its address sees it.

use maud::{Markup, html};
use shelf_domain::right::Role;

use super::passkeys::{Offered, joining};
use super::people::role_name;
use crate::{
    frame::wordmark,
    ui::{
        field::{Field, hidden, line, token},
        icon::icon,
    },
};

/// What somebody who was invited sees.
#[derive(Debug, Clone)]
pub struct OfferPage {
    /// The secret, which the form sends on.
    pub secret: String,
    /// The team's name.
    pub team: String,
    /// Who invites.
    pub by: String,
    /// What they will be.
    pub role: Role,
    /// Whether they are signed in; else they come as somebody new.
    pub signed_in: Option<String>,
    /// The name as it was typed just now.
    pub name: String,
    /// What of it was refused: the field, and why.
    pub refused: Option<(String, String)>,
    /// Whether somebody new may bring a passkey.
    pub offered: Offered,
}

/// An invitation, before it is taken up.
pub fn offer(page: &OfferPage, csrf: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Join " (page.team) }
                p.lede {
                    @if page.by.is_empty() { "You are invited" } @else { (page.by) " invites you" }
                    " as " (role_name(page.role).to_lowercase()) ". You share only what you choose to."
                }
            }
            form.stack method="post" action="/join" {
                (token(csrf))
                (hidden("invitation", &page.secret))
                @if let Some(name) = &page.signed_in {
                    p { "You are signed in as " strong { (name) } "." }
                } @else {
                    (newcomer(page))
                }
                div.line { button.btn.btn-main type="submit" { (icon("user-plus")) "Join" } }
            }
            @if page.signed_in.is_none() {
                @let why = page.refused.as_ref().filter(|(at, _)| at == "passkey" || at == "called");
                (joining(page.offered, &page.secret, &page.name, why.map(|(_, why)| why.as_str())))
            }
        }
    }
}

/// What somebody new is asked for.
fn newcomer(page: &OfferPage) -> Markup {
    let error = |field: &str| {
        page.refused.as_ref().and_then(|(at, why)| (at == field).then_some(why.as_str()))
    };
    html! {
        (line(Field {
            name: "name", label: "Your name", value: &page.name, required: true, autocomplete: "username",
            hint: Some("You sign in with it, and your team sees it."), error: error("name"), ..Field::default()
        }))
        (line(Field {
            name: "password", label: "A password", kind: "password", required: true,
            autocomplete: "new-password", hint: Some("At least 10 characters."), error: error("password"),
            ..Field::default()
        }))
        p.muted { "You get a library of your own besides, which nobody else sees." }
        p.muted { "You have been here before? " a href="/sign-in" { "Sign in" } ", then open this address again." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let offered = OfferPage {
                secret: string.into(),
                team: string.into(),
                by: string.into(),
                role: Role::Member,
                signed_in: Some(string.into()),
                name: string.into(),
                refused: Some(("name".into(), string.into())),
                offered: Ok(()),
            };
            hostile::assert_dead(&offer(&offered, "").into_string(), string);
            let stranger = OfferPage { signed_in: None, ..offered };
            hostile::assert_dead(&offer(&stranger, "").into_string(), string);
        }
    }
}
