//! Why a program does not get what it asks for, in the words of the standards.

use shelf_domain::refusal::Refused;
use shelf_ports::{Failure, Fault};
use std::fmt;

/// The words of RFC 6749, 8628, 8707 and 9449.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OAuthCode {
    /// Something is missing, there twice, or malformed.
    InvalidRequest,
    /// The program is unknown, or did not prove itself.
    InvalidClient,
    /// The code or secret is not good, or not any more, or not for this program.
    InvalidGrant,
    /// The program may not ask in this way.
    UnauthorizedClient,
    /// There is no such way to get secrets.
    UnsupportedGrantType,
    /// There is no such way to be let in.
    UnsupportedResponseType,
    /// What it is to be good for is unknown, or more than the program may ask for.
    InvalidScope,
    /// It is to be good for another server.
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// The person did not say anything yet.
    AuthorizationPending,
    /// The device asks too often.
    SlowDown,
    /// The device waited too long.
    ExpiredToken,
    /// What was sent to prove a key proves nothing, or is missing.
    InvalidDpopProof,
    /// The proof does not repeat what the server said.
    UseDpopNonce,
    /// There is no room for another request now.
    TemporarilyUnavailable,
}

impl OAuthCode {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// An answer a program can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthRefusal {
    /// Why.
    pub code: OAuthCode,
    /// What exactly, for whoever writes the program; ASCII without quotes and backslashes.
    pub detail: &'static str,
}

impl OAuthRefusal {
    /// Refuses with `code`, saying `detail`.
    pub const fn new(code: OAuthCode, detail: &'static str) -> Self {
        Self { code, detail }
    }
}

impl fmt::Display for OAuthRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

/// Why a program got nothing.
#[derive(Debug)]
pub enum OAuthFailure {
    /// An answer it can act on.
    Refused(OAuthRefusal),
    /// An engine failed.
    Fault(Fault),
}

impl OAuthFailure {
    /// Refuses with `code`, saying `detail`.
    pub const fn new(code: OAuthCode, detail: &'static str) -> Self {
        Self::Refused(OAuthRefusal::new(code, detail))
    }
}

impl From<Fault> for OAuthFailure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<OAuthRefusal> for OAuthFailure {
    fn from(refusal: OAuthRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a person did in place of a program is refused in our own words.
impl From<OAuthFailure> for Failure {
    fn from(failure: OAuthFailure) -> Self {
        match failure {
            OAuthFailure::Refused(refusal) => Refused::invalid("", refusal.detail).into(),
            OAuthFailure::Fault(fault) => fault.into(),
        }
    }
}
