//! Tenants, people, one-time links, sessions and tokens.
//!
//! Secrets are random, leave here once and are looked up by their SHA-256; nothing that is stored
//! opens anything.

pub mod doors;
pub mod secret;
mod server_secret;
pub mod first_run;
pub mod rename_person;
pub mod create_link;
pub mod sign_in;
pub mod create_token;
pub mod authenticate;
pub mod grants;
pub mod pair_device;
pub mod rename_device;
pub mod csrf;
pub mod tenants;
pub mod audit;
pub mod address;
mod habits;
pub mod quotas;
pub mod usage;
pub mod operators;
pub mod downloads;
pub mod throttle;
pub mod passwords;
pub mod passkeys;
pub mod oauth;
pub mod sso;
pub mod privacy;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use address::Address;
pub use audit::Actor;
pub use authenticate::{Signed, authenticate, session};
pub use create_link::{SignInLink, create_link};
pub use create_token::{CreateToken, NewGrant, create_local_key, create_token};
pub use csrf::CsrfToken;
pub use doors::Doors;
pub use downloads::Download;
pub use first_run::{Owner, first_run};
pub use grants::{list_grants, revoke_grant, sign_out};
pub use oauth::OAuthDoors;
pub use pair_device::pair_device;
pub use passkeys::relying_party::{NotOffered, RelyingParty};
pub use passwords::{Knocked, PasswordDoors, Typed, hashing::Hashing};
pub use privacy::PrivacyDoors;
pub use quotas::Quotas;
pub use rename_device::rename_device;
pub use rename_person::rename_person;
pub use secret::Secret;
pub use shelf_domain::plan::Plan;
pub use sign_in::sign_in;
pub use sso::SsoDoors;
pub use tenants::libraries::{libraries, reach_of};
pub use throttle::{Admitted, Asker, Bound, Counted, Dry, Outcome, Throttle, Work, fields};
