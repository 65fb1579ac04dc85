//! Exams, factories and fakes of time and chance; only ever a dev-dependency.
//!
//! An exam holds an adapter to the contract of its port: every promise in the port's doc comment
//! is a case. An exam stops at the first surprise. What clients saw from outside, behind a wire that
//! harms, is judged by the checker of histories.
#![expect(clippy::unwrap_used, clippy::panic, reason = "an exam stops at the first surprise")]

pub mod clock;
pub mod authenticator;
pub mod chance;
pub mod chaos;
pub mod desk;
pub mod exams;
pub mod fuzz;
pub mod ground;
pub mod history;
pub mod provider;
pub mod vault;
mod rooms;
pub mod wire;

pub use authenticator::{Authenticator, Words};
pub use chance::SeededChance;
pub use chaos::{Chaos, Harm};
pub use clock::FakeClock;
pub use desk::Desk;
pub use provider::{FakeInternet, FakeProvider};
pub use rooms::Few;
pub use vault::FakeVault;
pub use wire::Wire;
