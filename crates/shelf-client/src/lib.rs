//! Typed client of the REST interface, used by the command line and by tests.
//!
//! A [`Client`] speaks through a [`Transport`]: HTTP to a server, or whatever else carries a
//! request and its answer, such as a router in the same process.
#![warn(missing_docs)]

mod failure;
mod transport;
mod http;
mod client;
mod account;
mod audit;
mod library;
mod bookmarks;
mod search;
mod imports;
mod exports;
mod webhooks;
pub mod proving;
pub mod login;
mod programs;
mod privacy;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
pub mod sync;
mod news;

pub use account::{LibraryName, Me, NewToken, TokenAsk, TokenInfo};
pub use audit::{AuditCheck, AuditRecord, TenantName};
pub use bookmarks::{Bookmark, Save, SavePlace, Saved};
pub use client::Client;
pub use failure::ClientFailure;
pub use http::Http;
pub use imports::{ImportFile, Job, LedgerRow};
pub use library::LibraryClient;
pub use news::News;
pub use privacy::{AskedErasure, RecipientInfo, WaitingErasure};
pub use programs::{NewProgram, ProgramAsk, ProgramInfo};
pub use search::{Found, Hit, Mode};
pub use transport::{
    Answer, Answering, Bytes, Chunks, Duplex, Request, Transport, Upgraded, Upgrading,
};
pub use webhooks::{AddWebhook, DeliveryInfo, NewWebhook, Webhook};

pub use reqwest::{Method, StatusCode, header};
