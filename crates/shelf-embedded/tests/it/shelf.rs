//! The log and its lists, end to end on a real directory.

use shelf_domain::change::Puts;
use shelf_domain::edit::Edit;
use shelf_domain::id::{DeviceId, Ids, ItemId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::turn::{Author, Status};
use shelf_domain::value::Value;
use shelf_embedded::Embedded;
use shelf_ports::accounts::{Accounts, LibraryInfo, Person};
use shelf_ports::library::{Library, Touched, Written};
use shelf_ports::views::{Filter, Sort, Views};

struct Desk {
    store: Embedded,
    scope: Scope,
    now: i64,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        let mut ids = Ids::new(1_700_000_000_000, [1; 16]);
        let person = Person {
            id: ids.make::<PersonId>(),
            tenant: ids.make::<TenantId>(),
            name: "Ada".into(),
        };
        let library = LibraryInfo {
            id: ids.make::<LibraryId>(),
            tenant: person.tenant,
            name: "Bookmarks".into(),
            created_at: 1,
        };
        store.add_person(&person, &library).await.unwrap();
        Self { store, scope: library.scope(), now: 1_700_000_000_000, _dir: dir }
    }

    fn author(&mut self) -> Author {
        self.now += 1_000;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.now.to_be_bytes());
        Author { device: DeviceId::from_bytes([9; 16]), now: self.now, seed }
    }

    async fn save(&mut self, ask: SaveBookmark) -> Written {
        let ask = ask.checked().unwrap();
        let (author, reads) = (self.author(), ask.reads());
        let decide = Box::new(move |turn: &mut shelf_domain::turn::Turn| {
            let outcome = turn.save(&ask)?;
            Ok(turn.done(vec![outcome]))
        });
        self.store.write(self.scope, author, None, reads, decide).await.unwrap()
    }

    async fn put(&mut self, kind: Kind, puts: Puts, reads: Reads) -> ItemId {
        let author = self.author();
        let decide = Box::new(move |turn: &mut shelf_domain::turn::Turn| {
            let outcome = turn.make(&kind, puts.clone())?;
            Ok(turn.done(vec![outcome]))
        });
        let written = self.store.write(self.scope, author, None, reads, decide).await.unwrap();
        written.done.item().unwrap()
    }

    async fn assert_whole(&self) {
        let rows = self.store.changes(self.scope, 0, 100_000).await.unwrap();
        let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, (1..=rows.len() as u64).collect::<Vec<_>>(), "seq is gapless");
        let folded = Shelf::folded(&rows);
        for item in folded.items() {
            let read = self.store.read(self.scope, Reads::none().items([item.id])).await.unwrap();
            assert_eq!(read.item(item.id), Some(item), "the store holds what the log folds to");
        }
        let lists = self.lists().await;
        self.store.refold(self.scope).await.unwrap();
        assert_eq!(lists, self.lists().await, "folding again changes no answer");
    }

    async fn lists(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let all = Filter::default();
        let scope = self.scope;
        (
            self.store.bookmarks(scope, &all, Sort::Number, None, 1_000).await.unwrap(),
            self.store.tags(scope).await.unwrap(),
            self.store.collections(scope).await.unwrap(),
            self.store.trash(scope, None, 1_000).await.unwrap(),
            self.store.counts(scope).await.unwrap(),
        )
    }
}

fn named(name: &str) -> Puts {
    Puts::from([(Register::from(field::NAME), Some(Value::from(name)))])
}

#[tokio::test]
async fn a_saved_bookmark_is_listed_joined_trashed_and_restored() {
    let mut desk = Desk::new().await;
    let folder =
        desk.put(Kind::Collection, named("Reading"), Reads::none().into_collection(None)).await;
    let mut ask = SaveBookmark::of("https://example.com/a?utm_source=x");
    ask.title = "An example".into();
    ask.tags = vec!["Rust".into(), "async".into()];
    ask.places = vec![SavePlace { parent: Some(folder), ..SavePlace::default() }];
    let first = desk.save(ask.clone()).await;
    ask.tags = vec!["rust".into(), "new".into()];
    ask.notes = "a note".into();
    let second = desk.save(ask).await;
    assert_eq!(second.done.outcomes[0].status, Status::Joined);
    assert_eq!(first.done.item(), second.done.item());
    let item = first.done.item().unwrap();
    let page =
        desk.store.bookmarks(desk.scope, &Filter::default(), Sort::Newest, None, 10).await.unwrap();
    let bookmark = &page.bookmarks[0];
    let tags: Vec<&str> = bookmark.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!((tags, bookmark.notes.as_str()), (vec!["Rust", "async", "new"], "a note"));
    assert_eq!(bookmark.places.len(), 1);
    let counts = desk.store.counts(desk.scope).await.unwrap();
    assert_eq!((counts.bookmarks, counts.unsorted, counts.collections, counts.tags), (1, 0, 1, 3));
    desk.assert_whole().await;

    let author = desk.author();
    let reads = Reads::none().under(folder);
    let trash = Box::new(move |turn: &mut shelf_domain::turn::Turn| {
        let outcomes = turn.trash(folder)?;
        Ok(turn.done(outcomes))
    });
    let trashed = desk.store.write(desk.scope, author, None, reads, trash).await.unwrap();
    assert_eq!(trashed.done.outcomes.len(), 3, "the folder, the place, the bookmark");
    assert_eq!(desk.store.counts(desk.scope).await.unwrap().bookmarks, 0);
    assert_eq!(desk.store.trash(desk.scope, None, 10).await.unwrap().len(), 1, "the folder");
    desk.assert_whole().await;

    let act = trashed.done.act.unwrap();
    let items = desk.store.touched(desk.scope, Touched::By(act), 0, 100).await.unwrap();
    let items: Vec<ItemId> = items.into_iter().map(|touch| touch.item).collect();
    let author = desk.author();
    let reads = Reads::none().history(items.iter().copied());
    let undo = Box::new(move |turn: &mut shelf_domain::turn::Turn| {
        turn.take_back(&items, |row| row.act == act)
    });
    desk.store.write(desk.scope, author, None, reads, undo).await.unwrap();
    let back = desk.store.bookmarks_by_id(desk.scope, &[item]).await.unwrap();
    assert_eq!((back[0].trashed_at, back[0].places.len()), (None, 1));
    desk.assert_whole().await;
}

#[tokio::test]
async fn renaming_a_tag_onto_another_merges_them_in_every_list() {
    let mut desk = Desk::new().await;
    for (url, tag) in [("https://a.example", "js"), ("https://b.example", "javascript")] {
        let mut ask = SaveBookmark::of(url);
        ask.tags = vec![tag.into()];
        desk.save(ask).await;
    }
    let tags = desk.store.tags(desk.scope).await.unwrap();
    let js = tags.iter().find(|(tag, _)| tag.name == "js").unwrap().0.id;
    let edit = Edit::default().put(field::NAME, Some(Value::from("JavaScript")));
    let (author, reads) = (desk.author(), edit.reads(js));
    let rename = Box::new(move |turn: &mut shelf_domain::turn::Turn| {
        let outcome = turn.edit(js, &Kind::Tag, &edit)?;
        Ok(turn.done(vec![outcome]))
    });
    desk.store.write(desk.scope, author, None, reads, rename).await.unwrap();
    let tags = desk.store.tags(desk.scope).await.unwrap();
    assert_eq!(
        tags.iter().map(|(tag, n)| (tag.name.as_str(), *n)).collect::<Vec<_>>(),
        [("javascript", 2)]
    );
    let filter = Filter { tags: vec![tags[0].0.id], ..Filter::default() };
    let page = desk.store.bookmarks(desk.scope, &filter, Sort::Oldest, None, 10).await.unwrap();
    assert_eq!(page.bookmarks.len(), 2);
    desk.assert_whole().await;
}

#[tokio::test]
async fn commits_are_durable_before_they_are_answered() {
    let desk = Desk::new().await;
    let durability = desk.store.durability().await.unwrap();
    assert_eq!((durability.journal_mode.as_str(), durability.synchronous), ("wal", 2));
    assert_eq!(desk.store.integrity().await.unwrap(), ["ok"]);
}
