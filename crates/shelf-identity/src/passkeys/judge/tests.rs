//! Judged: true answers, each lie, every changed byte, and what others made.

use super::*;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use shelf_testkit::{Authenticator, SeededChance, Words};

const ORIGIN: &str = "https://shelf.example";
const CHALLENGE: [u8; 32] = [7; 32];

fn site() -> RelyingParty {
    RelyingParty::of(ORIGIN).unwrap()
}

/// What a browser is given, as far as an authenticator looks at it.
fn options() -> Value {
    json!({
        "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE), "rpId": "shelf.example",
        "rp": { "id": "shelf.example" }, "user": { "id": URL_SAFE_NO_PAD.encode([9; 32]) },
    })
}

fn judge_made(answer: &Value) -> Result<Made, Unfit> {
    made(&answer.to_string(), &Asked { site: &site(), challenge: &CHALLENGE })
}

fn judge_shown(answer: &Value, of: &Authenticator, names: Names) -> Result<Shown, Unfit> {
    let (key, site) = (of.key(), site());
    let known = Known { key: &key, handle: &[9; 32], synced: true };
    let claim = claim(&answer.to_string())?;
    shown(&claim, &known, names, &Asked { site: &site, challenge: &CHALLENGE })
}

fn authenticators() -> [Authenticator; 2] {
    let chance = SeededChance::new(5);
    [Authenticator::new(&chance), Authenticator::edwards(&chance)]
}

#[test]
fn a_passkey_that_was_made_opens_what_it_was_made_for() {
    for mut one in authenticators() {
        let words = Words { count: 3, ..Words::making(&options(), ORIGIN) };
        let made = judge_made(&one.make(&options(), &words)).unwrap();
        assert_eq!((&made.credential, &made.key), (&one.credential, &one.key()));
        assert_eq!((made.count, made.synced, made.backed_up), (3, true, true));
        let words = Words { count: 4, ..Words::using(&options(), ORIGIN) };
        let expected = Shown { count: 4, backed_up: true };
        for names in [Names::Needed, Names::Known] {
            assert_eq!(judge_shown(&one.show(&words), &one, names), Ok(expected));
        }
    }
}

type Lie = (&'static str, fn(&mut Words));

/// What is refused whether a passkey is made or used.
const LIES: [Lie; 18] = [
    ("something else", |words| words.kind = "webauthn.payment".to_owned()),
    ("another question", |words| words.challenge = URL_SAFE_NO_PAD.encode([8; 32])),
    ("another question", |words| words.challenge.push('=')),
    ("another page", |words| words.origin = "https://evil.example".to_owned()),
    ("another page", |words| words.origin = "http://shelf.example".to_owned()),
    ("another page", |words| words.origin = "https://shelf.example:8443".to_owned()),
    ("another page", |words| words.origin = "https://shelf.example/".to_owned()),
    ("another page", |words| words.origin = "https://SHELF.example".to_owned()),
    ("another page", |words| words.origin = "https://a.shelf.example".to_owned()),
    ("another page", |words| words.origin = String::new()),
    ("inside of another", |words| words.cross_origin = Some(true)),
    ("inside of another", |words| words.top_origin = Some(ORIGIN.to_owned())),
    ("another site", |words| words.site = "evil.example".to_owned()),
    ("nobody was there", |words| words.flags &= !1),
    ("did not make sure", |words| words.flags &= !4),
    ("cannot be", |words| words.flags &= !8),
    ("cannot be read", |words| words.tail = vec![0xa0]),
    ("cannot be read", |words| words.flags |= 0x80),
];

#[test]
fn each_lie_is_refused_when_a_passkey_is_made_and_when_it_is_used() {
    for mut one in authenticators() {
        for (why, lie) in LIES {
            let mut words = Words::making(&options(), ORIGIN);
            lie(&mut words);
            let refused = judge_made(&one.make(&options(), &words)).unwrap_err();
            assert!(refused.0.contains(why), "{why}: {refused:?}");
            let mut words = Words::using(&options(), ORIGIN);
            lie(&mut words);
            let refused = judge_shown(&one.show(&words), &one, Names::Needed).unwrap_err();
            assert!(refused.0.contains(why), "{why}: {refused:?}");
        }
    }
}

#[test]
fn an_answer_for_one_thing_is_none_for_the_other() {
    let [mut one, _] = authenticators();
    let making = Words::making(&options(), ORIGIN);
    let using = Words::using(&options(), ORIGIN);
    let refused = judge_made(&one.make(&options(), &using)).unwrap_err();
    assert!(refused.0.contains("something else"), "{refused:?}");
    let refused = judge_shown(&one.show(&making), &one, Names::Known).unwrap_err();
    assert!(refused.0.contains("something else"), "{refused:?}");
}

#[test]
fn extensions_that_come_unasked_change_nothing() {
    let [mut one, _] = authenticators();
    let extended = |words: Words| Words {
        flags: words.flags | 0x80,
        tail: b"\xa1\x6bcredProtect\x02".to_vec(),
        ..words
    };
    let words = extended(Words::making(&options(), ORIGIN));
    assert!(judge_made(&one.make(&options(), &words)).is_ok());
    let words = extended(Words::using(&options(), ORIGIN));
    assert!(judge_shown(&one.show(&words), &one, Names::Known).is_ok());
    for tail in [&b"\x01"[..], b"\xa1\x6bcredProtect", b"\xa0\x00"] {
        let words = Words { tail: tail.to_vec(), ..words.clone() };
        assert!(judge_shown(&one.show(&words), &one, Names::Known).is_err(), "{tail:x?}");
    }
}

#[test]
fn a_key_that_was_not_asked_for_or_an_id_of_no_length_is_not_made() {
    let [mut one, _] = authenticators();
    let words = Words::making(&options(), ORIGIN);
    let es384 = b"\xa5\x01\x02\x03\x38\x22\x20\x02\x21\x58\x20".to_vec();
    let es384 = [es384, vec![1; 32], b"\x22\x58\x20".to_vec(), vec![2; 32]].concat();
    for key in [es384, vec![0xa0], vec![0xf6]] {
        let refused = judge_made(&one.made(&words, &key)).unwrap_err();
        assert!(refused.0.contains("not accepted"), "{refused:?}");
    }
    for length in [0, 15, 1_024] {
        one.credential = vec![1; length];
        let refused = judge_made(&one.make(&options(), &words)).unwrap_err();
        assert!(refused.0.contains("too short or too long"), "{length}: {refused:?}");
    }
    for length in [16, 1_023] {
        one.credential = vec![1; length];
        assert!(judge_made(&one.make(&options(), &words)).is_ok(), "{length}");
    }
    let shown = one.show(&Words { flags: 0x5d, ..Words::making(&options(), ORIGIN) });
    let without = json!({
        "clientDataJSON": shown["clientDataJSON"], "attestationObject": shown["authenticatorData"],
    });
    assert!(judge_made(&without).is_err(), "what is no attestation object");
}

#[test]
fn a_passkey_of_somebody_else_or_of_nobody_said_does_not_open() {
    let [mut one, other] = authenticators();
    let words = Words::using(&options(), ORIGIN);
    one.handle = vec![9; 32];
    assert!(judge_shown(&one.show(&words), &one, Names::Needed).is_ok());
    let refused = judge_shown(&one.show(&words), &other, Names::Needed).unwrap_err();
    assert!(refused.0.contains("not signed by this"), "{refused:?}");
    let mut nameless = one.show(&words);
    for none in [Value::Null, json!("")] {
        nameless["userHandle"] = none;
        let refused = judge_shown(&nameless, &one, Names::Needed).unwrap_err();
        assert!(refused.0.contains("whose it is"), "{refused:?}");
        assert!(judge_shown(&nameless, &one, Names::Known).is_ok());
    }
    one.handle = vec![8; 32];
    for names in [Names::Needed, Names::Known] {
        let refused = judge_shown(&one.show(&words), &one, names).unwrap_err();
        assert!(refused.0.contains("somebody else"), "{refused:?}");
    }
}

#[test]
fn whether_a_passkey_may_be_copied_never_changes() {
    let [mut one, _] = authenticators();
    one.handle = vec![9; 32];
    let words = Words { flags: 0b101, ..Words::using(&options(), ORIGIN) };
    let refused = judge_shown(&one.show(&words), &one, Names::Needed).unwrap_err();
    assert!(refused.0.contains("copied changed"), "{refused:?}");
}

/// An answer in which every byte of what was signed, and of the signature, can be turned.
const PARTS: [&str; 3] = ["clientDataJSON", "authenticatorData", "signature"];

#[test]
fn every_byte_that_is_changed_is_seen() {
    for mut one in authenticators() {
        one.handle = vec![9; 32];
        let answer = one.show(&Words::using(&options(), ORIGIN));
        for part in PARTS {
            let bytes = URL_SAFE_NO_PAD.decode(answer[part].as_str().unwrap()).unwrap();
            for at in 0..bytes.len() {
                let mut turned = bytes.clone();
                turned[at] ^= 1;
                let mut changed = answer.clone();
                changed[part] = URL_SAFE_NO_PAD.encode(turned).into();
                assert!(judge_shown(&changed, &one, Names::Needed).is_err(), "{part} {at}");
            }
        }
    }
}

#[test]
fn what_is_no_answer_is_refused_and_said_why() {
    for answer in ["", "{}", "null", "[]", "{\"clientDataJSON\": 1}", "\u{0}"] {
        let asked = Asked { site: &site(), challenge: &CHALLENGE };
        assert!(made(answer, &asked).unwrap_err().0.contains("missing"), "{answer}");
        assert!(claim(answer).unwrap_err().0.contains("missing"), "{answer}");
    }
    let long = "x".repeat(ANSWER_BYTES_MAX + 1);
    assert!(claim(&long).unwrap_err().0.contains("too long"));
    let client = format!("{{\"a\":\"{}\"}}", "x".repeat(9_000));
    let refused = check(client.as_bytes(), Doing::Get, &site(), &CHALLENGE).unwrap_err();
    assert!(refused.0.contains("too long"), "{refused:?}");
}

proptest! {
    #[test]
    fn no_bytes_break_the_judge(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        (edwards, part) in (any::<bool>(), 0..5_usize),
    ) {
        let chance = SeededChance::new(6);
        let mut one =
            if edwards { Authenticator::edwards(&chance) } else { Authenticator::new(&chance) };
        let made = one.make(&options(), &Words::making(&options(), ORIGIN));
        let mut shown = one.show(&Words::using(&options(), ORIGIN));
        let name = ["clientDataJSON", "authenticatorData", "signature", "userHandle", "id"][part];
        let bytes = |answer: &Value, name: &str| {
            let mut bytes = URL_SAFE_NO_PAD.decode(answer[name].as_str().unwrap()).unwrap();
            for (at, to) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *to;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            bytes
        };
        // Nobody is let in by what was changed, unless nothing was.
        let changed = bytes(&shown, name);
        let before = shown[name].clone();
        shown[name] = URL_SAFE_NO_PAD.encode(&changed).into();
        if shown[name] != before && part < 4 {
            prop_assert!(judge_shown(&shown, &one, Names::Needed).is_err());
        } else {
            let _ = judge_shown(&shown, &one, Names::Needed);
        }
        for name in ["clientDataJSON", "attestationObject"] {
            let mut broken = made.clone();
            broken[name] = URL_SAFE_NO_PAD.encode(bytes(&made, name)).into();
            drop(judge_made(&broken));
        }
        let _ = AuthenticatorData::read(&changed);
        drop(PublicKey::read(&changed));
    }

    #[test]
    fn any_bytes_are_read_or_not_and_never_break_it(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        drop(read(&bytes));
        let _ = AuthenticatorData::read(&bytes);
        drop(PublicKey::read(&bytes));
        drop(claim(&text));
        let _ = check(&bytes, Doing::Create, &site(), &CHALLENGE);
    }
}

mod known {
    //! Answers others made: W3C Web Authentication Level 3, section 16.2 ("ES256 Credential with No
    //! Attestation"), for the site `example.org`; and a signature by RSA that OpenSSL made.
    use super::*;

    const MADE_CHALLENGE: &str = "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130";
    const MADE_CLIENT: &str = "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765\
        223a22414d4d507434557878475453746e63647134313759447742466938767049612d70\
        77386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c\
        652e6f7267222c2263726f73734f726967696e223a66616c73652c226578747261446174\
        61223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077\
        697468206164646974696f6e616c206669656c647320696e20746865206675747572652c\
        207375636820617320746869733a20426b5165446a646354427258426941774a544c4535\
        51227d";
    const MADE_OBJECT: &str = "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc3743295\
        8b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab\
        1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33\
        ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20d\
        b90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c1\
        2cc68ed73290af2e2664796b9220";
    const CREDENTIAL: &str = "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4";
    const USED_CHALLENGE: &str = "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408";
    const USED_DATA: &str = "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b519000000\
        00";
    const USED_CLIENT: &str = "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a22\
        4f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a636858\
        79617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f\
        7267222c2263726f73734f726967696e223a66616c73657d";
    const USED_SIGNATURE: &str = "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd\
        380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87";
    const MODULUS: &str = "b2c78ca2c6491ea8241e256ba4832e7867e8a4e87a07e19aa29ef87d8ba0a680\
        9d5f11afc04d490a36c7ea5e3098797b12076ce483d005da292ae138d3498a2b\
        9971baa8c8311f29c67840165b4aa1a941791859aff0477213e18f5b4b351270\
        960e542d6cbe5e3674e2b1489c2104ca2a4bbc4566c1d3cca31afc410102b66d\
        e1f18e835f7e6824e44df6ea7a81281dbb79441c7eecc97051110434fa46a0e4\
        cafb297b672846ceb5bc1b21c76459ff2c28e8edb7dfc6f1eaeff26cc1b1fefc\
        4756d7aee44553bf97c70119a3a65fe1c508d6f9ee4c4ea3b3a57c3d6518bde5\
        e8c40cb21b889367621e5294b3137e39d15af0972b229a38b71613627c254021";
    const SIGNATURE: &str = "2619629e9971143dab1d3769c8a412a7a269a32c46fda76f60de3f70f7f43130\
        21728c44a417c5a35f5b72e8c445bd65ac878fd9dd013a3ac63999f9e9e855e8\
        457ab50cdddb48992dc47179805e305c0311a1676dd09ad764e5d5f28a326f22\
        167a0e1fe31a44537633fa64622ff87c2366ed2f0bc25a3acabba7f2c83798a7\
        4b4167c0294a8d792552414e58cd988dd63c5e4e7210d7e37a9ad31c8e76d9e9\
        9ac0cea66001f9c478c4ef6bd3304966b263496bfdaff5831eddd90e72023194\
        c26f931baab95789e0c00cd4b3578d46dbfb04a25c9e065f7456a4efd01b87d5\
        b84dccbe367659cbb19298bac4e09f17102a54b5b53cb07f209812684ce9db1a";

    fn hex(text: &str) -> Vec<u8> {
        let digit = |byte: u8| char::from(byte).to_digit(16).unwrap();
        let byte = |pair: &[u8]| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap();
        text.as_bytes().chunks(2).map(byte).collect()
    }

    fn challenge(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    #[test]
    fn the_vectors_of_the_standard_hold() {
        let example = RelyingParty::of("https://example.org").unwrap();
        let asked = challenge(MADE_CHALLENGE);
        assert_eq!(check(&hex(MADE_CLIENT), Doing::Create, &example, &asked), Ok(()));
        let object = hex(MADE_OBJECT);
        let (object, rest) = read(&object).unwrap();
        assert!(rest.is_empty());
        let data = object.under(&Item::Text("authData")).and_then(Item::bytes).unwrap();
        let data = AuthenticatorData::read(data).unwrap();
        let (credential, key) = data.made.unwrap();
        assert_eq!((credential, data.site), (&hex(CREDENTIAL)[..], &example.hash()[..]));
        let flags =
            (data.is_present(), data.is_verified(), data.is_eligible(), data.is_backed_up());
        assert_eq!((data.count, flags), (0, (true, false, true, true)));
        let (client, words) = (hex(USED_CLIENT), hex(USED_DATA));
        assert_eq!(check(&client, Doing::Get, &example, &challenge(USED_CHALLENGE)), Ok(()));
        let message = [&words[..], &Sha256::digest(&client)[..]].concat();
        let key = PublicKey::read(key).unwrap();
        let mut signature = hex(USED_SIGNATURE);
        assert!(key.signed(&message, &signature));
        signature[40] ^= 1;
        assert!(!key.signed(&message, &signature));
    }

    #[test]
    fn the_vectors_of_the_standard_are_not_accepted_since_nobody_was_verified() {
        let example = RelyingParty::of("https://example.org").unwrap();
        let asked = challenge(MADE_CHALLENGE);
        let answer = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(hex(MADE_CLIENT)),
            "attestationObject": URL_SAFE_NO_PAD.encode(hex(MADE_OBJECT)),
        });
        let asked = Asked { site: &example, challenge: &asked };
        let refused = made(&answer.to_string(), &asked).unwrap_err();
        assert!(refused.0.contains("did not make sure"), "{refused:?}");
    }

    #[test]
    fn what_openssl_signed_by_rsa_is_signed() {
        let before = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00".to_vec();
        let cose = [before, hex(MODULUS), b"\x21\x43\x01\x00\x01".to_vec()].concat();
        let key = PublicKey::read(&cose).unwrap();
        assert!(key.signed(b"signed by a key of others", &hex(SIGNATURE)));
        assert!(!key.signed(b"signed by a key of ours", &hex(SIGNATURE)));
    }
}
