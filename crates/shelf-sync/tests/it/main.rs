//! Pull and push, on a real store.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod beginning;
mod holding;
mod parts;

use shelf_domain::change::Pushed;
use shelf_domain::id::{ActId, DeviceId, PersonId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::Status;
use shelf_domain::value::Value;
use shelf_embedded::{DirectoryBlobs, Embedded};
use shelf_ports::Failure;
use shelf_ports::accounts::{Accounts, Grant, GrantKind};
use shelf_ports::chance::Clock;
use shelf_ports::usage::AnyRoom;
use shelf_sync::{Cursor, Doors, Pull, Pulled, Push, PushAnswer, pull, push};
use shelf_testkit::{Desk, FakeClock, Few, SeededChance};
use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;

struct World {
    doors: Doors,
    desk: Desk,
    clock: Arc<FakeClock>,
    store: Embedded,
    _dir: TempDir,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        let desk = Desk::new(&store, 1).await;
        let clock = Arc::new(FakeClock::default());
        let doors = Doors {
            library: Arc::new(store.clone()),
            replicas: Arc::new(store.clone()),
            views: Arc::new(store.clone()),
            blobs: Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap()),
            accounts: Arc::new(store.clone()),
            rooms: Arc::new(AnyRoom),
            clock: Arc::<FakeClock>::clone(&clock),
            chance: Arc::new(SeededChance::new(5)),
        };
        Self { doors, desk, clock, store, _dir: dir }
    }

    async fn paired(&self, name: &str) -> DeviceId {
        let grant = self.desk.grant(GrantKind::Device, name);
        let grant = Grant { created_at: self.clock.now_ms(), ..grant };
        self.store.put_grant(&grant, None).await.unwrap();
        grant.id
    }

    async fn push(&self, device: DeviceId, changes: &[Pushed]) -> PushAnswer {
        self.push_confirmed(device, changes, &[]).await
    }

    /// Pushes what the person has confirmed in these gestures.
    async fn push_confirmed(
        &self,
        device: DeviceId,
        changes: &[Pushed],
        confirmed: &[ActId],
    ) -> PushAnswer {
        let confirmed = confirmed.iter().copied().collect();
        let ask = Push { device, changes: changes.to_vec(), confirmed };
        push(&self.doors, self.desk.scope, self.desk.person, ask).await.unwrap()
    }

    async fn pull(&self, cursor: Option<&str>, limit: usize) -> Result<Pulled, Failure> {
        let ask = Pull { cursor: cursor.map(str::to_owned), limit };
        pull(&self.doors, self.desk.scope, ask).await
    }

    /// Pulls everything after `cursor` into `shelf`; the cursor to go on with.
    async fn follow(&self, shelf: &mut Shelf, mut cursor: Option<String>) -> Option<String> {
        loop {
            let pulled = self.pull(cursor.as_deref(), 2).await.unwrap();
            pulled.changes.iter().for_each(|change| shelf.fold(change));
            cursor = Some(pulled.next_cursor);
            if !pulled.has_more {
                return cursor;
            }
        }
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refused {
    match result {
        Err(Failure::Refused(refused)) => refused,
        other => panic!("a refusal was due, not {other:?}"),
    }
}

#[tokio::test]
async fn the_log_is_pulled_in_parts_without_gap_or_repeat() {
    let world = World::new().await;
    for at in 0..5 {
        world.desk.save_url(&world.store, &format!("https://pull.example/{at}")).await;
    }
    let (mut cursor, mut seqs) = (None, Vec::new());
    loop {
        let pulled = world.pull(cursor.as_deref(), 2).await.unwrap();
        assert_eq!(pulled.head.seq, 5);
        assert_eq!(pulled.from, seqs.last().copied().unwrap_or_default());
        seqs.extend(pulled.changes.iter().map(|change| change.seq));
        assert_eq!(pulled.to, seqs.last().copied().unwrap());
        cursor = Some(pulled.next_cursor);
        if !pulled.has_more {
            break;
        }
    }
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    let quiet = world.pull(cursor.as_deref(), 2).await.unwrap();
    assert!(quiet.changes.is_empty() && !quiet.has_more);
    assert_eq!(Some(quiet.next_cursor), cursor, "the cursor stays where nothing is new");
}

#[tokio::test]
async fn a_cursor_of_another_epoch_or_another_library_is_refused() {
    let world = World::new().await;
    world.desk.save_url(&world.store, "https://cursor.example/").await;
    let head = world.pull(None, 1).await.unwrap().head;
    let other_epoch = Cursor { epoch: head.epoch + 1, seq: 1 }.text(world.desk.scope.library);
    let refusal = refused(world.pull(Some(&other_epoch), 1).await);
    assert_eq!(refusal.code, Code::CursorExpired);
    let other = Desk::new(&world.store, 2).await;
    let theirs = Cursor { epoch: head.epoch, seq: 1 }.text(other.scope.library);
    for cursor in [theirs.as_str(), "", "no cursor"] {
        assert_eq!(refused(world.pull(Some(cursor), 1).await).code, Code::Invalid);
    }
    for limit in [0, 1_001] {
        assert_eq!(refused(world.pull(None, limit).await).at, "limit");
    }
}

#[tokio::test]
async fn the_same_push_again_has_the_same_answers_and_no_effect() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let queue = [
        world.desk.pushed(1, 0, "https://push.example/1"),
        world.desk.pushed(2, 0, "https://push.example/2"),
    ];
    let first = world.push(phone, &queue).await;
    assert!(first.stopped.is_none());
    assert_eq!(first.answers.iter().map(|told| told.n).collect::<Vec<_>>(), [1, 2]);
    assert!(first.answers.iter().all(|told| told.told.as_ref().unwrap().seq.is_some()));
    let again = world.push(phone, &queue).await;
    assert_eq!(again, first);
}

#[tokio::test]
async fn a_refused_change_uses_up_its_counter_and_holds_nothing_up() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let mut bad = world.desk.pushed(1, 0, "https://push.example/bad");
    bad.set.insert(Register::named("colour"), Some(Value::from("red")));
    let good = world.desk.pushed(2, 0, "https://push.example/good");
    let answer = world.push(phone, &[bad, good]).await;
    assert_eq!(answer.answers[0].told.as_ref().unwrap_err().code, Code::Invalid);
    assert_eq!(answer.answers[1].told.as_ref().unwrap().status, Status::Applied);
    assert_eq!(answer.head.seq, 1);
}

#[tokio::test]
async fn a_full_library_refuses_a_device_its_new_bookmarks_and_takes_all_else_of_its_queue() {
    let mut world = World::new().await;
    let phone = world.paired("phone").await;
    let first = world.desk.pushed(1, 0, "https://full.example/1");
    let mut renamed = first.clone();
    (renamed.n, renamed.base) = (3, 1);
    renamed.set = [(Register::named("title"), Some(Value::from("A page")))].into();
    let queue = [first, world.desk.pushed(2, 0, "https://full.example/2"), renamed];
    world.doors.rooms = Arc::new(Few(1));
    let answer = world.push(phone, &queue).await;
    assert!(answer.stopped.is_none(), "the queue goes on");
    assert_eq!(answer.answers[0].told.as_ref().unwrap().status, Status::Applied);
    let refusal = answer.answers[1].told.as_ref().unwrap_err();
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Quota, "bookmarks"));
    assert_eq!(answer.answers[2].told.as_ref().unwrap().status, Status::Applied);
    // With room again it comes in under the next counter.
    world.doors.rooms = Arc::new(AnyRoom);
    let again = world.desk.pushed(4, 1, "https://full.example/2");
    let answer = world.push(phone, &[again]).await;
    assert_eq!(answer.answers[0].told.as_ref().unwrap().status, Status::Applied);
}

#[tokio::test]
async fn a_gap_stops_the_queue_and_keeps_what_came_before() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let queue = [1, 3, 4].map(|n| world.desk.pushed(n, 0, &format!("https://gap.example/{n}")));
    let answer = world.push(phone, &queue).await;
    assert_eq!(answer.answers.len(), 1);
    assert_eq!(answer.stopped.unwrap().code, Code::Gap);
    assert_eq!(answer.head.seq, 1);
    let other = world.desk.pushed(1, 0, "https://gap.example/other");
    let answer = world.push(phone, &[other]).await;
    assert_eq!(answer.stopped.unwrap().code, Code::DeviceReused);
}

#[tokio::test]
async fn only_a_device_paired_with_the_caller_pushes() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let ask = |device| Push {
        device,
        changes: vec![world.desk.pushed(1, 0, "https://a.example/")],
        confirmed: BTreeSet::new(),
    };
    let stranger = PersonId::from_bytes([9; 16]);
    let scope = world.desk.scope;
    let theirs = push(&world.doors, scope, stranger, ask(phone)).await;
    assert_eq!(refused(theirs).code, Code::Forbidden);
    let unknown = push(&world.doors, scope, world.desk.person, ask(world.desk.device)).await;
    assert_eq!(refused(unknown).code, Code::Forbidden);
    let many = Push {
        device: phone,
        changes: (1..=501).map(|n| world.desk.pushed(n, 0, "https://a.example/")).collect(),
        confirmed: BTreeSet::new(),
    };
    let many = push(&world.doors, scope, world.desk.person, many).await;
    assert_eq!(refused(many).code, Code::TooLarge);
}

#[tokio::test]
async fn a_tag_brought_back_offline_joins_the_one_that_took_its_name() {
    let world = World::new().await;
    let phone = world.paired("phone").await;
    let tag = |n, name: &str| {
        let mut made = world.desk.pushed(n, 0, "https://unused.example/");
        made.kind = Kind::Tag;
        made.set = [(Register::from(field::NAME), Some(Value::from(name)))].into();
        made
    };
    let old = tag(1, "name");
    let mut gone = tag(2, "unused");
    gone.item = old.item;
    gone.set = [(Register::from(field::TRASHED_AT), Some(Value::from(1)))].into();
    world.push(phone, &[old.clone(), gone.clone()]).await;
    let new = tag(3, "Name");
    let answer = world.push(phone, std::slice::from_ref(&new)).await;
    assert_eq!(answer.answers[0].told.as_ref().unwrap().item, new.item);
    let mut back = gone;
    (back.n, back.base, back.hlc) = (4, 3, Hlc::at(world.desk.clock.now_ms() + 5));
    back.set = [(Register::from(field::TRASHED_AT), None)].into();
    let answer = world.push(phone, &[back]).await;
    let told = answer.answers[0].told.as_ref().unwrap();
    assert_eq!((told.status, told.item), (Status::Joined, new.item));
}

#[tokio::test]
async fn two_devices_that_were_apart_hold_the_same_in_the_end() {
    let world = World::new().await;
    let (phone, laptop) = (world.paired("phone").await, world.paired("laptop").await);
    let shared = world.desk.pushed(1, 0, "https://shared.example/");
    world.push(phone, std::slice::from_ref(&shared)).await;
    let (mut on_phone, mut on_laptop) = (Shelf::default(), Shelf::default());
    let at_phone = world.follow(&mut on_phone, None).await;
    let at_laptop = world.follow(&mut on_laptop, None).await;
    let note = |n, text: &str| {
        let mut edit = world.desk.pushed(n, 1, "https://unused.example/");
        edit.item = shared.item;
        edit.set = [(Register::from(field::NOTES), Some(Value::from(text)))].into();
        edit
    };
    // Both write a note without seeing the other's, and both save the same new address.
    let from_phone = [note(2, "from the phone"), world.desk.pushed(3, 1, "https://same.example/")];
    let from_laptop = [note(1, "from the laptop"), world.desk.pushed(2, 1, "https://same.example")];
    world.push(laptop, &from_laptop).await;
    let answer = world.push(phone, &from_phone).await;
    let joined = answer.answers[1].told.as_ref().unwrap();
    assert_eq!((joined.status, joined.item), (Status::Joined, from_laptop[1].item));
    world.follow(&mut on_phone, at_phone).await;
    world.follow(&mut on_laptop, at_laptop).await;
    assert_eq!(on_phone, on_laptop);
    let item = on_phone.item(shared.item).unwrap();
    let said: Vec<&str> =
        item.registers.values().filter_map(|held| held.value.as_ref()?.as_text()).collect();
    for text in ["from the phone", "from the laptop"] {
        assert!(said.contains(&text), "{text} is lost");
    }
}
