//! Room for few bookmarks, as a full plan has.

use async_trait::async_trait;
use shelf_domain::id::{Scope, TenantId};
use shelf_domain::plan::{Room, Stock};
use shelf_ports::Fault;
use shelf_ports::usage::Rooms;

/// Room for so many new bookmarks in each turn, and for any amount of all else.
#[derive(Clone, Copy, Debug)]
pub struct Few(pub u64);

#[async_trait]
impl Rooms for Few {
    async fn most(&self, _: TenantId, _: Stock) -> Result<Option<u64>, Fault> {
        Ok(None)
    }

    async fn room(&self, _: TenantId, _: Stock) -> Result<Option<Room>, Fault> {
        Ok(None)
    }

    async fn bookmarks(&self, _: Scope) -> Result<Option<Room>, Fault> {
        Ok(Some(Room { stock: Stock::Bookmarks, most: 100, left: self.0 }))
    }
}
