//! What is read of browsers and authenticators, as functions that bytes are thrown at.

use super::authenticator::{AuthenticatorData, is_credential};
use super::cbor::read;
use super::ceremony::{CEREMONY_MS, Ceremony, Purpose};
use super::client::{Doing, check};
use super::cose::PublicKey;
use super::judge::{Asked, Known, Names, claim, made, shown};
use super::relying_party::RelyingParty;

/// The challenge that what is read gladly answers, and another one.
static CHALLENGES: [[u8; 32]; 2] = [[7; 32], [8; 32]];
/// The moment, milliseconds.
const NOW: i64 = 1_800_000_000_000;
/// A key on Ed25519 whose other half nobody throws (RFC 8032, section 7.1).
pub(crate) const KEY: &[u8] = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

/// What a browser says beside an answer.
pub(crate) fn client(bytes: &[u8]) {
    let Ok(site) = RelyingParty::of("https://shelf.example") else { return };
    let doings = [Doing::Create, Doing::Get];
    let all = doings.iter().flat_map(|doing| CHALLENGES.iter().map(move |one| (*doing, one)));
    let held = all.filter(|(doing, one)| check(bytes, *doing, &site, one).is_ok()).count();
    assert!(held <= 1, "one answer is for one thing and to one question");
}

/// What an authenticator writes, a key among it.
pub(crate) fn cbor(bytes: &[u8]) {
    if let Some((item, rest)) = read(bytes) {
        let whole = bytes.strip_suffix(rest).unwrap_or_default();
        let again = read(whole).filter(|(_, rest)| rest.is_empty()).map(|(item, _)| item);
        assert!(!whole.is_empty() && again == Some(item), "one item is one item");
    }
    if let Ok(key) = PublicKey::read(bytes) {
        assert!(!key.signed(b"nobody signed this", bytes));
    }
}

/// What an authenticator says beside its signature.
pub(crate) fn authenticator(bytes: &[u8]) {
    let Ok(data) = AuthenticatorData::read(bytes) else { return };
    if let Some((id, key)) = data.made {
        assert!(id.len() + key.len() < bytes.len(), "both are within");
        assert!(read(key).is_some_and(|(_, rest)| rest.is_empty()), "a key is one item");
    }
}

/// Answers by which a passkey was made, or used.
pub(crate) fn answer(bytes: &[u8]) {
    let Ok(site) = RelyingParty::of("https://shelf.example") else { return };
    let text = String::from_utf8_lossy(bytes);
    let all = CHALLENGES.each_ref().map(|challenge| Asked { site: &site, challenge });
    let answered: Vec<_> = all.iter().filter_map(|asked| made(&text, asked).ok()).collect();
    assert!(answered.len() <= 1, "it answers one question");
    for made in answered {
        assert!(is_credential(&made.credential) && PublicKey::read(&made.key).is_ok());
        assert!(made.synced || !made.backed_up, "what was copied could be");
    }
    let Ok(claim) = claim(&text) else { return };
    assert!(is_credential(&claim.credential) && PublicKey::read(KEY).is_ok());
    let known = Known { key: KEY, handle: &[], synced: false };
    let is_shown = |asked| shown(&claim, &known, Names::Known, asked).is_ok();
    assert!(!all.iter().any(is_shown), "nobody signed it");
}

/// What a browser kept between a question and its answer.
pub(crate) fn kept(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = |purpose, bound, now| Ceremony::unpacked(&text, (purpose, bound), now);
    if let Some(one) = read(Purpose::SignIn, [0; 16], NOW) {
        assert_eq!(one.kept().expose(), text, "it is written in one way");
        assert!(read(Purpose::Confirm, [0; 16], NOW).is_none(), "it is for one thing");
        assert!(read(Purpose::SignIn, [1; 16], NOW).is_none(), "and for one session");
        assert!(read(Purpose::SignIn, [0; 16], NOW + CEREMONY_MS).is_none(), "and ends");
    }
}
