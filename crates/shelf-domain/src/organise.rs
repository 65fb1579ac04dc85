//! Organising: folders and their order, places, tags and notes of their own.

use crate::change::Puts;
use crate::id::ItemId;
use crate::kind::{Kind, Register, field};
use crate::order;
use crate::refusal::Refused;
use crate::turn::{Outcome, Taken, Turn};
use crate::value::Value;

/// Most siblings that are numbered anew when the keys around a spot have become too long.
const RENUMBERED_MAX: usize = 400;

/// Where something goes among the children of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// After all others.
    End,
    /// Before all others.
    Start,
    /// Right after this sibling.
    After(ItemId),
}

impl Turn {
    /// Makes a new item of `kind` with `puts`; folders and places go to the end of their parent.
    pub fn make(&mut self, kind: &Kind, mut puts: Puts) -> Result<Outcome, Refused> {
        let order = Register::from(field::ORDER);
        if matches!(kind, Kind::Collection | Kind::Place) && !puts.contains_key(&order) {
            let parent = puts
                .get(&Register::from(field::PARENT))
                .and_then(Option::as_ref)
                .and_then(Value::as_text)
                .and_then(|text| text.parse().ok());
            puts.insert(order, Some(Value::from(self.order_at_end(parent))));
        }
        let id = self.new_id();
        self.put(id, kind.clone(), puts, Taken::Joins)
    }

    /// Moves a folder or place into `parent` at `spot`.
    pub fn move_to(
        &mut self,
        item: ItemId,
        parent: Option<ItemId>,
        spot: Spot,
    ) -> Result<Outcome, Refused> {
        let Some(known) = self.shelf.item(item).filter(|item| !item.is_purged()).cloned() else {
            return Err(Refused::not_found(format!("folder or place {item}")));
        };
        if !matches!(known.kind, Kind::Collection | Kind::Place) {
            return Err(Refused::invalid("item", "only folders and places can be moved"));
        }
        let siblings = self.siblings(known.id, parent, spot);
        let after = match spot {
            Spot::Start => None,
            Spot::End => siblings.len().checked_sub(1),
            Spot::After(id) => Some(
                siblings
                    .iter()
                    .position(|(sibling, _)| *sibling == id)
                    .ok_or_else(|| Refused::invalid("after", "this is not in that folder"))?,
            ),
        };
        let key = self.key_at(&siblings, after.map_or(0, |at| at + 1))?;
        let puts = Puts::from([
            (Register::from(field::PARENT), parent.map(Value::from)),
            (Register::from(field::ORDER), Some(Value::from(key))),
        ]);
        self.put(known.id, known.kind, puts, Taken::Refuses)
    }

    /// What stands in `parent` beside `item`, in order, with the keys. Of folders that stand at the
    /// top because their own is gone, only the one that `spot` names is in view.
    fn siblings(&self, item: ItemId, parent: Option<ItemId>, spot: Spot) -> Vec<(ItemId, String)> {
        let mut all = self.shelf.children_of(parent);
        if let (None, Spot::After(beside)) = (parent, spot) {
            let beside = self.shelf.item(beside).filter(|beside| {
                beside.kind == Kind::Collection
                    && beside.is_living()
                    && beside.reference(field::PARENT).is_some()
                    && self.shelf.shown_in(beside).is_none()
            });
            all.extend(beside);
        }
        let others = all.into_iter().filter(|sibling| sibling.id != item);
        let mut keys: Vec<(ItemId, String)> =
            others.map(|sibling| (sibling.id, sibling.text(field::ORDER).to_owned())).collect();
        keys.sort_by(|(a, a_key), (b, b_key)| (a_key, a).cmp(&(b_key, b)));
        keys
    }

    /// An order key for what comes before the sibling at `at`. Where that would be too long, or
    /// where the siblings have no keys or equal ones, those around are numbered anew.
    fn key_at(&mut self, siblings: &[(ItemId, String)], at: usize) -> Result<String, Refused> {
        let order_of = |at: usize| siblings.get(at).map_or("", |(_, order)| order.as_str());
        let (below, above) = (at.checked_sub(1).map_or("", order_of), order_of(at));
        let key = order::between(below, above, self.jitter());
        let is_after = at == 0 || (!below.is_empty() && below < key.as_str());
        let is_before = at == siblings.len() || key.as_str() < above;
        if is_after && is_before && key.len() <= order::KEY_CHARS_MAX {
            return Ok(key);
        }
        let mut from = at.saturating_sub(RENUMBERED_MAX / 2);
        if from > 0 && order_of(from - 1).is_empty() {
            // Those without a key stand first: the last of them must not bound from below.
            from = siblings.iter().take(at).position(|(_, key)| !key.is_empty()).unwrap_or(at);
        }
        let to = siblings.len().min(at + RENUMBERED_MAX / 2);
        let low = from.checked_sub(1).map_or("", order_of);
        let mut keys = order::spread(low, order_of(to), to - from + 1).into_iter();
        let mut own = key;
        for spot in from..=to {
            let Some(key) = keys.next() else { break };
            if spot == at {
                own = key;
                continue;
            }
            let sibling = if spot < at { spot } else { spot - 1 };
            let Some((id, _)) = siblings.get(sibling) else { continue };
            let kind = self.shelf.item(*id).map_or(Kind::Place, |item| item.kind.clone());
            let puts = Puts::from([(Register::from(field::ORDER), Some(Value::from(key)))]);
            self.put(*id, kind, puts, Taken::Refuses)?;
        }
        Ok(own)
    }
}
