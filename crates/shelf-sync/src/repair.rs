//! Repair: the items of ranges in which a replica went another way.

use crate::doors::Doors;
use crate::pull::{BYTES_MAX, value_bytes};
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::refusal::Refused;
use shelf_domain::sums::range_of;
use shelf_ports::replicas::Stretch;
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Most ranges of one repair.
pub const RANGES_MAX: usize = 16;
/// Most items of one answer.
const ITEMS_MAX: usize = 1_000;
/// Ids that joined are looked through so many at once.
const ALIASES_PART: usize = 5_000;

/// Which ranges, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The ranges, 1 to [`RANGES_MAX`].
    pub ranges: BTreeSet<u8>,
    /// The last item of the answer before; `None` is the beginning.
    pub after: Option<ItemId>,
}

/// Items of those ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Where the log stood.
    pub head: Head,
    /// The items, by rising id.
    pub items: Vec<Item>,
    /// Every id of those ranges that joined, and what; in the first answer alone.
    pub aliases: Vec<(ItemId, ItemId)>,
    /// What to ask on from, where there is more.
    pub next: Option<ItemId>,
}

/// Tells the items of `ask`.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn repair(doors: &Doors, scope: Scope, ask: Repair) -> Result<Repaired, Failure> {
    if !(1..=RANGES_MAX).contains(&ask.ranges.len()) {
        let detail = format!("repair 1 to {RANGES_MAX} ranges at once");
        return Err(Refused::invalid("ranges", detail).into());
    }
    let Repair { ranges, after } = ask;
    let aliases = match after {
        None => aliases_of(doors, scope, &ranges).await?,
        Some(_) => Vec::new(),
    };
    let stretch = Stretch { ranges: Some(ranges), after, limit: ITEMS_MAX };
    let told = doors.replicas.stretch(scope, &stretch).await?;
    let (head, mut items) = (told.head, told.items);
    let found = items.len();
    items.truncate(fitting(&items));
    let has_more = items.len() < found || found == ITEMS_MAX;
    let next = items.last().map(|item| item.id).filter(|_| has_more);
    Ok(Repaired { head, items, aliases, next })
}

/// Every id of `ranges` that joined.
async fn aliases_of(
    doors: &Doors,
    scope: Scope,
    ranges: &BTreeSet<u8>,
) -> Result<Vec<(ItemId, ItemId)>, Fault> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let part = doors.replicas.aliases(scope, after, ALIASES_PART).await?;
        let Some((last, _)) = part.last() else { return Ok(found) };
        after = Some(*last);
        found.extend(part.into_iter().filter(|(younger, _)| ranges.contains(&range_of(*younger))));
    }
}

/// How many of `items` make one answer: at least one, and no more than fit.
fn fitting(items: &[Item]) -> usize {
    let mut bytes = 0;
    let fits = items.iter().take_while(|item| {
        let before = bytes;
        let held = item.registers.iter();
        bytes +=
            held.map(|(register, held)| value_bytes(register, held.value.as_ref())).sum::<usize>();
        before < BYTES_MAX
    });
    fits.count()
}
