//! A server that cannot answer now is asked again when it says, and not before.

use crate::device::Device;
use crate::memory::Memory;
use std::sync::Arc;
use std::time::Duration;

/// The longest a server may have a replica wait, and the part of a second that comes after.
const LONGEST: Duration = Duration::from_mins(10);
const JITTER: Duration = Duration::from_secs(1);

#[test]
fn a_push_comes_back_when_the_server_says_and_never_later_than_in_ten_minutes() {
    for (says, least) in [(90, Duration::from_secs(90)), (86_400, LONGEST)] {
        let server = Arc::new(Memory::new());
        let mut phone = Device::new(&server, 1, 0);
        phone.save("https://a.example/", "typed while it was away");
        server.odd.lock().unwrap().away = Some(says);
        let (synced, waited) = phone.sync_patiently(false, 2);
        assert_eq!(synced.unwrap().pushed, 1);
        assert!(waited >= least && waited <= least + JITTER, "{says}: {waited:?}");
        assert!(phone.replica().is_synced());
        assert_eq!(server.store().log.len(), 1, "once");
    }
}

#[test]
fn who_does_not_wait_is_told_how_long_it_would_be_and_keeps_the_queue() {
    let server = Arc::new(Memory::new());
    let mut phone = Device::new(&server, 1, 0);
    phone.save("https://a.example/", "typed while it was away");
    server.odd.lock().unwrap().away = Some(90);
    let (refused, waited) = phone.sync_patiently(false, 1);
    let refused = refused.unwrap_err();
    assert_eq!((refused.retry_after(), waited), (Some(Duration::from_secs(90)), Duration::ZERO));
    assert!(refused.may_pass());
    assert_eq!(phone.replica().standing().waiting, 1);
    phone.sync().unwrap();
    assert!(phone.replica().is_synced());
}
