//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::audit::known_seal;
use crate::oauth::dpop::{Shown, proven};
use crate::oauth::proof::{is_challenge, proves};
use crate::oauth::push::unsealed;
use crate::oauth::redirect::{REDIRECT_BYTES_MAX, checked, is_known};
use crate::passkeys::thrown as passkeys;
use crate::passwords::hashing::read;
use crate::privacy::signing::is_signed;
use crate::secret::Secret;
use crate::sso::thrown as sso;
use ring::hmac;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    (
        "oauth redirect",
        redirect,
        &[
            b"https://app.example:8443/back?from=shelf\nhttps://app.example:8443/back",
            b"http://127.0.0.1:7777/back\nhttp://127.0.0.1/back",
            b"http://[::1]/back\nhttp://[::1]:1/back",
            b"org.example.app:/back\norg.example.app:/back",
        ],
    ),
    ("oauth proof", proof, &[PROOF, b"a.b.c", b"eyJ0eXAiOiJkcG9wK2p3dCJ9.e30."]),
    ("oauth pushed", pushed, &[b"urn:ietf:params:oauth:request_uri:AAAA"]),
    ("oauth challenge", challenge, &[b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]),
    (
        "password hash",
        password_hash,
        &[b"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA"],
    ),
    ("known seal", seal, &[b"17:00000000000000000000000000000000000000000000000000000000000000ff"]),
    ("signature", signature, &[b"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]),
    ("passkey client", passkeys::client, &[CLIENT]),
    ("passkey cbor", passkeys::cbor, &[passkeys::KEY, b"\xa2\x61a\x01\x61b\x82\x02\x03"]),
    ("passkey authenticator", passkeys::authenticator, &[AUTHENTICATOR]),
    ("passkey answer", passkeys::answer, &[CREATED, USED]),
    ("passkey kept", passkeys::kept, &[KEPT]),
    ("provider document", sso::about, &[PROVIDER, b"https://id.example/realms/x"]),
    ("provider token", sso::token, &[SIGNED, b"{\"keys\":[]}\na.b.c"]),
];

/// The example of RFC 9449, section 5, without its signature being one of these claims.
const PROOF: &[u8] = b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

/// What a browser says of a passkey that was used on `https://shelf.example`.
const CLIENT: &[u8] = br#"{"type":"webauthn.get","challenge":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc","origin":"https://shelf.example","crossOrigin":false}"#;
/// What an authenticator says that made it.
const AUTHENTICATOR: &[u8] = b"\xc6\x2e\xd9\xbf\x02\x77\xb2\x95\x5e\xea\xd4\xee\xf6\x71\x33\x8b\x3b\xc3\x7e\x20\xe7\xfa\x5e\x42\xc2\x02\x90\x69\xe8\x6c\xe5\xa0\x45\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
/// An answer by which it was made, and one by which nobody used it.
const CREATED: &[u8] = br#"{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3YyIsIm9yaWdpbiI6Imh0dHBzOi8vc2hlbGYuZXhhbXBsZSIsImNyb3NzT3JpZ2luIjpmYWxzZX0","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVhxxi7ZvwJ3spVe6tTu9nEzizvDfiDn-l5CwgKQaehs5aBFAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAEBAQEBAQEBAQEBAQEBAQGkAQEDJyAGIVgg11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const USED: &[u8] = br#"{"id":"AQEBAQEBAQEBAQEBAQEBAQ","clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3YyIsIm9yaWdpbiI6Imh0dHBzOi8vc2hlbGYuZXhhbXBsZSIsImNyb3NzT3JpZ2luIjpmYWxzZX0","authenticatorData":"xi7ZvwJ3spVe6tTu9nEzizvDfiDn-l5CwgKQaehs5aAFAAAAAA","signature":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","userHandle":""}"#;
/// What a browser keeps meanwhile.
const KEPT: &[u8] = b"AQAAAaMYXTpgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM";
/// What a provider says of itself; its keys, and a token that one of them signed.
const PROVIDER: &[u8] = br#"{"issuer":"https://id.example","authorization_endpoint":"https://id.example/auth","token_endpoint":"https://id.example/token","jwks_uri":"https://id.example/keys","response_types_supported":["code"],"code_challenge_methods_supported":["S256"],"token_endpoint_auth_methods_supported":["client_secret_post"]}"#;
const SIGNED: &[u8] = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"bnoc3Smwt4_ROvTFWY_v9O8qlxZuPKby5Pv8zYBQW_E"},{"kty":"RSA","n":"AAAA","e":"AQAB"}]}
eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXVkIjoic2hlbGYiLCJleHAiOjE4MDAwMDAzMDAsImlhdCI6MTgwMDAwMDAwMCwibm9uY2UiOiJuIiwiZW1haWwiOiJhZGFAZXhhbXBsZS5vcmciLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZX0.tIQLeoJ9JMo7nqE93e9O4g1YplWTOvTapZk8iIMcy57kGpbTpUKprNDyysusVXlH8-mlKoWmJS28W-OVhAXEBQ"#;

/// What a program registered and, in the next line, what it asks for.
fn redirect(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (known, asked) = text.split_once('\n').unwrap_or((&text, &text));
    if checked(known).is_ok() {
        assert!(known.len() <= REDIRECT_BYTES_MAX && known.is_ascii(), "{known:?}");
        assert!(!known.contains(['#', '*', '\\', ' ']), "{known:?}");
        assert!(is_known(known, known), "what is registered is known");
        // Whoever is known by another spelling is on this machine, on another port.
        if known != asked && is_known(known, asked) {
            assert!(known.starts_with("http://127.0.0.1") || known.starts_with("http://[::1]"));
            assert!(asked.len() > REDIRECT_BYTES_MAX || checked(asked).is_ok(), "{asked:?}");
        }
    }
}

fn proof(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (method, address) = ("POST", "https://server.example.com/token");
    let access = Secret::sent("secret");
    for access in [None, Some(&access)] {
        let shown = Shown { proof: &text, method, address, access, now: 1_562_262_617_000 };
        if let Ok(proven) = proven(&shown) {
            assert!(access.is_none() && text.as_bytes() == PROOF, "no other is signed: {proven:?}");
        }
    }
}

fn pushed(bytes: &[u8]) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a key nobody threw");
    assert!(unsealed(&key, &String::from_utf8_lossy(bytes)).is_none(), "nobody sealed it");
}

fn challenge(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!is_challenge(&text) || text.len() == 43);
    assert!(!proves(&text, &text), "nothing is the hash of itself");
}

fn password_hash(bytes: &[u8]) {
    if let Ok((_, (memory, passes, lanes))) = read(&String::from_utf8_lossy(bytes)) {
        assert!(memory <= 1 << 20 && passes <= 64 && lanes <= 64, "no hash takes the machine");
    }
}

fn seal(bytes: &[u8]) {
    if let Ok((n, seal)) = known_seal(&String::from_utf8_lossy(bytes)) {
        assert!(known_seal(&format!("{n}:{seal}")).is_ok_and(|again| again == (n, seal)));
    }
}

fn signature(bytes: &[u8]) {
    assert!(!is_signed(&String::from_utf8_lossy(bytes), bytes, &[0; 64]), "nothing signs all");
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
