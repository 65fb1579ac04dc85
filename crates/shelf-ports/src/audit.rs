//! What was done about who may do what, tenant by tenant, so that nothing of it can be changed
//! unseen ([`shelf_domain::audit`]).

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::audit::{Chain, Record, Sealed};
use shelf_domain::id::TenantId;
use std::fmt;

/// The audit logs. Each belongs to one tenant; nothing is ever taken out of one.
#[async_trait]
pub trait Audit: fmt::Debug + Send + Sync {
    /// Puts a record at the end of the log of `tenant`, sealed to the one before it; durable when
    /// this answers. What several put at once stands one after the other.
    async fn put_record(&self, tenant: TenantId, record: Record) -> Result<Sealed, Fault>;

    /// The records after the `after`th, oldest first, at most `limit`.
    async fn records_after(
        &self,
        tenant: TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault>;

    /// The records before the `before`th, or the last ones, latest first, at most `limit`.
    async fn records_before(
        &self,
        tenant: TenantId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault>;

    /// Where the log of `tenant` ends, as it is kept.
    async fn end_of_records(&self, tenant: TenantId) -> Result<Chain, Fault>;
}
