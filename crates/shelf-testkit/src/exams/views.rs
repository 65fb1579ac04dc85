//! The exam of the lists.

use crate::desk::{Desk, puts};
use shelf_domain::edit::Edit;
use shelf_domain::id::{ItemId, LibraryId};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_domain::view::Bookmark;
use shelf_ports::accounts::Accounts;
use shelf_ports::library::Library;
use shelf_ports::views::{Counts, Filter, Position, Sort, Views};
use std::collections::BTreeSet;

/// Sits the whole exam of [`Views`] over the state that `library` folds.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library, views: &dyn Views) {
    let desk = async |seed| Desk::new(accounts, seed).await;
    filters_hold_together(&desk(301).await, library, views).await;
    pages_hold_every_row_once_in_order(&desk(302).await, library, views).await;
    the_order_of_places_is_kept(&desk(303).await, library, views).await;
    bookmarks_come_by_id_in_the_order_asked(&desk(304).await, library, views).await;
    what_stands_in_the_trash_is_lost_and_found(&desk(305).await, library, views).await;
    tags_are_listed_by_name_with_their_bearers(&desk(306).await, library, views).await;
    bearers_are_found_in_parts(&desk(307).await, library, views).await;
    the_trash_is_listed_latest_first(&desk(308).await, library, views).await;
    counts_follow_every_write(&desk(309).await, library, views).await;
    another_scope_sees_nothing(&desk(310).await, &desk(311).await, library, views).await;
    what_has_moved_is_in_no_list(&desk(312).await, library, views).await;
    super::views_beside::exam(accounts, library, views).await;
}

async fn ids(desk: &Desk, views: &dyn Views, filter: Filter) -> BTreeSet<ItemId> {
    let page = views.bookmarks(desk.scope, &filter, Sort::Newest, None, 100).await.unwrap();
    assert!(page.next.is_none());
    page.bookmarks.into_iter().map(|bookmark| bookmark.id).collect()
}

async fn edit(desk: &Desk, library: &dyn Library, id: ItemId, edit: Edit) {
    let reads = edit.reads(id);
    desk.one(library, reads, move |turn| turn.edit(id, &Kind::Bookmark, &edit)).await;
}

async fn filters_hold_together(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    let folder = desk.folder(library, "folder", None).await;
    let plain = desk.save_url(library, "https://filter.example/plain").await;
    let tagged = SaveBookmark {
        tags: vec!["a".into(), "b".into()],
        unread: true,
        ..SaveBookmark::of("https://filter.example/tagged")
    };
    let tagged = desk.save(library, tagged).await;
    let half = SaveBookmark {
        tags: vec!["a".into()],
        favourite: true,
        archived_at: Some(1),
        ..SaveBookmark::of("https://filter.example/half")
    };
    let half = desk.save(library, half).await;
    let placed = desk.save_in(library, "https://filter.example/placed", folder).await;
    let gone = desk.save_in(library, "https://filter.example/gone", folder).await;
    desk.trash(library, gone).await;
    let tags = views.tags(desk.scope).await.unwrap();
    let tag = |name: &str| tags.iter().find(|(tag, _)| tag.name == name).unwrap().0.id;
    let (a, b) = (tag("a"), tag("b"));
    let filter = Filter::default;
    let all = BTreeSet::from([plain, tagged, half, placed]);
    let cases: [(Filter, &[ItemId]); 10] = [
        (Filter { tags: vec![a], ..filter() }, &[tagged, half]),
        (Filter { tags: vec![a, b], ..filter() }, &[tagged]),
        (Filter { collection: Some(folder), ..filter() }, &[placed]),
        (Filter { unsorted: true, ..filter() }, &[plain, tagged, half]),
        (Filter { unread: Some(true), ..filter() }, &[tagged]),
        (Filter { favourite: Some(true), ..filter() }, &[half]),
        (Filter { archived: Some(true), ..filter() }, &[half]),
        (Filter { archived: Some(false), ..filter() }, &[plain, tagged, placed]),
        (Filter { tags: vec![a], unread: Some(false), ..filter() }, &[half]),
        (Filter { tags: vec![b], favourite: Some(true), ..filter() }, &[]),
    ];
    assert_eq!(ids(desk, views, filter()).await, all, "what is in the trash is not listed");
    for (filter, want) in cases {
        let said = format!("{filter:?}");
        let want: BTreeSet<ItemId> = want.iter().copied().collect();
        assert_eq!(ids(desk, views, filter).await, want, "{said}");
    }
}

async fn walk(
    desk: &Desk,
    views: &dyn Views,
    filter: &Filter,
    sort: Sort,
    limit: usize,
) -> Vec<Bookmark> {
    let (mut after, mut seen): (Option<Position>, Vec<Bookmark>) = (None, Vec::new());
    loop {
        let page = views.bookmarks(desk.scope, filter, sort, after.as_ref(), limit).await.unwrap();
        assert!(page.bookmarks.len() <= limit);
        seen.extend(page.bookmarks);
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

async fn pages_hold_every_row_once_in_order(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    // Some are saved at the same moment, so that only the id tells them apart.
    for at in 0..11_i64 {
        let ask = SaveBookmark {
            created_at: Some(1_000 + at / 3),
            ..SaveBookmark::of(format!("https://page.example/{at}"))
        };
        desk.save(library, ask).await;
    }
    for limit in [1, 2, 3, 10, 11, 50] {
        for sort in [Sort::Newest, Sort::Oldest, Sort::Number] {
            let seen = walk(desk, views, &Filter::default(), sort, limit).await;
            assert_eq!(seen.len(), 11, "{sort:?} by {limit}");
            let keys: Vec<(i64, ItemId)> = seen
                .iter()
                .map(|bookmark| match sort {
                    Sort::Number => (i64::from(bookmark.number), bookmark.id),
                    _ => (bookmark.created_at.unwrap(), bookmark.id),
                })
                .collect();
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            if sort == Sort::Newest {
                sorted.reverse();
            }
            assert_eq!(keys, sorted, "{sort:?} by {limit}");
        }
    }
}

async fn the_order_of_places_is_kept(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    use shelf_domain::organise::Spot;
    let folder = desk.folder(library, "folder", None).await;
    let mut want = Vec::new();
    for at in 0..5 {
        want.push(desk.save_in(library, &format!("https://order.example/{at}"), folder).await);
    }
    let filter = Filter { collection: Some(folder), ..Filter::default() };
    let seen = walk(desk, views, &filter, Sort::Place, 2).await;
    assert_eq!(seen.iter().map(|b| b.id).collect::<Vec<_>>(), want);
    let last = seen[4].places[0].id;
    let reads = Reads::none().items([last]).children(Some(folder));
    desk.one(library, reads, move |turn| turn.move_to(last, Some(folder), Spot::Start)).await;
    want.rotate_right(1);
    let seen = walk(desk, views, &filter, Sort::Place, 2).await;
    assert_eq!(seen.iter().map(|b| b.id).collect::<Vec<_>>(), want, "after a move to the front");
}

async fn bookmarks_come_by_id_in_the_order_asked(
    desk: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let folder = desk.folder(library, "folder", None).await;
    let first = desk.save_url(library, "https://by-id.example/1").await;
    let second = desk.save_in(library, "https://by-id.example/2", folder).await;
    let third = desk.save_url(library, "https://by-id.example/3").await;
    desk.trash(library, third).await;
    desk.trash(library, first).await;
    desk.one(library, Reads::none().places([third]), move |turn| turn.purge(third)).await;
    let asked = [second, desk.new_item(), third, folder, first];
    let seen = views.bookmarks_by_id(desk.scope, &asked).await.unwrap();
    assert_eq!(seen.iter().map(|b| b.id).collect::<Vec<_>>(), [second, first]);
    assert!(seen[1].trashed_at.is_some());
    assert_eq!(seen[0].places[0].collection, Some(folder));
}

async fn what_stands_in_the_trash_is_lost_and_found(
    desk: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let b = desk.folder(library, "b", None).await;
    let a = desk.folder(library, "a", None).await;
    let inner = desk.folder(library, "inner", Some(b)).await;
    desk.save_in(library, "https://count.example/1", inner).await;
    desk.save_in(library, "https://count.example/2", inner).await;
    desk.save_in(library, "https://count.example/1", a).await;
    let trashed = desk.save_in(library, "https://count.example/3", a).await;
    desk.trash(library, trashed).await;
    let seen: Vec<(ItemId, u64)> = views
        .collections(desk.scope)
        .await
        .unwrap()
        .into_iter()
        .map(|(collection, count)| (collection.id, count))
        .collect();
    assert_eq!(seen, [(b, 0), (a, 1), (inner, 2)], "by parent and order, with direct counts");
    let direct = desk.save_in(library, "https://count.example/4", b).await;
    let unsorted = Filter { unsorted: true, ..Filter::default() };
    // Only the upper folder goes and comes: as when two devices act without having seen each other.
    for (trashed_at, parent) in [(Some(Value::from(1)), None), (None, Some(b))] {
        let lost = trashed_at.is_some();
        let set = puts([(field::TRASHED_AT, trashed_at)]);
        desk.one(library, Reads::none().items([b]), move |turn| {
            turn.put(b, Kind::Collection, set.clone(), shelf_domain::turn::Taken::Refuses)
        })
        .await;
        let seen = views.collections(desk.scope).await.unwrap();
        let of = |id: ItemId| seen.iter().find(|(one, _)| one.id == id);
        let (found, bookmarks) = of(inner).unwrap();
        assert_eq!((found.parent, *bookmarks), (parent, 2));
        assert_eq!((of(b).is_some(), seen.len()), (!lost, if lost { 2 } else { 3 }));
        let want: BTreeSet<ItemId> = lost.then_some(direct).into_iter().collect();
        assert_eq!(ids(desk, views, unsorted.clone()).await, want, "it stands in nothing else");
        let counts = views.counts(desk.scope).await.unwrap();
        assert_eq!((counts.unsorted, counts.collections), (want.len() as u64, seen.len() as u64));
        let page = views.bookmarks_by_id(desk.scope, &[direct]).await.unwrap();
        assert_eq!(page[0].places[0].collection, Some(b), "its place says where it comes back to");
    }
}

async fn tags_are_listed_by_name_with_their_bearers(
    desk: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let save = |url: &str, tags: &[&str]| {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        desk.save(library, SaveBookmark { tags, ..SaveBookmark::of(url) })
    };
    save("https://tags.example/1", &["pear", "Apple"]).await;
    save("https://tags.example/2", &["apple"]).await;
    let gone = save("https://tags.example/3", &["apple", "fig"]).await;
    desk.trash(library, gone).await;
    let seen: Vec<(String, u64)> = views
        .tags(desk.scope)
        .await
        .unwrap()
        .into_iter()
        .map(|(tag, count)| (tag.name, count))
        .collect();
    let want = [("Apple", 2), ("fig", 0), ("pear", 1)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(seen, want);
}

async fn bearers_are_found_in_parts(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    let folder = desk.folder(library, "folder", None).await;
    let mut want = BTreeSet::new();
    for at in 0..3 {
        let tags = vec!["bear".to_owned()];
        let url = format!("https://bearing.example/tag/{at}");
        want.insert(desk.save(library, SaveBookmark { tags, ..SaveBookmark::of(url) }).await);
        let url = format!("https://bearing.example/in/{at}");
        want.insert(desk.save_in(library, &url, folder).await);
    }
    desk.save_url(library, "https://bearing.example/neither").await;
    let tag = views.tags(desk.scope).await.unwrap()[0].0.id;
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let part = views.bearing(desk.scope, &[tag], &[folder], after, 2).await.unwrap();
        assert!(part.len() <= 2);
        let Some(last) = part.last() else { break };
        after = Some(*last);
        seen.extend(part);
    }
    assert_eq!(seen, want.into_iter().collect::<Vec<_>>(), "rising, each once");
}

async fn the_trash_is_listed_latest_first(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    let folder = desk.folder(library, "Old things", None).await;
    let inside = desk.save_in(library, "https://trash.example/in", folder).await;
    let first = desk.save_url(library, "https://trash.example/first").await;
    desk.trash(library, first).await;
    desk.trash(library, folder).await;
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let part = views.trash(desk.scope, after, 2).await.unwrap();
        let Some(last) = part.last() else { break };
        after = Some((last.trashed_at, last.id));
        seen.extend(part);
    }
    let ids: BTreeSet<ItemId> = seen.iter().map(|row| row.id).collect();
    assert_eq!(ids, BTreeSet::from([folder, first]), "a folder stands for what went with it");
    assert_eq!(seen[1].id, first, "latest first");
    assert_eq!(seen[1].url, "https://trash.example/first");
    let row = seen.iter().find(|row| row.id == folder).unwrap();
    assert_eq!((row.name.as_str(), &row.kind), ("Old things", &Kind::Collection));
    assert_eq!((row.beneath, seen[1].beneath), (1, 0));
    let restore = move |turn: &mut Turn| {
        let outcomes = turn.restore(folder)?;
        Ok(turn.done(outcomes))
    };
    let reads = Reads::none().items([folder]).under(folder);
    desk.write(library, reads, restore).await.unwrap();
    let left = views.trash(desk.scope, None, 10).await.unwrap();
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [first]);
    assert_eq!(ids_of(desk, views, folder).await, [inside], "it stands where it stood");
}

async fn ids_of(desk: &Desk, views: &dyn Views, folder: ItemId) -> Vec<ItemId> {
    let filter = Filter { collection: Some(folder), ..Filter::default() };
    walk(desk, views, &filter, Sort::Place, 10).await.iter().map(|b| b.id).collect()
}

async fn counts_follow_every_write(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    assert_eq!(views.counts(desk.scope).await.unwrap(), Counts::default());
    let folder = desk.folder(library, "folder", None).await;
    let ask = SaveBookmark {
        tags: vec!["t".into()],
        unread: true,
        favourite: true,
        ..SaveBookmark::of("https://counts.example/1")
    };
    let id = desk.save(library, ask).await;
    desk.save_in(library, "https://counts.example/2", folder).await;
    let now = Counts {
        bookmarks: 2,
        unsorted: 1,
        unread: 1,
        favourite: 1,
        archived: 0,
        collections: 1,
        tags: 1,
        trashed: 0,
        conflicts: 0,
    };
    assert_eq!(views.counts(desk.scope).await.unwrap(), now);
    let archived = Edit::default().put(field::ARCHIVED_AT, Some(Value::from(5)));
    edit(desk, library, id, archived.put(field::UNREAD, None)).await;
    let now = Counts { unread: 0, archived: 1, ..now };
    assert_eq!(views.counts(desk.scope).await.unwrap(), now);
    desk.trash(library, folder).await;
    let now = Counts { bookmarks: 1, collections: 0, trashed: 2, ..now };
    assert_eq!(views.counts(desk.scope).await.unwrap(), now);
    library.refold(desk.scope).await.unwrap();
    assert_eq!(views.counts(desk.scope).await.unwrap(), now, "after folding again");
}

async fn what_has_moved_is_in_no_list(desk: &Desk, library: &dyn Library, views: &dyn Views) {
    let folder = desk.folder(library, "shared", None).await;
    let low = desk.folder(library, "low", Some(folder)).await;
    let other = desk.folder(library, "other", None).await;
    let spot = SavePlace { parent: Some(low), ..SavePlace::default() };
    let ask = SaveBookmark {
        tags: vec!["t".into()],
        places: vec![spot],
        ..SaveBookmark::of("https://moved.example/gone")
    };
    let gone = desk.save(library, ask).await;
    let stays = desk.save_in(library, "https://moved.example/stays", folder).await;
    desk.save_in(library, "https://moved.example/stays", other).await;
    let there = LibraryId::from_bytes([9; 16]);
    let leave = move |turn: &mut Turn| {
        let leaving = turn.shelf.leaving(folder);
        turn.leave(&leaving.ok_or_else(|| Refused::not_found("folder"))?, there)
    };
    let reads = Reads::none().items([folder]).under(folder);
    desk.write(library, reads, leave).await.unwrap();
    for is_folded_again in [false, true] {
        if is_folded_again {
            library.refold(desk.scope).await.unwrap();
        }
        assert_eq!(ids(desk, views, Filter::default()).await, BTreeSet::from([stays]));
        assert!(views.bookmarks_by_id(desk.scope, &[gone]).await.unwrap().is_empty());
        let mut folders = views.collections(desk.scope).await.unwrap();
        folders.sort_by_key(|(collection, _)| collection.id);
        let told = folders.iter().map(|(one, count)| (one.id, one.mount, *count));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(folder, Some(there), 0), (other, None, 1)]);
        assert!(views.trash(desk.scope, None, 10).await.unwrap().is_empty());
        assert!(library.overdue(desk.scope, i64::MAX, 10).await.unwrap().is_empty());
        let now = Counts { bookmarks: 1, collections: 2, tags: 1, ..Counts::default() };
        assert_eq!(views.counts(desk.scope).await.unwrap(), now);
    }
    let again = desk.save_url(library, "https://moved.example/gone").await;
    assert_ne!(again, gone, "its address is free again");
}

async fn another_scope_sees_nothing(
    mine: &Desk,
    yours: &Desk,
    library: &dyn Library,
    views: &dyn Views,
) {
    let folder = mine.folder(library, "mine", None).await;
    let id = mine.save_in(library, "https://scope.example/", folder).await;
    let stranger =
        shelf_domain::id::Scope { tenant: yours.scope.tenant, library: mine.scope.library };
    for scope in [yours.scope, stranger] {
        let page =
            views.bookmarks(scope, &Filter::default(), Sort::Newest, None, 10).await.unwrap();
        assert!(page.bookmarks.is_empty());
        assert!(views.bookmarks_by_id(scope, &[id]).await.unwrap().is_empty());
        assert!(views.collections(scope).await.unwrap().is_empty());
        assert!(views.bearing(scope, &[], &[folder], None, 10).await.unwrap().is_empty());
        assert_eq!(views.counts(scope).await.unwrap(), Counts::default());
    }
}
