//! The exam of what is known of files that are kept with bookmarks.

use crate::desk::Desk;
use shelf_domain::change::Pushed;
use shelf_domain::id::{CaptureId, Ids, ItemId, LibraryId};
use shelf_domain::turn::{Turn, reads_of};
use shelf_ports::accounts::{Accounts, LibraryInfo};
use shelf_ports::captures::{Capture, CaptureKind, Captures, Claim};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::Library;
use shelf_ports::tenants::Tenants;

/// Sits the whole exam of [`Captures`]. Some files are left behind.
pub async fn exam(
    accounts: &dyn Accounts,
    tenants: &dyn Tenants,
    library: &dyn Library,
    captures: &dyn Captures,
) {
    let (ada, ben) = (Desk::new(accounts, 951).await, Desk::new(accounts, 952).await);
    a_row_is_listed_while_its_content_is_there(&ada, &ben, library, captures).await;
    what_is_left_over_is_told_until_it_is_forgotten(&ben, library, captures).await;
    what_has_files_is_told_in_parts(&Desk::new(accounts, 953).await, captures).await;
    let desk = Desk::new(accounts, 954).await;
    a_bookmark_has_the_files_of_what_joined_it(&desk, library, captures).await;
    let (ada, ben) = (Desk::new(accounts, 955).await, Desk::new(accounts, 956).await);
    of_two_that_only_one_has_room_for_one_is_begun(&ada, &ben, tenants, captures).await;
}

fn capture(desk: &Desk, item: ItemId) -> Capture {
    desk.clock.advance(1);
    let made_at = desk.clock.now_ms();
    let id: CaptureId = Ids::new(made_at, desk.chance.seed()).make();
    Capture {
        id,
        item,
        kind: CaptureKind::Upload,
        name: "a \"page\" / ü.html".to_owned(),
        content_type: "text/html".to_owned(),
        bytes: 7,
        sha256: "ab".repeat(32),
        made_at,
        made_by: desk.device,
    }
}

async fn begun(desk: &Desk, captures: &dyn Captures, capture: &Capture) {
    let claim = captures.begin(desk.scope, capture, None).await.unwrap();
    assert_eq!(claim, Claim::Begun);
}

async fn settled(desk: &Desk, captures: &dyn Captures, item: ItemId) -> Capture {
    let made = capture(desk, item);
    begun(desk, captures, &made).await;
    assert!(captures.settle(desk.scope, made.id).await.unwrap());
    made
}

async fn a_row_is_listed_while_its_content_is_there(
    ada: &Desk,
    ben: &Desk,
    library: &dyn Library,
    captures: &dyn Captures,
) {
    let item = ada.save_url(library, "https://files.example/").await;
    let (first, second) = (capture(ada, item), capture(ada, item));
    begun(ada, captures, &second).await;
    begun(ada, captures, &first).await;
    assert_eq!(captures.captures_of(ada.scope, item).await.unwrap(), [], "no content yet");
    assert_eq!(captures.capture(ada.scope, first.id).await.unwrap(), None);
    assert!(captures.settle(ada.scope, second.id).await.unwrap());
    assert!(captures.settle(ada.scope, first.id).await.unwrap());
    assert!(!captures.settle(ada.scope, first.id).await.unwrap(), "it is settled once");
    let all = captures.captures_of(ada.scope, item).await.unwrap();
    assert_eq!(all, [first.clone(), second.clone()]);
    assert_eq!(captures.capture(ada.scope, first.id).await.unwrap(), Some(first.clone()));
    captures.forget(ada.scope, first.id).await.unwrap();
    assert_eq!(captures.capture(ada.scope, first.id).await.unwrap(), Some(first.clone()), "kept");
    assert_eq!(captures.captures_of(ben.scope, item).await.unwrap(), []);
    assert_eq!(captures.capture(ben.scope, first.id).await.unwrap(), None);
    assert!(!captures.let_go(ben.scope, first.id).await.unwrap(), "it is of another library");
    assert!(captures.let_go(ada.scope, first.id).await.unwrap());
    assert!(!captures.let_go(ada.scope, first.id).await.unwrap(), "it goes once");
    assert!(!captures.settle(ada.scope, first.id).await.unwrap(), "and does not come back");
    begun(ada, captures, &first).await;
    assert!(!captures.settle(ada.scope, first.id).await.unwrap(), "nor where it is begun again");
    assert_eq!(captures.captures_of(ada.scope, item).await.unwrap(), [second]);
}

async fn what_is_left_over_is_told_until_it_is_forgotten(
    desk: &Desk,
    library: &dyn Library,
    captures: &dyn Captures,
) {
    let item = desk.save_url(library, "https://left.example/").await;
    let (early, late) = (capture(desk, item), capture(desk, item));
    begun(desk, captures, &early).await;
    begun(desk, captures, &late).await;
    let gone = settled(desk, captures, item).await;
    assert!(captures.let_go(desk.scope, gone.id).await.unwrap());
    let left = |before| captures.left_over(desk.scope, before, 10);
    assert_eq!(left(0).await.unwrap(), [gone.id]);
    assert_eq!(left(late.made_at).await.unwrap(), [early.id, gone.id]);
    assert_eq!(captures.left_over(desk.scope, late.made_at, 1).await.unwrap(), [early.id]);
    captures.forget(desk.scope, gone.id).await.unwrap();
    assert!(!captures.settle(desk.scope, early.id).await.unwrap(), "its content is removed");
    assert_eq!(left(0).await.unwrap(), [early.id], "and told until it is forgotten");
    captures.forget(desk.scope, early.id).await.unwrap();
    assert_eq!(left(late.made_at).await.unwrap(), []);
    assert!(!captures.settle(desk.scope, early.id).await.unwrap(), "it was forgotten");
    assert!(captures.settle(desk.scope, late.id).await.unwrap());
    assert_eq!(left(i64::MAX).await.unwrap(), []);
    assert!(captures.capture(desk.scope, late.id).await.unwrap().is_some());
}

async fn what_has_files_is_told_in_parts(desk: &Desk, captures: &dyn Captures) {
    let mut items: Vec<ItemId> = (0..5).map(|_| desk.new_item()).collect();
    let mut files = Vec::new();
    for item in &items {
        files.push(settled(desk, captures, *item).await);
        files.push(settled(desk, captures, *item).await);
    }
    begun(desk, captures, &capture(desk, items[0])).await;
    let gone = settled(desk, captures, items[0]).await;
    assert!(captures.let_go(desk.scope, gone.id).await.unwrap());
    let (mut after, mut told) = (None, Vec::new());
    loop {
        let part = captures.captures_after(desk.scope, after, 3).await.unwrap();
        assert!(part.len() <= 3);
        let Some(last) = part.last() else { break };
        after = Some(last.id);
        told.extend(part);
    }
    assert_eq!(told, files, "all whose content is there, by id");
    items.sort_unstable();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let part = captures.captured_items(desk.scope, after, 2).await.unwrap();
        assert!(part.len() <= 2);
        let Some(last) = part.last() else { break };
        after = Some(*last);
        seen.extend(part);
    }
    assert_eq!(seen, items);
}

async fn a_bookmark_has_the_files_of_what_joined_it(
    desk: &Desk,
    library: &dyn Library,
    captures: &dyn Captures,
) {
    let older = desk.save_url(library, "https://one.example/").await;
    let younger = desk.save_url(library, "https://two.example/").await;
    let (first, second) =
        (settled(desk, captures, younger).await, settled(desk, captures, older).await);
    let base = library.head(desk.scope).await.unwrap().seq;
    let joins = Pushed { item: younger, ..desk.pushed(1, base, "https://one.example/") };
    let reads = reads_of([&joins]);
    let decide = move |turn: &mut Turn| {
        let told = turn.push(&joins)??;
        Ok(turn.done(vec![told]))
    };
    let author = desk.author_of(desk.new_device());
    library.write(desk.scope, author, None, reads, Box::new(decide)).await.unwrap();
    let all = captures.captures_of(desk.scope, older).await.unwrap();
    assert_eq!(all, [first, second]);
}

async fn of_two_that_only_one_has_room_for_one_is_begun(
    ada: &Desk,
    ben: &Desk,
    tenants: &dyn Tenants,
    captures: &dyn Captures,
) {
    let other: LibraryId = Ids::new(ada.clock.now_ms(), ada.chance.seed()).make();
    let info = LibraryInfo {
        id: other,
        tenant: ada.scope.tenant,
        name: "Another".to_owned(),
        created_at: ada.clock.now_ms(),
    };
    tenants.add_library(&info, ada.person).await.unwrap();
    settled(ada, captures, ada.new_item()).await;
    settled(ben, captures, ben.new_item()).await;
    // There are 7 bytes of hers, and each of these has 7 more.
    let (first, second) = (capture(ada, ada.new_item()), capture(ada, ada.new_item()));
    let (one, two) = tokio::join!(
        captures.begin(ada.scope, &first, Some(20)),
        captures.begin(info.scope(), &second, Some(20)),
    );
    let claims = [one.unwrap(), two.unwrap()];
    let begun = claims.iter().filter(|claim| **claim == Claim::Begun).count();
    assert_eq!(begun, 1, "{claims:?}");
    assert!(claims.contains(&Claim::Full { held: 14 }), "also what comes is counted: {claims:?}");
    let is_first = claims[0] == Claim::Begun;
    let (scope, kept) = if is_first { (ada.scope, first) } else { (info.scope(), second) };
    let again = captures.begin(scope, &kept, Some(14)).await.unwrap();
    assert_eq!(again, Claim::Begun, "it is counted once");
    assert!(captures.settle(scope, kept.id).await.unwrap());
    let more = capture(ada, ada.new_item());
    let full = captures.begin(ada.scope, &more, Some(20)).await.unwrap();
    assert_eq!(full, Claim::Full { held: 14 });
    assert!(!captures.settle(ada.scope, more.id).await.unwrap(), "nothing was kept of it");
    assert!(captures.let_go(scope, kept.id).await.unwrap());
    let still = captures.begin(ada.scope, &more, Some(20)).await.unwrap();
    assert_eq!(still, full, "its content is not removed yet");
    captures.forget(scope, kept.id).await.unwrap();
    assert_eq!(captures.begin(ada.scope, &more, Some(20)).await.unwrap(), Claim::Begun);
}
