//! What stands beneath folders, as ids: the plan of a gesture that takes folders along in turns.

use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_ports::Fault;
use std::collections::BTreeSet;

/// Folders looked into at once.
const FOLDERS_AT_ONCE: usize = 32;

/// A place, and the bookmark that stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) place: ItemId,
    pub(super) bookmark: Option<ItemId>,
}

/// What stands beneath some folders.
#[derive(Debug, Default)]
pub(super) struct Beneath {
    /// The folders beneath, every one before those it lies in.
    pub(super) folders: Vec<ItemId>,
    /// The places in them and in the folders themselves.
    pub(super) places: Vec<Standing>,
}

impl Beneath {
    /// How many items a gesture over all of it may write.
    pub(super) fn weight(&self) -> usize {
        self.folders.len() + 2 * self.places.len()
    }
}

/// Everything beneath `roots` that is `wanted`; folders that are not `entered` hide what is in
/// them.
pub(super) async fn beneath(
    ctx: &Ctx,
    scope: Scope,
    roots: &[ItemId],
    wanted: impl Fn(&Item) -> bool,
    entered: impl Fn(&Item) -> bool,
) -> Result<Beneath, Fault> {
    let mut found = Beneath::default();
    let mut seen: BTreeSet<ItemId> = roots.iter().copied().collect();
    let mut open = roots.to_vec();
    while !open.is_empty() {
        let some = open.split_off(open.len().saturating_sub(FOLDERS_AT_ONCE));
        let reads = some.iter().fold(Reads::none(), |reads, id| reads.children(Some(*id)));
        let shelf = ctx.stores.library.read(scope, reads).await?;
        for child in some.iter().flat_map(|id| shelf.children_of(Some(*id))) {
            match child.kind {
                Kind::Collection if seen.insert(child.id) => {
                    if entered(child) {
                        open.push(child.id);
                    }
                    if wanted(child) {
                        found.folders.push(child.id);
                    }
                }
                Kind::Place if wanted(child) => {
                    let bookmark = child.reference(field::BOOKMARK);
                    found.places.push(Standing { place: child.id, bookmark });
                }
                _ => {}
            }
        }
    }
    // A folder is found after the one it lies in.
    found.folders.reverse();
    Ok(found)
}
