//! What is done to a replica: save, edit, list, trash, and look at what was refused.

use super::now;
use crate::console;
use crate::system::SystemChance;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use shelf_domain::change::Puts;
use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::{Status, Turn};
use shelf_domain::value::Value;
use shelf_ports::chance::Chance;
use shelf_replica::Replica;

/// What to do with the replica.
#[derive(Debug, Subcommand)]
pub(super) enum Deed {
    /// Save a bookmark.
    Add(Add),
    /// Change a bookmark.
    Edit(Change),
    /// List bookmarks, newest first.
    List(List),
    /// Put something into the trash; a folder takes along what is in it.
    Trash {
        /// Its id.
        id: ItemId,
    },
    /// Bring something back from the trash.
    Restore {
        /// Its id.
        id: ItemId,
    },
    /// Drop a change that was refused.
    Drop {
        /// Its number, as `mindshelf sync` tells it.
        id: i64,
    },
}

/// What to save.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The address.
    url: String,
    #[command(flatten)]
    said: Texts,
}

/// What to change.
#[derive(Debug, Args)]
pub(super) struct Change {
    /// The bookmark's id, as `list` tells it.
    id: ItemId,
    /// Another address.
    #[arg(long)]
    url: Option<String>,
    /// Tags to take off, with commas between.
    #[arg(long, value_delimiter = ',')]
    untag: Vec<String>,
    #[command(flatten)]
    said: Texts,
}

/// What is said about a bookmark.
#[derive(Debug, Args)]
struct Texts {
    /// Its title.
    #[arg(long)]
    title: Option<String>,
    /// Tags, with commas between; may be said again.
    #[arg(long, alias = "tag", value_delimiter = ',')]
    tags: Vec<String>,
    /// What you think of it; Markdown.
    #[arg(long, alias = "notes")]
    note: Option<String>,
    /// The folder it goes into, with `/` between names; missing ones are made.
    #[arg(long)]
    folder: Option<String>,
}

/// What to list.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Words that all have to stand in title, address, note or tags.
    words: Vec<String>,
    /// How many at most.
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

/// Does `deed` to `replica`.
pub(super) fn does(replica: &mut Replica, deed: &Deed, json: bool) -> Result<()> {
    match deed {
        Deed::Add(add) => {
            let (status, id) = act(replica, |turn| added(turn, add))?;
            let what =
                if status == Status::Joined { "Added to what was saved before" } else { "Saved" };
            done(replica, id, what, json)
        }
        Deed::Edit(change) => {
            let id = act(replica, |turn| edited(turn, change))?;
            done(replica, id, "Changed", json)
        }
        Deed::List(list) => {
            listed(replica.shown(), list, json);
            Ok(())
        }
        Deed::Trash { id } => {
            act(replica, |turn| turn.trash(*id).map(drop))?;
            done(replica, *id, "In the trash", json)
        }
        Deed::Restore { id } => {
            act(replica, |turn| turn.restore(*id).map(drop))?;
            done(replica, *id, "Restored", json)
        }
        Deed::Drop { id } => {
            if !replica.drop_aside(*id)? {
                bail!("there is no refused change {id}; `mindshelf sync` lists them");
            }
            Ok(())
        }
    }
}

fn act<T>(replica: &mut Replica, decide: impl Fn(&mut Turn) -> Result<T, Refused>) -> Result<T> {
    Ok(replica.act(now(), SystemChance.seed(), decide)?)
}

fn done(replica: &Replica, id: ItemId, what: &str, json: bool) -> Result<()> {
    let item = replica.shown().item(id).context("it is gone")?;
    if json {
        console::say(told(replica.shown(), item));
    } else {
        console::say(format!("{what}: {} ({})", named(replica.shown(), item), item.id));
    }
    Ok(())
}

fn added(turn: &mut Turn, add: &Add) -> Result<(Status, ItemId), Refused> {
    let Texts { title, tags, note, folder } = &add.said;
    let mut save = SaveBookmark {
        title: title.clone().unwrap_or_default(),
        notes: note.clone().unwrap_or_default(),
        tags: tags.clone(),
        ..SaveBookmark::of(&*add.url)
    };
    save = save.checked()?;
    if let Some(path) = folder {
        let parent = folder_called(turn, path)?;
        save.places = vec![SavePlace { parent, ..SavePlace::default() }];
    }
    let outcome = turn.save(&save)?;
    Ok((outcome.status, outcome.item))
}

fn edited(turn: &mut Turn, change: &Change) -> Result<ItemId, Refused> {
    let Texts { title, tags, note, folder } = &change.said;
    let texts = [(field::URL, &change.url), (field::TITLE, title), (field::NOTES, note)];
    let mut edit = Edit::default();
    for (name, text) in texts {
        if let Some(text) = text {
            // Nothing empties a field.
            let value = (!text.is_empty()).then(|| Value::from(text.as_str()));
            edit = edit.put(name, value);
        }
    }
    (edit.add_tags, edit.remove_tags) = (tags.clone(), change.untag.clone());
    let edit = edit.checked(&Kind::Bookmark)?;
    let item = turn.edit(change.id, &Kind::Bookmark, &edit)?.item;
    if let Some(path) = folder {
        let parent = folder_called(turn, path)?;
        turn.place(item, &SavePlace { parent, ..SavePlace::default() })?;
    }
    Ok(item)
}

/// The folder at `path`; missing ones are made.
fn folder_called(turn: &mut Turn, path: &str) -> Result<Option<ItemId>, Refused> {
    let mut at: Option<ItemId> = None;
    for name in path.split('/').map(str::trim).filter(|name| !name.is_empty()) {
        at = if let Some(folder) = folder_in(&turn.shelf, at, name) {
            Some(folder)
        } else {
            let mut puts = Puts::from([(Register::from(field::NAME), Some(Value::from(name)))]);
            puts.extend(at.map(|at| (Register::from(field::PARENT), Some(Value::from(at)))));
            Some(turn.make(&Kind::Collection, puts)?.item)
        };
    }
    Ok(at)
}

/// The first folder of a name that is shown in `parent`.
fn folder_in(shelf: &Shelf, parent: Option<ItemId>, name: &str) -> Option<ItemId> {
    let folders = shelf.items().filter(|item| {
        item.kind == Kind::Collection
            && item.is_living()
            && item.text(field::NAME) == name
            && shelf.shown_in(item) == parent
    });
    folders.min_by_key(|item| (item.text(field::ORDER), item.id)).map(|item| item.id)
}

fn listed(shelf: &Shelf, list: &List, json: bool) {
    let words: Vec<String> = list.words.iter().map(|word| word.to_lowercase()).collect();
    let all = shelf.items().filter(|item| item.kind == Kind::Bookmark && item.is_living());
    let mut found: Vec<&Item> = all.filter(|item| holds(shelf, item, &words)).collect();
    found.sort_by_key(|item| std::cmp::Reverse((item.int(field::CREATED_AT), item.id)));
    for item in found.into_iter().take(list.limit) {
        if json {
            console::say(told(shelf, item));
            continue;
        }
        console::say(format!("{}  {}", item.id, named(shelf, item)));
        console::say(format!("  {}", plain(item.text(field::URL))));
    }
}

fn holds(shelf: &Shelf, item: &Item, words: &[String]) -> bool {
    let texts = [field::TITLE, field::URL, field::NOTES, field::DESCRIPTION];
    let mut text: String = texts.map(|name| item.text(name).to_lowercase()).join("\n");
    for tag in tags(shelf, item) {
        text.push('\n');
        text.push_str(&tag.to_lowercase());
    }
    words.iter().all(|word| text.contains(word))
}

fn tags<'a>(shelf: &'a Shelf, item: &Item) -> Vec<&'a str> {
    let tags = shelf.tags_of(item).into_iter().filter_map(|tag| shelf.item(tag));
    tags.map(|tag| tag.text(field::NAME)).collect()
}

/// An item as programs read it.
pub(in crate::commands) fn told(shelf: &Shelf, item: &Item) -> serde_json::Value {
    let mut told = serde_json::json!({ "id": item.id, "kind": item.kind });
    for name in
        [field::URL, field::TITLE, field::NAME, field::NOTES, field::BOOKMARK, field::PARENT]
    {
        if let Some(text) = item.get(name).and_then(Value::as_text) {
            told[name] = text.into();
        }
    }
    if item.kind == Kind::Bookmark {
        told["tags"] = tags(shelf, item).into();
    }
    told
}

/// An item as people read it: a title, an address or a name.
pub(in crate::commands) fn named(shelf: &Shelf, item: &Item) -> String {
    let of = match item.kind {
        Kind::Place => item.reference(field::BOOKMARK).and_then(|id| shelf.item(id)),
        _ => None,
    };
    let item = of.unwrap_or(item);
    let texts = [field::TITLE, field::NAME, field::URL, field::QUOTE, field::BODY];
    let text = texts.into_iter().map(|name| item.text(name)).find(|text| !text.trim().is_empty());
    plain(text.unwrap_or_default())
}

/// One line a terminal only shows.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
