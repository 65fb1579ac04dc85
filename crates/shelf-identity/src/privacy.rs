//! What people may ask of whoever keeps what is theirs: all of it, signed; that nothing else is done
//! with it; and that it is erased.
//!
//! What stands in libraries is not known here: whoever writes an archive or erases joins this with
//! the Bookmark Service.

pub mod signing;
pub mod notice;
pub mod choose;
pub mod recipients;
pub mod account_file;
pub mod ask_erasure;
mod farewell;
pub mod erase;
pub mod record;

use crate::authenticate::Signed;
use crate::doors::Doors;
use crate::passwords::PasswordDoors;
use shelf_domain::permit::Permits;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::GrantKind;
use shelf_ports::oauth::{Authorizations, Clients};
use shelf_ports::privacy::Privacy;
use shelf_ports::sso::SingleSignOn;
use shelf_ports::vault::Vault;
use shelf_ports::webhooks::Webhooks;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The stores and sources of the use cases about privacy; cheap to clone.
#[derive(Clone, Debug)]
pub struct PrivacyDoors {
    /// Those of all of identity, and passwords.
    pub passwords: PasswordDoors,
    /// Programs of others.
    pub clients: Arc<dyn Clients>,
    /// What they were given.
    pub authorizations: Arc<dyn Authorizations>,
    /// Who is told what happens in libraries.
    pub webhooks: Arc<dyn Webhooks>,
    /// How people are known to identity providers.
    pub sso: Arc<dyn SingleSignOn>,
    /// Keys, consents, erasures and receipts.
    pub privacy: Arc<dyn Privacy>,
    /// What seals the key of this server.
    pub vault: Arc<dyn Vault>,
}

impl PrivacyDoors {
    /// The doors of all of identity.
    pub fn doors(&self) -> &Doors {
        &self.passwords.doors
    }
}

/// Refuses whoever is not the person themselves, at a browser or on the machine: what cannot be
/// undone is asked for by no key somebody may have copied.
pub(crate) fn in_person(signed: &Signed) -> Result<(), Refused> {
    if matches!(signed.grant.kind, GrantKind::Session | GrantKind::Local) {
        return Ok(());
    }
    let detail = "sign in with a browser for this, or use the command on the machine itself";
    Err(Refused::new(Code::Forbidden, "", detail))
}

/// Refuses what is good for a part alone: all of it leaves.
pub fn for_everything(signed: &Signed) -> Result<(), Refused> {
    let allows = &signed.grant.allows;
    let all = allows.permits == Permits::EVERY && allows.libraries.is_none();
    if all && signed.grant.kind != GrantKind::App {
        return Ok(());
    }
    let detail = "this takes a token without limits, or a browser that is signed in";
    Err(Refused::new(Code::Forbidden, "", detail))
}

/// A moment as RFC 3339 in UTC; empty where no calendar has it.
pub(crate) fn moment(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
