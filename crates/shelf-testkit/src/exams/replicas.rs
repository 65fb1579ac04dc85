//! The exam of what replicas need besides the log.

use crate::desk::{Desk, puts};
use shelf_domain::change::Pushed;
use shelf_domain::id::{DeviceId, ItemId, Scope, TenantId};
use shelf_domain::kind::Kind;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::sums::{Sums, range_of};
use shelf_domain::turn::{Turn, reads_of};
use shelf_domain::value::Value;
use shelf_ports::accounts::Accounts;
use shelf_ports::chance::Clock;
use shelf_ports::library::Library;
use shelf_ports::replicas::{HeldChange, HeldLine, Replicas, Stretch, Stretched};
use std::collections::BTreeSet;

/// Sits the whole exam of [`Replicas`] on a store that may hold other libraries.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library, replicas: &dyn Replicas) {
    let desk = Desk::new(accounts, 1_200).await;
    a_library_nobody_wrote_to_is_empty(&desk, replicas).await;
    let desk = Desk::new(accounts, 1_201).await;
    something_happened(&desk, library).await;
    stretches_and_aliases_are_the_fold(&desk, library, replicas).await;
    sums_are_those_of_the_fold(&desk, library, replicas).await;
    only_the_ranges_that_were_asked_for_are_told(&desk, replicas).await;
    a_counter_is_the_last_one(&desk, library, replicas).await;
    let other = Desk::new(accounts, 1_202).await;
    what_waits_is_no_content_and_of_one_library(&desk, &other, library, replicas).await;
    what_waits_is_replaced_let_go_and_forgotten(&desk, library, replicas).await;
    // Another library keeps something, so that an archive has it to tell.
    let held = [held_of(&other, other.new_device(), 7, 9)];
    replicas.hold(other.scope, &held).await.unwrap();
}

async fn a_library_nobody_wrote_to_is_empty(desk: &Desk, replicas: &dyn Replicas) {
    let nobody = Scope { tenant: TenantId::from_bytes([9; 16]), ..desk.scope };
    for scope in [desk.scope, nobody] {
        let all = Stretch { limit: 10, ..Stretch::default() };
        let told = replicas.stretch(scope, &all).await.unwrap();
        assert_eq!((told.head.seq, told.items.len()), (0, 0));
        let (head, sums) = replicas.sums(scope).await.unwrap();
        assert_eq!((head.seq, sums), (0, Sums::default()));
        assert_eq!(replicas.aliases(scope, None, 10).await.unwrap(), []);
        assert_eq!(replicas.counter(scope, desk.device).await.unwrap(), 0);
        assert_eq!(replicas.held_lines(scope).await.unwrap(), []);
    }
}

/// Saves, folders, a purge, two bookmarks that joined others, and a tag that one joined before it
/// joined another itself, at once.
async fn something_happened(desk: &Desk, library: &dyn Library) {
    let folder = desk.folder(library, "folder", None).await;
    for at in 0..12 {
        desk.save_in(library, &format!("https://stretch.example/{at}"), folder).await;
    }
    let gone = desk.save_url(library, "https://stretch.example/gone").await;
    desk.trash(library, gone).await;
    let decide = move |turn: &mut Turn| {
        let outcomes = turn.purge_whole(gone)?;
        Ok(turn.done(outcomes))
    };
    desk.write(library, Reads::none().places([gone]), decide).await.unwrap();
    let phone = desk.new_device();
    let twice = [1, 2].map(|n| desk.pushed(n, 0, &format!("https://stretch.example/{n}/")));
    let pushed: Vec<Pushed> = twice.into_iter().chain(a_chain(desk)).collect();
    let reads = reads_of(&pushed);
    let decide = move |turn: &mut Turn| {
        let told = pushed.iter().map(|one| turn.push(one).map(Result::unwrap));
        let outcomes = told.collect::<Result<_, _>>()?;
        Ok(turn.done(outcomes))
    };
    library.write(desk.scope, desk.author_of(phone), None, reads, Box::new(decide)).await.unwrap();
}

/// Makes a tag, lets another join it, and throws it away; makes a third, which it joins when it comes
/// back.
fn a_chain(desk: &Desk) -> Vec<Pushed> {
    let [first, second, third] = [(); 3].map(|()| desk.new_item());
    let named = |name: &str| puts([("name", Some(Value::from(name)))]);
    let trashed = |at: Option<i64>| puts([("trashed_at", at.map(Value::from))]);
    let steps = [
        (first, named("Soup")),
        (second, named("soup")),
        (first, trashed(Some(desk.clock.now_ms()))),
        (third, named("SOUP")),
        (first, trashed(None)),
    ];
    let pushed = (3..).zip(steps).map(|(n, (item, set))| Pushed {
        item,
        kind: Kind::Tag,
        set,
        ..desk.pushed(n, 0, "https://stretch.example")
    });
    pushed.collect()
}

async fn folded(desk: &Desk, library: &dyn Library) -> Shelf {
    Shelf::folded(&library.changes(desk.scope, 0, 1_000).await.unwrap())
}

async fn stretches_and_aliases_are_the_fold(
    desk: &Desk,
    library: &dyn Library,
    replicas: &dyn Replicas,
) {
    let shelf = folded(desk, library).await;
    let mut items = Vec::new();
    let mut stretch = Stretch { limit: 5, ..Stretch::default() };
    loop {
        let told = replicas.stretch(desk.scope, &stretch).await.unwrap();
        assert_eq!((told.head.seq, told.head.hlc), (shelf.head.seq, shelf.head.hlc));
        assert_eq!(told.head.numbers, shelf.head.numbers);
        assert!(told.items.len() <= 5);
        let Some(last) = told.items.last() else { break };
        stretch.after = Some(last.id);
        items.extend(told.items);
    }
    let mut own: Vec<_> = shelf.items().cloned().collect();
    own.sort_by_key(|item| item.id);
    assert_eq!(items, own);
    let mut pairs: Vec<(ItemId, ItemId)> = shelf.aliases().collect();
    pairs.sort_unstable();
    assert_eq!(pairs.len(), 4, "so many ids joined");
    let first = replicas.aliases(desk.scope, None, 1).await.unwrap();
    let rest = replicas.aliases(desk.scope, Some(first[0].0), 10).await.unwrap();
    assert_eq!([first, rest].concat(), pairs);
}

async fn sums_are_those_of_the_fold(desk: &Desk, library: &dyn Library, replicas: &dyn Replicas) {
    let shelf = folded(desk, library).await;
    let (head, sums) = replicas.sums(desk.scope).await.unwrap();
    assert_eq!(head.seq, shelf.head.seq);
    assert_eq!(sums, Sums::of(&shelf));
    library.refold(desk.scope).await.unwrap();
    assert_eq!(replicas.sums(desk.scope).await.unwrap().1, sums);
}

async fn only_the_ranges_that_were_asked_for_are_told(desk: &Desk, replicas: &dyn Replicas) {
    let all = Stretch { limit: 1_000, ..Stretch::default() };
    let Stretched { items, .. } = replicas.stretch(desk.scope, &all).await.unwrap();
    let ranges: BTreeSet<u8> = items.iter().take(2).map(|item| range_of(item.id)).collect();
    let some = Stretch { ranges: Some(ranges.clone()), ..all };
    let told = replicas.stretch(desk.scope, &some).await.unwrap();
    let mut own = items;
    own.retain(|item| ranges.contains(&range_of(item.id)));
    assert_eq!(told.items, own);
    let none = Stretch { ranges: Some(BTreeSet::new()), ..some };
    assert_eq!(replicas.stretch(desk.scope, &none).await.unwrap().items, []);
}

async fn a_counter_is_the_last_one(desk: &Desk, library: &dyn Library, replicas: &dyn Replicas) {
    let rows = library.changes(desk.scope, 0, 1_000).await.unwrap();
    let devices: BTreeSet<DeviceId> = rows.iter().map(|row| row.device).collect();
    for device in devices {
        let own = rows.iter().filter(|row| row.device == device).map(|row| row.n).max();
        assert_eq!(Some(replicas.counter(desk.scope, device).await.unwrap()), own);
    }
    assert_eq!(replicas.counter(desk.scope, desk.new_device()).await.unwrap(), 0);
}

fn held_of(desk: &Desk, device: DeviceId, n: u64, at: i64) -> HeldChange {
    HeldChange { device, at, change: desk.pushed(n, 0, "https://held.example/") }
}

async fn what_waits_is_no_content_and_of_one_library(
    desk: &Desk,
    other: &Desk,
    library: &dyn Library,
    replicas: &dyn Replicas,
) {
    let before =
        (library.head(desk.scope).await.unwrap(), replicas.sums(desk.scope).await.unwrap());
    let [phone, laptop] = [desk.new_device(), desk.new_device()];
    let held = [held_of(desk, phone, 3, 50), held_of(desk, phone, 4, 60)];
    replicas.hold(desk.scope, &held).await.unwrap();
    replicas.hold(desk.scope, &[held_of(desk, laptop, 1, 70)]).await.unwrap();
    let after = (library.head(desk.scope).await.unwrap(), replicas.sums(desk.scope).await.unwrap());
    assert_eq!(before, after);
    let lines = replicas.held_lines(desk.scope).await.unwrap();
    assert_eq!(lines.len(), 2);
    let line = HeldLine { device: phone, count: 2, since: 50, latest: 60, through: 4 };
    assert!(lines.contains(&line), "{lines:?}");
    assert_eq!(replicas.held(desk.scope, phone, 0, 10).await.unwrap(), held);
    assert_eq!(replicas.held(desk.scope, phone, 3, 10).await.unwrap(), held[1..]);
    assert_eq!(replicas.held(desk.scope, phone, 0, 1).await.unwrap(), held[..1]);
    assert_eq!(replicas.held_lines(other.scope).await.unwrap(), []);
    assert_eq!(replicas.held(other.scope, phone, 0, 10).await.unwrap(), []);
    replicas.let_go(other.scope, phone, &[3, 4]).await.unwrap();
    assert_eq!(replicas.held(desk.scope, phone, 0, 10).await.unwrap(), held);
}

async fn what_waits_is_replaced_let_go_and_forgotten(
    desk: &Desk,
    library: &dyn Library,
    replicas: &dyn Replicas,
) {
    let lines = replicas.held_lines(desk.scope).await.unwrap();
    let phone = lines.iter().find(|line| line.count == 2).unwrap().device;
    let again = held_of(desk, phone, 3, 90);
    replicas.hold(desk.scope, std::slice::from_ref(&again)).await.unwrap();
    let held = replicas.held(desk.scope, phone, 0, 10).await.unwrap();
    assert_eq!((held.len(), &held[0]), (2, &again));
    replicas.let_go(desk.scope, phone, &[3, 9]).await.unwrap();
    let left = replicas.held(desk.scope, phone, 0, 10).await.unwrap();
    assert_eq!(left, held[1..]);
    library.forget_answers(desk.scope, 70).await.unwrap();
    let lines = replicas.held_lines(desk.scope).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.since).collect::<Vec<_>>(), [70]);
}
