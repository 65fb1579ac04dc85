//! Reads Pocket's old HTML export: two headings, two flat lists.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::html::{Token, Tokens, Within, decode_entities};
use super::node::Entry;
use super::out::Out;
use super::tags::{Separator, cut};
use super::times;

/// Reads a decoded file.
pub(super) fn read(text: &str, out: &mut Out<'_>) {
    let mut tokens = Tokens::new(text);
    let (mut heading, mut is_heading, mut is_archive) = (String::new(), false, false);
    let mut link: Option<(Entry, String)> = None;
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Text(text) if is_heading => heading.push_str(text),
            Token::Text(text) => {
                if let Some((_, title)) = &mut link {
                    title.push_str(text);
                }
            }
            Token::Open { name, .. } if name.eq_ignore_ascii_case("h1") => {
                finish(link.take(), out);
                heading.clear();
                is_heading = true;
            }
            Token::Close { name, .. } if name.eq_ignore_ascii_case("h1") => {
                is_heading = false;
                is_archive = heading.to_ascii_lowercase().contains("archive");
            }
            Token::Open { name, .. } if name.eq_ignore_ascii_case("a") => {
                finish(link.take(), out);
                let entry = open(tokens.attributes(), is_archive, out);
                link = Some((entry, String::new()));
            }
            Token::Close { name, .. }
                if ["a", "li", "ul"].iter().any(|n| name.eq_ignore_ascii_case(n)) =>
            {
                finish(link.take(), out);
            }
            Token::Open { source, .. } | Token::Close { source, .. } => {
                if let Some((_, title)) = &mut link {
                    title.push_str(source);
                }
            }
        }
        if out.is_stopped() {
            return;
        }
    }
    finish(link, out);
    if tokens.is_cut() {
        out.notice("the file ends in the middle of a tag; what stood there is lost, export again");
    }
}

fn open(attributes: &[(&str, &str)], is_archive: bool, out: &Out<'_>) -> Entry {
    let mut entry = Entry { row: out.rows() + 1, unread: !is_archive, ..Entry::default() };
    for (name, value) in attributes {
        let value = decode_entities(value, Within::Attribute);
        match name.to_ascii_lowercase().as_str() {
            "href" => entry.url = value.into_owned(),
            "time_added" => entry.created_at = times::from_text(&value),
            "tags" => entry.tags = cut(&value, Separator::Comma),
            other => {
                entry.raw.insert(other.to_owned(), value.into_owned());
            }
        }
    }
    if is_archive {
        entry.archived_at = entry.created_at.or(Some(out.options.now_ms));
    }
    entry
}

fn finish(link: Option<(Entry, String)>, out: &mut Out<'_>) {
    let Some((mut entry, title)) = link else { return };
    entry.title = decode_entities(title.trim(), Within::Text).into_owned();
    out.bookmark(entry);
}
