//! Files that are kept with bookmarks, on a real store: how many, how much, and with which.

use crate::world::{World, refused};
use async_trait::async_trait;
use shelf_bookmarks::Ctx;
use shelf_bookmarks::captures::{
    KeepFile, copy_files, keep_file, list_files, open_file, remove_file,
};
use shelf_bookmarks::import::receive;
use shelf_domain::id::{ItemId, Scope, TenantId};
use shelf_domain::limits::CAPTURES_MAX;
use shelf_domain::plan::{Room, Stock};
use shelf_domain::refusal::Code;
use shelf_domain::right::Right;
use shelf_ports::blobs::BlobKind;
use shelf_ports::captures::{Capture, CaptureKind, content_of};
use shelf_ports::usage::Rooms;
use shelf_ports::{Failure, Fault};
use shelf_testkit::Desk;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keeps a file called `name`, which holds its name.
pub(crate) async fn kept(
    ctx: &Ctx,
    scope: Scope,
    bookmark: ItemId,
    name: &str,
) -> Result<Capture, Failure> {
    let portions = futures::stream::iter([Ok::<_, std::io::Error>(name.as_bytes().to_vec())]);
    let received = receive(&*ctx.stores.blobs, portions, 1_000).await.unwrap();
    let (kind, content_type) = (CaptureKind::Upload, Some("text/plain".to_owned()));
    let ask = KeepFile { bookmark, kind, name: name.to_owned(), content_type };
    keep_file(ctx, scope, ask, received).await.map(|(capture, _)| capture)
}

/// A plan with room for so many bytes of files, and for any amount of all else.
#[derive(Debug)]
struct Bytes(u64);

#[async_trait]
impl Rooms for Bytes {
    async fn most(&self, _: TenantId, stock: Stock) -> Result<Option<u64>, Fault> {
        Ok((stock == Stock::CaptureBytes).then_some(self.0))
    }

    async fn room(&self, _: TenantId, _: Stock) -> Result<Option<Room>, Fault> {
        Ok(None)
    }

    async fn bookmarks(&self, _: Scope) -> Result<Option<Room>, Fault> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_full_plan_takes_no_file_until_one_is_removed() {
    let mut world = World::new().await;
    world.ctx.stores.rooms = Arc::new(Bytes(10));
    let item = world.url("https://files.example").await;
    let (ctx, scope) = (&world.ctx, world.scope);
    let first = kept(ctx, scope, item, "eight___").await.unwrap();
    let full = refused(kept(ctx, scope, item, "three").await);
    assert_eq!((full.code, full.at.as_str()), (Code::Quota, "capture_bytes"));
    assert_eq!(kept(ctx, scope, item, "eight___").await.unwrap(), first, "it is there already");
    remove_file(ctx, scope, first.id).await.unwrap();
    kept(ctx, scope, item, "three").await.unwrap();
    assert_eq!(list_files(ctx, scope, item).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_files_at_once_that_one_has_room_for_one_is_kept() {
    let mut world = World::new().await;
    world.ctx.stores.rooms = Arc::new(Bytes(10));
    let item = world.url("https://files.example").await;
    let (ctx, scope) = (&world.ctx, world.scope);
    let (one, other) =
        tokio::join!(kept(ctx, scope, item, "one____1"), kept(ctx, scope, item, "two____2"));
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
    assert_eq!(list_files(ctx, scope, item).await.unwrap().len(), 1);
    let kept_bytes = ctx.stores.blobs.bytes_of(BlobKind::Capture, scope.tenant).await.unwrap();
    assert_eq!(kept_bytes, 8);
}

#[tokio::test]
async fn a_bookmark_takes_a_hundred_files_and_each_has_a_number_of_its_own() {
    let world = World::new().await;
    let item = world.url("https://files.example").await;
    let (ctx, scope) = (&world.ctx, world.scope);
    let mut numbers = BTreeSet::new();
    for number in 0..CAPTURES_MAX {
        let file = kept(ctx, scope, item, &format!("{number}.txt")).await.unwrap();
        numbers.insert(file.id.number());
    }
    assert_eq!(numbers.len(), CAPTURES_MAX);
    let full = refused(kept(ctx, scope, item, "one more").await);
    assert_eq!(full.code, Code::Quota);
}

#[tokio::test]
async fn whoever_may_only_read_keeps_and_removes_nothing() {
    let world = World::new().await;
    let item = world.url("https://files.example").await;
    let file = kept(&world.ctx, world.scope, item, "a.txt").await.unwrap();
    let reads = Ctx { right: Right::Read, ..world.ctx.clone() };
    let scope = world.scope;
    assert_eq!(refused(kept(&reads, scope, item, "b.txt").await).code, Code::Forbidden);
    assert_eq!(refused(remove_file(&reads, scope, file.id).await).code, Code::Forbidden);
    assert_eq!(list_files(&reads, scope, item).await.unwrap(), [file]);
}

#[tokio::test]
async fn files_that_two_copy_at_once_keep_their_content() {
    let world = World::new().await;
    let items = [world.url("https://files.example").await];
    let (ctx, scope) = (&world.ctx, world.scope);
    let into = Desk::new(&world.store, 2).await.scope;
    let mut files = Vec::new();
    for number in 0..9 {
        files.push(kept(ctx, scope, items[0], &format!("{number}.txt")).await.unwrap());
    }
    let (one, other) =
        tokio::join!(copy_files(ctx, scope, into, &items), copy_files(ctx, scope, into, &items));
    one.and(other).unwrap();
    for file in files {
        let content = ctx.stores.blobs.open(&content_of(into, file.id)).await.unwrap();
        assert!(content.is_some(), "{}", file.name);
    }
}

#[tokio::test]
async fn a_file_whose_content_was_lost_is_whole_when_it_is_sent_again() {
    let world = World::new().await;
    let item = world.url("https://files.example").await;
    let (ctx, scope) = (&world.ctx, world.scope);
    let file = kept(ctx, scope, item, "a.txt").await.unwrap();
    ctx.stores.blobs.remove(&content_of(scope, file.id)).await.unwrap();
    assert!(open_file(ctx, scope, file.id).await.is_err());
    assert_eq!(kept(ctx, scope, item, "a.txt").await.unwrap(), file);
    let (_, content) = open_file(ctx, scope, file.id).await.unwrap();
    assert_eq!(std::io::read_to_string(content).unwrap(), "a.txt");
}
