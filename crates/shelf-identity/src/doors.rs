//! What every use case of identity is given.

use shelf_domain::id::Ids;
use shelf_ports::accounts::Accounts;
use shelf_ports::audit::Audit;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::tenants::Tenants;
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
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

impl Doors {
    /// A source of new ids, as of now.
    pub(crate) fn ids(&self) -> Ids {
        Ids::new(self.clock.now_ms(), self.chance.seed())
    }
}
