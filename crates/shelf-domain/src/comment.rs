//! Comments: notes about a bookmark, each by a person, and who may change one.

use crate::change::Puts;
use crate::id::{DeviceId, ItemId, PersonId};
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::Refused;
use crate::right::Right;
use crate::shelf::Shelf;
use crate::stamp::Seq;
use crate::turn::{Outcome, Turn};
use crate::value::Value;
use crate::view::copies_of;

/// A comment as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: ItemId,
    /// Highest winning seq: the version of its fields.
    pub version: Seq,
    /// The bookmark it is about.
    pub bookmark: ItemId,
    /// What it says.
    pub body: String,
    /// Who wrote it; nobody knows of notes that were made before they were signed.
    pub author: Option<PersonId>,
    /// When it was written, milliseconds.
    pub created_at: i64,
    /// When its text was changed last, milliseconds; none where it stands as it was written.
    pub edited_at: Option<i64>,
    /// When it was put into the trash, milliseconds.
    pub trashed_at: Option<i64>,
    /// Texts that lost against a blind edit: field, device, text.
    pub copies: Vec<(String, DeviceId, String)>,
}

impl Comment {
    /// How `shelf` shows the note `item`; none where it is no note, is about no bookmark, or was
    /// removed for good.
    pub fn of(shelf: &Shelf, item: &Item) -> Option<Self> {
        if item.kind != Kind::Note || item.is_purged() {
            return None;
        }
        let bookmark = shelf.resolve(item.reference(field::BOOKMARK)?);
        let put = |name| item.registers.get(&Register::named(name));
        let made_at = put(field::BOOKMARK).map(|held| held.stamp.hlc.millis());
        let edited = put(field::BODY).filter(|held| held.seq > item.created_seq);
        Some(Self {
            id: item.id,
            version: item.version(),
            bookmark,
            body: item.text(field::BODY).to_owned(),
            author: item.text(field::AUTHOR).parse().ok(),
            created_at: item.int(field::CREATED_AT).or(made_at).unwrap_or_default(),
            edited_at: edited.map(|held| held.stamp.hlc.millis()),
            trashed_at: item.int(field::TRASHED_AT),
            copies: copies_of(item),
        })
    }

    /// Whether `person` may change its text: who wrote it, as long as they may write there.
    pub fn may_edit(&self, person: PersonId, right: Right) -> bool {
        right >= Right::Write && self.author == Some(person)
    }

    /// Whether `person` may put it into the trash: who wrote it, and whoever manages the library.
    pub fn may_remove(&self, person: PersonId, right: Right) -> bool {
        self.may_edit(person, right) || right == Right::Manage
    }

    /// Whether `item` is a comment that `person` neither wrote nor may take away, by whatever way
    /// they come to it. Of notes that were made before they were signed nobody knows who wrote them.
    pub fn is_of_another(shelf: &Shelf, item: &Item, (person, right): (PersonId, Right)) -> bool {
        let comment = Self::of(shelf, item).filter(|comment| comment.author.is_some());
        comment.is_some_and(|comment| !comment.may_remove(person, right))
    }
}

impl Turn {
    /// Adds a comment to the bookmark `bookmark`.
    pub fn comment(&mut self, bookmark: ItemId, body: &str) -> Result<Outcome, Refused> {
        let known = self.known(bookmark, &Kind::Bookmark)?;
        if known.is_trashed() {
            return Err(Refused::invalid("bookmark", "it is in the trash: restore it first"));
        }
        let now = self.now();
        let puts = Puts::from([
            (Register::from(field::BOOKMARK), Some(Value::from(known.id))),
            (Register::from(field::BODY), Some(Value::from(body))),
            (Register::from(field::CREATED_AT), Some(Value::from(now))),
        ]);
        self.make(&Kind::Note, puts)
    }
}
