//! The pages: a plain struct of what is shown, and a pure function that shows it.

pub mod welcome;
pub mod list;
pub mod item;
pub mod thread;
pub mod files;
pub mod conflicts;
pub mod folders;
pub mod mounts;
pub mod tags;
pub mod trash;
pub mod offline;
pub mod import;
pub mod export;
pub mod history;
pub mod people;
pub mod audit;
pub mod usage;
pub mod admin;
pub mod sharing;
pub mod webhooks;
pub mod join;
pub mod settings;
pub mod keys;
pub mod apps;
pub mod consent;
pub mod password;
pub mod sso;
pub mod passkeys;
pub mod privacy;
pub mod save;
pub mod waiting;
pub mod problem;
pub mod design;

#[cfg(test)]
pub(crate) mod hostile;
