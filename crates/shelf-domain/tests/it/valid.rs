//! What is true of a library at every moment.

use shelf_domain::canon::folded;
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::{Shelf, canon_of, tag_name_of};
use std::collections::{BTreeMap, BTreeSet};

/// Stops the test where `shelf` is not a valid library.
pub(crate) fn assert_valid(shelf: &Shelf) {
    addresses_are_unique(shelf);
    tag_names_are_unique(shelf);
    folders_are_a_tree(shelf);
    numbers_are_dense(shelf);
    items_are_whole(shelf);
}

fn addresses_are_unique(shelf: &Shelf) {
    let mut seen = BTreeMap::new();
    for item in shelf.items().filter(|item| item.kind == Kind::Bookmark) {
        let Some(url) = canon_of(item) else { continue };
        assert_eq!(shelf.by_url(&url).map(|owner| owner.id), Some(item.id), "{url} is found");
        assert_eq!(seen.insert(url.clone(), item.id), None, "{url} is saved twice");
    }
}

fn tag_names_are_unique(shelf: &Shelf) {
    let mut seen = BTreeMap::new();
    for item in shelf.items().filter(|item| item.kind == Kind::Tag) {
        let Some(name) = tag_name_of(item) else { continue };
        assert_eq!(folded(&name), name);
        assert_eq!(shelf.tag_named(&name).map(|owner| owner.id), Some(item.id), "{name} is found");
        assert_eq!(seen.insert(name.clone(), item.id), None, "two living tags are called {name}");
    }
}

fn folders_are_a_tree(shelf: &Shelf) {
    for item in shelf.items().filter(|item| item.kind == Kind::Collection) {
        let mut seen = BTreeSet::from([item.id]);
        let mut at = item.reference(field::PARENT);
        while let Some(parent) = at {
            assert!(seen.insert(parent), "{} is inside itself", item.id);
            at = shelf.item(parent).and_then(|item| item.reference(field::PARENT));
        }
        assert!(!shelf.ancestors(item.id).contains(&item.id));
    }
}

fn numbers_are_dense(shelf: &Shelf) {
    let mut numbers: BTreeMap<Kind, BTreeSet<u32>> = BTreeMap::new();
    for item in shelf.all_items() {
        let new = numbers.entry(item.kind.clone()).or_default().insert(item.number);
        assert!(new, "number {} of {} is given twice", item.number, item.kind);
    }
    for (kind, given) in numbers {
        let dense: BTreeSet<u32> = (1..=u32::try_from(given.len()).unwrap()).collect();
        assert_eq!(given, dense, "numbers of {kind}");
        assert_eq!(shelf.head.numbers.get(&kind), dense.last());
    }
}

fn items_are_whole(shelf: &Shelf) {
    for item in shelf.items().filter(|item| !item.is_purged()) {
        for name in item.kind.required().iter().filter(|name| **name != field::BODY) {
            assert!(item.get(name).is_some(), "{} {} has no {name}", item.kind, item.id);
        }
    }
    for (younger, older) in shelf.aliases() {
        assert!(!shelf.is_alias(shelf.resolve(younger)), "{younger} leads nowhere");
        assert_ne!(younger, older);
    }
    let packed = |item: &Item| Item::unpack(item.id, item.kind.clone(), &item.pack());
    for item in shelf.all_items() {
        assert_eq!(packed(item).as_ref(), Some(item), "packing loses something");
    }
}
