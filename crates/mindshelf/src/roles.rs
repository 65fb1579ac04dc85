//! What a process does: one table. A process does all of it, or what it is told.

use anyhow::{Result, ensure};
use std::collections::BTreeSet;

/// A part of the work that a process can have for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The REST interface and the pages; follows the log for an index of its own, if it has one.
    Gateway,
    /// What devices sync by, and nothing else of the interface: the log, its snapshots and the socket.
    /// A gateway answers that, too.
    Sync,
    /// Follows the log for an index that processes share; each library by one process at a time.
    Bookmarks,
    /// Tells endpoints of webhooks what happens; each library by one process at a time.
    Courier,
    /// Purges, retention, erasures that are due, and settling what was left open; one process at a
    /// time.
    Keeper,
}

impl Role {
    /// Every role, in the order of the table.
    pub const ALL: [Self; 5] =
        [Self::Gateway, Self::Sync, Self::Bookmarks, Self::Courier, Self::Keeper];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Sync => "sync",
            Self::Bookmarks => "bookmarks",
            Self::Courier => "courier",
            Self::Keeper => "keeper",
        }
    }
}

/// The word for every role at once.
const ALL: &str = "all";

/// The roles of a process; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Every role.
    pub fn all() -> Self {
        Self(Role::ALL.into_iter().collect())
    }

    /// Those `text` names, with commas between; refused where one is none.
    pub fn read(text: &str) -> Result<Self> {
        let mut roles = BTreeSet::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let known = Role::ALL.into_iter().filter(|role| name == ALL || role.name() == name);
            let known: Vec<Role> = known.collect();
            let names = Role::ALL.map(Role::name).join(", ");
            ensure!(!known.is_empty(), "the setting \"role\": {name:?} is none of {names}, {ALL}");
            roles.extend(known);
        }
        ensure!(!roles.is_empty(), "the setting \"role\" names no role");
        Ok(Self(roles))
    }

    /// Whether `role` is one of them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether they are all.
    pub fn are_all(&self) -> bool {
        self.0.len() == Role::ALL.len()
    }

    /// Their names, in the order of the table.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|role| role.name()).collect()
    }
}
