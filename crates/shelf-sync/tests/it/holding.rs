//! Deletions that wait: what is held, what is not, and what becomes of it.

use crate::{World, refused};
use shelf_domain::change::Pushed;
use shelf_domain::id::{ActId, DeviceId, ItemId, PersonId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Code;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Status;
use shelf_domain::value::Value;
use shelf_ports::library::Library;
use shelf_sync::{PushAnswer, confirm_held, held_items, list_held, refuse_held, stand};

/// Saves so many bookmarks by the phone, without the clock going on for a minute; their ids.
async fn saved(world: &World, device: DeviceId, from: u64, count: u64) -> Vec<ItemId> {
    let mut items = Vec::new();
    let queue: Vec<Pushed> = (from..from + count)
        .map(|n| world.desk.pushed(n, 0, &format!("https://held.example/{device}/{n}")))
        .collect();
    for part in queue.chunks(500) {
        let answer = world.push(device, part).await;
        items.extend(answer.answers.iter().map(|told| told.told.as_ref().unwrap().item));
    }
    items
}

fn deletion(world: &World, n: u64, base: u64, item: ItemId) -> Pushed {
    let mut change = world.desk.pushed(n, base, "https://unused.example/");
    change.item = item;
    let trashed = Register::from(field::TRASHED_AT);
    change.set = [(trashed, Some(Value::from(1_800_000_000_000_i64)))].into();
    change
}

/// Deletions of `items`, counters from `n`.
fn deletions(world: &World, n: u64, items: &[ItemId]) -> Vec<Pushed> {
    (n..).zip(items).map(|(n, item)| deletion(world, n, 10_000, *item)).collect()
}

fn statuses(answer: &PushAnswer) -> Vec<Status> {
    answer.answers.iter().map(|told| told.told.as_ref().unwrap().status).collect()
}

async fn living(world: &World) -> u64 {
    world.doors.views.counts(world.desk.scope).await.unwrap().bookmarks
}

#[tokio::test]
async fn a_device_that_deletes_much_is_not_believed_before_a_person_was_asked() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 200).await;
    let mut queue = deletions(&world, 201, &items[..60]);
    queue.push(world.desk.pushed(261, 10_000, "https://held.example/new"));
    let before = world.store.head(scope).await.unwrap().seq;
    let answer = world.push(phone, &queue).await;
    assert!(statuses(&answer)[..60].iter().all(|status| *status == Status::Held));
    assert_eq!(statuses(&answer)[60], Status::Applied, "what deletes nothing is decided");
    assert_eq!(answer.head.seq, before + 1, "nothing that waits is in the log");
    assert_eq!(living(&world).await, 201);
    assert_eq!(world.push(phone, &queue).await, answer, "the same push, the same answer");

    let held = list_held(&world.doors, scope, world.desk.person).await.unwrap();
    assert_eq!((held.len(), held[0].line.count), (1, 60), "and it waits once");
    assert_eq!(held[0].name.as_deref(), Some("phone"));
    let stands = stand(&world.doors, scope, world.desk.person, Some(phone)).await.unwrap();
    assert_eq!((stands.held, stands.device), (60, Some((phone, 261))));
    let shown = held_items(&world.doors, scope, phone, 0, 2).await.unwrap();
    assert_eq!((shown.len(), shown[0].n, shown[0].item), (2, 201, items[0]));
    assert!(shown[0].title.starts_with("https://held.example/"), "it is said what would go");
    // What comes afterwards goes on from there.
    let more = world.push(phone, &deletions(&world, 262, &items[60..61])).await;
    assert_eq!(statuses(&more), [Status::Held], "it belongs to the same minute");
}

#[tokio::test]
async fn what_is_not_valid_is_refused_and_does_not_wait() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 100).await;
    let mut queue = deletions(&world, 101, &items[..60]);
    queue[0].set.insert(Register::named("nonsense"), Some(Value::from("x".repeat(9))));
    let answer = world.push(phone, &queue).await;
    assert_eq!(answer.answers[0].told.as_ref().unwrap_err().code, Code::Invalid);
    let held = list_held(&world.doors, scope, world.desk.person).await.unwrap();
    assert_eq!(held[0].line.count, 59);
}

#[tokio::test]
async fn what_is_confirmed_is_decided_with_its_own_stamp_and_base() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 100).await;
    let queue = deletions(&world, 101, &items);
    world.push(phone, &queue).await;
    let told = confirm_held(&world.doors, scope, phone, 150).await.unwrap();
    assert_eq!((told.answers.len(), told.more), (50, false), "up to what was seen");
    assert!(told.answers.iter().all(|told| told.told.as_ref().unwrap().status == Status::Applied));
    let rows = world.store.changes(scope, 100, 100).await.unwrap();
    for (row, change) in rows.iter().zip(&queue) {
        assert_eq!((row.device, row.n, row.act), (phone, change.n, change.act));
        assert_eq!((row.hlc, row.item), (change.hlc, change.item));
    }
    assert_eq!(living(&world).await, 50);
    let again = world.push(phone, &queue[..1]).await;
    assert_eq!(statuses(&again), [Status::Applied], "the device is told how it ended");
    let rest = confirm_held(&world.doors, scope, phone, u64::MAX).await.unwrap();
    assert_eq!(rest.answers.len(), 50);
    let none = confirm_held(&world.doors, scope, phone, u64::MAX).await.unwrap();
    assert!(none.answers.is_empty() && !none.more);
    assert_eq!(living(&world).await, 0);
    assert_eq!(none.head.seq, 200, "nothing is decided twice");
}

#[tokio::test]
async fn a_comment_that_waited_is_by_whom_the_device_is_whatever_it_says() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 100).await;
    let mut queue = deletions(&world, 101, &items[..60]);
    let another = PersonId::from_bytes([0xaa; 16]);
    let made = world.desk.new_item();
    queue[0].item = made;
    queue[0].kind = Kind::Note;
    queue[0].set.extend([
        (Register::from(field::BOOKMARK), Some(Value::from(items[99]))),
        (Register::from(field::BODY), Some(Value::from("I give up."))),
        (Register::named(field::AUTHOR), Some(Value::from(another.to_string()))),
    ]);
    world.push(phone, &queue).await;
    confirm_held(&world.doors, scope, phone, 101).await.unwrap();
    let shelf = world.store.read(scope, Reads::none().items([made])).await.unwrap();
    let author = shelf.item(made).unwrap().text(field::AUTHOR);
    assert_eq!(author, world.desk.person.to_string());
}

#[tokio::test]
async fn what_the_device_brought_back_since_stays() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 100).await;
    let queue = deletions(&world, 101, &items);
    world.push(phone, &queue).await;
    let mut back = deletion(&world, 201, 10_000, items[0]);
    back.set = [(Register::from(field::TRASHED_AT), None)].into();
    world.push(phone, &[back]).await;
    let told = confirm_held(&world.doors, scope, phone, u64::MAX).await.unwrap();
    let first = told.answers[0].told.as_ref().unwrap();
    assert_eq!(first.status, Status::Superseded, "it was brought back after it was deleted");
    assert_eq!(living(&world).await, 1);
    let again = world.push(phone, &queue[..1]).await;
    assert_eq!(statuses(&again), [Status::Superseded], "and the device is told so");
}

#[tokio::test]
async fn what_is_refused_was_never_done() {
    let world = World::new().await;
    let (scope, phone) = (world.desk.scope, world.paired("phone").await);
    let items = saved(&world, phone, 1, 100).await;
    world.push(phone, &deletions(&world, 101, &items)).await;
    assert_eq!(refuse_held(&world.doors, scope, phone, u64::MAX).await.unwrap(), 100);
    assert_eq!(living(&world).await, 100);
    assert_eq!(world.store.head(scope).await.unwrap().seq, 100);
    assert!(list_held(&world.doors, scope, world.desk.person).await.unwrap().is_empty());
    let next = world.push(phone, &[deletion(&world, 201, 10_000, items[0])]).await;
    assert_eq!(statuses(&next), [Status::Applied], "the queue goes on");
}

#[tokio::test]
async fn few_deletions_confirmed_ones_and_those_of_a_large_library_are_not_held() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let items = saved(&world, phone, 1, 600).await;
    let few = world.push(phone, &deletions(&world, 601, &items[..49])).await;
    assert!(!statuses(&few).contains(&Status::Held), "fewer than fifty never are");
    // A fifth of six hundred is not passed by a hundred and nineteen.
    let some = world.push(phone, &deletions(&world, 650, &items[49..119])).await;
    assert!(!statuses(&some).contains(&Status::Held));
    let more = deletions(&world, 720, &items[119..129]);
    assert!(statuses(&world.push(phone, &more).await).contains(&Status::Held));
    let mut many = deletions(&world, 730, &items[129..429]);
    let act = ActId::from_bytes([7; 16]);
    for change in &mut many {
        change.act = act;
    }
    let confirmed = world.push_confirmed(phone, &many, &[act]).await;
    assert!(!statuses(&confirmed).contains(&Status::Held), "the person saw how much it deletes");
}

#[tokio::test]
async fn deletions_a_minute_apart_are_not_counted_together() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let items = saved(&world, phone, 1, 90).await;
    for (n, part) in [(91, 0..40), (131, 40..80)] {
        world.clock.advance(61_000);
        let answer = world.push(phone, &deletions(&world, n, &items[part])).await;
        assert!(!statuses(&answer).contains(&Status::Held));
    }
}

#[tokio::test]
async fn bringing_back_and_other_edits_are_no_deletions() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let items = saved(&world, phone, 1, 60).await;
    let mut back = deletions(&world, 61, &items);
    for change in &mut back {
        change.set = [(Register::from(field::TRASHED_AT), None)].into();
    }
    assert!(!statuses(&world.push(phone, &back).await).contains(&Status::Held));
}

#[tokio::test]
async fn a_device_of_somebody_else_says_nothing_about_itself() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let stranger = PersonId::from_bytes([9; 16]);
    let told = stand(&world.doors, world.desk.scope, stranger, Some(phone)).await;
    assert_eq!(refused(told).code, Code::Forbidden);
}
