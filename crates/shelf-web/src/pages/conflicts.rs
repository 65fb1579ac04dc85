//! Two versions of a text that were written at the same time: side by side, with three ways on.

use maud::{Markup, html};
use shelf_domain::{
    right::Right,
    words::{Piece, Stands, compared},
};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        empty::empty,
        field::{hidden, token},
        icon::icon,
        when,
    },
};

/// Two versions of one text.
#[derive(Debug, Clone)]
pub struct Twice {
    /// The item that holds both.
    pub item: String,
    /// The address where what they are about is shown; empty where it is shown nowhere.
    pub href: String,
    /// What that is called.
    pub title: String,
    /// The field, as the log names it.
    pub field: String,
    /// The device of the version that lost.
    pub device: String,
    /// The version of the item that is shown here.
    pub version: String,
    /// The one that is shown elsewhere.
    pub shown: Version,
    /// The other one.
    pub other: Version,
    /// Whether it is for whoever looks to choose: of a comment its author does.
    pub may_settle: bool,
}

/// One version.
#[derive(Debug, Clone)]
pub struct Version {
    /// What it says.
    pub text: String,
    /// The device of one's own it was written on, or who else wrote it; empty where that is not known.
    pub by: String,
    /// When it came to stand there.
    pub at: OffsetDateTime,
}

/// Everything the page of a library shows.
#[derive(Debug, Clone, Default)]
pub struct ConflictsPage {
    /// The texts.
    pub twice: Vec<Twice>,
    /// Where there are more, if there are.
    pub next: Option<String>,
}

/// The page.
pub fn conflicts(page: &ConflictsPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Written twice" }
                p {
                    "Sometimes two devices, or two people, change a text before they have seen what the "
                    "other wrote. MindShelf keeps both until somebody chooses."
                }
            }
            @if page.twice.is_empty() {
                (empty("copy", "Nothing was written twice", "Every text has one version.", &html! {}))
            }
            @for (nth, twice) in page.twice.iter().enumerate() {
                section {
                    h2 dir="auto" { (titled(twice)) }
                    (side_by_side(twice, nth, "/conflicts", frame))
                }
            }
            @if let Some(next) = &page.next { p { a href=(next) { "More of them" } } }
        }
    }
}

/// What they are about, and the way there.
fn titled(twice: &Twice) -> Markup {
    let title: &str =
        if twice.title.is_empty() { "Something without a name" } else { &twice.title };
    html! {
        @if twice.href.is_empty() { (title) } @else { a href=(twice.href) { (title) } }
    }
}

/// Those of one item, on its page.
pub fn of_item(twice: &[Twice], here: &str, frame: &Frame) -> Markup {
    html! {
        @if !twice.is_empty() {
            section id="item-twice" {
                h3 { "Two versions were written at the same time" }
                @for (nth, one) in twice.iter().enumerate() { (side_by_side(one, nth, here, frame)) }
            }
        }
    }
}

/// What people call the field.
fn called(field: &str) -> &'static str {
    match field {
        "notes" => "the notes",
        "description" => "the description",
        "body" => "a comment",
        _ => "what is said of a passage",
    }
}

fn side_by_side(twice: &Twice, nth: usize, here: &str, frame: &Frame) -> Markup {
    let pieces = compared(&twice.shown.text, &twice.other.text);
    let may = frame.right >= Right::Write && twice.may_settle;
    let field = format!("join-{nth}");
    html! {
        form.twice method="post" action={ "/conflicts/" (twice.item) } {
            (token(&frame.csrf))
            (hidden("back", here))
            (hidden("field", &twice.field))
            (hidden("device", &twice.device))
            (hidden("version", &twice.version))
            p.small.muted {
                "Two versions of " (called(&twice.field))
                ". What only one of them says is underlined."
            }
            div.versions {
                (version("Shown now", &twice.shown, &pieces, Stands::InFirst, may.then_some(("shown", "Keep this one"))))
                (version("The other one", &twice.other, &pieces, Stands::InSecond, may.then_some(("other", "Keep the other"))))
            }
            @if may {
                details {
                    summary.small { "Join both" }
                    div.stack-s {
                        label.sr for=(field) { "Both, to make one of" }
                        textarea.input id=(field) name="text" rows="6" dir="auto" {
                            "\n" (twice.shown.text) "\n\n" (twice.other.text)
                        }
                        div {
                            button.btn.btn-line.btn-small type="submit" name="keep" value="text" {
                                (icon("merge")) "Keep what I joined"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn version(
    heading: &str,
    version: &Version,
    pieces: &[Piece],
    own: Stands,
    keep: Option<(&str, &str)>,
) -> Markup {
    html! {
        div.version {
            p.small.muted {
                strong { (heading) }
                " · "
                @if version.by.is_empty() { "from someone" } @else { "from " bdi { (version.by) } }
                " · " (when::moment(version.at))
            }
            @if version.text.is_empty() {
                p.muted { "Nothing: the text was taken out." }
            } @else {
                p.said dir="auto" {
                    @for piece in pieces {
                        @if piece.stands == Stands::InBoth { (piece.text) }
                        @else if piece.stands == own { mark { (piece.text) } }
                    }
                }
            }
            @if let Some((value, words)) = keep {
                button.btn.btn-line.btn-small type="submit" name="keep" value=(value) { (words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn twice(shown: &str, other: &str) -> Twice {
        let at = datetime!(2024-03-12 10:00 UTC);
        Twice {
            item: "0198".into(),
            href: "/items/0198".into(),
            title: shown.into(),
            field: "notes".into(),
            device: "0199".into(),
            version: "1-7".into(),
            shown: Version { text: shown.into(), by: String::new(), at },
            other: Version { text: other.into(), by: other.into(), at },
            may_settle: true,
        }
    }

    #[test]
    fn hostile_words_in_either_version_stay_text() {
        for string in hostile::STRINGS {
            let page = ConflictsPage { twice: vec![twice(string, "plain")], next: None };
            let out = conflicts(&page, &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
            let of = of_item(&[twice("plain", string)], "/library", &Frame::default());
            hostile::assert_dead(&of.into_string(), string);
        }
    }

    #[test]
    fn each_version_marks_what_only_it_says() {
        let out = of_item(&[twice("a red door", "a blue door")], "/library", &Frame::default());
        let out = out.into_string();
        assert!(out.contains("a <mark>red</mark> door"), "{out}");
        assert!(out.contains("a <mark>blue</mark> door"), "{out}");
        assert!(out.contains("Keep this one") && out.contains("Keep the other"));
        assert!(of_item(&[], "/library", &Frame::default()).into_string().is_empty());
    }

    #[test]
    fn whoever_may_only_read_sees_both_and_chooses_none() {
        let reader = Frame { right: Right::Read, ..Frame::default() };
        let out = of_item(&[twice("red", "blue")], "/library", &reader).into_string();
        assert!(out.contains("<mark>blue</mark>") && !out.contains("<button"), "{out}");
        let of_another = Twice { may_settle: false, ..twice("red", "blue") };
        let out = of_item(&[of_another], "/library", &Frame::default()).into_string();
        assert!(!out.contains("<button"), "nor does who did not write the comment: {out}");
    }
}
