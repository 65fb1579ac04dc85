//! Tenants and their audit logs.

use crate::client::encoded;
use crate::{Client, ClientFailure};
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, ItemId, PersonId, TenantId};

/// A tenant and its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TenantName {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
}

/// A record of an audit log, as the interface writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its place: 1 for the first, without gaps.
    pub number: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What was done.
    pub deed: String,
    /// Who did it.
    pub person: PersonId,
    /// With which session, token or device.
    pub grant: Option<DeviceId>,
    /// What it was done to.
    pub subject: Option<ItemId>,
    /// How.
    pub detail: String,
    /// What it is sealed with, 64 hexadecimal digits.
    pub seal: String,
}

/// How a log stands, as the server followed it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AuditCheck {
    /// Whether it holds.
    pub holds: bool,
    /// Why it does not.
    pub problem: Option<String>,
    /// How many records were followed.
    pub records: u64,
    /// The last one, `number:seal`.
    pub seal: String,
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl Client {
    /// The tenants of this person, the oldest first.
    pub async fn tenants(&self) -> Result<Vec<TenantName>, ClientFailure> {
        self.get::<Items<TenantName>>("/v1/tenants").await.map(|page| page.items)
    }

    /// A page of the audit log of `tenant` after `cursor`, oldest first, and the next cursor.
    pub async fn audit(
        &self,
        tenant: TenantId,
        cursor: Option<&str>,
    ) -> Result<(Vec<AuditRecord>, Option<String>), ClientFailure> {
        let from = cursor.map(|cursor| format!("&cursor={}", encoded(cursor))).unwrap_or_default();
        let path = format!("/v1/tenants/{tenant}/audit?order=oldest&limit=200{from}");
        self.get::<Items<AuditRecord>>(&path).await.map(|page| (page.items, page.next_cursor))
    }

    /// Lets the server follow the audit log of `tenant`, and look for `seal` in it.
    pub async fn check_audit(
        &self,
        tenant: TenantId,
        seal: Option<&str>,
    ) -> Result<AuditCheck, ClientFailure> {
        let seal = seal.map(|seal| format!("?seal={}", encoded(seal))).unwrap_or_default();
        self.get(&format!("/v1/tenants/{tenant}/audit/check{seal}")).await
    }
}
