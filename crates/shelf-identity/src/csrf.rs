//! The token a page of ours sends back, so that a page of others cannot act with our cookie.

use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// The bytes of one SHA-256 block.
const BLOCK: usize = 64;
const LABEL: &[u8] = b"mindshelf csrf v1";

/// HMAC-SHA-256 (RFC 2104) of a fixed label under the session's secret: nothing to store, and it
/// says nothing about the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The token of the session that `secret` opens.
    pub fn of(secret: &Secret) -> Self {
        let mut key = [0_u8; BLOCK];
        key[..32].copy_from_slice(&Sha256::digest(secret.expose().as_bytes()));
        let pad = |with: u8| key.map(|byte| byte ^ with);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(LABEL).finalize();
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
        Self(URL_SAFE_NO_PAD.encode(outer))
    }

    /// The text, for the page's form or header.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `sent` is this token, in the same time for every wrong one.
    pub fn is(&self, sent: &str) -> bool {
        let (mine, sent) = (self.0.as_bytes(), sent.as_bytes());
        let differs = mine.iter().zip(sent).fold(0_u8, |all, (a, b)| all | (a ^ b));
        mine.len() == sent.len() && differs == 0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_one_session_is_not_that_of_another() {
        let (mine, yours) = (Secret::sent("mine"), Secret::sent("yours"));
        let token = CsrfToken::of(&mine);
        assert!(token.is(CsrfToken::of(&mine).expose()));
        assert!(!token.is(CsrfToken::of(&yours).expose()));
        assert!(!token.is(""));
        assert!(!token.is(&format!("{}x", token.expose())));
    }
}
