//! The proof that the log is a log: devices that edit apart end equal.

use crate::replica::Replica;
use crate::world::World;
use flate2::read::GzDecoder;
use shelf_domain::kind::{Kind, field};
use shelf_domain::value::Value;
use shelf_ports::chance::Clock;
use std::io::Read;
use std::path::{Path, PathBuf};

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_edit_offline_converge_byte_for_byte() {
    let world = World::new().await;
    let owner = world.owner().await;
    for number in 0..20 {
        owner.save(&format!("https://example.org/{number}"), &format!("page {number}")).await;
    }
    let now = world.clock.now_ms();
    let mut train = Replica::pair(&owner, "train", now).await;
    let mut plane = Replica::pair(&owner, "plane", now + 40_000).await;
    train.pull().await;
    plane.pull().await;
    assert_eq!(train.bytes(), plane.bytes());

    // Both go offline. They save the same address, edit the same note, and file things away.
    let known = train.shown().by_url("https://example.org/3").unwrap().id;
    let (mine, yours) = (train.new_id(), plane.new_id());
    let url = |at: &str| (field::URL, Value::from(at));
    let created = |at: i64| (field::CREATED_AT, Value::from(at));
    train.put(mine, Kind::Bookmark, &[url("https://example.com/same/"), created(now)]);
    plane.put(
        yours,
        Kind::Bookmark,
        &[url("https://example.com/same"), created(now - 9), (field::TITLE, Value::from("Same"))],
    );
    train.put(known, Kind::Bookmark, &[(field::NOTES, Value::from("typed on the train"))]);
    plane.put(known, Kind::Bookmark, &[(field::NOTES, Value::from("typed on the plane"))]);
    train.put(known, Kind::Bookmark, &[(field::UNREAD, Value::from(true))]);
    let folder = plane.new_id();
    let named = [(field::NAME, Value::from("Aloft")), (field::ORDER, Value::from("a"))];
    plane.put(folder, Kind::Collection, &named);
    let spot = plane.new_id();
    plane.put(
        spot,
        Kind::Place,
        &[
            (field::BOOKMARK, Value::from(yours)),
            (field::PARENT, Value::from(folder)),
            (field::ORDER, Value::from("a")),
        ],
    );
    assert_eq!(plane.shown().item(known).unwrap().text(field::NOTES), "typed on the plane");

    // They come back in either order, and someone saves by REST between them.
    train.push().await;
    owner.save("https://example.net/between", "between").await;
    plane.push().await;
    plane.pull().await;
    train.pull().await;
    assert_eq!(train.bytes(), plane.bytes());
    assert_eq!(train.text(mine, field::TITLE), "Same", "the younger one joined");
    let (log, state) = train.bytes();
    assert!(log.contains("typed on the train") && log.contains("typed on the plane"));
    assert!(state.contains("typed on the train") && state.contains("typed on the plane"));

    // A third device that was never there sees the same bytes.
    let mut late = Replica::pair(&owner, "late", now).await;
    late.pull().await;
    assert_eq!(late.bytes(), train.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_goes_on_where_it_was_after_the_server_restarts() {
    let mut world = World::new().await;
    let owner = world.owner().await;
    owner.save("https://example.org/before", "before").await;
    let mut device = Replica::pair(&owner, "phone", world.clock.now_ms()).await;
    device.pull().await;
    let before = device.bytes();
    drop(owner);
    world.restart().await;
    let owner = world.owner().await;
    let mut again = Replica::pair(&owner, "laptop", world.clock.now_ms()).await;
    again.pull().await;
    assert_eq!(again.bytes(), before);
}

/// The lines of a snapshot.
fn unpacked(packed: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

/// The content of each file below `dir`.
fn files(dir: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let all = entries.map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        if path.is_dir() { files(&path) } else { vec![std::fs::read(&path).unwrap()] }
    };
    all.flat_map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_holds_nothing_that_was_removed_for_good_and_lies_sealed() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.save("https://example.org/kept", "kept").await;
    let gone = owner.save("https://example.org/gone", "a title that goes").await;
    let path = format!("/v1/libraries/{}/snapshot", owner.library);
    let first = unpacked(&owner.bytes(&path).await);
    assert!(first.contains("a title that goes") && first.contains("\"settled\""), "{first}");
    let kept = world.dir().join("blobs/snapshot");
    let lies = files(&kept);
    assert!(lies.len() == 1 && lies[0].starts_with(b"mindshelf sealed"), "{}", lies.len());
    owner.delete(&format!("bookmarks/{}", gone["id"].as_str().unwrap())).await.expect(200);
    owner.delete(&format!("trash?ids={}", gone["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(files(&kept).len(), 0, "it goes with what was purged");
    let second = unpacked(&owner.bytes(&path).await);
    assert!(!second.contains("a title that goes") && second.contains("\"kept\""), "{second}");
    assert_eq!(owner.get("checksum").await.expect(200).text("/checksum"), checksum(&second));
}

/// The sum that the last line of a snapshot says.
fn checksum(snapshot: &str) -> String {
    let last = snapshot.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    last["checksum"].as_str().unwrap().to_owned()
}
