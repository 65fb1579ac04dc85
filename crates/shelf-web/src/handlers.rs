//! What is done for each address: ask a service, fill a page.

pub(crate) mod door;
pub(crate) mod lists;
mod search;
pub(crate) mod items;
mod texts;
pub(crate) mod comments;
pub(crate) mod files;
pub(crate) mod conflicts;
pub(crate) mod bulk;
pub(crate) mod folders;
pub(crate) mod mounts;
pub(crate) mod tags;
pub(crate) mod trash;
pub(crate) mod offline;
pub(crate) mod save;
pub(crate) mod waiting;
pub(crate) mod imports;
pub(crate) mod exports;
pub(crate) mod history;
pub(crate) mod company;
pub(crate) mod people;
pub(crate) mod audit;
pub(crate) mod usage;
pub(crate) mod sharing;
pub(crate) mod webhooks;
pub(crate) mod join;
pub(crate) mod settings;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod password;
pub(crate) mod sso;
pub(crate) mod passkeys;
pub(crate) mod privacy;

use axum::response::Response;

use crate::trouble::Trouble;

/// A page, or why there is none.
pub(crate) type Answer = Result<Response, Trouble>;
