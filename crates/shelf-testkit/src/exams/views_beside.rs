//! The part of the exam of the lists about what stands beside a bookmark: comments on it, and second
//! versions of its texts.

use crate::desk::{Desk, puts};
use shelf_domain::change::Pushed;
use shelf_domain::conflict::{Keep, Resolve};
use shelf_domain::edit::{Edit, Version};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Turn, reads_of};
use shelf_domain::value::Value;
use shelf_ports::accounts::Accounts;
use shelf_ports::library::Library;
use shelf_ports::views::{Apart, Views};
use std::collections::HashMap;

/// Sits this part of the exam.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library, views: &dyn Views) {
    let desk = async |seed| Desk::new(accounts, seed).await;
    comments_are_listed_in_order_and_in_pages(&desk(331).await, library, views).await;
    comments_follow_their_bookmark(&desk(332).await, library, views).await;
    two_versions_are_listed_until_they_are_settled(&desk(333).await, library, views).await;
    another_scope_sees_nothing(&desk(334).await, &desk(335).await, library, views).await;
}

async fn comment(desk: &Desk, library: &dyn Library, bookmark: ItemId, body: &str) -> ItemId {
    let (body, person) = (body.to_owned(), desk.person);
    let decide = move |turn: &mut Turn| {
        turn.signed_by(person);
        turn.comment(bookmark, &body)
    };
    desk.one(library, Reads::none().items([bookmark]), decide).await.item
}

async fn texts(desk: &Desk, views: &dyn Views, bookmark: ItemId) -> Vec<String> {
    let all = views.comments(desk.scope, bookmark, None, 50).await.unwrap();
    assert!(all.iter().all(|comment| comment.bookmark == bookmark));
    all.into_iter().map(|comment| comment.body).collect()
}

async fn comments_are_listed_in_order_and_in_pages(
    desk: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let first = desk.save_url(library, "https://beside.example/first").await;
    let other = desk.save_url(library, "https://beside.example/other").await;
    let mut ids = Vec::new();
    for body in ["one", "two", "three"] {
        ids.push(comment(desk, library, first, body).await);
    }
    comment(desk, library, other, "elsewhere").await;
    assert_eq!(texts(desk, views, first).await, ["one", "two", "three"]);
    let page = views.comments(desk.scope, first, Some(ids[0]), 1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].id, ids[1]);
    assert_eq!(page[0].author, Some(desk.person));
    assert_eq!(page[0].edited_at, None);
    let edit = Edit::default().put(field::BODY, Some(Value::from("two and a half")));
    let (id, reads) = (ids[1], edit.reads(ids[1]));
    desk.one(library, reads, move |turn| turn.edit(id, &Kind::Note, &edit)).await;
    desk.trash(library, ids[0]).await;
    assert_eq!(texts(desk, views, first).await, ["two and a half", "three"]);
    let counts = views.comment_counts(desk.scope, &[first, other, ids[0]]).await.unwrap();
    assert_eq!(counts, HashMap::from([(first, 2), (other, 1)]));
    library.refold(desk.scope).await.unwrap();
    assert_eq!(texts(desk, views, first).await, ["two and a half", "three"], "folded again");
    let reads = Reads::none().notes([first]);
    let shelf = library.read(desk.scope, reads).await.unwrap();
    assert_eq!(shelf.notes_of(first).len(), 3, "trashed ones are seen by decisions");
}

async fn comments_follow_their_bookmark(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    let older = desk.save_url(library, "https://beside.example/older").await;
    let younger = desk.save_url(library, "https://beside.example/younger").await;
    comment(desk, library, younger, "of the younger").await;
    let youngest = desk.save_url(library, "https://beside.example/youngest").await;
    comment(desk, library, youngest, "of the youngest").await;
    for (item, url) in [(youngest, "younger"), (younger, "older")] {
        let base = library.head(desk.scope).await.unwrap().seq;
        let url = format!("https://beside.example/{url}");
        let joins = Pushed { item, ..desk.pushed(1, base, &url) };
        push(desk, library, desk.new_device(), joins).await;
    }
    assert_eq!(texts(desk, views, older).await, ["of the younger", "of the youngest"]);
    let shelf = library.read(desk.scope, Reads::none().notes([older])).await.unwrap();
    assert_eq!(shelf.notes_of(older).len(), 2, "decisions see what joined more than once");
    comment(desk, library, younger, "said later").await;
    library.refold(desk.scope).await.unwrap();
    let all = ["of the younger", "of the youngest", "said later"];
    assert_eq!(texts(desk, views, older).await, all);
    desk.trash(library, older).await;
    let reads = Reads::none().places([older]).notes([older]);
    let decide = move |turn: &mut Turn| {
        let outcomes = turn.purge_whole(older)?;
        Ok(turn.done(outcomes))
    };
    desk.write(library, reads, decide).await.unwrap();
    assert!(texts(desk, views, older).await.is_empty(), "they go with it for good");
}

async fn push(desk: &Desk, library: &dyn Library, device: DeviceId, pushed: Pushed) {
    let reads = reads_of([&pushed]);
    let decide = move |turn: &mut Turn| {
        let told = turn.push(&pushed)??;
        Ok(turn.done(vec![told]))
    };
    let author = desk.author_of(device);
    library.write(desk.scope, author, None, reads, Box::new(decide)).await.unwrap();
}

/// A bookmark whose notes were written on two devices that had not seen each other.
async fn apart(desk: &Desk, library: &dyn Library, url: &str) -> ItemId {
    let id = desk.save_url(library, url).await;
    let base = library.head(desk.scope).await.unwrap().seq;
    for text in ["on the phone", "on the desk"] {
        let set = puts([("notes", Some(Value::from(text)))]);
        let pushed = Pushed { item: id, set, ..desk.pushed(1, base, url) };
        push(desk, library, desk.new_device(), pushed).await;
    }
    id
}

async fn conflicts(desk: &Desk, views: &dyn Views) -> Apart {
    let all = views.conflicts(desk.scope, None, 50).await.unwrap();
    let counted = views.counts(desk.scope).await.unwrap().conflicts;
    assert_eq!(counted, u64::try_from(all.conflicts.len()).unwrap());
    all
}

async fn two_versions_are_listed_until_they_are_settled(
    desk: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    assert_eq!(conflicts(desk, views).await, Apart::default());
    let first = apart(desk, library, "https://beside.example/a").await;
    let second = apart(desk, library, "https://beside.example/b").await;
    let all = conflicts(desk, views).await;
    assert_eq!(all.next, None);
    let items: Vec<ItemId> = all.conflicts.iter().map(|conflict| conflict.item).collect();
    assert_eq!(items, [first, second]);
    assert_eq!(all.conflicts[0].shown.text, "on the desk");
    assert_eq!(all.conflicts[0].other.text, "on the phone");
    let page = views.conflicts(desk.scope, None, 1).await.unwrap();
    assert_eq!(page.next, Some(first));
    let rest = views.conflicts(desk.scope, page.next, 1).await.unwrap();
    assert_eq!((rest.conflicts.len(), rest.next), (1, None));
    library.refold(desk.scope).await.unwrap();
    assert_eq!(conflicts(desk, views).await, all, "folded again");
    desk.trash(library, second).await;
    let conflict = conflicts(desk, views).await.conflicts.remove(0);
    let epoch = library.head(desk.scope).await.unwrap().epoch;
    let ask = Resolve {
        item: first,
        field: conflict.field,
        device: conflict.other.device,
        keep: Keep::Other,
        seen: Version { epoch, seq: conflict.version },
    };
    desk.one(library, Reads::none().items([first]), move |turn| turn.resolve(&ask)).await;
    assert_eq!(conflicts(desk, views).await, Apart::default());
}

async fn another_scope_sees_nothing(
    mine: &Desk,
    yours: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let id = apart(mine, library, "https://beside.example/mine").await;
    comment(mine, library, id, "mine").await;
    let stranger =
        shelf_domain::id::Scope { tenant: yours.scope.tenant, library: mine.scope.library };
    for scope in [yours.scope, stranger] {
        assert!(views.comments(scope, id, None, 10).await.unwrap().is_empty());
        assert!(views.comment_counts(scope, &[id]).await.unwrap().is_empty());
        assert_eq!(views.conflicts(scope, None, 10).await.unwrap(), Apart::default());
    }
}
