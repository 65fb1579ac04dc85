//! What each answer leads to: what stays queued, what stands aside, and what is told.

use crate::device::Device;
use crate::memory::{LIBRARY, Memory};
use shelf_domain::edit::Edit;
use shelf_domain::id::{ItemId, LibraryId};
use shelf_domain::kind::{Kind, field};
use shelf_domain::organise::Spot;
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;
use shelf_replica::{About, Event, Replica, ReplicaFailure, Step, Why, canonical};
use std::sync::Arc;

fn told(events: &mut tokio::sync::broadcast::Receiver<Event>) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

/// A phone that holds a bookmark, and a server that removed it for good since.
fn removed_for_good() -> (Arc<Memory>, Device, ItemId) {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "first");
    phone.sync().unwrap();
    server.write(|turn| turn.trash(item)).unwrap();
    server.write(|turn| turn.purge(item)).unwrap();
    (server, phone, item)
}

#[test]
fn synced_is_said_only_when_nothing_waits_and_all_came_back() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let mut events = phone.replica().events();
    let item = phone.save("https://a.example/", "a");
    let standing = phone.replica().standing();
    assert!(!standing.is_synced);
    assert_eq!((standing.waiting, standing.bookmarks), (1, 1));
    server.odd.lock().unwrap().deaf = true;
    assert!(phone.sync().unwrap_err().may_pass());
    assert!(!phone.replica().is_synced(), "the answer was lost");
    assert!(!told(&mut events).iter().any(|event| matches!(event, Event::Synced { .. })));
    phone.sync().unwrap();
    assert!(phone.replica().is_synced());
    assert!(told(&mut events).contains(&Event::Synced { seq: 1 }));
    assert_eq!(phone.noted(item), "a");
    assert_eq!(server.store().log.len(), 1, "the same push counts once");
}

#[test]
fn what_changes_is_told_and_what_does_not_is_not() {
    let server = Arc::new(Memory::new());
    let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    let item = laptop.save("https://a.example/", "a");
    laptop.sync().unwrap();
    let mut events = phone.replica().events();
    phone.sync().unwrap();
    let kind = Kind::Bookmark;
    assert!(told(&mut events).contains(&Event::Added { item, kind: kind.clone() }));
    phone.sync().unwrap();
    assert_eq!(told(&mut events), [Event::Synced { seq: 1 }]);
    laptop.note(item, "b").unwrap();
    laptop.sync().unwrap();
    phone.sync().unwrap();
    assert!(told(&mut events).contains(&Event::Changed { item, kind: kind.clone() }));
    phone.act(|turn| turn.trash(item)).unwrap();
    assert_eq!(told(&mut events), [Event::Removed { item, kind }]);
}

#[test]
fn of_two_saves_of_one_address_one_is_left_and_the_queue_follows_it() {
    let server = Arc::new(Memory::new());
    let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    let older = laptop.save("https://same.example/", "from the laptop");
    let younger = phone.save("https://same.example", "from the phone");
    laptop.sync().unwrap();
    phone.sync().unwrap();
    // It was shown under its own id and edited under it.
    phone.note(younger, "edited by the id it had").unwrap();
    phone.sync().unwrap();
    laptop.sync().unwrap();
    assert_eq!(laptop.noted(older), "edited by the id it had");
    assert_eq!(canonical(phone.replica().base()), canonical(laptop.replica().base()));
}

#[test]
fn a_refused_change_stands_aside_until_its_owner_drops_it_and_holds_nothing_up() {
    let server = Arc::new(Memory::new());
    let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    let folder = |device: &mut Device, name: &str| {
        let puts = shelf_testkit::desk::puts([(field::NAME, Some(Value::from(name)))]);
        device.act(|turn| turn.make(&Kind::Collection, puts.clone())).unwrap().item
    };
    let (one, two) = (folder(&mut phone, "one"), folder(&mut phone, "two"));
    phone.sync().unwrap();
    laptop.sync().unwrap();
    laptop.act(|turn| turn.move_to(one, Some(two), Spot::End)).unwrap();
    laptop.sync().unwrap();
    // On the phone nothing speaks against the other way round.
    phone.act(|turn| turn.move_to(two, Some(one), Spot::End)).unwrap();
    let after = phone.save("https://after.example/", "behind it");
    let mut events = phone.replica().events();
    phone.sync().unwrap();
    assert!(phone.replica().is_synced());
    let code = "cycle".to_owned();
    assert!(told(&mut events).contains(&Event::Refused { item: two, code }));
    let aside = phone.replica().aside().unwrap();
    assert_eq!((aside.len(), aside[0].why, aside[0].change.item), (1, Why::Refused, two));
    assert_eq!(aside[0].refused.as_ref().unwrap().code, "cycle");
    assert!(server.shelf().item(after).is_some());
    assert!(phone.replica().drop_aside(aside[0].id).unwrap());
    assert!(!phone.replica().drop_aside(aside[0].id).unwrap());
    assert!(phone.replica().aside().unwrap().is_empty());
}

#[test]
fn a_change_to_what_lives_in_another_library_now_stands_aside_whole_and_names_it() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "first");
    phone.sync().unwrap();
    let there = LibraryId::from_bytes([9; 16]);
    server.move_away(item, there);
    phone.note(item, "typed offline").unwrap();
    let next = phone.save("https://b.example/", "behind it");
    let mut events = phone.replica().events();
    phone.sync_as(true).unwrap();
    assert!(phone.replica().is_synced());
    let code = "moved".to_owned();
    assert!(told(&mut events).contains(&Event::Refused { item, code }));
    let aside = phone.replica().aside().unwrap();
    let refused = aside[0].refused.as_ref().unwrap();
    assert_eq!((aside.len(), refused.code.as_str()), (1, "moved"));
    assert_eq!(refused.pointer, there.to_string(), "where it is to be done again");
    let mut typed = aside[0].change.set.values().flatten();
    assert!(typed.any(|value| value.as_text() == Some("typed offline")));
    assert!(server.shelf().item(next).is_some());
}

#[test]
fn deletions_that_are_held_are_shown_as_waiting_and_not_pushed_again() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "a");
    phone.sync().unwrap();
    server.odd.lock().unwrap().holds = true;
    phone.act(|turn| turn.trash(item)).unwrap();
    let next = phone.save("https://b.example/", "b");
    let mut events = phone.replica().events();
    phone.sync().unwrap();
    assert!(told(&mut events).contains(&Event::Held { item }));
    assert!(phone.replica().is_synced());
    let aside = phone.replica().aside().unwrap();
    assert_eq!((aside.len(), aside[0].why), (1, Why::Held));
    assert!(phone.replica().shown().item(item).unwrap().is_living(), "as the log says until then");
    assert!(server.shelf().item(next).is_some());
    phone.sync().unwrap();
    assert_eq!(phone.replica().aside().unwrap().len(), 1, "it waits still");
}

#[test]
fn what_waits_of_a_device_of_before_stays_when_nothing_of_this_one_waits() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let [one, other] =
        ["one", "other"].map(|name| phone.save(&format!("https://{name}.example/"), ""));
    phone.sync().unwrap();
    server.odd.lock().unwrap().holds = true;
    phone.act(|turn| turn.trash(one)).unwrap();
    phone.sync().unwrap();
    let before = phone.replica().device().unwrap();
    phone.pair_anew();
    phone.act(|turn| turn.trash(other)).unwrap();
    phone.sync().unwrap();
    assert_eq!(phone.replica().aside().unwrap().len(), 2);
    let now = phone.replica().device().unwrap();
    server.let_go(now);
    phone.sync().unwrap();
    let aside = phone.replica().aside().unwrap();
    assert_eq!((aside.len(), aside[0].device), (1, before), "it waits at the server still");
}

/// Pushed once more by another device, it would not have seen what the laptop had seen it before.
#[test]
fn what_was_answered_is_not_sent_again_by_a_device_that_pairs_anew() {
    let server = Arc::new(Memory::new());
    let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    let item = phone.save("https://a.example/", "first");
    phone.sync().unwrap();
    phone.note(item, "second").unwrap();
    phone.crash_at(Some(Step::Pulled), 2);
    assert!(matches!(phone.sync(), Err(ReplicaFailure::Stopped(_))), "it was answered");
    laptop.sync().unwrap();
    laptop.note(item, "third").unwrap();
    laptop.sync().unwrap();
    phone.pair_anew();
    phone.sync_as(true).unwrap();
    assert_eq!(server.store().log.len(), 3, "once");
    assert_eq!(phone.noted(item), "third");
    assert!(phone.replica().is_synced());
}

#[test]
fn an_edit_of_what_was_removed_for_good_makes_a_new_item_of_the_own_copy() {
    let (server, mut phone, item) = removed_for_good();
    phone.note(item, "typed offline").unwrap();
    let edit = Edit::default().put(field::TITLE, Some(Value::from("A title")));
    phone.act(|turn| turn.edit(item, &Kind::Bookmark, &edit)).unwrap();
    phone.sync_as(true).unwrap();
    let shelf = server.shelf();
    let anew = shelf.by_url("https://a.example/").unwrap();
    assert_ne!(anew.id, item);
    assert_eq!((anew.text(field::NOTES), anew.text(field::TITLE)), ("typed offline", "A title"));
    assert!(phone.replica().aside().unwrap().is_empty());
    assert_eq!(canonical(phone.replica().shown()), canonical(&shelf));
}

#[test]
fn what_was_removed_for_good_is_made_anew_too_where_the_library_is_loaded_anew_meanwhile() {
    let (server, mut phone, item) = removed_for_good();
    server.restore(server.store());
    let edit = Edit::default().put(field::TITLE, Some(Value::from("A title")));
    phone.act(|turn| turn.edit(item, &Kind::Bookmark, &edit)).unwrap();
    assert!(phone.sync_as(true).unwrap().restarted);
    let shelf = server.shelf();
    let anew = shelf.by_url("https://a.example/").unwrap();
    assert_eq!((anew.text(field::NOTES), anew.text(field::TITLE)), ("first", "A title"));
    assert!(phone.replica().aside().unwrap().is_empty() && phone.replica().is_synced());
    assert_eq!(canonical(phone.replica().shown()), canonical(&shelf));
}

#[test]
fn what_was_put_into_the_trash_here_and_removed_there_does_not_come_back() {
    let (server, mut phone, item) = removed_for_good();
    phone.act(|turn| turn.trash(item)).unwrap();
    phone.sync_as(true).unwrap();
    assert!(server.shelf().by_url("https://a.example/").is_none());
    assert!(phone.replica().is_synced() && phone.replica().aside().unwrap().is_empty());
}

#[test]
fn a_queue_that_is_too_large_for_one_request_goes_in_parts() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    server.odd.lock().unwrap().most = Some(3);
    for at in 0..10 {
        phone.save(&format!("https://a.example/{at}"), "");
    }
    let told = phone.sync().unwrap();
    assert_eq!(told.pushed, 10);
    assert!(phone.replica().is_synced());
}

#[test]
fn a_change_no_request_can_carry_stands_aside_and_holds_nothing_up() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let large = phone.save("https://large.example/", "");
    let next = phone.save("https://next.example/", "behind it");
    server.odd.lock().unwrap().too_large = Some(large);
    phone.sync().unwrap();
    assert!(phone.replica().is_synced());
    let aside = phone.replica().aside().unwrap();
    assert_eq!((aside.len(), aside[0].change.item), (1, large));
    assert_eq!(aside[0].refused.as_ref().unwrap().code, "too_large");
    assert!(server.shelf().item(next).is_some());
}

#[test]
fn what_the_server_would_refuse_by_what_is_known_is_refused_at_once() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "a");
    let refused = phone.act(|turn| {
        turn.trash(item)?;
        turn.purge(item)
    });
    assert!(matches!(refused, Err(ReplicaFailure::Refused(_))), "only the server removes");
    assert_eq!(phone.replica().standing().waiting, 1, "nothing of it is queued");
    assert!(phone.replica().shown().item(item).unwrap().is_living());
}

#[test]
fn two_programs_may_use_one_file() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let now = phone.now();
    let mut other = Replica::open(phone.file(), now).unwrap();
    phone.save("https://one.example/", "one");
    let ask = SaveBookmark::of("https://two.example/").checked().unwrap();
    other.act(now, [9; 16], |turn| turn.save(&ask)).unwrap();
    phone.save("https://three.example/", "three");
    phone.sync().unwrap();
    assert_eq!(server.store().log.len(), 3);
    other.catch_up(now).unwrap();
    assert!(other.is_synced());
    assert_eq!(canonical(other.shown()), canonical(&server.shelf()));
}

#[test]
fn only_a_replica_is_opened_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let about = || About {
        server: "memory".to_owned(),
        library: LIBRARY,
        name: "Bookmarks".to_owned(),
        device_name: "phone".to_owned(),
    };
    let file = dir.path().join("x.replica");
    let none = Replica::open(&file, 0).unwrap_err().to_string();
    assert!(none.contains("there is no replica"), "{none}");
    // An empty file is what a crash while it was made may leave.
    std::fs::write(&file, "").unwrap();
    let mut made = Replica::make(&file, about()).unwrap();
    assert_eq!(canonical(made.shown()), canonical(&Shelf::default()));
    let ask = SaveBookmark::of("https://a.example/");
    let early = made.act(0, [0; 16], |turn| turn.save(&ask)).unwrap_err().to_string();
    assert!(early.contains("sync once"), "{early}");
    assert!(Replica::make(&file, about()).is_err());
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "not a database, and long enough to look like one").unwrap();
    assert!(Replica::open(&text, 0).is_err());
    assert!(Replica::make(&text, about()).is_err());
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("not a database"));
}
