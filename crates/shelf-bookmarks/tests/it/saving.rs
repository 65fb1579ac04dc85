//! Saving, editing and listing bookmarks, on a real store.

use crate::world::{World, refused};
use shelf_bookmarks::bulk_edit::{BulkEdit, Shelve, bulk_edit};
use shelf_bookmarks::edit_bookmark::{Edit, EditBookmark, Version, edit_bookmark};
use shelf_bookmarks::get_bookmark::get_bookmark;
use shelf_bookmarks::list_bookmarks::{Filter, ListBookmarks, list_bookmarks};
use shelf_bookmarks::save_bookmark::{SaveBookmark, save_bookmark};
use shelf_domain::kind::field;
use shelf_domain::refusal::Code;
use shelf_domain::turn::Status;
use shelf_domain::value::Value;
use shelf_ports::library::IdempotencyKey;

#[tokio::test]
async fn a_second_save_of_an_address_joins_and_adds_what_it_says() {
    let world = World::new().await;
    let first = world.save(SaveBookmark {
        tags: vec!["rust".into()],
        ..SaveBookmark::of("https://example.org/page?b=2&a=1")
    });
    let first = first.await;
    assert_eq!(first.status, Status::Applied);
    let again = world.save(SaveBookmark {
        title: "A page".into(),
        notes: "worth a look".into(),
        tags: vec!["Rust".into(), "web".into()],
        ..SaveBookmark::of("https://EXAMPLE.org/page/?a=1&b=2&utm_source=mail")
    });
    let again = again.await;
    assert_eq!(again.status, Status::Joined);
    let is = again.bookmark;
    assert_eq!(is.id, first.bookmark.id);
    assert_eq!((is.title.as_str(), is.notes.as_str()), ("A page", "worth a look"));
    assert_eq!(is.tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["rust", "web"]);
    assert_eq!(is.url, "https://example.org/page?b=2&a=1", "the address stays as first typed");
}

#[tokio::test]
async fn an_address_without_a_scheme_is_refused_with_its_place() {
    let world = World::new().await;
    let asked = save_bookmark(&world.ctx, world.scope, SaveBookmark::of("no address"), None);
    let refusal = refused(asked.await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "url"));
}

#[tokio::test]
async fn the_same_key_saves_once_and_answers_twice() {
    let world = World::new().await;
    let key = || Some(IdempotencyKey { key: "k".into(), fingerprint: "f".into() });
    let ask = || SaveBookmark::of("https://example.org/once");
    let first = save_bookmark(&world.ctx, world.scope, ask(), key()).await.unwrap();
    let again = save_bookmark(&world.ctx, world.scope, ask(), key()).await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(
        (again.bookmark, again.status, again.act),
        (first.bookmark, first.status, first.act)
    );
}

#[tokio::test]
async fn an_edit_of_a_version_that_has_passed_is_refused_and_loses_nothing() {
    let world = World::new().await;
    let id = world.url("https://example.org/versions").await;
    let got = get_bookmark(&world.ctx, world.scope, id).await.unwrap();
    let version = Some(Version { epoch: got.head.epoch, seq: got.bookmark.version });
    let put = |title: &str| {
        let edit = Edit { version, ..Edit::default() };
        EditBookmark { id, edit: edit.put(field::TITLE, Some(Value::from(title))) }
    };
    let edited = edit_bookmark(&world.ctx, world.scope, put("mine")).await.unwrap();
    assert_eq!(edited.bookmark.title, "mine");
    assert!(edited.bookmark.version > got.bookmark.version);
    let stale = edit_bookmark(&world.ctx, world.scope, put("yours")).await;
    assert_eq!(refused(stale).code, Code::Stale);
    let is = get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
    assert_eq!(is.title, "mine");
}

#[tokio::test]
async fn an_edit_that_has_not_seen_a_long_text_keeps_it_beside_its_own() {
    let world = World::new().await;
    let id = world.url("https://example.org/beside").await;
    let seen = Some(get_bookmark(&world.ctx, world.scope, id).await.unwrap().head.seq);
    let put = async |seen, title: &str, notes: &str| {
        let edit = Edit { seen, ..Edit::default() }
            .put(field::TITLE, Some(Value::from(title)))
            .put(field::NOTES, Some(Value::from(notes)));
        let ask = EditBookmark { id, edit };
        edit_bookmark(&world.ctx, world.scope, ask).await.unwrap().bookmark
    };
    let first = put(seen, "one", "a blue door").await;
    assert!(first.copies.is_empty(), "nobody wrote anything since");
    let second = put(seen, "two", "a red door").await;
    assert_eq!((second.title.as_str(), second.notes.as_str()), ("two", "a red door"));
    let copies: Vec<&str> = second.copies.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(copies, ["a blue door"], "of a short text the history is enough");
    let third = put(None, "three", "a green door").await;
    assert_eq!(third.copies, second.copies, "who has seen all writes over it");
}

#[tokio::test]
async fn an_edit_to_a_taken_address_names_its_owner() {
    let world = World::new().await;
    let owner = world.url("https://example.org/taken").await;
    let id = world.url("https://example.org/mine").await;
    let taken = Some(Value::from("https://example.org/taken/"));
    let ask = EditBookmark { id, edit: Edit::default().put(field::URL, taken) };
    let refusal = refused(edit_bookmark(&world.ctx, world.scope, ask).await);
    assert_eq!((refusal.code, refusal.at), (Code::AlreadySaved, owner.to_string()));
}

#[tokio::test]
async fn a_bookmark_cannot_lose_its_address() {
    let world = World::new().await;
    let id = world.url("https://example.org/keeps").await;
    for nothing in [None, Some(Value::from(" "))] {
        let ask = EditBookmark { id, edit: Edit::default().put(field::URL, nothing) };
        let refusal = refused(edit_bookmark(&world.ctx, world.scope, ask).await);
        assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "url"));
    }
}

#[tokio::test]
async fn tags_are_put_as_a_whole_or_one_by_one() {
    let world = World::new().await;
    let id = world.tagged("https://example.org/tags", &["a", "b"]).await;
    let edit = async |edit: Edit| {
        let edited = edit_bookmark(&world.ctx, world.scope, EditBookmark { id, edit });
        let tags = edited.await.unwrap().bookmark.tags;
        tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
    };
    let whole = Edit { tags: Some(vec!["B".into(), "c".into()]), ..Edit::default() };
    assert_eq!(edit(whole).await, ["b", "c"]);
    let single = Edit {
        add_tags: vec!["d".into()],
        remove_tags: vec!["C".into(), "never was".into()],
        ..Edit::default()
    };
    assert_eq!(edit(single).await, ["b", "d"]);
}

#[tokio::test]
async fn many_bookmarks_are_edited_as_one_act() {
    let world = World::new().await;
    let (from, to) = (world.folder("from", None).await, world.folder("to", None).await);
    let placed = world.url_in("https://example.org/placed", from).await;
    let loose = world.tagged("https://example.org/loose", &["old"]).await;
    let stranger = from;
    let ask = BulkEdit {
        ids: vec![placed, loose, stranger, placed],
        add_tags: vec!["new".into()],
        remove_tags: vec!["old".into()],
        archive: Some(true),
        favourite: Some(true),
        shelve: Some(Shelve::Into(Some(to))),
        ..BulkEdit::default()
    };
    let changed = bulk_edit(&world.ctx, world.scope, ask).await.unwrap();
    assert_eq!(changed.left, [stranger], "what is no bookmark is left");
    for id in [placed, loose] {
        let is = get_bookmark(&world.ctx, world.scope, id).await.unwrap().bookmark;
        assert!(is.favourite && is.archived_at.is_some());
        assert_eq!(is.tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["new"]);
        assert_eq!(is.places.iter().map(|p| p.collection).collect::<Vec<_>>(), [Some(to)]);
    }
    let undone =
        shelf_bookmarks::history::undo_act(&world.ctx, world.scope, changed.act.unwrap()).await;
    assert!(undone.unwrap().left.is_empty());
    let is = get_bookmark(&world.ctx, world.scope, placed).await.unwrap().bookmark;
    assert!(!is.favourite && is.tags.is_empty());
    assert_eq!(is.places[0].collection, Some(from));
}

#[tokio::test]
async fn unsorted_takes_a_bookmark_out_of_all_its_folders() {
    let world = World::new().await;
    let (a, b) = (world.folder("a", None).await, world.folder("b", None).await);
    let id = world.url_in("https://example.org/both", a).await;
    assert_eq!(world.url_in("https://example.org/both", b).await, id);
    let shelve = Some(Shelve::Unsorted);
    let ask = BulkEdit { ids: vec![id], shelve, ..BulkEdit::default() };
    bulk_edit(&world.ctx, world.scope, ask).await.unwrap();
    let filter = Filter { unsorted: true, ..Filter::default() };
    let ask = ListBookmarks { filter, ..ListBookmarks::default() };
    let page = list_bookmarks(&world.ctx, world.scope, ask).await.unwrap();
    assert_eq!(page.bookmarks.iter().map(|b| b.id).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_bulk_edit_says_what_to_do_to_at_least_one() {
    let world = World::new().await;
    let id = world.url("https://example.org/nothing").await;
    for ask in [
        BulkEdit { ids: vec![id], ..BulkEdit::default() },
        BulkEdit { trash: true, ..BulkEdit::default() },
    ] {
        let refusal = refused(bulk_edit(&world.ctx, world.scope, ask).await);
        assert_eq!(refusal.code, Code::Invalid);
    }
}
