//! The server begins a new epoch: the queue is kept, and devices heal the server.

use crate::device::Device;
use crate::memory::Memory;
use shelf_domain::edit::Edit;
use shelf_domain::id::LibraryId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::save::SaveBookmark;
use shelf_domain::value::Value;
use shelf_replica::{About, Event, Replica, ReplicaFailure, Step, canonical};
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;

/// What is put after a backup comes back from the devices, also from servers that tell nothing but
/// changes.
#[test]
fn what_is_younger_than_the_backup_is_put_again_and_the_queue_is_kept() {
    for old in [false, true] {
        let server = Arc::new(Memory::new());
        server.odd.lock().unwrap().old = old;
        let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 90));
        let first = phone.save("https://first.example/", "as it was backed up");
        phone.sync().unwrap();
        laptop.sync().unwrap();
        let backup = server.store();
        phone.note(first, "edited after the backup").unwrap();
        let ask = SaveBookmark {
            tags: vec!["later".to_owned()],
            title: "By a caller".to_owned(),
            ..SaveBookmark::of("https://caller.example/")
        };
        server.write(|turn| turn.save(&ask)).unwrap();
        phone.sync().unwrap();
        laptop.sync().unwrap();
        server.restore(backup);
        server.write(|turn| turn.save(&SaveBookmark::of("https://new.example/"))).unwrap();
        let queued = laptop.save("https://queued.example/", "queued all the while");
        let told = laptop.sync_as(true).unwrap();
        assert!(told.restarted && told.healed > 0, "{told:?}");
        assert!(phone.sync_as(true).unwrap().restarted);
        laptop.sync_as(true).unwrap();
        let shelf = server.shelf();
        assert_eq!(shelf.item(first).unwrap().text(field::NOTES), "edited after the backup");
        let caller = shelf.by_url("https://caller.example/").unwrap();
        assert_eq!(caller.text(field::TITLE), "By a caller");
        assert_eq!(shelf.tags_of(caller).len(), 1, "its tag came before it");
        assert!(shelf.item(queued).is_some() && shelf.by_url("https://new.example/").is_some());
        assert_eq!(shelf.items().filter(|item| item.kind == Kind::Bookmark).count(), 4);
        for device in [&mut phone, &mut laptop] {
            assert!(device.replica().is_synced());
            assert!(device.replica().aside().unwrap().is_empty());
            assert_eq!(canonical(device.replica().shown()), canonical(&shelf));
        }
    }
}

/// What was written at the server after the backup was restored, before a device comes back: by a
/// clock that is behind, so that the text of before wins, and by a right one, so that it loses.
#[test]
fn neither_a_text_of_before_a_restore_nor_one_that_was_typed_after_it_is_lost() {
    for (skew, wins) in [(-172_800_000, "after the backup"), (0, "in the new epoch")] {
        let server = Arc::new(Memory::new());
        let (mut phone, mut tablet) = (Device::new(&server, 1, 0), Device::new(&server, 3, 0));
        let item = phone.save("https://a.example/", "backed up");
        phone.sync().unwrap();
        let backup = server.store();
        server.wait(86_400_000);
        phone.note(item, "after the backup").unwrap();
        phone.sync().unwrap();
        tablet.sync().unwrap();
        server.restore(backup);
        let mut laptop = Device::new(&server, 2, skew);
        laptop.note(item, "in the new epoch").unwrap();
        laptop.sync().unwrap();
        for _ in 0..2 {
            phone.sync_as(true).unwrap();
            tablet.sync_as(true).unwrap();
        }
        let shelf = server.shelf();
        assert_eq!(shelf.item(item).unwrap().text(field::NOTES), wins);
        let held = shelf.item(item).unwrap().registers.values();
        let texts: Vec<&str> = held.filter_map(|held| held.value.as_ref()?.as_text()).collect();
        for text in ["after the backup", "in the new epoch"] {
            let found = texts.iter().filter(|held| held.contains(text)).count();
            assert_eq!(found, 1, "{text}: once, and not once a device: {texts:?}");
        }
        assert!(!texts.contains(&"backed up"), "both had seen that: {texts:?}");
        for device in [&mut phone, &mut tablet] {
            assert!(device.replica().is_synced());
            assert_eq!(canonical(device.replica().shown()), canonical(&shelf));
        }
    }
}

/// The server comes back from a backup between a pull and a push, and the device goes down between
/// the answer and the new life of the log: what was answered may be lost once more.
#[test]
fn what_a_new_life_of_the_log_took_is_not_lost_where_that_is_lost_too() {
    for is_lost_again in [true, false] {
        let server = Arc::new(Memory::new());
        let mut phone = Device::new(&server, 1, 0);
        let item = phone.save("https://a.example/", "backed up");
        phone.sync().unwrap();
        let backup = server.store();
        phone.note(item, "typed since").unwrap();
        server.restore_before_push(backup.clone());
        phone.crash_at(Some(Step::Restarting), 1);
        assert!(matches!(phone.sync(), Err(ReplicaFailure::Stopped(Step::Restarting))));
        assert_eq!(phone.noted(item), "typed since", "it is shown all the while");
        assert!(!phone.replica().is_synced());
        if is_lost_again {
            server.restore(backup);
        }
        phone.sync_as(true).unwrap();
        let store = server.store();
        assert_eq!(store.shelf.item(item).unwrap().text(field::NOTES), "typed since");
        assert_eq!(store.log.iter().filter(|row| row.item == item).count(), 2, "and once");
        assert!(phone.replica().is_synced());
        assert_eq!(canonical(phone.replica().shown()), canonical(&store.shelf));
    }
}

#[test]
fn what_a_new_life_of_the_log_took_without_being_heard_is_not_put_twice() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "backed up");
    phone.sync().unwrap();
    phone.note(item, "typed since").unwrap();
    server.restore_before_push(server.store());
    server.odd.lock().unwrap().deaf = true;
    assert!(phone.sync().unwrap_err().may_pass());
    assert_eq!(phone.noted(item), "typed since");
    phone.sync_as(true).unwrap();
    assert_eq!(server.store().log.len(), 2);
    assert_eq!(canonical(phone.replica().shown()), canonical(&server.shelf()));
    assert_eq!(phone.noted(item), "typed since");
}

/// How many items were given up, each time that was told.
fn given_up(events: &mut Receiver<Event>) -> Vec<usize> {
    let all = std::iter::from_fn(|| events.try_recv().ok());
    let counts = all.filter_map(|event| match event {
        Event::GivenUp { items } => Some(items),
        _ => None,
    });
    counts.collect()
}

#[test]
fn whoever_may_only_read_is_level_after_a_restore_and_told_once_what_is_gone() {
    let server = Arc::new(Memory::new());
    let (mut phone, mut reader) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    phone.save("https://kept.example/", "backed up");
    phone.sync().unwrap();
    let backup = server.store();
    let gone = ["https://one.example/", "https://two.example/"];
    for url in gone {
        phone.save(url, "after the backup");
    }
    phone.sync().unwrap();
    reader.sync().unwrap();
    server.restore(backup);
    server.odd.lock().unwrap().reads_only = true;
    let mut events = reader.replica().events();
    let told = reader.sync_as(true).unwrap();
    assert!(told.restarted);
    assert_eq!((told.healed, told.given_up), (0, 2), "{told:?}");
    assert_eq!(reader.sync().unwrap().given_up, 0);
    assert_eq!(given_up(&mut events), [2]);
    assert!(reader.replica().is_synced());
    assert_eq!(canonical(reader.replica().shown()), canonical(&server.shelf()));

    // Nothing of it comes back with the right to write, but by those who always had it.
    server.odd.lock().unwrap().reads_only = false;
    reader.sync_as(true).unwrap();
    assert!(gone.iter().all(|url| server.shelf().by_url(url).is_none()));
    phone.sync_as(true).unwrap();
    reader.sync_as(true).unwrap();
    assert!(gone.iter().all(|url| server.shelf().by_url(url).is_some()));
    assert_eq!(canonical(reader.replica().shown()), canonical(&server.shelf()));
}

/// A backup may be older than the right to write: what somebody did with it waits until they have it
/// again, and so does the tag of somebody else that it names.
#[test]
fn what_a_device_put_itself_waits_until_its_owner_may_write_again() {
    for pairs_anew in [false, true] {
        let server = Arc::new(Memory::new());
        let (mut owner, mut guest) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
        let backup = server.store();
        let ask = |url: &str| {
            let tags = vec!["later".to_owned()];
            SaveBookmark { tags, ..SaveBookmark::of(url) }.checked().unwrap()
        };
        let (theirs, own) = (ask("https://owner.example/"), ask("https://guest.example/"));
        owner.act(|turn| turn.save(&theirs)).unwrap();
        owner.sync().unwrap();
        guest.sync().unwrap();
        guest.act(|turn| turn.save(&own)).unwrap();
        guest.sync().unwrap();
        if pairs_anew {
            guest.pair_anew();
        }
        server.restore(backup);
        server.odd.lock().unwrap().reads_only = true;
        let mut events = guest.replica().events();
        assert_eq!(guest.sync().unwrap_err().code(), Some("forbidden"));
        assert_eq!(guest.sync().unwrap_err().code(), Some("forbidden"));
        assert_eq!(given_up(&mut events), [1]);
        assert_eq!(guest.replica().standing().waiting, 2, "the tag and the bookmark");
        let shown = guest.replica().shown();
        assert!(shown.by_url("https://guest.example/").is_some());
        assert!(shown.by_url("https://owner.example/").is_none());

        server.odd.lock().unwrap().reads_only = false;
        guest.sync_as(true).unwrap();
        let shelf = server.shelf();
        let saved = shelf.by_url("https://guest.example/").unwrap();
        assert_eq!(shelf.tags_of(saved).len(), 1);
        assert!(guest.replica().is_synced() && guest.replica().aside().unwrap().is_empty());
        assert_eq!(canonical(guest.replica().shown()), canonical(&shelf));
    }
}

/// A gesture of three changes, two of which came to be before a restore and are one heal after it: the
/// third has the number of the second then.
#[test]
fn a_push_of_before_a_restore_that_comes_late_is_not_taken_for_another_change() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let (device, before) = (phone.replica().device().unwrap(), server.store());
    let saves = ["https://a.example/", "https://c.example/"]
        .map(|url| SaveBookmark::of(url).checked().unwrap());
    let edit = Edit::default().put(field::NOTES, Some(Value::from("of a")));
    let gesture = phone.act(|turn| {
        let item = turn.save(&saves[0])?.item;
        turn.edit(item, &Kind::Bookmark, &edit)?;
        turn.save(&saves[1])
    });
    gesture.unwrap();
    server.odd.lock().unwrap().most = Some(1);
    // All at once, the first, the second; and the third is not sent any more.
    for (restored, sendings) in [(false, 4), (false, 1), (true, 1)] {
        let late = server.store().log;
        if restored {
            server.restore(before.clone());
        }
        phone.crash_at(Some(Step::Sending), sendings);
        assert!(matches!(phone.sync(), Err(ReplicaFailure::Stopped(Step::Sending))));
        if restored {
            assert_eq!(late.len(), 2);
            server.arrives_again(device, &late);
        }
    }
    phone.sync_as(true).unwrap();
    let shelf = server.shelf();
    assert_eq!(shelf.by_url("https://a.example/").unwrap().text(field::NOTES), "of a");
    assert!(shelf.by_url("https://c.example/").is_some(), "it is not lost");
    assert_eq!(canonical(phone.replica().shown()), canonical(&shelf));
}

#[test]
fn a_restored_server_is_noticed_even_where_the_numbers_still_fit() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    phone.save("https://a.example/", "a");
    phone.sync().unwrap();
    server.restore(server.store());
    phone.save("https://b.example/", "b");
    assert!(phone.sync_as(true).unwrap().restarted);
    assert_eq!(server.store().log.len(), 2, "nothing is put twice");
    assert!(phone.replica().is_synced());
}

#[test]
fn a_device_that_was_copied_pairs_anew_and_keeps_its_queue() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    phone.save("https://a.example/", "a");
    phone.sync().unwrap();
    let mut twin = Device::new(&server, 2, 0);
    twin.crash();
    phone.crash();
    std::fs::copy(phone.file(), twin.file()).unwrap();
    phone.save("https://b.example/", "by the phone");
    phone.sync().unwrap();
    twin.save("https://c.example/", "by its copy");
    twin.sync_as(true).unwrap();
    phone.sync_as(true).unwrap();
    let shelf = server.shelf();
    assert_eq!(shelf.items().count(), 3);
    assert_ne!(phone.replica().device(), twin.replica().device());
    assert_eq!(canonical(phone.replica().shown()), canonical(&shelf));
    assert_eq!(canonical(twin.replica().shown()), canonical(&shelf));
}

#[test]
fn a_replica_knows_its_server_by_the_address_it_was_reached_at_last() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("moved.replica");
    let about = About {
        server: "https://before.example".to_owned(),
        library: LibraryId::from_bytes([7; 16]),
        name: "Bookmarks".to_owned(),
        device_name: "laptop".to_owned(),
    };
    let mut replica = Replica::make(&file, about.clone()).unwrap();
    replica.reached_at("https://after.example").unwrap();
    drop(replica);
    let now = About { server: "https://after.example".to_owned(), ..about };
    assert_eq!(Replica::open(&file, 0).unwrap().about(), &now);
}
