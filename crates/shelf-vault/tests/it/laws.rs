//! What is sealed opens as what it is, and in no other way.

use proptest::prelude::*;
use shelf_domain::id::{LibraryId, PersonId, TenantId};
use shelf_ports::vault::{Of, Owner};
use shelf_testkit::SeededChance;
use shelf_vault::{Broken, Key, RootKey};

const KINDS: [&str; 2] = ["webhook key", "waiting"];

fn owners() -> impl Strategy<Value = Owner> {
    (0..4_u8, any::<[u8; 16]>()).prop_map(|(kind, id)| match kind {
        0 => Owner::Server,
        1 => Owner::Tenant(TenantId::from_bytes(id)),
        2 => Owner::Person(PersonId::from_bytes(id)),
        _ => Owner::Library(LibraryId::from_bytes(id)),
    })
}

fn things() -> impl Strategy<Value = Of> {
    (0..KINDS.len(), any::<[u8; 16]>(), any::<u64>()).prop_map(|(kind, id, part)| Of {
        what: KINDS[kind],
        id,
        part,
    })
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_what_it_is_alone(
        (secret, seed) in any::<([u8; 32], u64)>(),
        (owner, other) in (owners(), owners()),
        (of, another) in (things(), things()),
        plain in any::<Vec<u8>>(),
    ) {
        let (key, chance) = (Key::of(secret), SeededChance::new(seed));
        let sealed = key.seal(&chance, owner, of, &plain).unwrap();
        prop_assert_eq!(key.open(owner, of, &sealed), Ok(plain.clone()));
        if other != owner {
            prop_assert_eq!(key.open(other, of, &sealed), Err(Broken));
        }
        if another != of {
            prop_assert_eq!(key.open(owner, another, &sealed), Err(Broken));
        }
        let again = key.seal(&chance, owner, of, &plain).unwrap();
        prop_assert_ne!(&again, &sealed, "no nonce is used twice");
        let mut turned = secret;
        turned[0] ^= 1;
        prop_assert_eq!(Key::of(turned).open(owner, of, &sealed), Err(Broken));
    }

    #[test]
    fn a_changed_byte_or_length_is_seen(
        (secret, seed) in any::<([u8; 32], u64)>(),
        (owner, of) in (owners(), things()),
        plain in any::<Vec<u8>>(),
        (at, bit, cut) in (any::<prop::sample::Index>(), 0..8_u8, any::<prop::sample::Index>()),
    ) {
        let (key, chance) = (Key::of(secret), SeededChance::new(seed));
        let sealed = key.seal(&chance, owner, of, &plain).unwrap();
        let mut flipped = sealed.clone();
        flipped[at.index(sealed.len())] ^= 1 << bit;
        prop_assert_eq!(key.open(owner, of, &flipped), Err(Broken));
        prop_assert_eq!(key.open(owner, of, &sealed[..cut.index(sealed.len())]), Err(Broken));
        let longer = [sealed.as_slice(), &[0]].concat();
        prop_assert_eq!(key.open(owner, of, &longer), Err(Broken));
    }

    #[test]
    fn a_key_opens_under_its_own_root_and_for_its_own_owner(
        (secret, seed) in any::<([u8; 32], u64)>(),
        (owner, other) in (owners(), owners()),
    ) {
        let chance = SeededChance::new(seed);
        let (root, another) = (RootKey::fresh(&chance), RootKey::fresh(&chance));
        let key = Key::of(secret);
        let sealed = root.seal_key(&chance, owner, &key).unwrap();
        prop_assert!(root.open_key(owner, &sealed) == Ok(key));
        prop_assert!(another.open_key(owner, &sealed).is_err());
        prop_assert!(owner == other || root.open_key(other, &sealed).is_err());
    }
}
