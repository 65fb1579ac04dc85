//! The exam of what a decision is shown: everything its reads name.

use crate::desk::{Desk, puts};
use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Status, Taken};
use shelf_domain::value::Value;
use shelf_ports::accounts::Accounts;
use shelf_ports::library::Library;
use std::collections::BTreeSet;

/// Sits this part of the exam.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library) {
    addresses_and_names_find_their_owners(&Desk::new(accounts, 101).await, library).await;
    younger_ids_lead_to_older_items(&Desk::new(accounts, 102).await, library).await;
    the_tree_is_seen_up_and_down(&Desk::new(accounts, 103).await, library).await;
    history_comes_with_what_refers_and_is_mentioned(&Desk::new(accounts, 104).await, library).await;
    what_is_not_there_is_absent(&Desk::new(accounts, 105).await, library).await;
}

async fn addresses_and_names_find_their_owners(desk: &Desk, library: &dyn Library) {
    let folder = desk.folder(library, "Folder", None).await;
    let ask = SaveBookmark {
        tags: vec!["Rust Lang".into()],
        places: vec![SavePlace { parent: Some(folder), ..SavePlace::default() }],
        ..SaveBookmark::of("https://EXAMPLE.org/page/?utm_source=x")
    };
    let id = desk.save(library, ask).await;
    let url = "https://example.org/page";
    let shelf = library.read(desk.scope, Reads::none().url(url)).await.unwrap();
    let found = shelf.by_url(url).unwrap();
    assert_eq!(found.id, id);
    assert_eq!(shelf.places_of(id).len(), 1, "the owner of an address comes with its places");
    let tag = found.tags().next().unwrap();
    assert_eq!(shelf.item(tag).unwrap().text(field::NAME), "Rust Lang", "and with its tags");
    let shelf = library.read(desk.scope, Reads::none().tags(["  rust   LANG "])).await.unwrap();
    assert_eq!(shelf.tag_named("rust lang").unwrap().id, tag);
    let shelf = library.read(desk.scope, Reads::none().places([id])).await.unwrap();
    assert_eq!(shelf.places_of(id).len(), 1);
    assert!(shelf.item(tag).is_some());
    desk.trash(library, tag).await;
    let shelf = library.read(desk.scope, Reads::none().tags(["rust lang"])).await.unwrap();
    assert!(shelf.tag_named("rust lang").is_none(), "a trashed tag owns no name");
    desk.trash(library, id).await;
    let shelf = library.read(desk.scope, Reads::none().url(url)).await.unwrap();
    assert_eq!(shelf.by_url(url).unwrap().id, id, "a trashed bookmark still owns its address");
}

async fn younger_ids_lead_to_older_items(desk: &Desk, library: &dyn Library) {
    let save = |tag: &str, url: &str| {
        desk.save(library, SaveBookmark { tags: vec![tag.into()], ..SaveBookmark::of(url) })
    };
    save("old", "https://alias.example/1").await;
    let bearer = save("young", "https://alias.example/2").await;
    let shelf = library.read(desk.scope, Reads::none().tags(["old", "young"])).await.unwrap();
    let (old, young) = (shelf.tag_named("old").unwrap().id, shelf.tag_named("young").unwrap().id);
    let edit = Edit::default().put(field::NAME, Some(Value::from("Old")));
    let reads = edit.reads(young);
    let outcome = desk.one(library, reads, move |turn| turn.edit(young, &Kind::Tag, &edit)).await;
    assert_eq!((outcome.status, outcome.item), (Status::Joined, old));
    let shelf = library.read(desk.scope, Reads::none().items([young])).await.unwrap();
    assert_eq!(shelf.item(young).unwrap().id, old);
    assert!(shelf.is_alias(young));
    let shelf = library.read(desk.scope, Reads::none().places([bearer])).await.unwrap();
    let tags = shelf.tags_of(shelf.item(bearer).unwrap());
    assert_eq!(tags, BTreeSet::from([old]), "a bearer of the younger tag bears the older one");
    library.refold(desk.scope).await.unwrap();
    let shelf = library.read(desk.scope, Reads::none().items([young])).await.unwrap();
    assert_eq!(shelf.item(young).unwrap().id, old, "aliases are folded again, too");
}

async fn the_tree_is_seen_up_and_down(desk: &Desk, library: &dyn Library) {
    let top = desk.folder(library, "top", None).await;
    let mid = desk.folder(library, "mid", Some(top)).await;
    let low = desk.folder(library, "low", Some(mid)).await;
    let first = desk.save_in(library, "https://tree.example/1", low).await;
    let second = desk.save_in(library, "https://tree.example/2", low).await;
    let elsewhere = desk.folder(library, "elsewhere", None).await;
    desk.save_in(library, "https://tree.example/1", elsewhere).await;

    let shelf = library.read(desk.scope, Reads::none().above(Some(low))).await.unwrap();
    assert_eq!(shelf.ancestors(low), [mid, top]);
    assert!(shelf.item(low).is_some());

    let shelf = library.read(desk.scope, Reads::none().children(Some(low))).await.unwrap();
    let places: Vec<_> = shelf
        .children_of(Some(low))
        .iter()
        .map(|place| place.reference(field::BOOKMARK).unwrap())
        .collect();
    assert_eq!(places, [first, second], "children are there in their order");

    let shelf = library.read(desk.scope, Reads::none().into_collection(Some(low))).await.unwrap();
    let last = shelf.children_of(Some(low)).last().unwrap().reference(field::BOOKMARK);
    assert_eq!(last, Some(second), "the last child is in view");
    let shelf = library.read(desk.scope, Reads::none().into_collection(None)).await.unwrap();
    assert_eq!(shelf.children_of(None).last().unwrap().id, elsewhere);

    let shelf = library.read(desk.scope, Reads::none().under(top)).await.unwrap();
    for id in [top, mid, low, first, second] {
        assert!(shelf.item(id).is_some(), "{id} is under the top");
    }
    assert_eq!(shelf.places_of(first).len(), 2, "a place elsewhere is seen as well");
    let shelf = library.read(desk.scope, Reads::none().under(first)).await.unwrap();
    assert!(shelf.children_of(Some(first)).is_empty(), "nothing is under a bookmark");
}

async fn history_comes_with_what_refers_and_is_mentioned(desk: &Desk, library: &dyn Library) {
    let folder = desk.folder(library, "folder", None).await;
    let inner = desk.folder(library, "inner", Some(folder)).await;
    let id = desk.save_in(library, "https://past.example/", inner).await;
    let edit = Edit::default().put(field::TITLE, Some(Value::from("a title")));
    let reads = edit.reads(id);
    desk.one(library, reads, move |turn| turn.edit(id, &Kind::Bookmark, &edit)).await;
    let of = async |ids: Vec<ItemId>| library.read(desk.scope, Reads::none().history(ids)).await;
    let shelf = of(vec![id]).await.unwrap();
    assert!(shelf.history.values().all(|row| row.item == id), "its own rows");
    assert_eq!(shelf.history.len(), 2);
    assert_eq!(shelf.places_of(id).len(), 1, "a living place refers to it");
    let place = shelf.places_of(id)[0].id;
    let shelf = of(vec![folder]).await.unwrap();
    assert_eq!(shelf.children_of(Some(folder)).len(), 1, "so does a living child");
    let shelf = of(vec![inner]).await.unwrap();
    assert!(shelf.item(folder).is_some(), "the folder its rows mention");
    assert!(shelf.item(place).is_some(), "what stands there");
    let shelf = of(vec![folder, inner, place]).await.unwrap();
    assert_eq!(shelf.children_of(Some(inner)).len(), 1, "what was asked for refers as well");
    desk.trash(library, place).await;
    let shelf = of(vec![inner]).await.unwrap();
    assert!(shelf.children_of(Some(inner)).is_empty(), "what is in the trash does not refer");
}

async fn what_is_not_there_is_absent(desk: &Desk, library: &dyn Library) {
    let id = desk.new_item();
    let reads = Reads::none()
        .places([id])
        .url("https://absent.example/")
        .tags(["absent"])
        .under(id)
        .children(Some(id))
        .into_collection(Some(id))
        .history([id]);
    let shelf = library.read(desk.scope, reads.clone()).await.unwrap();
    assert_eq!(shelf.items().count(), 0);
    assert!(shelf.by_url("https://absent.example/").is_none());
    let outcome = desk
        .one(library, reads, move |turn| {
            assert!(turn.shelf.item(id).is_none(), "a decision sees the same");
            let set = puts([(field::URL, Some(Value::from("https://absent.example/")))]);
            turn.put(id, Kind::Bookmark, set, Taken::Refuses)
        })
        .await;
    assert_eq!(outcome.item, id, "ids are given by whoever makes the item");
}
