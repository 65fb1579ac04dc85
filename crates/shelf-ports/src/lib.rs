//! The seams: small object-safe traits whose doc comment is the contract.
//!
//! Every promise in a contract is a case in that port's exam (`shelf-testkit`).
#![warn(missing_docs)]

pub mod fault;
pub mod chance;
pub mod library;
pub mod replicas;
pub mod views;
pub mod accounts;
pub mod audit;
pub mod tenants;
pub mod credentials;
pub mod passkeys;
pub mod oauth;
pub mod sso;
pub mod activity;
pub mod imports;
pub mod captures;
pub mod replies;
pub mod leases;
pub mod archive;
pub mod blobs;
pub mod outbound;
pub mod webhooks;
pub mod privacy;
pub mod vault;
pub mod limits;
pub mod presence;
pub mod usage;
pub mod machine;
pub mod news;
pub mod projection;
pub mod search;
pub mod fields;

pub use fault::{Away, Failure, Fault, NoRoom};
