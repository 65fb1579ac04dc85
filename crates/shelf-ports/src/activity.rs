//! What a person did with their items: append-only, per person, never synced, switchable off.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{ItemId, PersonId, Scope};
use std::fmt;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The saved address was opened.
    Opened,
    /// It was read to the end.
    Read,
    /// It was kept when asked.
    Kept,
    /// It was dismissed when offered.
    Dismissed,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Read, Self::Kept, Self::Dismissed];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Read => "read",
            Self::Kept => "kept",
            Self::Dismissed => "dismissed",
        }
    }

    /// The deed of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }
}

/// One thing a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, milliseconds.
    pub at: i64,
    /// What.
    pub deed: Deed,
    /// With which item.
    pub item: ItemId,
}

/// Activity of people. Whether to record is the caller's decision; nothing here asks.
#[async_trait]
pub trait Activity: fmt::Debug + Send + Sync {
    /// Appends one event.
    async fn record(&self, scope: Scope, person: PersonId, event: &Event) -> Result<(), Fault>;

    /// Events of `person`, latest first, at most `limit`.
    async fn recent(
        &self,
        scope: Scope,
        person: PersonId,
        limit: usize,
    ) -> Result<Vec<Event>, Fault>;

    /// Forgets all events of `person` in `scope`, or those before `until`.
    async fn forget(&self, scope: Scope, person: PersonId, until: Option<i64>)
    -> Result<(), Fault>;
}
