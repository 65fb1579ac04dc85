//! Passwords and recovery codes: the ways in of people who cannot ask for a link.
//!
//! Whoever does not know a name learns nothing: an unknown name and a wrong password cost the same
//! work and get the same answer. Tries are counted in the store before they are made; where it
//! cannot count, nobody comes in by password or code.

pub mod hashing;
mod common;
pub(crate) mod tries;
mod prove;
pub mod by_them;
pub mod set_password;
pub mod remove_password;
pub mod sign_in_with_password;
pub mod recovery_codes;
pub mod sign_in_with_code;
pub mod join_with_password;

use crate::authenticate::Signed;
use crate::create_token::NewGrant;
use crate::doors::Doors;
use hashing::Hashing;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::GrantKind;
use shelf_ports::credentials::Credentials;
use shelf_ports::passkeys::Passkeys;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// The setting that names the session which came in by a recovery code last: for a while it may set
/// a password without the old one, which was lost.
pub(crate) const RECOVERED: &str = "recovered_session";

/// The stores and sources of the use cases about passwords; cheap to clone.
#[derive(Clone, Debug)]
pub struct PasswordDoors {
    /// Those of all of identity.
    pub doors: Doors,
    /// Login names, passwords, codes and tries.
    pub credentials: Arc<dyn Credentials>,
    /// Passkeys.
    pub passkeys: Arc<dyn Passkeys>,
    /// What hashes passwords, a few at a time; one for the whole process.
    pub hashing: Arc<Hashing>,
}

/// A password as somebody typed it, composed as RFC 8265 says (NFC), so that keyboards agree. Prints
/// nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(String);

impl Typed {
    /// What was typed.
    pub fn new(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// What came of trying to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once a sign-in, and taken apart at once")]
pub enum Knocked {
    /// A session.
    Open(NewGrant),
    /// Name, password, code or passkey is wrong; which one is not said.
    Wrong,
    /// There were too many wrong tries; nothing was looked at.
    Closed {
        /// When the next try is looked at: in so many milliseconds.
        wait_ms: i64,
    },
}

/// Passwords and passkeys are changed by a signed-in person alone, not by a key somebody may have copied.
pub(crate) fn in_person(signed: &Signed) -> Result<(), Refused> {
    if signed.grant.kind == GrantKind::Session {
        return Ok(());
    }
    let detail = "sign in with a browser to change a password or a passkey";
    Err(Refused::new(Code::Forbidden, "", detail))
}
