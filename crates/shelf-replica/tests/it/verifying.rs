//! Both sides compare sums: what differs is found, counted and repaired.

use crate::device::Device;
use crate::memory::Memory;
use shelf_domain::save::SaveBookmark;
use shelf_replica::{ReplicaFailure, canonical};
use std::sync::Arc;

/// A device that holds all of a small library with a joined id in it.
fn holding() -> (Arc<Memory>, Device) {
    let server = Arc::new(Memory::new());
    let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 0));
    for at in 0..12 {
        let ask = SaveBookmark::of(format!("https://{at}.example/"));
        server.write(|turn| turn.save(&ask)).unwrap();
    }
    for device in [&mut phone, &mut laptop] {
        device.save("https://same.example/", "typed twice");
    }
    laptop.sync().unwrap();
    phone.sync().unwrap();
    assert!(server.shelf().aliases().count() > 0);
    (server, phone)
}

/// Damages the file behind the replica's back.
fn damage(device: &mut Device, sql: &str) {
    device.crash();
    let file = rusqlite::Connection::open(device.file()).unwrap();
    assert!(file.execute(sql, []).unwrap() > 0, "{sql} changes something");
}

#[test]
fn whatever_is_damaged_is_found_counted_and_repaired() {
    for sql in [
        "DELETE FROM items WHERE id IN (SELECT id FROM items LIMIT 1)",
        "DELETE FROM items",
        "UPDATE items SET packed = (SELECT packed FROM items ORDER BY id LIMIT 1)
         WHERE id = (SELECT max(id) FROM items)",
        "DELETE FROM aliases",
    ] {
        let (server, mut phone) = holding();
        damage(&mut phone, sql);
        let told = phone.sync_as(true).unwrap();
        assert!(told.repaired > 0, "{sql}");
        assert_eq!(canonical(phone.replica().base()), canonical(&server.shelf()), "{sql}");
        assert_eq!(phone.replica().standing().mismatches, told.repaired);
        assert_eq!(phone.sync_as(true).unwrap().repaired, 0, "once is enough");
    }
}

#[test]
fn rows_that_a_server_leaves_out_are_missed_and_nothing_beyond_them_is_taken() {
    let (server, mut phone) = holding();
    for at in 0..2 {
        let ask = SaveBookmark::of(format!("https://later{at}.example/"));
        server.write(|turn| turn.save(&ask)).unwrap();
    }
    let before = canonical(phone.replica().base());
    server.odd.lock().unwrap().leaves_out = true;
    let failure = phone.sync().unwrap_err();
    assert!(matches!(failure, ReplicaFailure::Unusable(_)), "{failure:?}");
    assert_eq!(canonical(phone.replica().base()), before);
    phone.sync().unwrap();
    assert_eq!(canonical(phone.replica().shown()), canonical(&server.shelf()));
}

#[test]
fn sums_are_compared_now_and_then_and_not_at_every_sync() {
    let (server, mut phone) = holding();
    damage(&mut phone, "DELETE FROM items WHERE id IN (SELECT id FROM items LIMIT 1)");
    assert_eq!(phone.sync().unwrap().repaired, 0);
    server.wait(3_600_001);
    assert!(phone.sync().unwrap().repaired > 0);
}

#[test]
fn what_waits_is_untouched_by_a_repair() {
    let (server, mut phone) = holding();
    let item = phone.save("https://waits.example/", "typed before the repair");
    damage(&mut phone, "DELETE FROM items WHERE id IN (SELECT id FROM items LIMIT 1)");
    assert_eq!(phone.noted(item), "typed before the repair");
    phone.sync_as(true).unwrap();
    assert_eq!(canonical(phone.replica().shown()), canonical(&server.shelf()));
    assert!(server.shelf().item(item).is_some());
}
