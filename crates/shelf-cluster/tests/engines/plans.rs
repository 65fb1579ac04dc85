//! What calls cost the server: no call walks a table, and none touches another library's
//! partitions. The server's own counters say so, whatever statements a call is made of.

use crate::open;
use shelf_cluster::postgres::Postgres;
use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::organise::Spot;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Done, Turn, reads_of};
use shelf_domain::value::Value;
use shelf_ports::activity::{Activity, Deed, Event};
use shelf_ports::library::{Library, Touched};
use shelf_ports::news::News;
use shelf_ports::views::{Filter, Sort, Views};
use shelf_testkit::Desk;
use shelf_testkit::ground::{Ground, connect};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_postgres::Client;

/// Bookmarks of each library, saved in turns of this many.
const BOOKMARKS: usize = 1_000;
const TURN: usize = 250;
const FOLDERS: usize = 25;
const TAGS: usize = 40;
/// Libraries beside the one that is looked at: several in each partition.
const OTHERS: usize = 100;

/// The library is written once and copied to as many others, under ids of their own. A table of a
/// page or two is rightly walked, so those that would be small get rows besides.
const COPY: &str = "
    INSERT INTO libraries (id, tenant, owner, name, created_at, seq, hlc, at, numbers)
    SELECT md5('other ' || nth)::uuid, tenant, owner, 'other', created_at, seq, hlc, at, numbers
    FROM libraries, generate_series(1, {others}) AS nth WHERE seq > 0;
    DO $$
    DECLARE part text; columns text; copied text;
    BEGIN
        FOREACH part IN ARRAY ARRAY['counters', 'log', 'acts', 'items', 'aliases', 'tagged',
            'activity'] LOOP
            SELECT string_agg(column_name, ', '), string_agg('own.' || column_name, ', ')
            INTO columns, copied FROM information_schema.columns
            WHERE table_name = part AND column_name <> 'library' AND is_identity = 'NO';
            EXECUTE format('INSERT INTO %I (library, %s) SELECT l.id, %s FROM %I own, libraries l
                WHERE l.name = ''other''', part, columns, copied, part);
        END LOOP;
    END $$;
    INSERT INTO libraries (id, tenant, owner, name, created_at)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'empty', 0
    FROM generate_series(1, 3000);
    INSERT INTO counters SELECT id, gen_random_uuid(), 1
    FROM libraries, generate_series(1, 200) WHERE name = 'other';
    INSERT INTO answers SELECT id, gen_random_uuid(), 1, '', 0
    FROM libraries, generate_series(1, 200) WHERE name = 'other';
    INSERT INTO aliases SELECT id, gen_random_uuid(), gen_random_uuid()
    FROM libraries, generate_series(1, 200) WHERE name = 'other';
    ANALYZE;";

/// A table by its name without the partition, the partition, and how it was read.
const TOUCHED: &str = "SELECT regexp_replace(relname, '_[0-9]+$', ''),
        coalesce(substring(relname FROM '_([0-9]+)$'), ''), coalesce(seq_scan, 0),
        coalesce(idx_scan, 0)
    FROM pg_stat_user_tables WHERE coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0";
const OPEN: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// What the server counted since the copies were made.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    pub(crate) walked: BTreeSet<String>,
    pub(crate) partitions: BTreeSet<String>,
    pub(crate) read: BTreeSet<String>,
}

#[tokio::test]
async fn no_call_walks_a_table_or_touches_another_partition() {
    for ground in Ground::all().await.into_iter().filter(Ground::is_direct) {
        let store = open(&ground).await;
        let desk = Desk::new(&store, 9).await;
        let shelf = fill(&desk, &store).await;
        drop(store);
        let admin = connect(&ground.admin_url).await;
        settled(&admin).await;
        let copy = COPY.replace("{others}", &OTHERS.to_string());
        admin.batch_execute(&copy).await.unwrap();
        forget_counts(&admin).await;
        let store = open(&ground).await;
        ask(&desk, &store, &shelf).await;
        write(&desk, &store, &shelf).await;
        drop(store);
        settled(&admin).await;
        let touches = touches(&admin).await;
        assert_eq!(touches.walked, BTreeSet::new(), "tables that were walked: {touches:?}");
        assert_eq!(touches.partitions.len(), 1, "one partition of each table: {touches:?}");
        for table in ["log", "items", "tagged", "aliases", "acts", "counters", "activity"] {
            assert!(touches.read.contains(table), "the counters see {table}: {touches:?}");
        }
        let whole = open(&ground).await;
        lists_of_all(&desk, &whole).await;
        drop(whole);
        settled(&admin).await;
        let touches = self::touches(&admin).await;
        assert_eq!(touches.partitions.len(), 1, "a list of everything stays in its partition");
        drop(admin);
        ground.end().await;
    }
}

/// Waits until no other session is left: then the server has counted what each did.
pub(crate) async fn settled(admin: &Client) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        looks.tick().await;
        let open: i64 = admin.query_one(OPEN, &[]).await.unwrap().get(0);
        if open == 0 {
            return;
        }
    }
    panic!("sessions are left open");
}

/// Sets the counters to nothing: first to what was done, then to none of it.
pub(crate) async fn forget_counts(admin: &Client) {
    for reset in ["SELECT pg_stat_force_next_flush()", "SELECT pg_stat_reset()"] {
        admin.batch_execute(reset).await.unwrap();
    }
}

pub(crate) async fn touches(admin: &Client) -> Touches {
    let mut touches = Touches::default();
    for row in admin.query(TOUCHED, &[]).await.unwrap() {
        let (table, part): (String, String) = (row.get(0), row.get(1));
        // Of one row: shelf_version is read whole before the tables are known to be there.
        if row.get::<_, i64>(2) > 0 && !["shelf_version", "search_home"].contains(&&*table) {
            touches.walked.insert(table.clone());
        }
        if !part.is_empty() {
            touches.partitions.insert(part);
        }
        touches.read.insert(table);
    }
    touches
}

/// What the library that is looked at holds.
struct Filled {
    folders: Vec<ItemId>,
    bookmarks: Vec<ItemId>,
    tags: Vec<ItemId>,
}

async fn fill(desk: &Desk, store: &Postgres) -> Filled {
    let mut folders = Vec::new();
    for at in 0..FOLDERS {
        let parent = folders.last().copied().filter(|_| at % 5 != 0);
        folders.push(desk.folder(store, &format!("folder {at}"), parent).await);
    }
    let mut bookmarks = Vec::new();
    for turn in 0..BOOKMARKS / TURN {
        let asks: Vec<SaveBookmark> = (0..TURN)
            .map(|at| {
                let at = turn * TURN + at;
                let parent = Some(folders[at % FOLDERS]);
                SaveBookmark {
                    tags: vec![format!("tag {}", at % TAGS), format!("tag {}", at % 7)],
                    places: vec![SavePlace { parent, ..SavePlace::default() }],
                    unread: at.is_multiple_of(3),
                    ..SaveBookmark::of(format!("https://plans.example/{at}"))
                }
            })
            .collect();
        let mut reads = Reads::none();
        for ask in &asks {
            let own = ask.reads();
            reads.urls.extend(own.urls);
            reads.tags.extend(own.tags);
            reads.above.extend(own.above);
            reads.tails.extend(own.tails);
        }
        let decide = move |turn: &mut Turn| {
            let outcomes = asks.iter().map(|ask| turn.save(ask)).collect::<Result<_, _>>()?;
            Ok(turn.done(outcomes))
        };
        let written = desk.write(store, reads, decide).await.unwrap();
        bookmarks.extend(written.done.outcomes.iter().map(|outcome| outcome.item));
    }
    let names: Vec<String> = (0..TAGS).map(|at| format!("tag {at}")).collect();
    let reads = Reads::none().tags(names.iter().map(String::as_str));
    let shelf = store.read(desk.scope, reads).await.unwrap();
    let tags: Vec<ItemId> = names.iter().map(|name| shelf.tag_named(name).unwrap().id).collect();
    // Half of the tags join the others: aliases are worth an index, too.
    for (younger, older) in tags[TAGS / 2..].iter().zip(0..TAGS / 2) {
        rename(desk, store, *younger, &format!("tag {older}")).await;
    }
    for id in &bookmarks[..20] {
        desk.trash(store, *id).await;
        let event = Event { at: 1, deed: Deed::Read, item: *id };
        store.record(desk.scope, desk.person, &event).await.unwrap();
    }
    Filled { folders, bookmarks, tags }
}

async fn rename(desk: &Desk, store: &Postgres, tag: ItemId, name: &str) {
    let edit = Edit::default().put(field::NAME, Some(Value::from(name)));
    let reads = edit.reads(tag).tags([name]);
    desk.one(store, reads, move |turn| turn.edit(tag, &Kind::Tag, &edit)).await;
}

async fn ask(desk: &Desk, store: &Postgres, shelf: &Filled) {
    let scope = desk.scope;
    let (folder, bookmark, tag) = (shelf.folders[3], shelf.bookmarks[100], shelf.tags[2]);
    let head = store.head(scope).await.unwrap();
    let reads = Reads::none()
        .items(shelf.tags.iter().copied())
        .url("https://plans.example/1")
        .tags(["tag 4", "nobody"])
        .above(Some(folder))
        .under(folder)
        .children(Some(folder))
        .into_collection(None)
        .places(shelf.bookmarks[..50].iter().copied())
        .notes([bookmark])
        .history([bookmark, tag, folder]);
    store.read(scope, reads).await.unwrap();
    store.changes(scope, head.seq - 10, 100).await.unwrap();
    store.history(scope, bookmark, None, 10).await.unwrap();
    store.history(scope, tag, Some(head.seq), 10).await.unwrap();
    let acts = store.acts(scope, Some(head.seq), 10).await.unwrap();
    for touched in [Touched::By(acts[0].act), Touched::Since(acts[0].at - 1)] {
        store.touched(scope, touched, head.seq - 10, 10).await.unwrap();
    }
    store.overdue(scope, 1, 10).await.unwrap();
    store.bookmarks_by_id(scope, &shelf.bookmarks[..50]).await.unwrap();
    store.bearing(scope, &[tag], &[folder], None, 10).await.unwrap();
    let trash = store.trash(scope, None, 5).await.unwrap();
    let last = trash.last().map(|row| (row.trashed_at, row.id));
    store.trash(scope, last, 5).await.unwrap();
    store.comments(scope, bookmark, None, 5).await.unwrap();
    store.comment_counts(scope, &shelf.bookmarks[..50]).await.unwrap();
    store.conflicts(scope, None, 5).await.unwrap();
    store.recent(scope, desk.person, 5).await.unwrap();
    store.stirred_since(head.seq, 5).await.unwrap();
    let filters = [
        Filter::default(),
        Filter { unread: Some(true), ..Filter::default() },
        Filter { unsorted: true, ..Filter::default() },
        Filter { tags: vec![tag], ..Filter::default() },
        Filter { tags: vec![tag, shelf.tags[3]], favourite: Some(false), ..Filter::default() },
        Filter { collection: Some(folder), ..Filter::default() },
        Filter { collection: Some(folder), tags: vec![tag], ..Filter::default() },
    ];
    for filter in &filters {
        for sort in [Sort::Newest, Sort::Oldest, Sort::Place, Sort::Number] {
            let page = store.bookmarks(scope, filter, sort, None, 5).await.unwrap();
            if let Some(next) = &page.next {
                store.bookmarks(scope, filter, sort, Some(next), 5).await.unwrap();
            }
        }
    }
}

async fn write(desk: &Desk, store: &Postgres, shelf: &Filled) {
    let (folder, other) = (shelf.folders[4], shelf.folders[9]);
    let ask = SaveBookmark {
        tags: vec!["tag 3".into(), "new".into()],
        places: vec![SavePlace { parent: Some(folder), ..SavePlace::default() }],
        ..SaveBookmark::of("https://plans.example/new")
    };
    let saved = desk.save(store, ask).await;
    let edit = Edit::default().put(field::UNREAD, Some(Value::from(true)));
    let reads = edit.reads(saved);
    desk.one(store, reads, move |turn| turn.edit(saved, &Kind::Bookmark, &edit)).await;
    let reads = Reads::none().items([folder]).above(Some(other)).into_collection(Some(other));
    desk.one(store, reads, move |turn| turn.move_to(folder, Some(other), Spot::End)).await;
    rename(desk, store, shelf.tags[1], "tag 5").await;
    desk.trash(store, other).await;
    desk.trash(store, saved).await;
    desk.one(store, Reads::none().places([saved]), move |turn| turn.purge(saved)).await;
    let device = desk.new_device();
    let batch = [desk.pushed(1, 0, "https://plans.example/pushed")];
    for _ in 0..2 {
        let changes = batch.to_vec();
        let decide = move |turn: &mut Turn| {
            changes.iter().try_for_each(|change| turn.push(change).map(drop))?;
            Ok(Done::default())
        };
        let (author, reads) = (desk.author_of(device), reads_of(&batch));
        store.write(desk.scope, author, None, reads, Box::new(decide)).await.unwrap();
    }
    let event = Event { at: 2, deed: Deed::Read, item: shelf.bookmarks[0] };
    store.record(desk.scope, desk.person, &event).await.unwrap();
}

/// What walks a library by its nature.
async fn lists_of_all(desk: &Desk, store: &Postgres) {
    let counts = store.counts(desk.scope).await.unwrap();
    assert!(counts.bookmarks > 0 && counts.bookmarks < BOOKMARKS as u64, "{counts:?}");
    assert!(!store.tags(desk.scope).await.unwrap().is_empty());
    assert!(!store.collections(desk.scope).await.unwrap().is_empty());
    let before = store.head(desk.scope).await.unwrap();
    store.refold(desk.scope).await.unwrap();
    assert_eq!(store.head(desk.scope).await.unwrap(), before);
    assert_eq!(store.counts(desk.scope).await.unwrap(), counts, "folding again changes nothing");
}
