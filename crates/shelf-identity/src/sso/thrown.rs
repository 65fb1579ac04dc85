//! What is read of identity providers, as functions that bytes are thrown at.

use super::about::{About, checked_issuer, is_safe, read};
use super::logout_token::judged_logout;
use super::token::{Expected, judged, keys_in};
use serde_json::Value;
use url::Url;

/// The provider that what is read gladly is of.
const ISSUER: &str = "https://id.example";
/// The one token that its key signed.
const TOKEN: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXVkIjoic2hlbGYiLCJleHAiOjE4MDAwMDAzMDAsImlhdCI6MTgwMDAwMDAwMCwibm9uY2UiOiJuIiwiZW1haWwiOiJhZGFAZXhhbXBsZS5vcmciLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZX0.tIQLeoJ9JMo7nqE93e9O4g1YplWTOvTapZk8iIMcy57kGpbTpUKprNDyysusVXlH8-mlKoWmJS28W-OVhAXEBQ";

/// What a provider says of itself, and its address as an admin types it.
pub(crate) fn about(bytes: &[u8]) {
    if let Ok(about) = read::<About>(bytes)
        && about.check(ISSUER).is_ok()
    {
        assert!(about.check("https://evil.example").is_err(), "it is of one provider");
        let ends = [&about.authorization_endpoint, &about.token_endpoint, &about.jwks_uri];
        for end in ends {
            let has_host = end.parse::<Url>().is_ok_and(|url| url.has_host());
            assert!(has_host && is_safe(end), "{end:?}");
        }
    }
    if let Ok(issuer) = checked_issuer(&String::from_utf8_lossy(bytes)) {
        assert!(checked_issuer(&issuer).is_ok_and(|again| again == issuer));
    }
}

/// The keys of a provider and, in the next line, a token.
pub(crate) fn token(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let document = read::<Value>(lines.next().unwrap_or_default()).ok();
    let keys = document.and_then(keys_in).unwrap_or_default();
    let token = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let expected =
        Expected { issuer: ISSUER, client_id: "shelf", nonce: "n", now: 1_800_000_001_000 };
    // The one token there is proves a sign-in, and is no word of the opposite.
    assert!(judged_logout(&token, &keys, &expected).is_err());
    if let Ok(claims) = judged(&token, &keys, &expected) {
        assert_eq!((token.as_ref(), claims.subject.as_str()), (TOKEN, "s"), "no other is signed");
    }
}
