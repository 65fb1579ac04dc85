//! The exam of endpoints and deliveries.

use crate::desk::Desk;
use shelf_domain::event::{EventType, EventTypes};
use shelf_domain::id::{ActId, DeliveryId, EndpointId, Scope, TenantId};
use shelf_ports::accounts::Accounts;
use shelf_ports::library::Library;
use shelf_ports::webhooks::{
    Delivery, DeliveryPage, DeliveryState, Due, ENDPOINTS_MAX, Endpoint, EndpointEdit,
    EndpointState, Replay, SigningKey, Told, Tried, WAITING_MAX, Webhooks,
};

/// A moment of the exam, milliseconds.
const NOW: i64 = 1_790_000_000_000;

/// Sits the whole exam of [`Webhooks`] over a store that may hold anything else.
pub async fn exam(store: &dyn Webhooks, library: &dyn Library, accounts: &dyn Accounts) {
    let ada = Desk::new(accounts, 701).await;
    let eve = Desk::new(accounts, 702).await;
    an_endpoint_is_kept_changed_and_removed(store, &ada).await;
    another_library_sees_nothing(store, &ada, &eve).await;
    a_library_has_a_bounded_number(store, &eve).await;
    it_is_told_of_what_comes_after_it(store, library, accounts).await;
    an_act_is_one_delivery_and_later_rows_one_more(store, accounts).await;
    what_is_told_of_another_position_changes_nothing(store, accounts).await;
    only_wanted_types_are_told(store, accounts).await;
    what_waits_is_bounded(store, accounts).await;
    turns_are_fair_and_rests_are_kept(store, accounts).await;
    a_try_has_one_end(store, accounts).await;
    who_is_given_up_takes_what_waits_along(store, accounts).await;
    what_failed_is_sent_again(store, accounts).await;
    what_was_settled_is_forgotten(store, accounts).await;
    pages_go_back_in_time(store, accounts).await;
}

/// An endpoint that is told everything; `number` tells those of a test apart.
fn endpoint(desk: &Desk, number: u8) -> Endpoint {
    let mut id = desk.new_item().to_bytes();
    id[15] = number;
    Endpoint {
        id: EndpointId::from_bytes(id),
        url: format!("https://hooks.example/{number}"),
        description: "for the wall".to_owned(),
        types: EventTypes::ALL,
        state: EndpointState::Active,
        made_by: desk.person,
        created_at: NOW + i64::from(number),
        key: SigningKey(vec![number; 32]),
        old_key: None,
        failures: 0,
        rest_until: 0,
        succeeded_at: None,
        missed: 0,
    }
}

/// A library of its own with one endpoint.
async fn set_up(store: &dyn Webhooks, accounts: &dyn Accounts, seed: u64) -> (Desk, Endpoint) {
    let desk = Desk::new(accounts, seed).await;
    let one = endpoint(&desk, 1);
    assert!(store.add_endpoint(desk.scope, &one).await.unwrap());
    (desk, one)
}

fn created() -> EventTypes {
    EventType::named("mindshelf.bookmark.created").into_iter().collect()
}

fn act(number: u8, rows: std::ops::RangeInclusive<u64>) -> Told {
    let rows = rows.map(|seq| (seq, created())).collect();
    Told { act: ActId::from_bytes([number; 16]), rows, from: NOW }
}

async fn tell(store: &dyn Webhooks, scope: Scope, span: (u64, u64), told: &[Told]) {
    store.tell_acts(scope, span, told, NOW).await.unwrap();
}

async fn all(store: &dyn Webhooks, scope: Scope, endpoint: EndpointId) -> Vec<Delivery> {
    let page = DeliveryPage { limit: 100, ..DeliveryPage::default() };
    let mut all = store.deliveries(scope, endpoint, page).await.unwrap();
    all.sort_by_key(|one| (one.first, one.part));
    all
}

async fn due(store: &dyn Webhooks, scope: Scope, now: i64) -> Vec<Due> {
    store.due(&[scope], now, 100).await.unwrap()
}

fn failed(again_at: Option<i64>) -> Tried {
    Tried {
        at: NOW + 7,
        status: Some(500),
        trouble: Some("the receiver did not take it".to_owned()),
        took_ms: 12,
        again_at,
        rest_until: 0,
        ends: None,
    }
}

fn taken() -> Tried {
    Tried { status: Some(204), trouble: None, ..failed(None) }
}

async fn an_endpoint_is_kept_changed_and_removed(store: &dyn Webhooks, ada: &Desk) {
    let (one, two) = (endpoint(ada, 1), endpoint(ada, 2));
    for one in [&two, &one] {
        assert!(store.add_endpoint(ada.scope, one).await.unwrap());
    }
    assert_eq!(
        store.endpoints(ada.scope).await.unwrap(),
        [one.clone(), two.clone()],
        "oldest first"
    );
    assert!(store.watched().await.unwrap().contains(&ada.scope));
    let edit = EndpointEdit {
        url: Some("https://other.example/".to_owned()),
        types: Some(created()),
        state: Some(EndpointState::Paused),
        keys: Some((SigningKey(vec![9; 61]), Some((one.key.clone(), NOW + 5)))),
        ..EndpointEdit::default()
    };
    assert!(store.edit_endpoint(ada.scope, one.id, &edit).await.unwrap());
    let after = edit.of(one.clone());
    assert_eq!(store.endpoints(ada.scope).await.unwrap(), [after.clone(), two.clone()]);
    let late = EndpointEdit {
        keys: Some((SigningKey(vec![5; 61]), None)),
        instead_of: Some(one.key.clone()),
        ..EndpointEdit::default()
    };
    assert!(store.edit_endpoint(ada.scope, one.id, &late).await.unwrap());
    let kept = store.endpoints(ada.scope).await.unwrap().remove(0);
    assert_eq!(kept, after, "its key is another one by now");
    assert_eq!(after.description, "for the wall", "what is not said stays");
    assert_eq!(after.keys_at(NOW).len(), 2);
    assert_eq!(after.keys_at(NOW + 5), [&SigningKey(vec![9; 61])], "the old key has had its day");
    let nothing = EndpointEdit::default();
    let unknown = EndpointId::from_bytes([0xee; 16]);
    assert!(!store.edit_endpoint(ada.scope, unknown, &nothing).await.unwrap());
    assert!(store.remove_endpoint(ada.scope, two.id).await.unwrap());
    assert!(!store.remove_endpoint(ada.scope, two.id).await.unwrap());
    assert_eq!(store.endpoints(ada.scope).await.unwrap(), [after]);
}

async fn another_library_sees_nothing(store: &dyn Webhooks, ada: &Desk, eve: &Desk) {
    let known = store.endpoints(ada.scope).await.unwrap().remove(0);
    let wrong = Scope { tenant: TenantId::from_bytes([0xee; 16]), ..ada.scope };
    let test = Delivery::new(known.id, ActId::from_bytes([1; 16]), 1, NOW);
    assert!(store.put_delivery(ada.scope, &test).await.unwrap());
    for scope in [eve.scope, wrong] {
        assert_eq!(store.endpoints(scope).await.unwrap(), []);
        let nothing = EndpointEdit::default();
        assert!(!store.edit_endpoint(scope, known.id, &nothing).await.unwrap());
        assert!(!store.remove_endpoint(scope, known.id).await.unwrap());
        assert!(!store.put_delivery(scope, &test).await.unwrap());
        assert_eq!(all(store, scope, known.id).await, []);
        assert_eq!(store.delivery(scope, known.id, test.id).await.unwrap(), None);
        let one = Replay::One(test.id);
        assert_eq!(store.replay(scope, known.id, one, NOW).await.unwrap(), 0);
        assert!(store.waiting(scope).await.unwrap().is_empty());
    }
    assert!(!store.add_endpoint(wrong, &endpoint(ada, 7)).await.unwrap());
    assert_eq!(store.followed(eve.scope).await.unwrap(), None, "it has no endpoints");
    assert_eq!(all(store, ada.scope, known.id).await, std::slice::from_ref(&test));
    assert_eq!(store.delivery(ada.scope, known.id, test.id).await.unwrap(), Some(test));
}

async fn a_library_has_a_bounded_number(store: &dyn Webhooks, eve: &Desk) {
    for number in 0..u8::try_from(ENDPOINTS_MAX).unwrap() {
        assert!(store.add_endpoint(eve.scope, &endpoint(eve, number)).await.unwrap());
    }
    assert!(!store.add_endpoint(eve.scope, &endpoint(eve, 99)).await.unwrap());
    for one in store.endpoints(eve.scope).await.unwrap() {
        assert!(store.remove_endpoint(eve.scope, one.id).await.unwrap());
    }
    assert!(!store.watched().await.unwrap().contains(&eve.scope));
}

async fn it_is_told_of_what_comes_after_it(
    store: &dyn Webhooks,
    library: &dyn Library,
    accounts: &dyn Accounts,
) {
    let desk = Desk::new(accounts, 703).await;
    desk.save_url(library, "https://before.example/").await;
    let head = library.head(desk.scope).await.unwrap().seq;
    let one = endpoint(&desk, 1);
    store.add_endpoint(desk.scope, &one).await.unwrap();
    assert_eq!(store.followed(desk.scope).await.unwrap(), Some(head));
    desk.save_url(library, "https://between.example/").await;
    let two = endpoint(&desk, 2);
    store.add_endpoint(desk.scope, &two).await.unwrap();
    let last = library.head(desk.scope).await.unwrap().seq;
    assert_eq!(store.followed(desk.scope).await.unwrap(), Some(head), "the first waits for it");
    tell(store, desk.scope, (head, last), &[act(3, head + 1..=last)]).await;
    assert_eq!(store.followed(desk.scope).await.unwrap(), Some(last));
    assert_eq!(all(store, desk.scope, one.id).await.len(), 1);
    assert_eq!(all(store, desk.scope, two.id).await, [], "it came after that");
}

async fn an_act_is_one_delivery_and_later_rows_one_more(
    store: &dyn Webhooks,
    accounts: &dyn Accounts,
) {
    let (desk, one) = set_up(store, accounts, 704).await;
    tell(store, desk.scope, (0, 4), &[act(1, 1..=2), act(2, 3..=4)]).await;
    let told = all(store, desk.scope, one.id).await;
    let spans: Vec<_> = told.iter().map(|one| (one.first, one.last, one.part)).collect();
    assert_eq!(spans, [(1, 2, 1), (3, 4, 1)]);
    assert_eq!(told[0].id, DeliveryId::of(one.id, told[0].act, 1));
    assert_eq!((told[0].types, told[0].state), (created(), DeliveryState::Waiting));
    tell(store, desk.scope, (4, 6), &[Told { from: NOW + 9, ..act(2, 5..=6) }]).await;
    let told = all(store, desk.scope, one.id).await;
    assert_eq!((told.len(), told[1].last, told[1].next_at), (2, 6, NOW + 9), "nobody tried it yet");
    let first = due(store, desk.scope, NOW).await.remove(0);
    assert!(store.begin_try(&first, NOW + 60).await.unwrap());
    tell(store, desk.scope, (6, 7), &[act(1, 7..=7)]).await;
    let told = all(store, desk.scope, one.id).await;
    let spans: Vec<_> = told.iter().map(|one| (one.first, one.last, one.part)).collect();
    assert_eq!(spans, [(1, 2, 1), (3, 6, 1), (7, 7, 2)], "what was tried is told in parts");
}

async fn what_is_told_of_another_position_changes_nothing(
    store: &dyn Webhooks,
    accounts: &dyn Accounts,
) {
    let (desk, one) = set_up(store, accounts, 705).await;
    tell(store, desk.scope, (0, 2), &[act(1, 1..=2)]).await;
    let before = all(store, desk.scope, one.id).await;
    for span in [(0, 2), (1, 3), (3, 4)] {
        tell(store, desk.scope, span, &[act(2, span.0 + 1..=span.1)]).await;
    }
    assert_eq!(all(store, desk.scope, one.id).await, before);
    assert_eq!(store.followed(desk.scope).await.unwrap(), Some(2));
}

async fn only_wanted_types_are_told(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 706).await;
    let tags: EventTypes = EventType::named("mindshelf.tag.created").into_iter().collect();
    let edit = EndpointEdit { types: Some(tags), ..EndpointEdit::default() };
    store.edit_endpoint(desk.scope, one.id, &edit).await.unwrap();
    let mut both = act(2, 2..=4);
    both.rows[1].1 = tags;
    tell(store, desk.scope, (0, 4), &[act(1, 1..=1), both]).await;
    let told = all(store, desk.scope, one.id).await;
    let spans: Vec<_> = told.iter().map(|one| (one.first, one.last, one.types)).collect();
    assert_eq!(spans, [(2, 4, tags)], "the whole act, by what of it is wanted");
    assert_eq!(store.followed(desk.scope).await.unwrap(), Some(4));
}

async fn what_waits_is_bounded(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 707).await;
    let id = |seq: u64| {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&seq.to_be_bytes());
        ActId::from_bytes(id)
    };
    let told = |seq| Told { act: id(seq), rows: vec![(seq, created())], from: NOW };
    for chunk in (1..=WAITING_MAX + 2).collect::<Vec<_>>().chunks(2_000) {
        let (first, last) = (chunk[0], chunk[chunk.len() - 1]);
        let acts: Vec<Told> = chunk.iter().map(|seq| told(*seq)).collect();
        tell(store, desk.scope, (first - 1, last), &acts).await;
    }
    assert_eq!(store.waiting(desk.scope).await.unwrap()[&one.id], WAITING_MAX);
    assert_eq!(store.endpoints(desk.scope).await.unwrap()[0].missed, 2);
    let edit = |state| EndpointEdit { state: Some(state), ..EndpointEdit::default() };
    store.edit_endpoint(desk.scope, one.id, &edit(EndpointState::Paused)).await.unwrap();
    assert_eq!(due(store, desk.scope, NOW).await, [], "a paused one has no turn");
    store.edit_endpoint(desk.scope, one.id, &edit(EndpointState::Active)).await.unwrap();
    assert_eq!(store.endpoints(desk.scope).await.unwrap()[0].missed, 0, "it begins anew");
    assert_eq!(due(store, desk.scope, NOW).await.len(), 1, "and what waited is still there");
    assert!(store.remove_endpoint(desk.scope, one.id).await.unwrap());
    assert!(store.waiting(desk.scope).await.unwrap().is_empty());
}

async fn turns_are_fair_and_rests_are_kept(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 708).await;
    let two = endpoint(&desk, 2);
    store.add_endpoint(desk.scope, &two).await.unwrap();
    let later = Told { from: NOW + 5, ..act(3, 3..=3) };
    tell(store, desk.scope, (0, 3), &[act(1, 1..=1), act(2, 2..=2), later]).await;
    let whose = |due: &[Due]| due.iter().map(|due| due.endpoint.id).collect::<Vec<_>>();
    let now = due(store, desk.scope, NOW).await;
    let mut ids = whose(&now);
    ids.sort();
    let mut both = vec![one.id, two.id];
    both.sort();
    assert_eq!(ids, both, "one of each, however much waits");
    assert_eq!(store.due(&[desk.scope], NOW, 1).await.unwrap().len(), 1);
    assert_eq!(due(store, desk.scope, NOW - 1).await, [], "not before its time");
    assert_eq!(store.due(&[], NOW, 10).await.unwrap(), [], "of no library nothing");
    let first = now.into_iter().find(|due| due.endpoint.id == one.id).unwrap();
    store.begin_try(&first, NOW + 60_000).await.unwrap();
    let rests = Tried { rest_until: NOW + 100, ..failed(Some(NOW + 50)) };
    store.end_try(&first, &rests).await.unwrap();
    assert_eq!(whose(&due(store, desk.scope, NOW + 99).await), [two.id], "it rests");
    assert_eq!(due(store, desk.scope, NOW + 100).await.len(), 2);
    let mut asked = Delivery::new(one.id, ActId::from_bytes([9; 16]), 1, NOW);
    asked.next_at = 0;
    store.put_delivery(desk.scope, &asked).await.unwrap();
    let now = due(store, desk.scope, NOW).await;
    assert_eq!(now[0].delivery.id, asked.id, "what somebody asked for wakes it");
}

async fn a_try_has_one_end(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 709).await;
    tell(store, desk.scope, (0, 1), &[act(1, 1..=1)]).await;
    let first = due(store, desk.scope, NOW).await.remove(0);
    assert!(store.begin_try(&first, NOW + 60).await.unwrap());
    assert!(!store.begin_try(&first, NOW + 60).await.unwrap(), "another one has it");
    assert_eq!(due(store, desk.scope, NOW + 59).await, []);
    // Whoever tried it never came back.
    let second = due(store, desk.scope, NOW + 60).await.remove(0);
    assert_eq!(second.delivery.attempts, 1);
    assert!(store.begin_try(&second, NOW + 120).await.unwrap());
    store.end_try(&first, &taken()).await.unwrap();
    let kept = all(store, desk.scope, one.id).await.remove(0);
    assert_eq!((kept.state, kept.status), (DeliveryState::Waiting, None), "it came too late");
    store.end_try(&second, &failed(Some(NOW + 500))).await.unwrap();
    let kept = all(store, desk.scope, one.id).await.remove(0);
    assert_eq!((kept.attempts, kept.next_at), (2, NOW + 500));
    assert_eq!((kept.status, kept.took_ms, kept.tried_at), (Some(500), Some(12), Some(NOW + 7)));
    assert_eq!(kept.trouble.as_deref(), Some("the receiver did not take it"));
    assert_eq!(store.endpoints(desk.scope).await.unwrap()[0].failures, 1);
    let third = due(store, desk.scope, NOW + 500).await.remove(0);
    store.begin_try(&third, NOW + 600).await.unwrap();
    store.end_try(&third, &taken()).await.unwrap();
    let kept = all(store, desk.scope, one.id).await.remove(0);
    assert_eq!((kept.state, kept.trouble), (DeliveryState::Delivered, None));
    let well = store.endpoints(desk.scope).await.unwrap().remove(0);
    assert_eq!((well.failures, well.succeeded_at), (0, Some(NOW + 7)));
    assert_eq!(due(store, desk.scope, i64::MAX).await, []);
}

async fn who_is_given_up_takes_what_waits_along(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 710).await;
    tell(store, desk.scope, (0, 2), &[act(1, 1..=1), act(2, 2..=2)]).await;
    let first = due(store, desk.scope, NOW).await.remove(0);
    store.begin_try(&first, NOW + 60).await.unwrap();
    let ends = Tried { ends: Some(EndpointState::Gone), ..failed(None) };
    store.end_try(&first, &ends).await.unwrap();
    let states: Vec<_> = all(store, desk.scope, one.id).await.iter().map(|one| one.state).collect();
    assert_eq!(states, [DeliveryState::Failed; 2]);
    tell(store, desk.scope, (2, 3), &[act(3, 3..=3)]).await;
    let gone = store.endpoints(desk.scope).await.unwrap().remove(0);
    assert_eq!((gone.state, gone.missed), (EndpointState::Gone, 1));
    assert_eq!(all(store, desk.scope, one.id).await.len(), 2, "nothing waits for it");
}

async fn what_failed_is_sent_again(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 711).await;
    tell(store, desk.scope, (0, 2), &[act(1, 1..=1), act(2, 2..=2)]).await;
    for tried in [failed(None), taken()] {
        let next = due(store, desk.scope, NOW).await.remove(0);
        store.begin_try(&next, NOW + 60).await.unwrap();
        store.end_try(&next, &tried).await.unwrap();
    }
    let since = |at| Replay::FailedSince(at);
    assert_eq!(store.replay(desk.scope, one.id, since(NOW + 1), NOW).await.unwrap(), 0);
    assert_eq!(store.replay(desk.scope, one.id, since(NOW), NOW + 5).await.unwrap(), 1);
    let again = due(store, desk.scope, NOW + 5).await.remove(0).delivery;
    assert_eq!((again.attempts, again.next_at), (0, NOW + 5), "as if nobody had tried it");
    let other = all(store, desk.scope, one.id).await.into_iter().find(|two| two.id != again.id);
    let other = other.unwrap();
    assert_eq!(other.state, DeliveryState::Delivered);
    assert_eq!(store.replay(desk.scope, one.id, Replay::One(other.id), NOW).await.unwrap(), 1);
    let next = due(store, desk.scope, NOW).await.remove(0).delivery;
    assert_eq!((next.id, next.state), (other.id, DeliveryState::Waiting), "the same id, at once");
    let unknown = Replay::One(DeliveryId::from_bytes([0xee; 16]));
    assert_eq!(store.replay(desk.scope, one.id, unknown, NOW).await.unwrap(), 0);
}

async fn what_was_settled_is_forgotten(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 712).await;
    tell(store, desk.scope, (0, 2), &[act(1, 1..=1), act(2, 2..=2)]).await;
    let next = due(store, desk.scope, NOW).await.remove(0);
    store.begin_try(&next, NOW + 60).await.unwrap();
    store.end_try(&next, &taken()).await.unwrap();
    store.forget_deliveries(NOW).await.unwrap();
    assert_eq!(all(store, desk.scope, one.id).await.len(), 2, "they are not older than that");
    store.forget_deliveries(NOW + 1).await.unwrap();
    let left = all(store, desk.scope, one.id).await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].id, next.delivery.id, "what waits is kept");
}

async fn pages_go_back_in_time(store: &dyn Webhooks, accounts: &dyn Accounts) {
    let (desk, one) = set_up(store, accounts, 713).await;
    for number in 0..5 {
        let act = ActId::from_bytes([number; 16]);
        let at = NOW + i64::from(number / 2);
        store.put_delivery(desk.scope, &Delivery::new(one.id, act, 1, at)).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = DeliveryPage { state: Some(DeliveryState::Waiting), before, limit: 2 };
        let page = store.deliveries(desk.scope, one.id, page).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.created_at, last.id));
        seen.extend(page.into_iter().map(|one| (one.created_at, one.id)));
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "latest first, each once: {seen:?}");
    let none = DeliveryPage { state: Some(DeliveryState::Failed), limit: 9, before: None };
    assert_eq!(store.deliveries(desk.scope, one.id, none).await.unwrap(), []);
}
