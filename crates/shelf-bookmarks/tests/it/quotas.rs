//! What becomes of saves where there is no room for more bookmarks.

use crate::desk::Desk;
use shelf_bookmarks::edit_bookmark::{Edit, EditBookmark, edit_bookmark};
use shelf_bookmarks::save_bookmark::{SaveBookmark, save_bookmark};
use shelf_bookmarks::trash::{restore_items, trash_items};
use shelf_domain::refusal::Code;
use shelf_domain::turn::Status;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::imports::RowOutcome;
use shelf_testkit::Few;
use std::sync::Arc;

async fn desk_with_room_for(bookmarks: u64) -> Desk {
    let mut desk = Desk::new().await;
    desk.ctx.stores.rooms = Arc::new(Few(bookmarks));
    desk
}

#[tokio::test]
async fn a_full_library_refuses_new_saves_and_nothing_else() {
    let mut desk = desk_with_room_for(1).await;
    let save = SaveBookmark::of("https://full.example/1");
    let saved = save_bookmark(&desk.ctx, desk.scope, save.clone(), None).await.unwrap();
    desk.ctx.stores.rooms = Arc::new(Few(0));
    let (ctx, scope, id) = (&desk.ctx, desk.scope, saved.bookmark.id);
    let new = SaveBookmark::of("https://full.example/2");
    match save_bookmark(ctx, scope, new, None).await {
        Err(Failure::Refused(refused)) => {
            assert_eq!((refused.code, refused.at.as_str()), (Code::Quota, "bookmarks"));
            assert!(refused.detail.contains("room for 100 bookmarks"), "{}", refused.detail);
        }
        other => panic!("a refusal was due, not {other:?}"),
    }
    let again = save_bookmark(ctx, scope, save, None).await.unwrap();
    assert_eq!(again.status, Status::Joined, "what is there already takes no room");
    let edit = Edit::default().put("title", Some(Value::from("A page")));
    let edited = edit_bookmark(ctx, scope, EditBookmark { id, edit }).await.unwrap();
    assert_eq!(edited.bookmark.title, "A page");
    trash_items(ctx, scope, vec![id]).await.unwrap();
    restore_items(ctx, scope, vec![id]).await.unwrap();
    assert_eq!(desk.bookmarks().await.len(), 1, "nothing is lost");
}

#[tokio::test]
async fn an_import_takes_what_there_is_room_for_and_tells_of_every_row_it_did_not_take() {
    let desk = desk_with_room_for(3).await;
    let row = |number: u32| format!("{{\"url\": \"https://rows.example/{number}\"}}\n");
    let file: String = (0..5).map(row).collect();
    let job = desk.import(file.as_bytes()).await;
    assert_eq!((job.parsed, job.stored, job.refused), (5, 3, 2));
    let ledger = desk.ledger(&job).await;
    let refused: Vec<_> = ledger.iter().filter(|row| row.outcome == RowOutcome::Refused).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|row| row.reason.contains("quota \"bookmarks\"")), "{refused:?}");
    let again = desk.import(file.as_bytes()).await;
    assert_eq!((again.stored, again.merged), (2, 3), "with room again the rest comes in");
}
