//! Moments, rights and roles: small values that several types share.

use crate::moment::Moment;
use async_graphql::{Enum, scalar};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// A moment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub Moment);

scalar!(DateTime, "DateTime", "A moment, RFC 3339 in UTC.");

/// Where something was read: in which library, and how far that had to have come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    /// The library.
    pub library: ItemId,
    /// The position of its log that was asked for.
    pub at_least: Option<u64>,
}

impl Home {
    /// In `library`, as it is now.
    pub(crate) fn now(library: ItemId) -> Self {
        Self { library, at_least: None }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::now(crate::graphql::ids::NOTHING)
    }
}

/// What somebody may do in a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Right {
    /// Read, search and export it.
    Read,
    /// Also change what is in it.
    Write,
    /// Also rename it, and decide who may use it.
    Manage,
}

/// What somebody is in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Reads what is shared with them, and changes nothing.
    Viewer,
    /// Makes libraries and works in those shared with them.
    Member,
    /// Also decides who belongs to the tenant, its groups, and who may use which library.
    Admin,
    /// Also decides who is an owner.
    Owner,
}

/// The word REST has for a value of an enumeration.
pub(crate) fn word(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}
