//! The exams, one for each port.

pub mod library;
pub mod replicas;
pub mod library_lists;
pub mod library_reads;
pub mod views;
pub mod views_beside;
pub mod accounts;
pub mod tenants;
pub mod audit;
pub mod credentials;
pub mod passkeys;
pub mod oauth;
pub mod sso;
pub mod activity;
pub mod imports;
pub mod webhooks;
pub mod privacy;
pub mod keys;
pub mod usage;
pub mod replies;
pub mod leases;
pub mod archive;
pub mod blobs;
pub mod limits;
pub mod news;
pub mod search;
