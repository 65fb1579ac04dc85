//! The proof that whoever brings a code is who asked for it (PKCE, RFC 7636; S256 alone).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The only way a challenge may be made.
pub const S256: &str = "S256";

/// Whether `text` can be a challenge: SHA-256 in base64url.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether `verifier` is what `challenge` was made of.
pub fn proves(verifier: &str, challenge: &str) -> bool {
    let is_plausible = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    is_plausible && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_the_standard_proves_its_challenge_and_nothing_else_does() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && proves(verifier, challenge));
        for wrong in ["", challenge, &verifier[1..], &format!("{verifier} "), &"x".repeat(43)] {
            assert!(!proves(wrong, challenge), "{wrong}");
        }
        assert!(!proves(verifier, verifier), "a plain challenge is none");
        for wrong in ["", "short", &format!("{challenge}="), &"*".repeat(43)] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
