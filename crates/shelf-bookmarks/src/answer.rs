//! What a use case that writes answers with, where nothing more needs to be said.

use shelf_domain::change::Head;
use shelf_domain::id::{ActId, ItemId};
use shelf_domain::turn::{Outcome, Status};
use shelf_ports::library::Written;

/// What a gesture changed. Undo takes its `act`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The gesture; `None` where the answer is an old one that did not name it.
    pub act: Option<ActId>,
    /// The items that were changed, in the order asked, without those that were so already.
    pub items: Vec<ItemId>,
    /// Every outcome, in the order decided.
    pub outcomes: Vec<Outcome>,
    /// Items that were left as they are.
    pub left: Vec<ItemId>,
    /// Where the log stands after it.
    pub head: Head,
    /// Whether this is the stored answer of an earlier request with the same key.
    pub replayed: bool,
}

impl Changed {
    /// The item of the first outcome.
    pub fn item(&self) -> Option<ItemId> {
        self.outcomes.first().map(|outcome| outcome.item)
    }

    /// Takes in what a later turn of the same gesture did.
    pub(crate) fn and(mut self, later: Written) -> Self {
        let later = Self::from(later);
        self.items.extend(later.items);
        self.outcomes.extend(later.outcomes);
        self.left.extend(later.left);
        self.head = later.head;
        self
    }
}

impl From<Written> for Changed {
    fn from(written: Written) -> Self {
        let outcomes = written.done.outcomes;
        let moved = outcomes.iter().filter(|outcome| outcome.status != Status::Noop);
        Self {
            act: written.done.act,
            items: moved.map(|outcome| outcome.item).collect(),
            left: written.done.left,
            head: written.head,
            replayed: written.replayed,
            outcomes,
        }
    }
}
