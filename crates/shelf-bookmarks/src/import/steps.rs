//! Turns the nodes of a file into what one turn at the log does, and tells what became of it.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use shelf_domain::change::Puts;
use shelf_domain::id::{ActId, ItemId, LibraryId, of_hash};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::order;
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Status, Taken, Turn};
use shelf_domain::value::Value;
use shelf_ports::imports::{LedgerRow, RowOutcome};
use shelf_ports::library::Decision;

use super::folders::{Folders, Settled};
use super::{CommentNode, Entry, Folder, Format, PlaceRef, RefusedRow, TagNode};

/// One thing a turn does.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Makes a collection with this id at the end of its parent, or where its order says.
    Collection { id: ItemId, puts: Puts },
    /// Mounts a library at a collection.
    Mount { id: ItemId, library: LibraryId },
    /// Makes a tag, or gives the one of that name its colour.
    Tag(TagNode),
    /// Adds a comment under this id, unless it is there already, to the bookmark of an address.
    Comment { id: ItemId, comment: CommentNode },
    /// Saves a bookmark.
    Save { row: u64, ask: Box<SaveBookmark> },
}

/// What became of one step.
#[derive(Debug, Clone)]
pub(super) enum Became {
    /// Nothing to say.
    Done,
    /// A new bookmark.
    Stored,
    /// It joined this item, which keeps this title where it differs.
    Merged { item: Option<ItemId>, kept_title: Option<String> },
    /// It was not taken.
    Refused(Refused),
}

/// The steps of one turn with what they have to see.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) list: Vec<Step>,
    pub(super) reads: Reads,
}

impl Steps {
    /// Adds a folder that has to be made.
    pub(super) fn collection(&mut self, folder: &Folder, settled: Settled) {
        let mut puts = Puts::new();
        let mut put = |name: &'static str, value: Option<Value>| {
            if value.is_some() {
                puts.insert(Register::from(name), value);
            }
        };
        let text = |text: &str| (!text.trim().is_empty()).then(|| Value::from(text));
        put(field::NAME, Some(Value::from(settled.name.as_str())));
        put(field::PARENT, settled.parent.map(Value::from));
        put(field::DESCRIPTION, text(&folder.description));
        put(field::ICON, text(&folder.icon));
        put(field::QUERY, text(&folder.query));
        put(field::CREATED_AT, folder.created_at.map(Value::from));
        put(field::MODIFIED_AT, folder.modified_at.map(Value::from));
        put(field::ORDER, order_of(settled.keeps_order, folder.order).map(Value::from));
        self.see_collection(settled.parent);
        self.reads.items.insert(settled.id);
        self.list.push(Step::Collection { id: settled.id, puts });
    }

    /// Adds a mount: once all the file has for the folder stands in it, as a mount keeps things
    /// out. It gives no right: where the library is not there any more, it says so.
    pub(super) fn mount(&mut self, id: ItemId, library: LibraryId) {
        self.reads.items.insert(id);
        self.list.push(Step::Mount { id, library });
    }

    /// Adds a tag.
    pub(super) fn tag(&mut self, tag: TagNode) {
        self.reads = std::mem::take(&mut self.reads).tags([tag.name.as_str()]);
        self.list.push(Step::Tag(tag));
    }

    /// Adds a comment.
    pub(super) fn comment(&mut self, comment: CommentNode) {
        let id = comment.id.parse().unwrap_or_else(|_| id_of(&comment));
        self.reads = std::mem::take(&mut self.reads).url(&comment.url).items([id]);
        self.list.push(Step::Comment { id, comment });
    }

    /// Adds a bookmark that passed its checks.
    pub(super) fn save(&mut self, row: u64, ask: SaveBookmark) {
        let reads = std::mem::take(&mut self.reads);
        self.reads = reads.url(&ask.url).tags(ask.tags.iter().map(String::as_str));
        for place in &ask.places {
            self.see_collection(place.parent);
        }
        self.list.push(Step::Save { row, ask: Box::new(ask) });
    }

    fn see_collection(&mut self, parent: Option<ItemId>) {
        self.reads = std::mem::take(&mut self.reads).into_collection(parent);
    }

    /// The decision of the turn, and where it leaves what became of each step.
    pub(super) fn decision(self, act: ActId) -> (Reads, Decision, Arc<Mutex<Vec<Became>>>) {
        let became = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&became);
        let list = self.list;
        let decide = move |turn: &mut Turn| {
            turn.continue_act(act);
            let list: Vec<Became> = list.iter().map(|step| take(turn, step)).collect();
            *told.lock().unwrap_or_else(PoisonError::into_inner) = list;
            Ok(turn.done(Vec::new()))
        };
        (self.reads, Box::new(decide), became)
    }
}

fn take(turn: &mut Turn, step: &Step) -> Became {
    match step {
        Step::Collection { id, puts } => make_collection(turn, *id, puts.clone()),
        Step::Mount { id, library } => mount(turn, *id, *library),
        Step::Tag(tag) => make_tag(turn, tag),
        Step::Comment { id, comment } => make_comment(turn, *id, comment),
        Step::Save { ask, .. } => save(turn, ask),
    }
}

fn make_collection(turn: &mut Turn, id: ItemId, mut puts: Puts) -> Became {
    let order = Register::from(field::ORDER);
    if !puts.contains_key(&order) {
        let parent = puts.get(&Register::from(field::PARENT));
        let parent = parent.and_then(Option::as_ref).and_then(Value::as_text);
        let end = turn.order_at_end(parent.and_then(|id| id.parse().ok()));
        puts.insert(order, Some(Value::from(end)));
    }
    let created = Register::from(field::CREATED_AT);
    let now = turn.now();
    puts.entry(created).or_insert_with(|| Some(Value::from(now)));
    match turn.put(id, Kind::Collection, puts, Taken::Refuses) {
        Ok(_) => Became::Done,
        Err(refused) => Became::Refused(refused),
    }
}

fn mount(turn: &mut Turn, id: ItemId, library: LibraryId) -> Became {
    let library = Some(Value::from(library.to_string()));
    let puts = Puts::from([(Register::from(field::MOUNT), library)]);
    match turn.put(id, Kind::Collection, puts, Taken::Refuses) {
        Ok(_) => Became::Done,
        Err(refused) => Became::Refused(refused),
    }
}

/// The id of a comment whose file names none: the same however often it is brought.
fn id_of(comment: &CommentNode) -> ItemId {
    let said = format!("{}\n{}\n{:?}", comment.url, comment.body, comment.created_at);
    ItemId::from_bytes(of_hash(Sha256::digest(said.as_bytes()).into()))
}

fn make_comment(turn: &mut Turn, id: ItemId, comment: &CommentNode) -> Became {
    if turn.shelf.item(id).is_some() {
        return Became::Done;
    }
    let about = turn.shelf.by_url(&comment.url).filter(|item| item.is_living());
    let Some(about) = about.map(|item| item.id) else {
        return Became::Refused(Refused::not_found("bookmark that the comment is about"));
    };
    let created_at = comment.created_at.unwrap_or_else(|| turn.now());
    let puts = Puts::from([
        (Register::from(field::BOOKMARK), Some(Value::from(about))),
        (Register::from(field::BODY), Some(Value::from(comment.body.as_str()))),
        (Register::from(field::CREATED_AT), Some(Value::from(created_at))),
    ]);
    match turn.put(id, Kind::Note, puts, Taken::Refuses) {
        Ok(_) => Became::Done,
        Err(refused) => Became::Refused(refused),
    }
}

fn make_tag(turn: &mut Turn, tag: &TagNode) -> Became {
    let made = turn.tags_called(std::slice::from_ref(&tag.name)).and_then(|ids| {
        let Some(id) = ids.first().copied() else { return Ok(()) };
        let has_colour =
            turn.shelf.item(id).is_some_and(|item| !item.text(field::COLOUR).is_empty());
        if tag.colour.is_empty() || has_colour {
            return Ok(());
        }
        let colour = (Register::from(field::COLOUR), Some(Value::from(tag.colour.as_str())));
        turn.put(id, Kind::Tag, Puts::from([colour]), Taken::Refuses).map(drop)
    });
    match made {
        Ok(()) => Became::Done,
        Err(refused) => Became::Refused(refused),
    }
}

fn save(turn: &mut Turn, ask: &SaveBookmark) -> Became {
    let title = turn.shelf.by_url(&ask.url).map(|item| item.text(field::TITLE).to_owned());
    match turn.save(ask) {
        Ok(outcome) if outcome.status == Status::Joined => {
            Became::Merged { item: Some(outcome.item), kept_title: differing(title, &ask.title) }
        }
        Ok(_) => Became::Stored,
        Err(refused) => Became::Refused(refused),
    }
}

/// The title an older bookmark keeps, where it is not the one of the row.
pub(super) fn differing(kept: Option<String>, title: &str) -> Option<String> {
    let title = title.trim();
    kept.filter(|kept| !kept.is_empty() && !title.is_empty() && kept.trim() != title)
}

fn order_of(keeps_order: bool, order: u64) -> Option<String> {
    keeps_order.then(|| order::nth(usize::try_from(order).unwrap_or(usize::MAX - 1)))
}

/// What a row of the file asks of the library.
pub(super) fn ask_of(entry: Entry, folders: &Folders, format: Format) -> SaveBookmark {
    let place = |place: PlaceRef| SavePlace {
        parent: folders.collection(place.folder),
        order: order_of(folders.keeps_order(place.folder), place.order),
        title: place.title,
    };
    // Only our own lines tell a bookmark at the top of the tree from one that stands nowhere.
    let counts = |place: &PlaceRef| {
        folders.collection(place.folder).is_some() || format == Format::MindshelfJsonl
    };
    SaveBookmark {
        url: entry.url,
        title: entry.title,
        description: entry.description,
        notes: entry.notes,
        tags: entry.tags,
        places: entry.places.into_iter().filter(counts).map(place).collect(),
        created_at: entry.created_at,
        modified_at: entry.modified_at,
        archived_at: entry.archived_at,
        favourite: entry.favourite,
        unread: entry.unread,
        private: entry.private,
        raw: entry.raw,
    }
}

/// The ledger's line of a row that joined a bookmark.
pub(super) fn merged_row(
    row: u64,
    ask: &SaveBookmark,
    item: Option<ItemId>,
    kept_title: Option<String>,
) -> LedgerRow {
    let reason = if kept_title.is_some() {
        "the address is saved already; the title there differs and was kept"
    } else {
        "the address is saved already"
    };
    let (url, title) = (super::out::echo(&ask.url), super::out::echo(&ask.title));
    let reason = reason.to_owned();
    LedgerRow { row, outcome: RowOutcome::Merged, reason, url, title, item, kept_title }
}

/// The ledger's line of a row that was not taken.
pub(super) fn refused_row(row: RefusedRow) -> LedgerRow {
    let RefusedRow { row, url, title, reason } = row;
    let outcome = RowOutcome::Refused;
    LedgerRow { row, outcome, reason, url, title, item: None, kept_title: None }
}
