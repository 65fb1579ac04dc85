//! The server begins a new epoch: the queue is kept, and devices heal the server.

use crate::device::Device;
use crate::memory::Memory;
use shelf_domain::kind::{Kind, field};
use shelf_domain::save::SaveBookmark;
use shelf_replica::canonical;
use std::sync::Arc;

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
