//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::audit::known_seal;
use crate::oauth::dpop::{Shown, proven};
use crate::oauth::proof::{is_challenge, proves};
use crate::oauth::push::unsealed;
use crate::oauth::redirect::{REDIRECT_BYTES_MAX, checked, is_known};
use crate::passwords::hashing::read;
use crate::privacy::signing::is_signed;
use crate::secret::Secret;
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
];

/// The example of RFC 9449, section 5, without its signature being one of these claims.
const PROOF: &[u8] = b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

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
