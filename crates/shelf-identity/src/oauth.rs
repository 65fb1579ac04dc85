//! Letting programs of others in (OAuth 2.1): whom, what for, and with which secrets.
//!
//! A program that was let in has a grant of its own, which authors what it writes. It acts with
//! short-lived secrets that open the grant, and gets the next ones with one that changes at each
//! use. What an edge calls scopes are permits here.

pub mod redirect;
pub mod proof;
pub mod refusal;
pub mod clients;
pub mod prove_client;
pub mod authorize;
pub mod push;
pub mod secrets;
pub mod exchange_code;
pub mod refresh;
pub mod act_alone;
pub mod dpop;
pub mod nonce;
pub mod device;
pub mod look_into;
pub mod apps;

pub use refusal::{OAuthCode, OAuthFailure, OAuthRefusal};

use crate::doors::Doors;
use shelf_domain::permit::{Permit, Permits};
use shelf_ports::oauth::{Authorizations, Clients};
use std::sync::Arc;

/// How long a code may be brought, milliseconds.
pub const CODE_MS: i64 = 60 * 1_000;
/// How long an access secret works, milliseconds.
pub const ACCESS_MS: i64 = 15 * 60 * 1_000;
/// How long a refresh secret may lie unused, milliseconds.
pub const IDLE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// How long a program that was let in may go on without being let in again, milliseconds.
pub const ABSOLUTE_MS: i64 = 180 * 24 * 60 * 60 * 1_000;
/// For how long a used refresh secret gives the same answer again, milliseconds.
pub const GRACE_MS: i64 = 10 * 1_000;

/// What letting programs in works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct OAuthDoors {
    /// The doors of identity.
    pub doors: Doors,
    /// Programs of others.
    pub clients: Arc<dyn Clients>,
    /// What they were given.
    pub authorizations: Arc<dyn Authorizations>,
}

/// The most a program may be let in for: all but making what acts for a person, which would
/// outlive the program's own grant, and running the server, which is nothing to hand on.
pub fn app_permits() -> Permits {
    let kept = [Permit::AccountWrite, Permit::Admin];
    Permit::ALL.into_iter().filter(|permit| !kept.contains(permit)).collect()
}
