//! Comments: who may change which, and how they travel in files.

use shelf_bookmarks::Ctx;
use shelf_bookmarks::comments::{
    AddComment, CommentRow, EditComment, ListComments, add_comment, edit_comment, get_comment,
    list_comments, remove_comment,
};
use shelf_bookmarks::export::ExportFormat;
use shelf_bookmarks::history::{RestoreVersion, restore_version, undo_act};
use shelf_bookmarks::trash::{purge_items, trash_items};
use shelf_domain::id::{DeviceId, ItemId, PersonId, Scope};
use shelf_domain::refusal::Code;
use shelf_domain::right::Right;

use crate::desk::Desk;
use crate::world::{World, refused};

async fn say(ctx: &Ctx, scope: Scope, bookmark: ItemId, body: &str) -> ItemId {
    let ask = AddComment { bookmark, body: body.to_owned() };
    add_comment(ctx, scope, ask, None).await.unwrap().item().unwrap()
}

async fn rows(ctx: &Ctx, scope: Scope, bookmark: ItemId) -> Vec<CommentRow> {
    let ask = ListComments { bookmark, after: None, limit: 50 };
    list_comments(ctx, scope, ask).await.unwrap().rows
}

/// The same request by somebody else, who has this right.
fn by_another(world: &World, right: Right) -> Ctx {
    let (person, device) = (PersonId::from_bytes([0xaa; 16]), DeviceId::from_bytes([0xab; 16]));
    Ctx { person, device, right, ..world.ctx.clone() }
}

#[tokio::test]
async fn a_comment_is_changed_by_who_wrote_it_and_removed_by_who_manages_the_library() {
    let world = World::new().await;
    let id = world.url("https://a.example").await;
    let (mine, flo) = (&world.ctx, by_another(&world, Right::Write));
    let own = say(mine, world.scope, id, "Mine.").await;
    world.clock.advance(1_000);
    let theirs = say(&flo, world.scope, id, "Theirs.").await;
    let edit = |id| EditComment { id, body: Some("Changed.".to_owned()), version: None };
    let told = refused(edit_comment(&flo, world.scope, edit(own)).await);
    assert_eq!(told.code, Code::Forbidden);
    let told = refused(remove_comment(&flo, world.scope, own).await);
    assert_eq!(told.code, Code::Forbidden);
    let told = refused(edit_comment(mine, world.scope, edit(theirs)).await);
    assert_eq!(told.code, Code::Forbidden, "to manage a library is not to speak for others");
    edit_comment(&flo, world.scope, edit(theirs)).await.unwrap();
    let seen = rows(mine, world.scope, id).await;
    assert_eq!(seen.iter().map(|row| row.may_edit).collect::<Vec<_>>(), [true, false]);
    assert!(seen.iter().all(|row| row.may_remove));
    assert_eq!(seen[1].author_name, None, "whoever is not there any more has no name");
    remove_comment(mine, world.scope, theirs).await.unwrap();
    assert_eq!(rows(mine, world.scope, id).await.len(), 1);
    let told = refused(edit_comment(&flo, world.scope, edit(theirs)).await);
    assert_eq!(told.code, Code::NotFound, "it is in the trash");
}

#[tokio::test]
async fn the_trash_and_undo_are_no_way_around_who_may_change_a_comment() {
    let world = World::new().await;
    let id = world.url("https://a.example").await;
    let (mine, flo) = (&world.ctx, by_another(&world, Right::Write));
    let own = say(mine, world.scope, id, "Mine.").await;
    let made = mine.stores.library.head(world.scope).await.unwrap();
    let edit = EditComment { id: own, body: Some("Mine, put better.".to_owned()), version: None };
    let edited = edit_comment(mine, world.scope, edit).await.unwrap();
    let told = refused(trash_items(&flo, world.scope, vec![own]).await);
    assert_eq!(told.code, Code::Forbidden);
    let undone = undo_act(&flo, world.scope, edited.act.unwrap()).await.unwrap();
    assert_eq!((undone.items, undone.left), (vec![], vec![own]));
    let ask = RestoreVersion { item: own, seq: made.seq };
    let back = restore_version(&flo, world.scope, ask).await.unwrap();
    assert_eq!((back.items, back.left), (vec![], vec![own]));
    assert_eq!(rows(mine, world.scope, id).await[0].comment.body, "Mine, put better.");
    restore_version(mine, world.scope, ask).await.unwrap();
    assert_eq!(rows(mine, world.scope, id).await[0].comment.body, "Mine.");
    trash_items(mine, world.scope, vec![own]).await.unwrap();
    assert!(rows(mine, world.scope, id).await.is_empty());
}

#[tokio::test]
async fn whoever_may_only_read_says_nothing() {
    let world = World::new().await;
    let id = world.url("https://a.example").await;
    let reader = by_another(&world, Right::Read);
    let ask = AddComment { bookmark: id, body: "Hello.".to_owned() };
    assert_eq!(refused(add_comment(&reader, world.scope, ask, None).await).code, Code::Forbidden);
    assert!(rows(&reader, world.scope, id).await.is_empty());
}

#[tokio::test]
async fn comments_go_for_good_with_their_bookmark() {
    let world = World::new().await;
    let (ctx, scope) = (&world.ctx, world.scope);
    let alone = world.url("https://a.example").await;
    let folder = world.folder("f", None).await;
    let placed = world.url_in("https://b.example", folder).await;
    let said = [say(ctx, scope, alone, "One.").await, say(ctx, scope, placed, "Two.").await];
    trash_items(ctx, scope, vec![alone, folder]).await.unwrap();
    assert!(get_comment(ctx, scope, said[0]).await.is_ok(), "as long as it can come back");
    purge_items(ctx, scope, vec![alone, folder]).await.unwrap();
    for id in said {
        let gone = refused(get_comment(ctx, scope, id).await);
        assert_eq!(gone.code, Code::NotFound);
    }
}

#[tokio::test]
async fn comments_come_out_in_a_file_and_go_in_again_once() {
    let from = Desk::new().await;
    from.import(b"{\"url\":\"https://a.example/1\"}\n{\"url\":\"https://a.example/2\"}\n").await;
    let id = from.bookmark("https://a.example/1").await.id;
    for body in ["One\nline.", "Two."] {
        say(&from.ctx, from.scope, id, body).await;
    }
    let (_, file) = from.export(ExportFormat::Jsonl).await;
    from.import(&file).await;
    let own = rows(&from.ctx, from.scope, id).await;
    assert_eq!(own.len(), 2, "what is there already does not come again");
    let to = Desk::new().await;
    for _ in 0..2 {
        let job = to.import(&file).await;
        assert_eq!((job.refused, job.problem), (0, None));
    }
    let there = to.bookmark("https://a.example/1").await.id;
    let came = rows(&to.ctx, to.scope, there).await;
    let said = |rows: &[CommentRow]| -> Vec<(String, i64)> {
        rows.iter().map(|row| (row.comment.body.clone(), row.comment.created_at)).collect()
    };
    assert_eq!(said(&came), said(&own));
    assert_eq!(came[0].comment.author, Some(to.ctx.person), "they are theirs who brought them");
}

#[tokio::test]
async fn a_comment_without_an_id_is_brought_once_and_one_without_a_bookmark_never() {
    let desk = Desk::new().await;
    let lines = b"{\"url\":\"https://a.example\"}
{\"type\":\"comment\",\"url\":\"https://a.example\",\"body\":\"So it is.\"}
{\"type\":\"comment\",\"url\":\"https://b.example\",\"body\":\"Nowhere.\"}
{\"type\":\"comment\",\"url\":\"https://a.example\",\"body\":\" \"}
";
    for _ in 0..2 {
        let job = desk.import(lines).await;
        assert_eq!(job.refused, 1, "a comment that says nothing is refused");
    }
    let id = desk.bookmark("https://a.example").await.id;
    let said = rows(&desk.ctx, desk.scope, id).await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].comment.body, "So it is.");
}
