//! What an act did, as a sentence.

use shelf_bookmarks::history::{ActRow, Step, StepPut};
use shelf_domain::{
    id::ItemId,
    kind::{Kind, field},
};

use crate::words;

/// Characters of a name a sentence holds.
const NAME_CHARS: usize = 120;

/// The sentence, and the one bookmark it is about, when it is about one.
pub(crate) fn deed(row: &ActRow) -> (String, Option<ItemId>) {
    if let Some(file) = &row.import {
        return (format!("Imported {file}"), None);
    }
    let mut about: Vec<&Step> = Vec::new();
    let is_bookmark = |step: &&Step| matches!(step.kind, Kind::Bookmark | Kind::Place);
    let main: Vec<&Step> = row.steps.iter().filter(is_bookmark).collect();
    let main = if main.is_empty() { row.steps.iter().collect() } else { main };
    for step in &main {
        if !about.iter().any(|known| known.about == step.about) {
            about.push(step);
        }
    }
    let Some(first) = about.first() else { return (unknown(row), None) };
    let told = u64::try_from(row.steps.len()).unwrap_or(u64::MAX);
    let more = about.len() - 1;
    let name = first.name.as_deref().unwrap_or("something removed for good");
    // A note of its own goes by all that it says.
    let name = &words::begun(name, NAME_CHARS);
    let subject = match more {
        0 => format!("“{name}”"),
        _ if told < row.line.rows => format!("“{name}” and many more"),
        more => format!("“{name}” and {more} more"),
    };
    let of_first: Vec<&Step> =
        main.iter().copied().filter(|step| step.about == first.about).collect();
    let leads = is_bookmark(first) || first.kind == Kind::Note;
    let single = more == 0 && first.name.is_some() && leads;
    (sentence(&of_first, &subject), single.then_some(first.about))
}

fn unknown(row: &ActRow) -> String {
    row.name.clone().unwrap_or_else(|| "Something removed for good".to_owned())
}

/// One sentence for all that happened to one thing.
fn sentence(steps: &[&Step], it: &str) -> String {
    if let Some(words) = commented(steps, it) {
        return words;
    }
    if let Some(made) = steps.iter().find(|step| step.created && step.kind != Kind::Place) {
        return match made.kind {
            Kind::Collection => format!("Made the folder {it}"),
            Kind::Tag => format!("Made the tag {it}"),
            _ => format!("Saved {it}"),
        };
    }
    if steps.iter().any(|step| step.joined) {
        return format!("Saved {it} again");
    }
    let own = steps.iter().filter(|step| step.kind != Kind::Place).flat_map(|step| &step.puts);
    let own: Vec<&StepPut> = own.collect();
    let kind = steps.iter().map(|step| &step.kind).find(|kind| **kind != Kind::Place);
    stated(&own, it)
        .or_else(|| ordered(kind, &own, it))
        .or_else(|| tagged(&own, it))
        .or_else(|| edited(&own, it))
        .unwrap_or_else(|| placed(steps, it))
}

/// What became of a comment on a thing.
fn commented(steps: &[&Step], it: &str) -> Option<String> {
    let note = steps.first().filter(|step| step.kind == Kind::Note)?;
    let trashed = note.puts.iter().find(|put| put.field == field::TRASHED_AT).map(|put| put.on);
    Some(match trashed {
        _ if note.created => format!("Commented on {it}"),
        Some(true) => format!("Put a comment on {it} in the trash"),
        Some(false) => format!("Restored a comment on {it}"),
        None => format!("Changed a comment on {it}"),
    })
}

/// What changed the state of a thing: kept, thrown away, read.
fn stated(puts: &[&StepPut], it: &str) -> Option<String> {
    puts.iter().find_map(|put| {
        let words = match (put.field.as_str(), put.on) {
            (field::TRASHED_AT, true) => format!("Put {it} in the trash"),
            (field::TRASHED_AT, false) => format!("Restored {it}"),
            (field::MOUNT, true) => format!("Put a library at {it}"),
            (field::MOUNT, false) => format!("Took the library off {it}"),
            (field::MOVED_TO, _) => format!("Moved {it} to another library"),
            (field::ARCHIVED_AT, true) => format!("Archived {it}"),
            (field::ARCHIVED_AT, false) => format!("Took {it} out of the archive"),
            (field::FAVOURITE, true) => format!("Made {it} a favourite"),
            (field::FAVOURITE, false) => format!("Took {it} off the favourites"),
            (field::UNREAD, true) => format!("Put {it} aside to read"),
            (field::UNREAD, false) => format!("Marked {it} as read"),
            (field::PRIVATE, true) => format!("Marked {it} private"),
            (field::PRIVATE, false) => format!("Took the private mark off {it}"),
            _ => return None,
        };
        Some(words)
    })
}

/// What happened to a folder or a tag.
fn ordered(kind: Option<&Kind>, puts: &[&StepPut], it: &str) -> Option<String> {
    let what = match kind? {
        Kind::Collection => "folder",
        Kind::Tag => "tag",
        _ => return None,
    };
    let put = |name: &str| puts.iter().find(|put| put.field == name);
    if put(field::NAME).is_some() {
        return Some(format!("Renamed a {what} to {it}"));
    }
    let parent = put(field::PARENT);
    if let Some(into) = parent.and_then(|put| put.name.as_deref()) {
        return Some(format!("Moved the {what} {it} into “{into}”"));
    }
    let moved = parent.is_some() || put(field::ORDER).is_some();
    Some(if moved { format!("Moved the {what} {it}") } else { format!("Changed the {what} {it}") })
}

/// Tags put on, or taken off.
fn tagged(puts: &[&StepPut], it: &str) -> Option<String> {
    let tags = |on: bool| {
        let tags = puts.iter().filter(|put| put.field.starts_with("tag/") && put.on == on);
        let names: Vec<String> =
            tags.map(|put| format!("#{}", put.name.as_deref().unwrap_or("…"))).collect();
        names.join(", ")
    };
    let (on, off) = (tags(true), tags(false));
    match (on.as_str(), off.as_str()) {
        ("", "") => None,
        ("", off) => Some(format!("Took {off} off {it}")),
        (on, "") => Some(format!("Tagged {it} with {on}")),
        (on, off) => Some(format!("Tagged {it} with {on} in the place of {off}")),
    }
}

/// Words that were written anew.
fn edited(puts: &[&StepPut], it: &str) -> Option<String> {
    let names = puts.iter().filter_map(|put| match put.field.as_str() {
        field::URL => Some("address"),
        field::CREATED_AT => Some("date"),
        field::TITLE | field::DESCRIPTION | field::NOTES => Some(put.field.as_str()),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| format!("Changed the {} of {it}", names.join(" and ")))
}

/// Folders a link was put into, or taken out of.
fn placed(steps: &[&Step], it: &str) -> String {
    let puts = || steps.iter().filter(|step| step.kind == Kind::Place).flat_map(|step| &step.puts);
    let into = puts().find(|put| put.field == field::PARENT && put.on);
    let out = puts().any(|put| put.field == field::TRASHED_AT && put.on);
    let back = puts().any(|put| put.field == field::TRASHED_AT && !put.on);
    let into = into.map(|put| put.name.as_deref().unwrap_or("a folder"));
    match (into, out, back) {
        (Some(folder), true, _) => format!("Moved {it} to “{folder}”"),
        (Some(folder), ..) => format!("Put {it} into “{folder}”"),
        (None, true, _) => format!("Took {it} out of a folder"),
        (None, _, true) => format!("Put {it} back into a folder"),
        _ if steps.iter().any(|step| step.kind == Kind::Place) => format!("Moved {it}"),
        _ => format!("Changed {it}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(field: &str, on: bool, name: Option<&str>) -> StepPut {
        StepPut { field: field.into(), on, name: name.map(str::to_owned) }
    }

    fn step(kind: Kind, created: bool, puts: Vec<StepPut>) -> Step {
        let about = "0198a000-0000-7000-8000-000000000001".parse().unwrap();
        Step { about, kind, name: Some("Rye".into()), created, joined: false, puts }
    }

    fn said(kind: Kind, created: bool, puts: Vec<StepPut>) -> String {
        sentence(&[&step(kind, created, puts)], "“Rye”")
    }

    #[test]
    fn a_deed_is_named_after_what_was_done() {
        let saved = said(Kind::Bookmark, true, vec![put("title", true, None)]);
        assert_eq!(saved, "Saved “Rye”");
        let words = vec![put("title", true, None), put("notes", false, None)];
        assert_eq!(said(Kind::Bookmark, false, words), "Changed the title and notes of “Rye”");
        let thrown = said(Kind::Bookmark, false, vec![put("trashed_at", true, None)]);
        assert_eq!(thrown, "Put “Rye” in the trash");
        let tag = vec![put("tag/x", true, Some("bread"))];
        assert_eq!(said(Kind::Bookmark, false, tag), "Tagged “Rye” with #bread");
        let name = vec![put("name", true, None)];
        assert_eq!(said(Kind::Collection, false, name), "Renamed a folder to “Rye”");
    }

    #[test]
    fn what_becomes_of_a_comment_is_said_of_what_it_is_on() {
        let body = vec![put("body", true, None)];
        assert_eq!(said(Kind::Note, true, body.clone()), "Commented on “Rye”");
        assert_eq!(said(Kind::Note, false, body), "Changed a comment on “Rye”");
        let thrown = said(Kind::Note, false, vec![put("trashed_at", true, None)]);
        assert_eq!(thrown, "Put a comment on “Rye” in the trash");
    }

    #[test]
    fn a_link_that_changes_its_folder_was_moved() {
        let out = step(Kind::Place, false, vec![put("trashed_at", true, None)]);
        let into = step(Kind::Place, true, vec![put("parent", true, Some("Garden"))]);
        assert_eq!(sentence(&[&out, &into], "“Rye”"), "Moved “Rye” to “Garden”");
        assert_eq!(sentence(&[&into], "“Rye”"), "Put “Rye” into “Garden”");
    }
}
