//! What every use case of identity is given.

use shelf_domain::id::{Ids, TenantId};
use shelf_domain::plan::Stock;
use shelf_ports::Failure;
use shelf_ports::accounts::Accounts;
use shelf_ports::audit::Audit;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::Rooms;
use std::sync::Arc;

/// The stores and sources identity works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct Doors {
    /// People, links, grants and settings.
    pub accounts: Arc<dyn Accounts>,
    /// Who belongs to which tenant, and who may use what.
    pub tenants: Arc<dyn Tenants>,
    /// What was done about it.
    pub audit: Arc<dyn Audit>,
    /// How much more tenants may keep.
    pub rooms: Arc<dyn Rooms>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

impl Doors {
    /// Refused `quota` where the plan of `tenant` has no room for one more of `stock`.
    pub(crate) async fn has_room(&self, tenant: TenantId, stock: Stock) -> Result<(), Failure> {
        match self.rooms.room(tenant, stock).await? {
            Some(room) => Ok(room.take().map(drop)?),
            None => Ok(()),
        }
    }

    /// A source of new ids, as of now.
    pub(crate) fn ids(&self) -> Ids {
        Ids::new(self.clock.now_ms(), self.chance.seed())
    }
}
