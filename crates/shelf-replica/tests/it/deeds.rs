//! What people do to what they see, by small numbers that pick among what is there; shared by the
//! laws here and by the simulation of whole nodes.

use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use std::collections::BTreeSet;

/// Addresses: the third is the first in another dress.
const URLS: [&str; 4] = [
    "https://a.example/one",
    "https://b.example/?q=2",
    "HTTPS://A.example:443/one/?utm_source=x",
    "https://c.example/",
];
/// Tag names: the second is the first in another dress.
const NAMES: [&str; 3] = ["Rust lang", " rust  LANG", "later"];

/// What somebody does to what they see. Numbers pick among what is there.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Save { url: usize, tag: Option<usize>, folder: Option<usize>, notes: bool },
    Note { pick: usize },
    Folder { inside: Option<usize> },
    Rename { pick: usize },
    Move { pick: usize, into: Option<usize> },
    Tag { pick: usize, tag: usize, on: bool },
    Trash { pick: usize },
    Restore { pick: usize },
}

impl Deed {
    /// Whether a long text is typed, which must never be lost.
    pub(crate) fn types(&self) -> bool {
        matches!(self, Self::Note { .. } | Self::Save { notes: true, .. })
    }
}

/// The ids of what `kinds` there are, in order.
pub(crate) fn of(shelf: &Shelf, kinds: &[Kind], lives: bool) -> Vec<ItemId> {
    let all = shelf.items().filter(|item| kinds.contains(&item.kind) && !item.is_purged());
    let ids: BTreeSet<ItemId> =
        all.filter(|item| item.is_living() == lives).map(|item| item.id).collect();
    ids.into_iter().collect()
}

/// The one of `ids` that `at` picks.
pub(crate) fn pick(ids: &[ItemId], at: usize) -> Result<ItemId, Refused> {
    let none = || Refused::not_found("item");
    ids.get(at % ids.len().max(1)).copied().ok_or_else(none)
}

/// Does a deed to what `turn` shows; `text` is typed where one is.
pub(crate) fn does(turn: &mut Turn, what: &Deed, text: &str) -> Result<(), Refused> {
    let folders = of(&turn.shelf, &[Kind::Collection], true);
    let folder = |at: &Option<usize>| at.and_then(|at| pick(&folders, at).ok());
    match what {
        Deed::Save { url, tag, folder: at, notes } => {
            let place = SavePlace { parent: folder(at), ..SavePlace::default() };
            let ask = SaveBookmark {
                notes: if *notes { text.to_owned() } else { String::new() },
                tags: tag.iter().map(|tag| NAMES[*tag].to_owned()).collect(),
                places: at.iter().map(|_| place.clone()).collect(),
                ..SaveBookmark::of(URLS[*url])
            };
            turn.save(&ask.checked()?).map(drop)
        }
        Deed::Note { pick: at } => {
            let item = pick(&of(&turn.shelf, &[Kind::Bookmark], true), *at)?;
            let edit = Edit::default().put(field::NOTES, Some(Value::from(text)));
            turn.edit(item, &Kind::Bookmark, &edit).map(drop)
        }
        Deed::Folder { inside } => {
            let mut puts = [(Register::from(field::NAME), Some(Value::from(text)))].into_iter();
            let parent = folder(inside).map(Value::from);
            let parent = parent.map(|parent| (Register::from(field::PARENT), Some(parent)));
            turn.make(&Kind::Collection, puts.by_ref().chain(parent).collect()).map(drop)
        }
        Deed::Rename { pick: at } => {
            let item = pick(&folders, *at)?;
            let edit = Edit::default().put(field::NAME, Some(Value::from(text)));
            turn.edit(item, &Kind::Collection, &edit).map(drop)
        }
        Deed::Move { pick: at, into } => {
            let item = pick(&of(&turn.shelf, &[Kind::Collection, Kind::Place], true), *at)?;
            turn.move_to(item, folder(into), Spot::End).map(drop)
        }
        Deed::Tag { pick: at, tag, on } => {
            let item = pick(&of(&turn.shelf, &[Kind::Bookmark], true), *at)?;
            let names = vec![NAMES[*tag].to_owned()];
            let (add_tags, remove_tags) = if *on { (names, vec![]) } else { (vec![], names) };
            let edit = Edit { add_tags, remove_tags, ..Edit::default() };
            turn.edit(item, &Kind::Bookmark, &edit).map(drop)
        }
        Deed::Trash { pick: at } => {
            let kinds = [Kind::Bookmark, Kind::Collection, Kind::Tag];
            let item = pick(&of(&turn.shelf, &kinds, true), *at)?;
            turn.trash(item).map(drop)
        }
        Deed::Restore { pick: at } => {
            let kinds = [Kind::Bookmark, Kind::Collection, Kind::Tag];
            let item = pick(&of(&turn.shelf, &kinds, false), *at)?;
            turn.restore(item).map(drop)
        }
    }
}

/// Whether some register of some item holds `text`.
pub(crate) fn says(shelf: &Shelf, text: &str) -> bool {
    let all = shelf.items().flat_map(|item| item.registers.values());
    let mut texts = all.filter_map(|held| held.value.as_ref()?.as_text());
    texts.any(|held| held.contains(text))
}

/// Stops where a folder is inside itself.
pub(crate) fn assert_tree(shelf: &Shelf) {
    for item in shelf.items().filter(|item| item.kind == Kind::Collection) {
        assert!(!shelf.ancestors(item.id).contains(&item.id), "{} is inside itself", item.id);
    }
}

/// A text that somebody typed and was told to be safe, and the items that were seen to hold it.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) text: String,
    items: BTreeSet<ItemId>,
}

impl Typed {
    /// A text that `shelf` shows.
    pub(crate) fn new(text: String, shelf: &Shelf) -> Self {
        let mut typed = Self { text, items: BTreeSet::new() };
        typed.look(shelf);
        typed
    }

    /// Looks for it in `shelf`; whether it stands there, other than as a copy of a text that lost.
    ///
    /// A device brings what it holds back to a server that lost it, but no copies: those are the
    /// server's to make.
    pub(crate) fn look(&mut self, shelf: &Shelf) -> bool {
        let holds = |item: &&Item| {
            item.registers.iter().any(|(register, held)| {
                let text = held.value.as_ref().and_then(Value::as_text).unwrap_or_default();
                !register.as_str().contains("/copy/") && text.contains(&self.text)
            })
        };
        let found: Vec<ItemId> = shelf.items().filter(holds).map(|item| item.id).collect();
        let is_there = !found.is_empty();
        self.items.extend(found);
        is_there
    }

    /// Whether an item that held it was removed for good.
    pub(crate) fn is_purged(&self, shelf: &Shelf) -> bool {
        self.items.iter().any(|id| shelf.item(*id).is_some_and(Item::is_purged))
    }
}
