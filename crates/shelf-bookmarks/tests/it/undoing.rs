//! History, undo, the time machine, the sample and activity, on a real store.

use crate::world::{World, refused};
use shelf_bookmarks::activity::{
    forget_activity, is_activity_on, recent_activity, record_opened, switch_activity,
};
use shelf_bookmarks::counts::counts;
use shelf_bookmarks::edit_bookmark::{Edit, EditBookmark, edit_bookmark};
use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::history::{
    ItemHistory, LibraryHistory, RestoreVersion, item_history, library_history, restore_library,
    restore_version, undo_act,
};
use shelf_bookmarks::organise::{delete_collection, list_collections};
use shelf_bookmarks::sample::add_sample;
use shelf_bookmarks::tags::list_tags;
use shelf_bookmarks::trash::trash_items;
use shelf_domain::id::{ActId, ItemId};
use shelf_domain::kind::field;
use shelf_domain::refusal::Code;
use shelf_domain::value::Value;
use shelf_ports::chance::Clock;

async fn retitle(world: &World, id: ItemId, title: &str) -> Option<ActId> {
    world.clock.advance(1_000);
    let edit = Edit::default().put(field::TITLE, Some(Value::from(title)));
    edit_bookmark(&world.ctx, world.scope, EditBookmark { id, edit }).await.unwrap().act
}

#[tokio::test]
async fn the_history_of_an_item_says_what_became_of_what() {
    let world = World::new().await;
    let folder = world.folder("Reading", None).await;
    let id = world.url_in("https://example.org/", folder).await;
    retitle(&world, id, "first").await;
    retitle(&world, id, "second").await;
    world.tagged("https://example.org/", &["later"]).await;
    let ask = ItemHistory { item: id, before: None, limit: 3 };
    let page = item_history(&world.ctx, world.scope, ask).await.unwrap();
    let tagging = &page.rows[0].changes[0];
    assert_eq!(tagging.name.as_deref(), Some("later"));
    let titling = &page.rows[1].changes[0];
    assert_eq!(titling.field, "title");
    assert_eq!(titling.from, Some(Value::from("first")));
    assert_eq!(titling.to, Some(Value::from("second")));
    assert!(titling.won && !page.rows[1].created);
    let ask = ItemHistory { before: page.next, ..ask };
    let rest = item_history(&world.ctx, world.scope, ask).await.unwrap();
    assert!(rest.next.is_none());
    let place = rest.rows[0].changes.iter().find(|change| change.field == "parent").unwrap();
    assert_eq!(place.name.as_deref(), Some("Reading"), "places tell of their folder");
    assert!(rest.rows[1].created && rest.rows[1].item == id);
    let absent = ItemHistory { item: ItemId::from_bytes([0; 16]), before: None, limit: 1 };
    let absent = item_history(&world.ctx, world.scope, absent).await;
    assert_eq!(refused(absent).code, Code::NotFound);
}

#[tokio::test]
async fn an_item_goes_back_to_a_version_and_forward_again() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let id = world.url("https://example.org/").await;
    retitle(&world, id, "good").await;
    let ask = ItemHistory { item: id, before: None, limit: 1 };
    let good = item_history(&world.ctx, world.scope, ask).await.unwrap().rows[0].seq;
    retitle(&world, id, "bad").await;
    world.url_in("https://example.org/", folder).await;
    trash_items(&world.ctx, world.scope, vec![id]).await.unwrap();
    let ask = RestoreVersion { item: id, seq: good };
    let back = restore_version(&world.ctx, world.scope, ask).await.unwrap();
    let is = async || get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
    let then = is().await;
    assert_eq!((then.title.as_str(), then.trashed_at, then.places.len()), ("good", None, 0));
    undo_act(&world.ctx, world.scope, back.act.unwrap()).await.unwrap();
    let now = is().await;
    assert_eq!((now.title.as_str(), now.places.len()), ("bad", 1));
    assert!(now.trashed_at.is_some());
    let before_it_was = RestoreVersion { item: id, seq: 0 };
    let refusal = refused(restore_version(&world.ctx, world.scope, before_it_was).await);
    assert_eq!(refusal.code, Code::Invalid);
}

#[tokio::test]
async fn undo_leaves_what_was_changed_since_and_says_so() {
    let world = World::new().await;
    let id = world.url("https://example.org/").await;
    let act = retitle(&world, id, "mine").await.unwrap();
    retitle(&world, id, "since").await;
    let undone = undo_act(&world.ctx, world.scope, act).await.unwrap();
    assert_eq!((undone.left, undone.items), (vec![id], vec![]));
    let is = get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
    assert_eq!(is.title, "since");
    let never = ActId::from_bytes([0; 16]);
    assert_eq!(refused(undo_act(&world.ctx, world.scope, never).await).code, Code::NotFound);
}

#[tokio::test]
async fn the_sample_comes_and_goes_as_one_act() {
    let world = World::new().await;
    let own = world.tagged("https://www.wikipedia.org", &["own"]).await;
    let before = counts(&world.ctx, world.scope).await.unwrap();
    let sample = add_sample(&world.ctx, world.scope).await.unwrap();
    let with = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((with.bookmarks, with.collections), (12, 4));
    let branches = list_collections(&world.ctx, world.scope).await.unwrap();
    assert_eq!(branches[0].under, 12);
    let undone = undo_act(&world.ctx, world.scope, sample.act.unwrap()).await.unwrap();
    assert_eq!(undone.left, [] as [ItemId; 0]);
    let after = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((after.bookmarks, after.collections, after.tags), (1, 0, 1));
    assert_eq!(before.unsorted, after.unsorted);
    let is = get_bookmark(&world.ctx, world.scope, own).await.unwrap().bookmark;
    assert_eq!(is.tags.len(), 1, "what was there before is as it was");
    undo_act(&world.ctx, world.scope, undone.act.unwrap()).await.unwrap();
    let again = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((again.bookmarks, again.collections), (12, 4), "undoing the undo does it again");
}

#[tokio::test]
async fn a_library_goes_back_to_a_moment() {
    let world = World::new().await;
    let folder = world.folder("kept", None).await;
    let inside = world.url_in("https://example.org/inside", folder).await;
    let titled = world.url("https://example.org/titled").await;
    retitle(&world, titled, "before").await;
    let moment = world.clock.now_ms();
    let now = async || {
        let folders = list_collections(&world.ctx, world.scope).await.unwrap();
        let tags = list_tags(&world.ctx, world.scope).await.unwrap();
        (counts(&world.ctx, world.scope).await.unwrap(), folders.len(), tags.len())
    };
    let before = now().await;
    world.clock.advance(1_000);
    let newer = world.folder("newer", None).await;
    for at in 0..3 {
        world.url_in(&format!("https://example.org/new/{at}"), newer).await;
    }
    world.tagged("https://example.org/inside", &["tag"]).await;
    retitle(&world, titled, "after").await;
    delete_collection(&world.ctx, world.scope, folder).await.unwrap();
    let back = restore_library(&world.ctx, world.scope, moment).await.unwrap().unwrap();
    assert_eq!(back.left, [] as [ItemId; 0]);
    let after = now().await;
    assert_eq!((after.1, after.2), (before.1, before.2));
    assert_eq!(after.0.bookmarks, before.0.bookmarks);
    assert_eq!(after.0.unsorted, before.0.unsorted);
    let is = get_bookmark(&world.ctx, world.scope, titled).await.unwrap().bookmark;
    assert_eq!(is.title, "before");
    let is = get_bookmark(&world.ctx, world.scope, inside).await.unwrap().bookmark;
    assert_eq!((is.places.len(), is.tags.len(), is.trashed_at), (1, 0, None));
    let quiet = restore_library(&world.ctx, world.scope, world.clock.now_ms()).await.unwrap();
    assert!(quiet.is_none(), "nothing happened after this moment");
}

#[tokio::test]
async fn an_undo_of_more_than_a_turn_is_one_act() {
    let world = World::new().await;
    let decide = |turn: &mut shelf_domain::turn::Turn| {
        let mut done = turn.done(Vec::new());
        for at in 0..1_100 {
            let url = format!("https://example.org/many/{at}");
            done.outcomes.push(turn.save(&shelf_domain::save::SaveBookmark::of(url))?);
        }
        Ok(done)
    };
    let reads = shelf_domain::shelf::Reads::none();
    let made = world.ctx.write(world.scope, None, reads, Box::new(decide)).await.unwrap();
    let undone = undo_act(&world.ctx, world.scope, made.done.act.unwrap()).await.unwrap();
    assert_eq!(undone.items.len(), 1_100);
    assert_eq!(counts(&world.ctx, world.scope).await.unwrap().bookmarks, 0);
    let ask = LibraryHistory { before: None, limit: 10 };
    let (acts, next) = library_history(&world.ctx, world.scope, ask).await.unwrap();
    assert_eq!(acts.iter().map(|act| act.line.rows).collect::<Vec<_>>(), [1_100, 1_100]);
    assert!(next.is_none());
    assert_eq!(Some(acts[0].line.act), undone.act);
}

#[tokio::test]
async fn opening_is_remembered_until_it_is_switched_off() {
    let world = World::new().await;
    let id = world.url("https://example.org/read").await;
    assert!(is_activity_on(&world.ctx).await.unwrap());
    let opened = record_opened(&world.ctx, world.scope, id).await.unwrap();
    assert_eq!(opened.url, "https://example.org/read");
    switch_activity(&world.ctx, false).await.unwrap();
    record_opened(&world.ctx, world.scope, id).await.unwrap();
    let recent = recent_activity(&world.ctx, world.scope, 10).await.unwrap();
    assert_eq!(recent.len(), 1, "nothing is remembered while it is off");
    assert_eq!(recent[0].bookmark.as_ref().unwrap().id, id);
    forget_activity(&world.ctx, world.scope).await.unwrap();
    switch_activity(&world.ctx, true).await.unwrap();
    assert!(recent_activity(&world.ctx, world.scope, 10).await.unwrap().is_empty());
    assert!(is_activity_on(&world.ctx).await.unwrap());
    world.store.integrity().await.unwrap();
}
