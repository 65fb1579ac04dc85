//! Signing in by the identity provider of an organisation (OpenID Connect, code flow).
//!
//! A provider speaks for one tenant, and for mail addresses of domains that tenant proved to be its
//! own; nothing else it says lets anybody in. Whom it knows is known by what it calls them for ever,
//! never by a mail address. Everything that leaves goes through the door out.

mod refusal;
mod about;
pub mod connect;
pub mod domains;
mod token;
mod logout_token;
mod known;
pub mod begin;
mod exchange;
mod come_in;
mod follow_claim;
pub mod finish;
pub mod log_out;
pub mod may_enter;
#[cfg(any(test, fuzzing))]
pub(crate) mod thrown;

pub use refusal::{SsoFailure, TurnedAway};

use crate::doors::Doors;
use crate::passwords::PasswordDoors;
pub use known::Known;
use sha2::{Digest, Sha256};
use shelf_ports::outbound::{Ask, Bounds, Method, Outbound, Redirects, Wanted};
use shelf_ports::sso::SingleSignOn;
use shelf_ports::vault::Vault;
use std::sync::Arc;
use std::time::Duration;

/// How long somebody may take to sign in at their provider, milliseconds.
pub const FLOW_MS: i64 = 10 * 60 * 1_000;
/// How long a provider may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// The stores and sources of the use cases about identity providers; cheap to clone.
#[derive(Clone, Debug)]
pub struct SsoDoors {
    /// Those of all of identity, and login names.
    pub passwords: PasswordDoors,
    /// Providers, domains, and who is known by them.
    pub sso: Arc<dyn SingleSignOn>,
    /// What seals what this server proves itself by.
    pub vault: Arc<dyn Vault>,
    /// The way out.
    pub outbound: Arc<dyn Outbound>,
    /// What providers said of themselves a short while ago; one for the whole process.
    pub known: Arc<Known>,
}

impl SsoDoors {
    /// The doors of all of identity.
    pub fn doors(&self) -> &Doors {
        &self.passwords.doors
    }
}

/// Where providers of `tenant` send a browser back to, below the address this server is reached by.
pub fn redirect_uri(reached: &str, tenant: shelf_domain::id::TenantId) -> String {
    format!("{reached}/sign-in/sso/{tenant}")
}

/// A request for one of `types` at this very address, and no other.
fn asked(method: Method, url: &str, types: &[&str]) -> Ask {
    Ask {
        method,
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        redirects: Redirects::Answer,
        wanted: Wanted::Body(types.iter().map(|name| (*name).to_owned()).collect()),
        bounds: Bounds {
            total: ANSWER_MAX,
            wire_bytes: ANSWER_BYTES_MAX,
            body_bytes: ANSWER_BYTES_MAX,
        },
    }
}

/// What follows from the secret of a sign-in and nobody can guess without it.
fn derived(label: &str, secret: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update("mindshelf.sso.1\0")
        .chain_update(label)
        .chain_update([0])
        .chain_update(secret)
        .finalize()
        .into()
}
