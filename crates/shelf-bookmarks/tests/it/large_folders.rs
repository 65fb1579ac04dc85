//! A folder with thousands of bookmarks is deleted, restored and removed for good, in turns.

use crate::desk::Desk;
use crate::world::World;
use shelf_bookmarks::counts::counts;
use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::history::{LibraryHistory, library_history, undo_act};
use shelf_bookmarks::import::undo_import;
use shelf_bookmarks::organise::{
    AddPlace, add_place, delete_collection, list_collections, remove_place,
};
use shelf_bookmarks::trash::list_trash::Trashed;
use shelf_bookmarks::trash::{
    ListTrash, empty_trash, list_trash, purge_items, purge_overdue, restore_items, trash_items,
};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::limits;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::library::Touched;
use std::collections::BTreeMap;

/// Bookmarks in the large folder: more than three turns take.
const MANY: usize = 1_600;

/// Saves [`MANY`] bookmarks, every other one in `low`, the rest in `top`.
async fn fill(world: &World, top: ItemId, low: ItemId) {
    for from in (0..MANY).step_by(400) {
        let decide = move |turn: &mut Turn| {
            let mut done = turn.done(Vec::new());
            for at in from..from + 400 {
                let parent = Some(if at % 2 == 0 { low } else { top });
                let places = vec![SavePlace { parent, ..SavePlace::default() }];
                let url = format!("https://example.org/many/{at}");
                done.outcomes.push(turn.save(&SaveBookmark { places, ..SaveBookmark::of(url) })?);
            }
            Ok(done)
        };
        let reads = Reads::none().into_collection(Some(top)).into_collection(Some(low));
        world.ctx.write(world.scope, None, reads, Box::new(decide)).await.unwrap();
    }
}

async fn trash(world: &World) -> Vec<Trashed> {
    let ask = ListTrash { after: None, limit: 100 };
    list_trash(&world.ctx, world.scope, ask).await.unwrap().items
}

/// How many rows the last act wrote.
async fn rows_of_last_act(world: &World) -> usize {
    let ask = LibraryHistory { before: None, limit: 1 };
    let (acts, _) = library_history(&world.ctx, world.scope, ask).await.unwrap();
    let line = &acts[0].line;
    let library = &world.ctx.stores.library;
    let rows = library.touched(world.scope, Touched::By(line.act), 0, 100_000).await.unwrap();
    assert_eq!(rows.len() as u64, line.rows, "one act");
    rows.len()
}

#[tokio::test]
async fn a_large_folder_goes_comes_back_and_goes_for_good_whole() {
    let world = World::new().await;
    let top = world.folder("top", None).await;
    let low = world.folder("low", Some(top)).await;
    let elsewhere = world.folder("elsewhere", None).await;
    fill(&world, top, low).await;
    let both = world.url_in("https://example.org/both", low).await;
    world.url_in("https://example.org/both", elsewhere).await;
    let before = counts(&world.ctx, world.scope).await.unwrap();

    let gone = delete_collection(&world.ctx, world.scope, top).await.unwrap();
    assert_eq!(rows_of_last_act(&world).await, 2 * MANY + 1 + 2, "places, bookmarks, folders");
    let now = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((now.bookmarks, now.collections), (1, 1), "what stands elsewhere stays");
    let listed = trash(&world).await;
    assert_eq!(listed.len(), 1, "the folder stands for all that went with it");
    assert_eq!((listed[0].id, listed[0].beneath), (top, MANY as u64));

    let back = restore_items(&world.ctx, world.scope, vec![top]).await.unwrap();
    assert_eq!(back.items.len(), gone.items.len());
    assert_eq!(counts(&world.ctx, world.scope).await.unwrap(), before);
    assert!(trash(&world).await.is_empty());

    let gone = delete_collection(&world.ctx, world.scope, top).await.unwrap();
    undo_act(&world.ctx, world.scope, gone.act.unwrap()).await.unwrap();
    assert_eq!(counts(&world.ctx, world.scope).await.unwrap(), before, "undo is a way back, too");

    delete_collection(&world.ctx, world.scope, top).await.unwrap();
    purge_items(&world.ctx, world.scope, vec![top]).await.unwrap();
    let now = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((now.trashed, now.bookmarks), (0, 1), "nothing is left beneath");
    assert!(empty_trash(&world.ctx, world.scope).await.unwrap().is_none());
    let kept = get_bookmark(&world.ctx, world.scope, both).await.unwrap().bookmark;
    assert_eq!(kept.places.len(), 1);
    let past = world.ctx.stores.library.changes(world.scope, 0, 100_000).await.unwrap();
    assert!(past.iter().all(|row| !format!("{:?}", row.set).contains("/many/")), "texts are gone");
}

/// How many rows the largest turn after `seq` wrote: at this desk every turn has a time of its own.
async fn largest_turn(desk: &Desk, seq: u64) -> usize {
    let rows = desk.ctx.stores.library.changes(desk.scope, seq, 100_000).await.unwrap();
    let mut turns: BTreeMap<i64, usize> = BTreeMap::new();
    for row in rows {
        *turns.entry(row.at).or_default() += 1;
    }
    turns.into_values().max().unwrap_or_default()
}

#[tokio::test]
async fn no_turn_of_a_large_gesture_writes_more_than_some_hundred_items() {
    let desk = Desk::new().await;
    let mut file = "<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><p><DT><H3>Many</H3><DL><p>".to_owned();
    for at in 0..MANY {
        let link = format!("<DT><A HREF=\"https://example.org/{at}\" TAGS=\"t{at}\">x</A>\n");
        file.push_str(&link);
    }
    file.push_str("</DL></DL>");
    let job = desk.import(file.as_bytes()).await;
    let tree = list_collections(&desk.ctx, desk.scope).await.unwrap();
    let folder = tree[0].collection.id;
    let head = async || desk.ctx.stores.library.head(desk.scope).await.unwrap().seq;
    let most = limits::BATCH_MAX;
    let seq = head().await;
    delete_collection(&desk.ctx, desk.scope, folder).await.unwrap();
    assert!(largest_turn(&desk, seq).await <= most);
    let seq = head().await;
    restore_items(&desk.ctx, desk.scope, vec![folder]).await.unwrap();
    assert!(largest_turn(&desk, seq).await <= most);
    assert_eq!(head().await - seq, 2 * MANY as u64 + 1, "all of it came back");
    let seq = head().await;
    undo_import(&desk.ctx, desk.scope, job.id).await.unwrap();
    assert!(largest_turn(&desk, seq).await <= most);
    let seq = head().await;
    empty_trash(&desk.ctx, desk.scope).await.unwrap();
    assert!(largest_turn(&desk, seq).await <= 2 * most, "an item and its place");
    assert_eq!(counts(&desk.ctx, desk.scope).await.unwrap().trashed, 0);
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_completed_by_deleting_again() {
    let world = World::new().await;
    let top = world.folder("top", None).await;
    let low = world.folder("low", Some(top)).await;
    fill(&world, top, low).await;
    // As a server that stopped after the first turn left it.
    let shelf = world.ctx.stores.library.read(world.scope, Reads::none().children(Some(low)));
    let some: Vec<ItemId> =
        shelf.await.unwrap().children_of(Some(low)).iter().take(200).map(|i| i.id).collect();
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for place in &some {
            done.outcomes.extend(turn.trash_part(*place)?);
        }
        Ok(done)
    };
    let reads = Reads::none().under(low);
    world.ctx.write(world.scope, None, reads, Box::new(decide)).await.unwrap();
    delete_collection(&world.ctx, world.scope, top).await.unwrap();
    let now = counts(&world.ctx, world.scope).await.unwrap();
    assert_eq!((now.bookmarks, now.collections), (0, 0));
    assert_eq!(now.trashed, MANY as u64 + 2);
    assert!(empty_trash(&world.ctx, world.scope).await.unwrap().is_some());
    assert_eq!(counts(&world.ctx, world.scope).await.unwrap().trashed, 0);
}

#[tokio::test]
async fn what_lay_in_the_trash_before_its_folder_is_listed_and_kept_apart() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let early = world.url_in("https://example.org/early", folder).await;
    let late = world.url_in("https://example.org/late", folder).await;
    trash_items(&world.ctx, world.scope, vec![early]).await.unwrap();
    world.clock.advance(1_000);
    delete_collection(&world.ctx, world.scope, folder).await.unwrap();
    let ids: Vec<ItemId> = trash(&world).await.iter().map(|row| row.id).collect();
    assert_eq!(ids, [folder, early]);
    purge_items(&world.ctx, world.scope, vec![folder]).await.unwrap();
    assert_eq!(trash(&world).await.iter().map(|row| row.id).collect::<Vec<_>>(), [early]);
    assert!(get_bookmark(&world.ctx, world.scope, late).await.is_err());
    restore_items(&world.ctx, world.scope, vec![early]).await.unwrap();
    assert_eq!(counts(&world.ctx, world.scope).await.unwrap().bookmarks, 1);
}

#[tokio::test]
async fn a_place_that_was_taken_away_goes_for_good_with_its_title_after_thirty_days() {
    let world = World::new().await;
    let folder = world.folder("folder", None).await;
    let id = world.url("https://example.org/").await;
    let title = "a name only there".to_owned();
    let ask = AddPlace { bookmark: id, collection: Some(folder), title };
    let place = add_place(&world.ctx, world.scope, ask).await.unwrap().item().unwrap();
    remove_place(&world.ctx, world.scope, place).await.unwrap();
    assert!(trash(&world).await.is_empty(), "it is no thing of its own");
    let keeper = shelf_bookmarks::Ctx { device: DeviceId::KEEPER, ..world.ctx.clone() };
    world.clock.advance(29 * 86_400_000);
    assert!(purge_overdue(&keeper, world.scope).await.unwrap().is_none());
    world.clock.advance(2 * 86_400_000);
    let purged = purge_overdue(&keeper, world.scope).await.unwrap().unwrap();
    assert_eq!(purged.items, [place]);
    let past = world.ctx.stores.library.changes(world.scope, 0, 1_000).await.unwrap();
    assert!(!format!("{past:?}").contains("a name only there"));
    assert!(get_bookmark(&world.ctx, world.scope, id).await.is_ok(), "the bookmark is");
}
