//! Sharing a folder: whatever lives under it lives on in a library of its own, and nothing is lost.

use crate::server::{Server, reg};
use crate::steps::{cases, device, id, of_pool, skews, story};
use crate::valid::assert_valid;
use crate::world::World;
use proptest::prelude::*;
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{ActId, ItemId, LibraryId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Code;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::share::Leaving;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::{Status, Taken};
use shelf_domain::value::Value;
use std::collections::BTreeSet;

fn new_library() -> LibraryId {
    LibraryId::from_bytes([0x77; 16])
}

/// Carries all that leaves into `new`.
fn carry(old: &Shelf, new: &mut Server, leaving: &Leaving) {
    new.write(|turn| {
        for id in &leaving.carried {
            let item = old.item(*id).unwrap();
            let (puts, hlc) = old.carried_puts(item, leaving);
            turn.carry(*id, &item.kind, puts, hlc)?;
        }
        Ok(())
    })
    .unwrap();
}

/// Shares `folder` of `old`: what left, and the library it left for.
fn share(old: &mut Server, folder: ItemId) -> Option<(Leaving, Server)> {
    let leaving = old.shelf.leaving(folder)?;
    let mut new = Server::new();
    carry(&old.shelf, &mut new, &leaving);
    old.write(|turn| turn.leave(&leaving, new_library())).unwrap();
    Some((leaving, new))
}

/// Every value of `item` that the new library is to hold, by the ids that go by in `shelf`.
fn values(shelf: &Shelf, item: &Item, leaving: &Leaving) -> BTreeSet<(String, Value)> {
    let (puts, _) = shelf.carried_puts(item, leaving);
    puts.into_iter()
        .filter_map(|(register, value)| Some((register.as_str().to_owned(), value?)))
        .collect()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_lived_under_a_shared_folder_lives_on_with_all_it_held(
        skews in skews(), story in story(), which in 0_u8..4,
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        let old = &mut world.server;
        let before = old.shelf.clone();
        let Some((leaving, new)) = share(old, of_pool(2, which)) else { return Ok(()) };
        assert_valid(&old.shelf);
        assert_valid(&new.shelf);
        for id in &leaving.carried {
            let (was, is) = (before.item(*id).unwrap(), new.shelf.item(*id).unwrap());
            prop_assert!(is.is_living());
            prop_assert_eq!(values(&before, was, &leaving), values(&new.shelf, is, &leaving));
        }
        let goes: BTreeSet<ItemId> = leaving.goes.iter().copied().collect();
        for item in before.items() {
            let now = old.shelf.item(item.id).unwrap();
            prop_assert_eq!(now.has_moved(), goes.contains(&item.id));
            if goes.contains(&item.id) {
                prop_assert!(!now.is_living());
            } else {
                prop_assert_eq!(now.is_living(), item.is_living());
            }
            for (register, held) in &item.registers {
                if register.as_str() != field::MOUNT {
                    prop_assert_eq!(now.registers.get(register), Some(held), "it is kept");
                }
            }
        }
    }

    #[test]
    fn sharing_that_was_interrupted_ends_the_same_and_again_changes_nothing(
        skews in skews(), story in story(), which in 0_u8..4, cut in any::<prop::sample::Index>(),
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        let old = &world.server.shelf;
        let Some(leaving) = old.leaving(of_pool(2, which)) else { return Ok(()) };
        let mut begun = Server::new();
        let half = leaving.carried[..cut.index(leaving.carried.len())].to_vec();
        carry(old, &mut begun, &Leaving { carried: half, ..leaving.clone() });
        carry(old, &mut begun, &leaving);
        let mut whole = Server::new();
        carry(old, &mut whole, &leaving);
        for id in &leaving.carried {
            let (one, other) = (begun.shelf.item(*id).unwrap(), whole.shelf.item(*id).unwrap());
            let one = values(&begun.shelf, one, &leaving);
            prop_assert_eq!(one, values(&whole.shelf, other, &leaving));
        }
        let rows = begun.log.len();
        carry(old, &mut begun, &leaving);
        prop_assert_eq!(begun.log.len(), rows);
    }

    #[test]
    fn two_folds_of_a_log_with_a_shared_folder_are_equal(
        skews in skews(), story in story(), which in 0_u8..4,
    ) {
        let mut world = World::after(skews, &story);
        world.settle();
        let old = &mut world.server;
        if share(old, of_pool(2, which)).is_none() {
            return Ok(());
        }
        let folded = Shelf::folded(old.log.iter());
        for item in old.shelf.items() {
            prop_assert_eq!(folded.item(item.id), Some(item));
            let children = folded.children_of(Some(item.id));
            prop_assert_eq!(children, old.shelf.children_of(Some(item.id)));
            prop_assert_eq!(folded.places_of(item.id), old.shelf.places_of(item.id));
        }
    }
}

fn put(name: &str, value: impl Into<Value>) -> Puts {
    Puts::from([(reg(name), Some(value.into()))])
}

fn make(server: &mut Server, item: u8, kind: Kind, set: Puts) {
    server.write(|turn| turn.put(id(item), kind, set, Taken::Joins)).unwrap();
}

fn place(server: &mut Server, item: u8, bookmark: u8, parent: u8) {
    let mut set = put(field::BOOKMARK, id(bookmark));
    set.insert(reg(field::PARENT), Some(Value::from(id(parent))));
    make(server, item, Kind::Place, set);
}

/// Folder 20 with folder 21 in it, and folder 22 beside; bookmark 0 with tag 10 stands in 21,
/// bookmark 1 in 20 and in 22; each has a note, 40 and 41.
fn shelves() -> Server {
    let mut server = Server::new();
    make(&mut server, 20, Kind::Collection, put(field::NAME, "Recipes"));
    let mut under = put(field::NAME, "Soups");
    under.insert(reg(field::PARENT), Some(Value::from(id(20))));
    make(&mut server, 21, Kind::Collection, under);
    make(&mut server, 22, Kind::Collection, put(field::NAME, "Weekend"));
    make(&mut server, 10, Kind::Tag, put(field::NAME, "warm"));
    let mut first = put(field::URL, "https://a.example/soup");
    first.insert(Register::tag(id(10)), Some(Value::from(true)));
    first.insert(Register::raw("source"), Some(Value::from("paper")));
    make(&mut server, 0, Kind::Bookmark, first);
    make(&mut server, 1, Kind::Bookmark, put(field::URL, "https://b.example/bread"));
    place(&mut server, 30, 0, 21);
    place(&mut server, 31, 1, 20);
    place(&mut server, 32, 1, 22);
    for (note, bookmark) in [(40, 0), (41, 1)] {
        let mut set = put(field::BODY, "try it");
        set.insert(reg(field::BOOKMARK), Some(Value::from(id(bookmark))));
        make(&mut server, note, Kind::Note, set);
    }
    server
}

/// What device 0 is told of a change that had seen nothing.
fn pushed(server: &mut Server, item: u8, kind: Kind, set: Puts) -> (Code, String) {
    let n = server.last.get(&device(0)).copied().unwrap_or(0) + 1;
    let (hlc, act) = (Hlc::at(server.now), ActId::from_bytes([1; 16]));
    let pushed = Pushed { n, hlc, base: 0, act, item: id(item), kind, set };
    let refused = server.push(device(0), &[pushed]).remove(0).unwrap().unwrap_err();
    (refused.code, refused.at)
}

#[test]
fn a_bookmark_that_stands_elsewhere_too_stays_as_well() {
    let mut old = shelves();
    let (_, new) = share(&mut old, id(20)).unwrap();
    let moved = |item: u8| old.shelf.item(id(item)).unwrap().moved_to();
    for gone in [21, 0, 30, 31, 40] {
        assert_eq!(moved(gone), Some(new_library()), "{gone}");
    }
    for stays in [20, 22, 10, 1, 32, 41] {
        assert_eq!(moved(stays), None, "{stays}");
    }
    let there: BTreeSet<ItemId> = new.shelf.items().map(|item| item.id).collect();
    assert_eq!(there, [20, 21, 10, 0, 1, 30, 31, 40, 41].map(id).into_iter().collect());
    assert_eq!(new.shelf.places_of(id(1)).len(), 1);
    assert_eq!(old.shelf.item(id(20)).unwrap().text(field::MOUNT), new_library().to_string());
    assert_eq!(new.shelf.item(id(0)).unwrap().text("raw/source"), "paper");
    assert_eq!(new.shelf.tags_of(new.shelf.item(id(0)).unwrap()).len(), 1);
}

#[test]
fn a_change_to_what_has_moved_is_told_where_it_lives() {
    let mut old = shelves();
    share(&mut old, id(20)).unwrap();
    let there = (Code::Moved, new_library().to_string());
    assert_eq!(pushed(&mut old, 0, Kind::Bookmark, put(field::TITLE, "late")), there);
    let mut into = put(field::BOOKMARK, id(1));
    into.insert(reg(field::PARENT), Some(Value::from(id(21))));
    assert_eq!(pushed(&mut old, 33, Kind::Place, into), there, "nor is anything put into it");
    assert!(old.write(|turn| turn.trash(id(0))).is_err());
}

#[test]
fn what_is_put_into_a_shared_folder_is_told_which_library_has_it() {
    let mut old = shelves();
    let (_, mut new) = share(&mut old, id(20)).unwrap();
    let there = (Code::Moved, new_library().to_string());
    let mut place = put(field::BOOKMARK, id(1));
    place.insert(reg(field::PARENT), Some(Value::from(id(20))));
    assert_eq!(pushed(&mut old, 33, Kind::Place, place.clone()), there);
    let mut folder = put(field::NAME, "Stews");
    folder.insert(reg(field::PARENT), Some(Value::from(id(20))));
    assert_eq!(pushed(&mut old, 23, Kind::Collection, folder), there);
    let rows = old.log.len();
    let mut save = SaveBookmark::of("https://c.example/stew");
    save.places = vec![SavePlace { parent: Some(id(20)), ..SavePlace::default() }];
    let refused = old.write(|turn| turn.save(&save)).unwrap_err();
    assert_eq!((refused.code, refused.at), there);
    assert_eq!(old.log.len(), rows, "it is saved with its place or not at all");
    // There the folder takes it, under the same id; and here it can still be moved and renamed.
    let n = new.last.get(&device(0)).copied().unwrap_or(0) + 1;
    let (hlc, act) = (Hlc::at(new.now), ActId::from_bytes([1; 16]));
    let pushed = Pushed { n, hlc, base: 0, act, item: id(33), kind: Kind::Place, set: place };
    new.push(device(0), &[pushed]).remove(0).unwrap().unwrap();
    old.write(|turn| turn.move_to(id(20), Some(id(22)), Spot::End)).unwrap();
    make(&mut old, 20, Kind::Collection, put(field::NAME, "Our recipes"));
    assert_valid(&old.shelf);
}

#[test]
fn what_stands_where_a_library_is_mounted_by_hand_is_put_in_order_carried_and_taken_out() {
    let mut old = shelves();
    make(&mut old, 21, Kind::Collection, put(field::MOUNT, new_library().to_string()));
    let mut order = put(field::ORDER, "k");
    order.insert(reg(field::PARENT), Some(Value::from(id(21))));
    let n = old.last.get(&device(0)).copied().unwrap_or(0) + 1;
    let (hlc, act) = (Hlc::at(old.now), ActId::from_bytes([1; 16]));
    let order = Pushed { n, hlc, base: 0, act, item: id(30), kind: Kind::Place, set: order };
    old.push(device(0), &[order]).remove(0).unwrap().unwrap();
    let (_, new) = share(&mut old.clone(), id(20)).unwrap();
    assert_eq!(new.shelf.places_of(id(0)).len(), 1, "it goes along with the folder it stands in");
    old.write(|turn| turn.move_to(id(30), Some(id(22)), Spot::End)).unwrap();
}

#[test]
fn a_place_that_comes_back_after_its_bookmark_moved_hinders_nobody() {
    let mut old = shelves();
    place(&mut old, 33, 0, 22);
    old.write(|turn| turn.trash(id(33))).unwrap();
    share(&mut old, id(20)).unwrap();
    old.write(|turn| turn.restore(id(33))).unwrap();
    old.write(|turn| turn.trash(id(22))).unwrap();
    assert!(old.shelf.item(id(22)).unwrap().is_trashed());
    assert!(!old.shelf.item(id(0)).unwrap().is_trashed());
    assert_valid(&old.shelf);
}

#[test]
fn an_address_that_has_moved_can_be_saved_again() {
    let mut old = shelves();
    share(&mut old, id(20)).unwrap();
    make(&mut old, 2, Kind::Bookmark, put(field::URL, "https://a.example/soup"));
    assert_eq!(old.shelf.by_url("https://a.example/soup").map(|item| item.id), Some(id(2)));
    assert_valid(&old.shelf);
}

#[test]
fn what_was_typed_away_before_the_sharing_wins_in_the_new_library() {
    let mut old = shelves();
    make(&mut old, 0, Kind::Bookmark, put(field::TITLE, "Soup"));
    let typed = Hlc::at(old.now + 1);
    old.now += 10_000;
    let (_, mut new) = share(&mut old, id(20)).unwrap();
    new.now = old.now;
    let set = put(field::TITLE, "Onion soup");
    let act = ActId::from_bytes([1; 16]);
    let late = Pushed { n: 1, hlc: typed, base: 0, act, item: id(0), kind: Kind::Bookmark, set };
    let told = new.push(device(0), &[late]).remove(0).unwrap().unwrap();
    assert_eq!(told.status, Status::Applied);
}

#[test]
fn a_note_that_was_emptied_is_carried_too() {
    let mut old = shelves();
    make(&mut old, 40, Kind::Note, Puts::from([(reg(field::BODY), None)]));
    let (_, new) = share(&mut old, id(20)).unwrap();
    assert_eq!(new.shelf.item(id(40)).unwrap().reference(field::BOOKMARK), Some(id(0)));
}

#[test]
fn undoing_the_sharing_leaves_and_names_all_of_it() {
    let mut old = shelves();
    let (leaving, _) = share(&mut old, id(20)).unwrap();
    let rows = old.log.len();
    let done = old.undo(*old.acts().last().unwrap()).unwrap();
    assert_eq!(old.log.len(), rows, "the way to the new library is not lost");
    let left: BTreeSet<ItemId> = done.left.into_iter().collect();
    assert_eq!(left, leaving.goes.into_iter().chain([id(20)]).collect());
}

#[test]
fn what_is_taken_out_of_the_folder_meanwhile_is_not_carried_on() {
    let mut old = shelves();
    let mut new = Server::new();
    let before = old.shelf.leaving(id(20)).unwrap();
    carry(&old.shelf, &mut new, &before);
    old.write(|turn| turn.trash(id(30))).unwrap();
    make(&mut old, 0, Kind::Bookmark, put(field::NOTES, "salt"));
    let after = old.shelf.leaving(id(20)).unwrap();
    assert!(!after.carried.contains(&id(30)) && !after.carried.contains(&id(0)));
    assert_ne!(before, after);
}
