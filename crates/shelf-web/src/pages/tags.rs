//! Tags: all of them, to rename, to merge, or to let go.

use maud::{Markup, html};

use crate::{
    frame::{Frame, TagCount},
    ui::{
        empty::empty,
        field::{hidden, token},
        icon::icon,
        menu::menu,
    },
    words,
};

/// Everything the tags page shows.
#[derive(Debug, Clone, Default)]
pub struct TagsPage {
    /// All tags, in alphabetical order.
    pub tags: Vec<TagCount>,
}

/// The tags page.
pub fn tags(page: &TagsPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Tags" }
                p { "Renaming a tag to the name of another merges the two." }
            }
            @if page.tags.is_empty() {
                (empty("tags", "No tags yet", "Tag a link, and its tag appears here.", &html! {}))
            } @else {
                form.line method="post" action="/tags/merge" id="merge" {
                    (token(&frame.csrf))
                    label.small.muted for="merge-into" { "Merge the ticked ones into" }
                    input.input.grow id="merge-into" name="into" list="all-tags" required autocomplete="off";
                    datalist id="all-tags" { @for tag in &page.tags { option value=(tag.name) {} } }
                    button.btn.btn-line type="submit" { (icon("merge")) "Merge" }
                }
                ul { @for tag in &page.tags { (line(tag, frame)) } }
            }
        }
    }
}

fn line(tag: &TagCount, frame: &Frame) -> Markup {
    let change = html! {
        form.stack-s method="post" action={ "/tags/" (tag.id) "/rename" } {
            (token(&frame.csrf))
            input.input name="name" value=(tag.name) required aria-label={ "New name for " (tag.name) };
            button.btn type="submit" { (icon("pencil")) "Rename" }
        }
        form method="post" action={ "/tags/" (tag.id) "/delete" } {
            (token(&frame.csrf))
            (hidden("back", "/tags"))
            button.btn.btn-danger type="submit" { (icon("trash-2")) "Let go of this tag" }
        }
    };
    html! {
        li.line-item {
            input.check type="checkbox" name="tag" value=(tag.id) form="merge" aria-label={ "Merge " (tag.name) };
            a.grow href={ "/tags/" (tag.id) } { (tag.name) }
            span.small.muted.num { (words::counted(tag.count, "link", "links")) }
            (menu(&format!("Change {}", tag.name), &icon("ellipsis"), &change))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_tag_names_stay_text() {
        for string in hostile::STRINGS {
            let page =
                TagsPage { tags: vec![TagCount { id: "t".into(), name: string.into(), count: 1 }] };
            hostile::assert_dead(&tags(&page, &Frame::default()).into_string(), string);
        }
    }
}
