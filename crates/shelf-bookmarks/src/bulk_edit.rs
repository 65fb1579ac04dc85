//! Edit many bookmarks at once, as one act.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::edit::Edit;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::limits;
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Refused;
use shelf_domain::save::SavePlace;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Done, Outcome, Turn};
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Where bookmarks go when they are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelve {
    /// Out of all collections.
    Unsorted,
    /// Into this collection (or the root) and out of all others.
    Into(Option<ItemId>),
}

/// What to do to every one of `ids`; what is not said is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkEdit {
    /// The bookmarks, 1 to [`limits::BATCH_MAX`].
    pub ids: Vec<ItemId>,
    /// Names of tags to add; missing ones are made.
    pub add_tags: Vec<String>,
    /// Names of tags to take off.
    pub remove_tags: Vec<String>,
    /// Archive, or take out of the archive.
    pub archive: Option<bool>,
    /// Make favourites, or not.
    pub favourite: Option<bool>,
    /// Mark as still to be read, or as read.
    pub unread: Option<bool>,
    /// Where to move them.
    pub shelve: Option<Shelve>,
    /// Put them into the trash (last of all).
    pub trash: bool,
}

impl BulkEdit {
    fn checked(mut self) -> Result<(Self, Edit), Refused> {
        let mut seen = std::collections::BTreeSet::new();
        self.ids.retain(|id| seen.insert(*id));
        if self.ids.is_empty() || self.ids.len() > limits::BATCH_MAX {
            let detail = format!("name 1 to {} bookmarks", limits::BATCH_MAX);
            return Err(Refused::invalid("ids", detail));
        }
        let mut edit = Edit {
            add_tags: self.add_tags.clone(),
            remove_tags: self.remove_tags.clone(),
            ..Edit::default()
        };
        if let Some(favourite) = self.favourite {
            edit = edit.put(field::FAVOURITE, favourite.then(|| Value::from(true)));
        }
        if let Some(unread) = self.unread {
            edit = edit.put(field::UNREAD, unread.then(|| Value::from(true)));
        }
        let nothing = edit == Edit::default() && self.archive.is_none();
        if nothing && self.shelve.is_none() && !self.trash {
            return Err(Refused::invalid("", "say what to do"));
        }
        Ok((self, edit.checked(&Kind::Bookmark)?))
    }

    /// The bookmarks with their places and tags, the tags that are named, and the end of the
    /// collection they go to.
    fn reads(&self) -> Reads {
        let names = self.add_tags.iter().chain(&self.remove_tags).map(String::as_str);
        let reads = Reads::none().places(self.ids.iter().copied()).tags(names);
        match self.shelve {
            Some(Shelve::Into(parent)) => reads.into_collection(parent),
            _ => reads,
        }
    }
}

/// Does to all bookmarks what `ask` says. Those that are not there are answered in `left`.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn bulk_edit(ctx: &Ctx, scope: Scope, ask: BulkEdit) -> Result<Changed, Failure> {
    let (ask, edit) = ask.checked()?;
    let reads = ask.reads();
    let decide = move |turn: &mut Turn| decide(turn, &ask, &edit);
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}

fn decide(turn: &mut Turn, ask: &BulkEdit, edit: &Edit) -> Result<Done, Refused> {
    let mut done = turn.done(Vec::new());
    for id in &ask.ids {
        let Ok(known) = turn.known(*id, &Kind::Bookmark) else {
            done.left.push(*id);
            continue;
        };
        let mut edit = edit.clone();
        match ask.archive {
            Some(true) if known.int(field::ARCHIVED_AT).is_none() => {
                edit = edit.put(field::ARCHIVED_AT, Some(Value::from(turn.now())));
            }
            Some(false) => edit = edit.put(field::ARCHIVED_AT, None),
            _ => {}
        }
        if edit != Edit::default() {
            done.outcomes.push(turn.edit(known.id, &Kind::Bookmark, &edit)?);
        }
        if let Some(shelve) = ask.shelve {
            done.outcomes.extend(shelved(turn, known.id, shelve)?);
        }
        if ask.trash && !known.is_trashed() {
            done.outcomes.extend(turn.trash(known.id)?);
        }
    }
    Ok(done)
}

/// Keeps one place and moves it, so that its title survives; the others go.
fn shelved(turn: &mut Turn, bookmark: ItemId, to: Shelve) -> Result<Vec<Outcome>, Refused> {
    let places: Vec<(ItemId, Option<ItemId>)> = turn
        .shelf
        .places_of(bookmark)
        .into_iter()
        .filter(|place| place.is_living())
        .map(|place| (place.id, place.reference(field::PARENT).map(|id| turn.shelf.resolve(id))))
        .collect();
    let mut outcomes = Vec::new();
    let kept = match to {
        Shelve::Unsorted => None,
        Shelve::Into(parent) => {
            let parent = parent.map(|id| turn.shelf.resolve(id));
            let there = places.iter().find(|(_, at)| *at == parent);
            if let Some((place, at)) = there.or(places.first()) {
                if *at != parent {
                    outcomes.push(turn.move_to(*place, parent, Spot::End)?);
                }
                Some(*place)
            } else {
                let spot = SavePlace { parent, ..SavePlace::default() };
                outcomes.push(turn.place(bookmark, &spot)?);
                None
            }
        }
    };
    for (place, _) in places.into_iter().filter(|(place, _)| Some(*place) != kept) {
        outcomes.extend(turn.trash(place)?);
    }
    // What moved is the bookmark; its places only carry it.
    Ok(outcomes.into_iter().map(|outcome| Outcome { item: bookmark, ..outcome }).collect())
}
