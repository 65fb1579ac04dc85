//! A crash between any two steps loses nothing and does nothing twice.

use crate::device::Device;
use crate::memory::Memory;
use shelf_replica::{ReplicaFailure, Step, canonical};
use std::sync::Arc;

const EVERY: [Step; 8] = [
    Step::Queueing,
    Step::Queued,
    Step::Sending,
    Step::Answered,
    Step::Noting,
    Step::Pulled,
    Step::Folding,
    Step::Folded,
];

#[test]
fn a_crash_at_any_step_loses_nothing_and_does_nothing_twice() {
    for step in EVERY {
        let server = Arc::new(Memory::new());
        let (mut phone, mut laptop) = (Device::new(&server, 1, 0), Device::new(&server, 2, 40));
        let kept = phone.save("https://kept.example/", "kept before");
        phone.sync().unwrap();
        laptop.sync().unwrap();
        laptop.save("https://laptop.example/", "from the laptop");
        laptop.sync().unwrap();
        phone.crash_at(Some(step), 1);
        let edited = phone.note(kept, "typed on the phone");
        let was_told_safe = edited.is_ok();
        let synced = phone.sync();
        let stopped = matches!(edited, Err(ReplicaFailure::Stopped(at)) if at == step)
            || matches!(synced, Err(ReplicaFailure::Stopped(at)) if at == step);
        assert!(stopped, "{step:?} is never come to");
        // It comes up and goes on; the first rest ends the stopping.
        phone.crash();
        phone.sync_as(true).unwrap();
        laptop.sync_as(true).unwrap();
        let expected = if was_told_safe || step == Step::Queued {
            "typed on the phone"
        } else {
            "kept before"
        };
        assert_eq!(phone.noted(kept), expected, "{step:?}");
        let store = server.store();
        let rows = store.log.iter().filter(|row| row.item == kept).count();
        assert_eq!(rows, if expected == "kept before" { 1 } else { 2 }, "{step:?}: once");
        for device in [&mut phone, &mut laptop] {
            assert!(device.replica().is_synced());
            assert_eq!(canonical(device.replica().shown()), canonical(&store.shelf));
        }
    }
}

#[test]
fn an_edit_that_was_not_committed_is_not_there() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    let item = phone.save("https://a.example/", "one");
    phone.crash_at(Some(Step::Queueing), 1);
    assert!(matches!(phone.note(item, "two"), Err(ReplicaFailure::Stopped(_))));
    assert_eq!(phone.noted(item), "one");
    assert_eq!(phone.replica().standing().waiting, 1);
}

#[test]
fn a_crash_while_a_library_is_taken_over_leaves_the_old_one() {
    for step in [Step::Restarting, Step::Restarted] {
        let server = Arc::new(Memory::new());
        let mut phone = Device::new(&server, 1, 0);
        phone.save("https://a.example/", "before the backup");
        phone.sync().unwrap();
        let backup = server.store();
        let late = phone.save("https://b.example/", "after the backup");
        phone.sync().unwrap();
        server.restore(backup);
        let queued = phone.save("https://c.example/", "queued");
        phone.crash_at(Some(step), 1);
        assert!(matches!(phone.sync(), Err(ReplicaFailure::Stopped(at)) if at == step));
        assert_eq!(phone.noted(late), "after the backup", "it is shown all the while");
        assert_eq!(phone.noted(queued), "queued");
        phone.sync_as(true).unwrap();
        let shelf = server.shelf();
        assert_eq!(canonical(phone.replica().shown()), canonical(&shelf));
        assert_eq!(shelf.items().count(), 3, "healed once, not twice");
    }
}
