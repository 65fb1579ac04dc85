//! Coming in: the page without a session, a link that no longer works, and the first run of an empty library.

use maud::{Markup, html};

use super::passkeys::{Offered, at_door};
use crate::{
    frame::{Frame, wordmark},
    ui::{field::token, icon::icon},
};

/// Why someone stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// They have no session.
    NoSession,
    /// Their one-time link was used or is older than ten minutes.
    SpentLink,
    /// They signed out.
    SignedOut,
    /// Their invitation was taken up or back, or has ended.
    SpentInvitation,
}

/// The page for someone without a session.
pub fn door(door: Door, offered: Offered) -> Markup {
    let (heading, sentence) = match door {
        Door::NoSession => {
            ("Sign in", "With your name and password, a passkey, or a one-time link.")
        }
        Door::SpentLink => (
            "This link has been used",
            "A sign-in link works once, and for ten minutes. Asking for another takes a second.",
        ),
        Door::SignedOut => ("You are signed out", "Your library stays where it is."),
        Door::SpentInvitation => (
            "This invitation is no longer open",
            "An invitation works once, and for seven days. Ask whoever gave it to you for another.",
        ),
    };
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { (heading) }
                p.lede { (sentence) }
            }
            @if door != Door::SpentInvitation {
                (at_door(offered))
                (super::password::form(""))
                (by_link())
            }
        }
    }
}

/// How to get a link.
pub(crate) fn by_link() -> Markup {
    html! {
        div.stack-s {
            p { a href="/sign-in/sso" { "Sign in with your organisation" } }
            p.small.muted { "For a one-time link, run this on the machine where MindShelf runs:" }
            code.secret { "mindshelf link" }
        }
    }
}

/// What a one-time link shows before it is spent, so that a preview cannot spend it.
pub fn knock(secret: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Your library is ready" }
                p.lede { "This link works once. Signing in keeps this browser signed in until you sign it out." }
            }
            form method="post" action="/sign-in" {
                input type="hidden" name="link" value=(secret);
                button.btn.btn-main type="submit" { (icon("key-round")) "Sign in" }
            }
        }
    }
}

/// The first run: one sentence, three ways in, and a sample to look around with.
pub fn first_run(frame: &Frame, address: &str) -> Markup {
    html! {
        div.page.page-wide.stack-l {
            div.stack {
                h1.hero { "Everything you have saved, found again." }
                p.lede { "Your library lives on this machine and needs no other program, key or network." }
            }
            (super::import::drop(frame))
            div.ways {
                (bookmarklet_way(address))
                section.way {
                    (icon("link"))
                    h2 { "Save a first link" }
                    form.stack-s method="post" action="/save" {
                        (token(&frame.csrf))
                        input.input name="url" type="url" placeholder="https://" required aria-label="Address";
                        button.btn.btn-line type="submit" { "Save" }
                    }
                }
                section.way {
                    (icon("terminal"))
                    h2 { "From the shell" }
                    p { "The same library, while this runs or not." }
                    code.secret { "mindshelf import FILE" }
                }
            }
            form.line method="post" action="/sample" {
                (token(&frame.csrf))
                span.muted { "Only looking around?" }
                button.btn.btn-line type="submit" { (icon("sparkles")) "Fill it with a sample" }
                span.small.muted { "Removable with one click." }
            }
        }
    }
}

/// The bookmarklet, to be dragged to the bookmarks bar.
pub fn bookmarklet_way(address: &str) -> Markup {
    html! {
        section.way {
            (icon("bookmark-plus"))
            h2 { "Save from any page" }
            p { "Drag this to your bookmarks bar, and press it on a page you want to keep." }
            a.btn.btn-line href=(bookmarklet(address)) draggable="true" data-bookmarklet {
                (icon("grip-vertical")) "Save to MindShelf"
            }
        }
    }
}

/// The bookmarklet's address: the one `javascript:` link there is, made of nothing but `address`.
pub fn bookmarklet(address: &str) -> String {
    let safe: String = address
        .chars()
        .filter(|c| {
            c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | '~' | '[' | ']')
        })
        .collect();
    format!(
        "javascript:(()=>{{const e=encodeURIComponent,s=String(getSelection()||'');\
         open('{safe}/save?small=yes&url='+e(location.href)+'&title='+e(document.title)\
         +'&text='+e(s.slice(0,2000)),'mindshelf','width=520,height=720')}})()"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bookmarklet_is_made_of_nothing_but_the_address() {
        let made = bookmarklet("http://127.0.0.1:4747');alert(1);//");
        assert!(made.contains("open('http://127.0.0.1:4747alert1//"));
        assert!(!made.contains("alert(1)"));
    }

    #[test]
    fn looking_at_a_sign_in_link_does_not_spend_it() {
        let out = knock("abc").into_string();
        assert!(out.contains("method=\"post\" action=\"/sign-in\""));
    }
}
