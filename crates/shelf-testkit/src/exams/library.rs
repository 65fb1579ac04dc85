//! The exam of the log: what a write promises.

use crate::desk::{Desk, puts};
use shelf_domain::change::Head;
use shelf_domain::id::{Scope, TenantId};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::turn::{Done, Status, Taken, Turn, reads_of};
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::accounts::Accounts;
use shelf_ports::library::{IdempotencyKey, Library};
use std::sync::{Arc, Mutex};

/// Sits the whole exam of [`Library`] on a store that may hold other libraries.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library) {
    let mut seed = 0;
    let mut next = || {
        seed += 1;
        seed
    };
    a_library_nobody_wrote_to_is_empty(&Desk::new(accounts, next()).await, library).await;
    seqs_are_gapless_with_two_writers(&Desk::new(accounts, next()).await, library).await;
    a_refusal_leaves_no_trace(&Desk::new(accounts, next()).await, library).await;
    server_time_never_falls(&Desk::new(accounts, next()).await, library).await;
    the_same_key_writes_once(&Desk::new(accounts, next()).await, library).await;
    the_same_push_has_the_same_answer(&Desk::new(accounts, next()).await, library).await;
    a_purged_body_reads_back_empty(&Desk::new(accounts, next()).await, library).await;
    state_is_the_fold_of_the_log(&Desk::new(accounts, next()).await, library).await;
    let (mine, yours) = (Desk::new(accounts, next()).await, Desk::new(accounts, next()).await);
    libraries_do_not_see_each_other(&mine, &yours, library).await;
    super::library_reads::exam(accounts, library).await;
    super::library_lists::exam(accounts, library).await;
}

/// The code of a refusal; a fault or a success is a surprise.
pub(crate) fn code_of<T: std::fmt::Debug>(result: Result<T, Failure>) -> Code {
    let refused = match result {
        Err(Failure::Refused(refused)) => refused,
        other => panic!("a refusal was due, not {other:?}"),
    };
    refused.code
}

async fn a_library_nobody_wrote_to_is_empty(desk: &Desk, library: &dyn Library) {
    let head = library.head(desk.scope).await.unwrap();
    assert_eq!((head.seq, head.floor), (0, 0));
    assert!(library.changes(desk.scope, 0, 10).await.unwrap().is_empty());
    assert!(library.acts(desk.scope, None, 10).await.unwrap().is_empty());
}

async fn seqs_are_gapless_with_two_writers(desk: &Desk, library: &dyn Library) {
    let other = desk.new_device();
    let mut writes = Vec::new();
    for at in 0..40 {
        let device = if at % 2 == 0 { desk.device } else { other };
        let ask = SaveBookmark::of(format!("https://gapless.example/{at}"));
        let (author, reads) = (desk.author_of(device), ask.reads());
        let decide = move |turn: &mut Turn| {
            let outcome = turn.save(&ask)?;
            Ok(turn.done(vec![outcome]))
        };
        writes.push(library.write(desk.scope, author, None, reads, Box::new(decide)));
    }
    // Both writers' requests are under way at once.
    let mut given: Vec<u64> = Vec::new();
    for written in together(writes).await {
        let written = written.unwrap();
        let seq = written.done.outcomes[0].seq.unwrap();
        assert!(written.head.seq >= seq, "the head is not before what was written");
        given.push(seq);
    }
    given.sort_unstable();
    assert_eq!(given, (1..=40).collect::<Vec<u64>>());
    let rows = library.changes(desk.scope, 0, 100).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), given);
    for device in [desk.device, other] {
        let own: Vec<u64> =
            rows.iter().filter(|row| row.device == device).map(|row| row.n).collect();
        assert_eq!(own, (1..=20).collect::<Vec<u64>>(), "each author's counter is dense");
    }
}

/// Polls all futures until each is done.
async fn together<F: Future + Unpin>(mut waiting: Vec<F>) -> Vec<F::Output> {
    let mut done = Vec::new();
    std::future::poll_fn(|task| {
        let mut left = Vec::new();
        for mut future in waiting.drain(..) {
            match std::pin::Pin::new(&mut future).poll(task) {
                std::task::Poll::Ready(output) => done.push(output),
                std::task::Poll::Pending => left.push(future),
            }
        }
        waiting = left;
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

async fn a_refusal_leaves_no_trace(desk: &Desk, library: &dyn Library) {
    desk.save_url(library, "https://trace.example/1").await;
    let before = library.head(desk.scope).await.unwrap();
    let ask = SaveBookmark::of("https://trace.example/2");
    let reads = ask.reads();
    let refused = desk
        .write(library, reads, move |turn| {
            turn.save(&ask)?;
            Err(Refused::invalid("exam", "changed my mind"))
        })
        .await;
    assert_eq!(code_of(refused), Code::Invalid);
    assert_eq!(library.head(desk.scope).await.unwrap(), before);
    let reads = Reads::none().url("https://trace.example/2");
    let shelf = library.read(desk.scope, reads).await.unwrap();
    assert!(shelf.by_url("https://trace.example/2").is_none());
    let seq = desk
        .one(library, Reads::none(), |turn| {
            let set = puts([("name", Some(Value::from("after the refusal")))]);
            let id = turn.new_id();
            turn.put(id, Kind::Collection, set, Taken::Refuses)
        })
        .await
        .seq;
    assert_eq!(seq, Some(before.seq + 1), "a refusal uses up no seq");
}

async fn server_time_never_falls(desk: &Desk, library: &dyn Library) {
    use shelf_ports::chance::Clock;
    desk.save_url(library, "https://time.example/1").await;
    desk.clock.set(desk.clock.now_ms() - 3_600_000);
    desk.save_url(library, "https://time.example/2").await;
    let rows = library.changes(desk.scope, 0, 10).await.unwrap();
    assert!(rows[1].at >= rows[0].at, "server time fell with the clock");
    assert!(rows[1].hlc > rows[0].hlc, "a later local write has a later stamp");
}

async fn the_same_key_writes_once(desk: &Desk, library: &dyn Library) {
    let write = |url: &'static str, fingerprint: &str| {
        let key =
            IdempotencyKey { key: "POST /bookmarks 1".into(), fingerprint: fingerprint.into() };
        let ask = SaveBookmark::of(url);
        let reads = ask.reads();
        let decide = move |turn: &mut Turn| {
            let outcome = turn.save(&ask)?;
            Ok(turn.done(vec![outcome]))
        };
        library.write(desk.scope, desk.author(), Some(key), reads, Box::new(decide))
    };
    let first = write("https://once.example/", "a").await.unwrap();
    let again = write("https://once.example/", "a").await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(again.done, first.done);
    assert_eq!(library.head(desk.scope).await.unwrap(), first.head);
    assert_eq!(code_of(write("https://twice.example/", "b").await), Code::KeyReused);
    library.forget_answers(desk.scope, 0).await.unwrap();
    assert_eq!(code_of(write("https://twice.example/", "b").await), Code::KeyReused, "kept longer");
    library.forget_answers(desk.scope, desk.author().now).await.unwrap();
    assert!(!write("https://twice.example/", "b").await.unwrap().replayed, "forgotten in time");
}

async fn the_same_push_has_the_same_answer(desk: &Desk, library: &dyn Library) {
    let device = desk.new_device();
    let good = desk.pushed(1, 0, "https://push.example/");
    let mut bad = desk.pushed(2, 0, "https://push.example/2");
    bad.set = puts([(field::TITLE, Some(Value::from("a new bookmark without an address")))]);
    let batch = [good, bad];
    let push = async |batch: &[_]| {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (tell, changes) = (Arc::clone(&told), batch.to_vec());
        let decide = move |turn: &mut Turn| {
            *tell.lock().unwrap() =
                changes.iter().map(|change| turn.push(change)).collect::<Vec<_>>();
            Ok(Done::default())
        };
        let author = desk.author_of(device);
        library.write(desk.scope, author, None, reads_of(batch), Box::new(decide)).await.unwrap();
        told.lock().unwrap().clone()
    };
    let first = push(&batch).await;
    assert_eq!(first[0].as_ref().unwrap().as_ref().unwrap().status, Status::Applied);
    assert_eq!(first[1].as_ref().unwrap().as_ref().unwrap_err().code, Code::Invalid);
    let head = library.head(desk.scope).await.unwrap();
    assert_eq!(push(&batch).await, first, "the same push again has the same answers");
    assert_eq!(library.head(desk.scope).await.unwrap(), head, "and no effect");
    let reused = push(&[desk.pushed(2, 0, "https://push.example/other")]).await;
    assert_eq!(reused[0].as_ref().unwrap_err().code, Code::DeviceReused);
    let gap = push(&[desk.pushed(4, 0, "https://push.example/gap")]).await;
    assert_eq!(gap[0].as_ref().unwrap_err().code, Code::Gap);
    let next = push(&[desk.pushed(3, 0, "https://push.example/3")]).await;
    assert!(next[0].as_ref().unwrap().is_ok(), "a refusal used up its counter, a gap did not");
}

async fn a_purged_body_reads_back_empty(desk: &Desk, library: &dyn Library) {
    let ask =
        SaveBookmark { title: "secret plans".into(), ..SaveBookmark::of("https://purge.example/") };
    let id = desk.save(library, ask).await;
    desk.trash(library, id).await;
    desk.one(library, Reads::none().places([id]), move |turn| turn.purge(id)).await;
    let rows = library.changes(desk.scope, 0, 10).await.unwrap();
    assert_eq!(rows.len(), 3, "the log still says that something was");
    for row in &rows[..2] {
        assert!(row.set.is_empty() && row.also.is_empty(), "a blanked body says {row:?}");
        assert_eq!(row.item, id);
    }
    let shelf = library.read(desk.scope, Reads::none().items([id])).await.unwrap();
    let item = shelf.item(id).unwrap();
    assert!(item.is_purged());
    assert_eq!(item.text(field::TITLE), "");
    assert_eq!(item.text(field::URL), "");
    let back = SaveBookmark::of("https://purge.example/");
    assert_ne!(desk.save(library, back).await, id, "a purged address is free again");
}

async fn state_is_the_fold_of_the_log(desk: &Desk, library: &dyn Library) {
    let folder = desk.folder(library, "Folder", None).await;
    let inner = desk.folder(library, "Inner", Some(folder)).await;
    let ask = SaveBookmark {
        tags: vec!["one".into(), "two".into()],
        ..SaveBookmark::of("https://fold.example/")
    };
    desk.save(library, ask).await;
    desk.save_in(library, "https://fold.example/in", inner).await;
    desk.save_in(library, "https://fold.example/", folder).await;
    desk.trash(library, inner).await;
    let rows = library.changes(desk.scope, 0, 1_000).await.unwrap();
    let replica = Shelf::folded(&rows);
    same(desk.scope, library, &replica).await;
    library.refold(desk.scope).await.unwrap();
    same(desk.scope, library, &replica).await;
    assert_eq!(library.changes(desk.scope, 0, 1_000).await.unwrap(), rows);
}

async fn same(scope: Scope, library: &dyn Library, replica: &Shelf) {
    let ids: Vec<_> = replica.items().map(|item| item.id).collect();
    let shelf = library.read(scope, Reads::none().items(ids.iter().copied())).await.unwrap();
    // The epoch counts restored backups, of which the log knows nothing.
    let epoch = shelf.head.epoch;
    assert_eq!(shelf.head, Head { epoch, ..replica.head.clone() });
    for id in ids {
        assert_eq!(shelf.item(id), replica.item(id), "the store and a replica fold alike");
    }
}

async fn libraries_do_not_see_each_other(mine: &Desk, yours: &Desk, library: &dyn Library) {
    let ask =
        SaveBookmark { tags: vec!["mine".into()], ..SaveBookmark::of("https://own.example/") };
    let reads = ask.reads();
    let id = mine.save(library, ask).await;
    let stranger = Scope { tenant: yours.scope.tenant, library: mine.scope.library };
    let nobody = Scope { tenant: TenantId::from_bytes([0; 16]), library: mine.scope.library };
    for scope in [yours.scope, stranger, nobody] {
        assert_eq!(library.head(scope).await.unwrap().seq, 0);
        assert!(library.changes(scope, 0, 10).await.unwrap().is_empty());
        assert!(library.history(scope, id, None, 10).await.unwrap().is_empty());
        assert!(library.acts(scope, None, 10).await.unwrap().is_empty());
        let shelf = library.read(scope, reads.clone().places([id]).history([id])).await.unwrap();
        assert!(shelf.item(id).is_none() && shelf.history.is_empty());
        assert!(shelf.tag_named("mine").is_none());
    }
    for scope in [stranger, nobody] {
        let decide = |turn: &mut Turn| Ok(turn.done(Vec::new()));
        let write = library.write(scope, mine.author(), None, Reads::none(), Box::new(decide));
        assert_eq!(code_of(write.await), Code::NotFound);
    }
}
