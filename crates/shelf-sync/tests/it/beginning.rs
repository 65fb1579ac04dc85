//! Beginning from a snapshot, comparing by sums, and repairing what differs.

use crate::{World, refused};
use flate2::read::GzDecoder;
use serde_json::Value as Json;
use shelf_domain::item::Item;
use shelf_domain::refusal::Code;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_domain::sums::Sums;
use shelf_domain::turn::Turn;
use shelf_sync::{
    Cursor, Expired, Repair, Snapshot, checksum, forget_snapshots, repair, reset_of, snapshot,
};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// A replica begun from a snapshot, and the cursor it goes on with.
fn begun(made: Snapshot) -> (Shelf, String, Json) {
    let Snapshot { mut file, bytes, .. } = made;
    file.seek(SeekFrom::Start(Snapshot::BEGIN)).unwrap();
    let lines = BufReader::new(GzDecoder::new(file.take(bytes))).lines();
    let lines: Vec<Json> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let (first, last) = (lines.first().unwrap().clone(), lines.last().unwrap().clone());
    assert_eq!(first["mindshelf"], "snapshot.v1");
    let mut shelf = Shelf::default();
    shelf.head.epoch = serde_json::from_value(first["epoch"].clone()).unwrap();
    shelf.head.seq = first["seq"].as_u64().unwrap();
    shelf.head.hlc = serde_json::from_value(first["hlc"].clone()).unwrap();
    shelf.head.at = first["at"].as_i64().unwrap();
    shelf.head.numbers = serde_json::from_value(first["numbers"].clone()).unwrap();
    let (mut items, mut aliases) = (0, 0);
    for line in &lines[1..lines.len() - 1] {
        if line.get("younger").is_some() {
            let alias: StatedAlias = serde_json::from_value(line.clone()).unwrap();
            shelf.alias(alias.younger, alias.item);
            aliases += 1;
        } else {
            let item: Stated = serde_json::from_value(line.clone()).unwrap();
            shelf.insert(Item::from(item));
            items += 1;
        }
    }
    assert_eq!((last["items"].as_u64(), last["aliases"].as_u64()), (Some(items), Some(aliases)));
    assert_eq!(last["checksum"], format!("{:016x}", Sums::of(&shelf).whole()));
    (shelf, first["cursor"].as_str().unwrap().to_owned(), last)
}

/// Some bookmarks, one of which a device saved once more, so that two ids joined.
async fn filled(world: &World) {
    for at in 0..7 {
        world.desk.save_url(&world.store, &format!("https://begin.example/{at}")).await;
    }
    let phone = world.paired("phone").await;
    let again = world.desk.pushed(1, 0, "https://begin.example/3/");
    world.push(phone, &[again]).await;
}

#[tokio::test]
async fn a_replica_begun_from_a_snapshot_holds_what_one_begun_from_the_log_does() {
    let world = World::new().await;
    filled(&world).await;
    let made = snapshot(&world.doors, world.desk.scope).await.unwrap();
    let digest = made.digest;
    for at in 0..3 {
        world.desk.save_url(&world.store, &format!("https://later.example/{at}")).await;
    }
    let kept = snapshot(&world.doors, world.desk.scope).await.unwrap();
    assert_eq!(kept.digest, digest, "the one that is kept is given again");
    let (mut replica, cursor, _) = begun(kept);
    world.follow(&mut replica, Some(cursor)).await;
    let mut whole = Shelf::default();
    world.follow(&mut whole, None).await;
    assert_eq!(Sums::of(&replica), Sums::of(&whole));
    for item in whole.items() {
        assert_eq!(replica.item(item.id), Some(item));
    }
    assert_eq!(replica.items().count(), whole.items().count());
    assert_eq!(replica.head.seq, whole.head.seq);
    assert_eq!(replica.head.numbers, whole.head.numbers);
}

#[tokio::test]
async fn a_snapshot_is_made_anew_when_it_is_old_far_behind_or_holds_what_was_purged() {
    let world = World::new().await;
    filled(&world).await;
    let scope = world.desk.scope;
    let first = snapshot(&world.doors, scope).await.unwrap().digest;
    let gone = world.desk.save_url(&world.store, "https://gone.example/secret").await;
    let with_it = async { begun(snapshot(&world.doors, scope).await.unwrap()).0 };
    assert_eq!(with_it.await.item(gone), None, "it is from before");
    world.clock.advance(86_400_001);
    let second = snapshot(&world.doors, scope).await.unwrap();
    assert_ne!(second.digest, first, "a day is over");
    assert!(begun(second).0.item(gone).is_some());
    world.desk.trash(&world.store, gone).await;
    let purge = move |turn: &mut Turn| {
        let outcomes = turn.purge_whole(gone)?;
        Ok(turn.done(outcomes))
    };
    world.desk.write(&world.store, Reads::none().places([gone]), purge).await.unwrap();
    let (third, ..) = begun(snapshot(&world.doors, scope).await.unwrap());
    let purged = third.item(gone).unwrap();
    assert!(purged.is_purged() && purged.registers.len() == 1, "nothing of it is left");
    let third = snapshot(&world.doors, scope).await.unwrap().digest;
    let tablet = world.paired("tablet").await;
    let many = (1..=1_001).map(|n| world.desk.pushed(n, 0, &format!("https://far.example/{n}")));
    for part in many.collect::<Vec<_>>().chunks(500) {
        world.push(tablet, part).await;
    }
    let fourth = snapshot(&world.doors, scope).await.unwrap().digest;
    assert_ne!(fourth, third, "the log has gone on by more than a thousand rows");
    assert_eq!(forget_snapshots(&*world.doors.blobs, i64::MAX / 2).await.unwrap(), 1);
}

#[tokio::test]
async fn a_replica_that_went_another_way_finds_where_and_is_mended() {
    let world = World::new().await;
    filled(&world).await;
    let mut replica = Shelf::default();
    // It lost a row, and holds something that never was.
    let rows = world.pull(None, 100).await.unwrap().changes;
    rows.iter().filter(|row| row.seq != 3).for_each(|row| replica.fold(row));
    let stray = Item { id: world.desk.new_item(), ..replica.items().next().unwrap().clone() };
    replica.insert(stray.clone());
    let told = checksum(&world.doors, world.desk.scope).await.unwrap();
    assert_eq!(told.head.seq, replica.head.seq);
    let differing: BTreeSet<u8> = Sums::of(&replica).differing(&told.sums).into_iter().collect();
    assert!((1..=2).contains(&differing.len()), "the two are found: {differing:?}");
    let ask = Repair { ranges: differing.clone(), after: None };
    let repaired = repair(&world.doors, world.desk.scope, ask).await.unwrap();
    assert_eq!(repaired.next, None);
    let mut mended = Shelf::at(replica.head.clone());
    let outside = |item: &&Item| !differing.contains(&shelf_domain::sums::range_of(item.id));
    replica.items().filter(outside).for_each(|item| mended.insert(item.clone()));
    repaired.items.into_iter().for_each(|item| mended.insert(item));
    replica.aliases().for_each(|(younger, older)| mended.alias(younger, older));
    repaired.aliases.into_iter().for_each(|(younger, older)| mended.alias(younger, older));
    assert_eq!(Sums::of(&mended), told.sums);
    assert_eq!(mended.item(stray.id), None);
}

#[tokio::test]
async fn one_to_sixteen_ranges_are_repaired_at_once() {
    let world = World::new().await;
    for count in [0_u8, 17] {
        let ask = Repair { ranges: (0..count).collect(), after: None };
        let told = repair(&world.doors, world.desk.scope, ask).await;
        let refusal = refused(told);
        assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "ranges"));
    }
}

#[tokio::test]
async fn a_cursor_that_expired_says_why() {
    let world = World::new().await;
    filled(&world).await;
    let (scope, head) = (world.desk.scope, world.pull(None, 1).await.unwrap().head);
    for (epoch, seq, why) in [
        (head.epoch + 1, 1, Some(Expired::Epoch)),
        (head.epoch, head.seq + 1, Some(Expired::Ahead)),
        (head.epoch, head.seq, None),
    ] {
        let cursor = Cursor { epoch, seq }.text(scope.library);
        let reset = reset_of(&world.doors, scope, &cursor).await.unwrap();
        assert_eq!(reset.map(|reset| reset.why), why);
    }
}
