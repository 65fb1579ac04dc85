//! Holding a part: what is of it enters, what is not leaves, and leaving is no deletion.

use crate::World;
use shelf_domain::change::Pushed;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::Reads;
use shelf_domain::value::Value;
use shelf_sync::{Part, Parted, Start, part};
use std::collections::BTreeMap;

/// A replica that holds a part.
struct Holding {
    part: Part,
    cursor: String,
    held: BTreeMap<ItemId, shelf_domain::item::Item>,
}

impl Holding {
    async fn begin(world: &World, of: Part) -> Self {
        let (mut after, mut cursor) = (None, None);
        let mut holding = Self { part: of, cursor: String::new(), held: BTreeMap::new() };
        loop {
            let told = holding.ask(world, Start::Begin(after)).await;
            after = told.next;
            cursor.get_or_insert(told.next_cursor.clone());
            holding.take(told);
            if after.is_none() {
                holding.cursor = cursor.unwrap();
                return holding;
            }
        }
    }

    async fn ask(&self, world: &World, start: Start) -> Parted {
        part(&world.doors, world.desk.scope, &self.part, start).await.unwrap()
    }

    fn take(&mut self, told: Parted) {
        for id in told.leave {
            self.held.remove(&id);
        }
        for item in told.enter {
            self.held.insert(item.id, item);
        }
    }

    /// What came and went; whether to begin again.
    async fn follow(&mut self, world: &World) -> bool {
        let told = self.ask(world, Start::Cursor(self.cursor.clone())).await;
        assert!(!told.has_more);
        self.cursor.clone_from(&told.next_cursor);
        let again = told.again;
        self.take(told);
        again
    }

    fn has(&self, id: ItemId) -> bool {
        self.held.contains_key(&id)
    }
}

fn of_folder(folder: ItemId) -> Part {
    Part { folders: [folder].into(), ..Part::default() }
}

/// A push that puts one field.
fn put(world: &World, n: u64, like: &Pushed, name: &'static str, value: Option<Value>) -> Pushed {
    let mut change = world.desk.pushed(n, 9_000, "https://unused.example/");
    (change.item, change.kind) = (like.item, like.kind.clone());
    change.set = [(Register::from(name), value)].into();
    change
}

#[tokio::test]
async fn what_stands_in_a_folder_is_held_and_follows_what_moves() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let reading = desk.folder(store, "Reading", None).await;
    let below = desk.folder(store, "Below", Some(reading)).await;
    let other = desk.folder(store, "Other", None).await;
    let inside = desk.save_in(store, "https://in.example/", below).await;
    let outside = desk.save_in(store, "https://out.example/", other).await;
    let mut holding = Holding::begin(&world, of_folder(reading)).await;
    assert!(holding.has(inside) && holding.has(other) && !holding.has(outside));
    let late = desk.save_in(store, "https://late.example/", reading).await;
    assert!(!holding.follow(&world).await);
    assert!(holding.has(late));

    // A place that moves takes its bookmark with it.
    let rows = world.pull(None, 100).await.unwrap().changes;
    let place = rows.iter().find(|row| {
        row.set.get(&Register::from(field::BOOKMARK)) == Some(&Some(Value::from(inside)))
    });
    let phone = world.paired("phone").await;
    let mut moved = desk.pushed(1, 9_000, "https://unused.example/");
    let place = place.unwrap();
    (moved.item, moved.kind) = (place.item, place.kind.clone());
    moved.set = [(Register::from(field::PARENT), Some(Value::from(other)))].into();
    world.push(phone, std::slice::from_ref(&moved)).await;
    assert!(!holding.follow(&world).await);
    assert!(!holding.has(inside) && !holding.has(place.item), "it left, and is not gone");
    let back = put(&world, 2, &moved, field::PARENT, Some(Value::from(reading)));
    world.push(phone, &[back]).await;
    holding.follow(&world).await;
    assert!(holding.has(inside) && holding.has(place.item));
}

#[tokio::test]
async fn a_folder_that_moves_says_to_begin_again() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let reading = desk.folder(store, "Reading", None).await;
    let other = desk.folder(store, "Other", None).await;
    let inside = desk.save_in(store, "https://in.example/", other).await;
    let mut holding = Holding::begin(&world, of_folder(reading)).await;
    assert!(!holding.has(inside));
    let phone = world.paired("phone").await;
    let mut moved = desk.pushed(1, 9_000, "https://unused.example/");
    (moved.item, moved.kind) = (other, Kind::Collection);
    moved.set = [(Register::from(field::PARENT), Some(Value::from(reading)))].into();
    world.push(phone, &[moved]).await;
    assert!(holding.follow(&world).await, "its content was not touched, and is of the part now");
    let holding = Holding::begin(&world, of_folder(reading)).await;
    assert!(holding.has(inside));
}

#[tokio::test]
async fn what_is_deleted_enters_as_deleted_and_does_not_leave() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let kept = desk.save_url(store, "https://recent.example/").await;
    let mut holding = Holding::begin(&world, Part { since: Some(0), ..Part::default() }).await;
    desk.trash(store, kept).await;
    holding.follow(&world).await;
    assert!(holding.held[&kept].is_trashed());
}

#[tokio::test]
async fn the_latest_alone_are_held_without_long_texts_where_that_is_asked_for() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let old = desk.save_url(store, "https://old.example/").await;
    let created = {
        let all = Holding::begin(&world, Part { since: Some(0), ..Part::default() }).await;
        all.held[&old].int(field::CREATED_AT).unwrap()
    };
    desk.clock.advance(10_000);
    let ask = SaveBookmark {
        notes: "a long text".to_owned(),
        ..SaveBookmark::of("https://new.example/")
    };
    let new = desk.save(store, ask).await;
    let of = Part { since: Some(created + 1), is_thin: true, ..Part::default() };
    let holding = Holding::begin(&world, of.clone()).await;
    assert!(holding.has(new) && !holding.has(old));
    assert_eq!(holding.held[&new].get(field::NOTES), None);
    let whole = Holding::begin(&world, Part { is_thin: false, ..of }).await;
    assert_eq!(whole.held[&new].text(field::NOTES), "a long text");
}

#[tokio::test]
async fn a_bookmark_leaves_with_the_place_that_becomes_anothers_or_is_removed_for_good() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let reading = desk.folder(store, "Reading", None).await;
    let first = desk.save_in(store, "https://first.example/", reading).await;
    let second = desk.save_url(store, "https://second.example/").await;
    let mut holding = Holding::begin(&world, of_folder(reading)).await;
    assert!(holding.has(first) && !holding.has(second));
    let rows = world.pull(None, 100).await.unwrap().changes;
    let place = rows.iter().find(|row| row.kind == Kind::Place).unwrap();
    let phone = world.paired("phone").await;
    let mut like = desk.pushed(1, 9_000, "https://unused.example/");
    (like.item, like.kind) = (place.item, Kind::Place);
    let other = put(&world, 1, &like, field::BOOKMARK, Some(Value::from(second)));
    world.push(phone, &[other]).await;
    holding.follow(&world).await;
    assert!(holding.has(second) && !holding.has(first));

    // Both between two asks: of the place nothing is left that says what it was a place of.
    let (place, reads) = (place.item, Reads::none().items([place.item]));
    desk.trash(store, place).await;
    desk.one(store, reads, move |turn| turn.purge(place)).await;
    assert!(!holding.follow(&world).await);
    assert!(!holding.has(second), "it stands nowhere in the folder any more");
    assert!(holding.held[&place].is_purged());
}

#[tokio::test]
async fn a_folder_that_is_removed_for_good_says_to_begin_again() {
    let world = World::new().await;
    let (desk, store) = (&world.desk, &world.store);
    let reading = desk.folder(store, "Reading", None).await;
    let below = desk.folder(store, "Below", Some(reading)).await;
    let inside = desk.save_in(store, "https://in.example/", below).await;
    let mut holding = Holding::begin(&world, of_folder(reading)).await;
    assert!(holding.has(inside));
    // A device that had not seen what stands in it lets the folder go alone.
    let phone = world.paired("phone").await;
    let mut like = desk.pushed(1, 9_000, "https://unused.example/");
    (like.item, like.kind) = (below, Kind::Collection);
    let gone = put(&world, 1, &like, field::TRASHED_AT, Some(Value::from(1)));
    world.push(phone, &[gone]).await;
    assert!(!holding.follow(&world).await);
    assert!(holding.has(inside), "the folder may come back");
    let reads = Reads::none().items([below]);
    desk.one(store, reads, move |turn| turn.purge(below)).await;
    assert!(holding.follow(&world).await, "nothing says any more that it stood beneath");
    assert!(!Holding::begin(&world, of_folder(reading)).await.has(inside));
}
