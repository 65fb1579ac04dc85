//! The secret of an endpoint in the form its owner is shown, once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// A secret by the convention: `whsec_` and base64. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointSecret(String);

impl EndpointSecret {
    pub(crate) fn of(key: &[u8]) -> Self {
        Self(format!("whsec_{}", STANDARD.encode(key)))
    }

    /// The text, for the one answer that hands it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointSecret(..)")
    }
}
