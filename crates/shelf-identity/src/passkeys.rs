//! Passkeys: signing in with what no server holds, and confirming with it (W3C Web Authentication,
//! Level 3). What is judged is in [`judge`], which is pure; the use cases are one file each.
//!
//! Nothing is kept for a ceremony that was begun: the browser keeps what it was about in a cookie, and
//! the challenge is an HMAC of that, which nobody can make but the server. What was answered is
//! remembered for as long as it could be answered again.

mod cbor;
mod cose;
mod authenticator;
mod client;
pub mod relying_party;
mod judge;
mod ceremony;
mod prove;
pub mod begin;
pub mod sign_in_with_passkey;
pub mod add_passkey;
pub mod confirm;
pub mod join_with_passkey;
pub mod list_passkeys;
pub mod rename_passkey;
pub mod remove_passkey;
#[cfg(any(test, fuzzing))]
pub(crate) mod thrown;

pub use ceremony::CEREMONY_MS;
pub use judge::ANSWER_BYTES_MAX;

use crate::secret::Secret;
use serde_json::Value;
use shelf_domain::refusal::{Code, Refused};
use std::fmt;

/// Most passkeys of one person.
pub const PASSKEYS_MAX: usize = 20;

/// What a browser is asked for, and what it keeps meanwhile.
#[derive(Clone, Debug)]
pub struct Begun {
    /// What the browser's own dialogue is opened with; bytes stand in it as base64url.
    pub options: Value,
    /// What its cookie keeps until the answer comes.
    pub kept: Secret,
}

/// An answer, with what the browser kept. Prints nothing of itself.
#[derive(Clone, Copy)]
pub struct Brought<'a> {
    /// What its cookie kept.
    pub kept: &'a str,
    /// The answer, as JSON.
    pub answer: &'a str,
}

impl fmt::Debug for Brought<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Brought(..)")
    }
}

/// Why an answer is not accepted, as the end of a sentence; words of ours alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) &'static str);

impl From<Unfit> for Refused {
    fn from(unfit: Unfit) -> Self {
        tracing::info!(why = unfit.0, "a passkey was not accepted");
        Self::new(Code::Invalid, "passkey", format!("this passkey was not accepted: {}", unfit.0))
    }
}
