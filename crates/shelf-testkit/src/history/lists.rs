//! What was appended to each list, in the order of the log.

use super::List;
use shelf_domain::change::Change;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::stamp::Seq;
use shelf_domain::value::Value;
use std::collections::BTreeMap;

/// What was appended to each list, in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    appended: BTreeMap<List, Vec<(Seq, String)>>,
    broken: Vec<String>,
}

impl Lists {
    /// The lists of the bookmarks in `log`.
    pub fn of(log: &[Change]) -> Self {
        let mut lists = Self::default();
        let mut names: BTreeMap<ItemId, String> = BTreeMap::new();
        for change in log {
            if change.kind == Kind::Tag {
                let name = change.set.get(&Register::from(field::NAME)).and_then(Option::as_ref);
                if let Some(name) = name.and_then(Value::as_text) {
                    names.insert(change.item, name.to_owned());
                }
            }
            if change.kind == Kind::Bookmark {
                lists.take(change, &names);
            }
        }
        lists
    }

    fn take(&mut self, change: &Change, names: &BTreeMap<ItemId, String>) {
        for (register, value, _) in change.puts() {
            if let Some(tag) = register.as_tag() {
                let name = names.get(&tag).cloned().unwrap_or_else(|| tag.to_string());
                if value.as_ref().and_then(Value::as_bool) == Some(true) {
                    self.append(List::Tags(change.item), change.seq, name);
                } else {
                    self.broken.push(format!("row {} takes {name:?} off", change.seq));
                }
            } else if register.as_str() == field::NOTES {
                let text = value.as_ref().and_then(Value::as_text).unwrap_or_default();
                self.noted(change, text);
            }
        }
    }

    fn append(&mut self, list: List, seq: Seq, word: String) {
        self.appended.entry(list).or_default().push((seq, word));
    }

    /// Takes in that the notes are `text` now: more lines than before, and those of before first.
    fn noted(&mut self, change: &Change, text: &str) {
        let list = List::Notes(change.item);
        let before: Vec<&str> = self.of_list(list).iter().map(|(_, word)| word.as_str()).collect();
        let now = words(text);
        let Some(new) = now.strip_prefix(before.as_slice()) else {
            let (was, is) = (before.len(), now.len());
            self.broken.push(format!(
                "row {} put notes of {is} lines over {was} others: an update is lost",
                change.seq
            ));
            return;
        };
        let new: Vec<String> = new.iter().map(|word| (*word).to_owned()).collect();
        for word in new {
            self.append(list, change.seq, word);
        }
    }

    /// What was appended to `list`, with the row of each.
    pub fn of_list(&self, list: List) -> &[(Seq, String)] {
        self.appended.get(&list).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every list with what was appended to it.
    pub(super) fn all(&self) -> impl Iterator<Item = (List, &[(Seq, String)])> {
        self.appended.iter().map(|(list, words)| (*list, words.as_slice()))
    }

    /// The row that appended `word` to `list`.
    pub fn row_of(&self, list: List, word: &str) -> Option<Seq> {
        self.of_list(list).iter().find(|(_, known)| known == word).map(|(seq, _)| *seq)
    }

    /// Rows that did not append, though nobody does anything else.
    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }
}

/// The words of notes.
pub fn words(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty()).collect()
}
