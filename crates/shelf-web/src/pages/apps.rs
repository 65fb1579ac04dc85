//! Programs that were let in, as a part of the settings.

use maud::{Markup, html};
use shelf_domain::permit::Permits;
use time::OffsetDateTime;

use super::keys::may;
use crate::{frame::Frame, ui::field::token, words};

/// A program that was let in.
#[derive(Debug, Clone)]
pub struct App {
    /// Its grant.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// When it was let in.
    pub since: OffsetDateTime,
    /// When it was last here.
    pub used_at: Option<OffsetDateTime>,
    /// What it may do.
    pub permits: Permits,
    /// The names of the libraries it is kept to, if it is.
    pub libraries: Option<Vec<String>>,
}

/// The part.
pub fn apps(apps: &[App], frame: &Frame, now: OffsetDateTime) -> Markup {
    html! {
        section.part id="apps" {
            h2 { "Programs you let in" }
            p.muted {
                @if apps.is_empty() { "None. A program asks you here, on a page of this server. " }
                "A device shows a code, which you type " a href="/device" { "here" } "."
            }
            @for app in apps {
                div.setting {
                    div {
                        h3 { (app.name) }
                        p { (may(app.permits)) @if let Some(names) = &app.libraries { ", in " (names.join(", ")) } }
                        p {
                            "Let in " (words::day(app.since))
                            @if let Some(at) = app.used_at { ", last here " (words::ago(at, now)) } @else { ", never here since" }
                        }
                    }
                    form method="post" action={ "/settings/apps/" (app.id) "/end" } {
                        (token(&frame.csrf))
                        button.btn.btn-danger.btn-small type="submit" { "Shut out" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_of_programs_stay_text() {
        let at = datetime!(2026-01-02 03:04 UTC);
        for string in hostile::STRINGS {
            let app = App {
                id: "a".into(),
                name: string.into(),
                since: at,
                used_at: None,
                permits: Permits::EVERY,
                libraries: Some(vec![string.into()]),
            };
            hostile::assert_dead(&apps(&[app], &Frame::default(), at).into_string(), string);
        }
    }
}
