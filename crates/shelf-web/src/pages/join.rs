//! An invitation, as whoever was given its address sees it.

use maud::{Markup, html};
use shelf_domain::right::Role;

use super::people::role_name;
use crate::{
    frame::wordmark,
    ui::{
        field::{hidden, token},
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
                    div.field {
                        label for="join-name" { "Your name" }
                        input.input id="join-name" name="name" required maxlength="100" autocomplete="name";
                        p.hint { "You get a library of your own here, which nobody else sees." }
                    }
                }
                div.line { button.btn.btn-main type="submit" { (icon("user-plus")) "Join" } }
            }
        }
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
            };
            hostile::assert_dead(&offer(&offered, "").into_string(), string);
        }
    }
}
