//! The exam of what people may ask of whoever keeps what is theirs.

use crate::desk::Desk;
use shelf_domain::audit::{Chain, Deed as Act, Record};
use shelf_domain::id::{ClientId, DeviceId, InvitationId, PersonId, ReceiptId, TenantId};
use shelf_domain::permit::{Allowance, Permits};
use shelf_domain::privacy::Purpose;
use shelf_domain::right::{Right, Role};
use shelf_domain::save::SaveBookmark;
use shelf_domain::turn::Turn;
use shelf_ports::accounts::{Accounts, Grant, GrantKind, SecretHash};
use shelf_ports::activity::{Activity, Deed, Event};
use shelf_ports::audit::Audit;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::{IdempotencyKey, Library};
use shelf_ports::oauth::{Authorizations, Code, DeviceAsk, Polled};
use shelf_ports::privacy::{Consent, Erasure, Privacy, Receipt, Removed, ServerKey};
use shelf_ports::tenants::{Holder, Invitation, Joining, Share, Tenant, Tenants};

/// Whatever keeps people and what is theirs.
pub trait Store:
    Accounts + Tenants + Audit + Library + Activity + Authorizations + Privacy
{
}

impl<S> Store for S where
    S: Accounts + Tenants + Audit + Library + Activity + Authorizations + Privacy
{
}

/// Sits the whole exam of [`Privacy`] over a store that may hold anything else.
pub async fn exam<S: Store>(store: &S) {
    a_server_has_one_key(store).await;
    consents_are_kept_in_their_order(store).await;
    an_erasure_is_asked_for_once_and_taken_back(store).await;
    what_was_taken_back_or_is_not_due_does_not_begin(store).await;
    when_it_begins_all_that_acts_for_the_person_ends(store).await;
    what_would_come_to_act_for_the_person_ends_too(store).await;
    what_was_answered_in_libraries_of_others_is_forgotten(store).await;
    a_library_is_emptied_in_steps_and_its_row_goes_last(store).await;
    of_an_erased_person_nothing_is_left(store).await;
    a_tenant_with_others_in_it_stays(store).await;
    a_tenant_that_is_left_behind_has_an_owner_and_its_log_holds(store).await;
    a_receipt_is_kept_until_its_time_is_over(store).await;
}

async fn a_server_has_one_key<S: Store>(store: &S) {
    let fresh = |byte: u8| ServerKey { seed: vec![byte; 32], made_at: i64::from(byte) };
    let (one, other) = (fresh(1), fresh(2));
    let (first, second) = tokio::join!(store.server_key(&one), store.server_key(&other));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first == second && (first == one || first == other), "one of the two is it");
    assert!(store.server_key(&fresh(3)).await.unwrap() == first, "and stays it");
    let sealed = ServerKey { seed: vec![4; 61], ..first.clone() };
    assert!(!store.keep_server_key_as(&fresh(3), &sealed).await.unwrap(), "it is no such key");
    assert!(store.keep_server_key_as(&first, &sealed).await.unwrap());
    assert!(store.server_key(&fresh(3)).await.unwrap() == sealed, "the same, in another form");
}

async fn consents_are_kept_in_their_order<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 801).await, Desk::new(store, 802).await);
    let said = |at, given| Consent { at, purpose: Purpose::Llm, given, notice: 1 };
    for consent in [said(9, true), said(8, false), said(10, true)] {
        store.put_consent(ada.person, &consent).await.unwrap();
    }
    store.put_consent(ada.person, &said(10, true)).await.unwrap();
    let kept = store.consents(ada.person).await.unwrap();
    assert_eq!(kept, [said(9, true), said(8, false), said(10, true)]);
    assert!(store.consents(ben.person).await.unwrap().is_empty());
    store.put_setting(ada.person, "b", "2").await.unwrap();
    store.put_setting(ada.person, "a", "1").await.unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(store.settings_of(ada.person).await.unwrap(), [pair("a", "1"), pair("b", "2")]);
}

fn erasure(desk: &Desk, due_at: i64) -> Erasure {
    Erasure {
        person: desk.person,
        receipt: ReceiptId::from_bytes(desk.chance.seed()),
        asked_at: desk.clock.now_ms(),
        due_at,
        begun_at: None,
        plan: String::new(),
    }
}

async fn is_due<S: Store>(store: &S, desk: &Desk, now: i64) -> bool {
    let due = store.due_erasures(now, 1_000).await.unwrap();
    due.iter().any(|one| one.person == desk.person)
}

async fn an_erasure_is_asked_for_once_and_taken_back<S: Store>(store: &S) {
    let ada = Desk::new(store, 803).await;
    let asked = erasure(&ada, 1_000);
    assert!(store.put_erasure(&asked).await.unwrap());
    assert!(!store.put_erasure(&erasure(&ada, 5)).await.unwrap(), "one at a time");
    assert_eq!(store.erasure(ada.person).await.unwrap(), Some(asked));
    assert!(!is_due(store, &ada, 999).await && is_due(store, &ada, 1_000).await);
    assert!(store.take_back_erasure(ada.person).await.unwrap());
    assert!(!store.take_back_erasure(ada.person).await.unwrap());
    assert_eq!(store.erasure(ada.person).await.unwrap(), None);
    assert!(!is_due(store, &ada, 1_000).await);
}

async fn grant<S: Store>(store: &S, desk: &Desk) -> SecretHash {
    let (secret, id) = (SecretHash(desk.chance.secret()), DeviceId::from_bytes(desk.chance.seed()));
    put_grant(store, desk, id, secret).await;
    secret
}

/// A grant of the person at `desk`, by its id.
async fn grant_of<S: Store>(store: &S, desk: &Desk) -> DeviceId {
    let id = desk.new_device();
    put_grant(store, desk, id, SecretHash(desk.chance.secret())).await;
    id
}

async fn put_grant<S: Store>(store: &S, desk: &Desk, id: DeviceId, secret: SecretHash) {
    let grant = Grant { id, created_at: 1, ..desk.grant(GrantKind::Token, "a token") };
    store.put_grant(&grant, Some(secret)).await.unwrap();
}

async fn what_was_taken_back_or_is_not_due_does_not_begin<S: Store>(store: &S) {
    let ada = Desk::new(store, 814).await;
    let hers = grant(store, &ada).await;
    let begin = async |now| store.begin_erasure(ada.person, now, "plan").await.unwrap();
    assert_eq!(begin(5_000).await, Removed::default(), "there is none");
    store.put_erasure(&erasure(&ada, 1_000)).await.unwrap();
    assert_eq!(begin(999).await, Removed::default(), "it is not due");
    assert_eq!(store.erasure(ada.person).await.unwrap().unwrap().begun_at, None);
    assert!(store.take_back_erasure(ada.person).await.unwrap());
    // Whoever found it to be due before comes too late.
    assert_eq!(begin(1_000).await, Removed::default(), "it was taken back");
    store.put_erasure(&erasure(&ada, 9_000)).await.unwrap();
    assert_eq!(begin(1_000).await, Removed::default(), "another one waits for its own time");
    assert!(store.open_grant(hers, 5).await.unwrap().is_some());
    assert!(store.take_back_erasure(ada.person).await.unwrap());
}

async fn what_would_come_to_act_for_the_person_ends_too<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 815).await, Desk::new(store, 816).await);
    let client = ClientId::from_bytes(ada.chance.seed());
    let mut codes = Vec::new();
    for desk in [&ada, &ben] {
        let code = Code {
            client,
            person: desk.person,
            redirect: "https://app.example/back".to_owned(),
            challenge: String::new(),
            allows: Allowance::default(),
            expires_at: 60_000,
        };
        let (secret, asked) = (SecretHash(desk.chance.secret()), SecretHash(desk.chance.secret()));
        store.put_code(secret, &code).await.unwrap();
        let ask = DeviceAsk {
            client,
            typed: SecretHash(desk.chance.secret()),
            permits: Permits::EVERY,
            device: String::new(),
            place: String::new(),
            expires_at: 60_000,
        };
        assert!(store.put_ask(asked, &ask, 5).await.unwrap());
        let allows = Allowance::default();
        assert!(store.answer_ask(ask.typed, Some((desk.person, &allows)), 5).await.unwrap());
        let invited = SecretHash(desk.chance.secret());
        let invitation = invitation(desk, desk.scope.tenant, Role::Member);
        store.put_invitation(&invitation, invited).await.unwrap();
        codes.push((secret, asked, invited));
    }
    store.put_erasure(&erasure(&ada, 1)).await.unwrap();
    store.begin_erasure(ada.person, 5, "").await.unwrap();
    for ((secret, asked, invited), stands) in codes.into_iter().zip([false, true]) {
        assert_eq!(store.code(secret).await.unwrap().is_some(), stands, "a code");
        let polled = store.poll_ask(asked, client, 0, 5).await.unwrap();
        assert_eq!(matches!(polled, Polled::Allowed(..)), stands, "a device: {polled:?}");
        assert_eq!(store.invitation(invited, 5).await.unwrap().is_some(), stands, "an invitation");
    }
}

async fn when_it_begins_all_that_acts_for_the_person_ends<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 804).await, Desk::new(store, 805).await);
    let (hers, his) = (grant(store, &ada).await, grant(store, &ben).await);
    let link = SecretHash(ada.chance.secret());
    store.put_link(link, ada.person, i64::MAX).await.unwrap();
    store.put_erasure(&erasure(&ada, 1_000)).await.unwrap();
    let removed = store.begin_erasure(ada.person, 1_000, "first").await.unwrap();
    assert!(removed.total() >= 2, "what it removed is counted: {removed:?}");
    assert!(store.open_grant(hers, 5).await.unwrap().is_none());
    assert!(store.take_link(link, 5).await.unwrap().is_none());
    assert!(store.open_grant(his, 5).await.unwrap().is_some(), "another one's goes on");
    let again = store.begin_erasure(ada.person, 2_000, "second").await.unwrap();
    assert_eq!(again, Removed::default());
    assert!(!store.take_back_erasure(ada.person).await.unwrap(), "it began");
    store.put_plan(ada.person, "further").await.unwrap();
    let begun = store.erasure(ada.person).await.unwrap().unwrap();
    assert_eq!((begun.begun_at, begun.plan.as_str()), (Some(1_000), "further"));
    assert!(is_due(store, &ada, 0).await, "what began goes on whatever the clock says");
}

async fn what_was_answered_in_libraries_of_others_is_forgotten<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 817).await, Desk::new(store, 818).await);
    let (hers, his) = (grant_of(store, &ada).await, grant_of(store, &ben).await);
    // Both write in the library of ben, each under a key of theirs.
    let replayed = async |by: DeviceId| {
        let (key, fingerprint) = (format!("{by} POST /bookmarks once"), "a".to_owned());
        let ask = SaveBookmark::of("https://once.example/");
        let reads = ask.reads();
        let decide = move |turn: &mut Turn| {
            let outcome = turn.save(&ask)?;
            Ok(turn.done(vec![outcome]))
        };
        let (author, key) = (ben.author_of(by), Some(IdempotencyKey { key, fingerprint }));
        let written = store.write(ben.scope, author, key, reads, Box::new(decide)).await;
        written.unwrap().replayed
    };
    for by in [hers, his] {
        assert!(!replayed(by).await && replayed(by).await, "it is kept");
    }
    store.put_erasure(&erasure(&ada, 1_000)).await.unwrap();
    store.begin_erasure(ada.person, 999, "").await.unwrap();
    assert!(replayed(hers).await, "it is not due");
    store.begin_erasure(ada.person, 1_000, "").await.unwrap();
    assert!(!replayed(hers).await, "nobody is told any more what she was");
    assert!(replayed(his).await, "another one's is kept");
}

async fn a_library_is_emptied_in_steps_and_its_row_goes_last<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 806).await, Desk::new(store, 807).await);
    for number in 0..5 {
        ada.save_url(store, &format!("https://gone.example/{number}")).await;
    }
    let folder = ada.folder(store, "gone", None).await;
    ada.save_in(store, "https://gone.example/in", folder).await;
    ben.save_url(store, "https://stays.example/").await;
    let early = store.remove_library(ada.scope).await.unwrap();
    assert!(!early.is_done, "there is something in it");
    let (mut removed, mut steps) = (early.removed, 0);
    loop {
        let step = store.empty_library(ada.scope, 3).await.unwrap();
        assert!(step.removed.total() <= 3, "{step:?}");
        removed.join(step.removed);
        if step.is_done {
            break;
        }
        steps += 1;
    }
    assert!(steps > 3, "{steps} steps");
    assert!(removed.total() > 12, "{removed:?}");
    assert!(store.changes(ada.scope, 0, 100).await.unwrap().is_empty());
    assert_eq!(store.head(ada.scope).await.unwrap().seq, 0);
    assert!(store.remove_library(ada.scope).await.unwrap().is_done);
    assert!(store.remove_library(ada.scope).await.unwrap().is_done, "twice is once");
    assert!(store.empty_library(ada.scope, 3).await.unwrap().is_done);
    let all = store.all_libraries().await.unwrap();
    assert!(all.iter().all(|library| library.id != ada.scope.library));
    assert_eq!(store.changes(ben.scope, 0, 100).await.unwrap().len(), 1, "another's stays");
}

async fn of_an_erased_person_nothing_is_left<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 808).await, Desk::new(store, 809).await);
    let hers = grant(store, &ada).await;
    store.put_setting(ada.person, "likes", "owls").await.unwrap();
    let said = Consent { at: 1, purpose: Purpose::Social, given: true, notice: 1 };
    store.put_consent(ada.person, &said).await.unwrap();
    let opened = Event { at: 7, deed: Deed::Opened, item: ben.new_item() };
    store.record(ben.scope, ada.person, &opened).await.unwrap();
    while !store.empty_library(ada.scope, 100).await.unwrap().is_done {}
    assert_eq!(store.remove_tenant(ada.scope.tenant).await.unwrap(), Removed::default());
    assert!(store.tenant(ada.scope.tenant).await.unwrap().is_some(), "it has a library");
    store.remove_library(ada.scope).await.unwrap();
    assert!(store.remove_tenant(ada.scope.tenant).await.unwrap().total() > 0);
    assert!(store.tenant(ada.scope.tenant).await.unwrap().is_none());
    assert!(store.remove_person(ada.person).await.unwrap().total() > 0);
    assert_eq!(store.remove_person(ada.person).await.unwrap(), Removed::default());
    assert!(store.person(ada.person).await.unwrap().is_none());
    assert!(store.open_grant(hers, 5).await.unwrap().is_none());
    assert!(store.settings_of(ada.person).await.unwrap().is_empty());
    assert!(store.consents(ada.person).await.unwrap().is_empty());
    assert!(store.recent(ben.scope, ada.person, 5).await.unwrap().is_empty());
    assert!(store.person(ben.person).await.unwrap().is_some());
    store.scrub().await.unwrap();
}

fn invitation(by: &Desk, tenant: TenantId, role: Role) -> Invitation {
    Invitation {
        id: InvitationId::from_bytes(by.chance.seed()),
        tenant,
        role,
        share: None,
        note: String::new(),
        made_by: by.person,
        expires_at: i64::MAX,
    }
}

async fn joined<S: Store>(store: &S, tenant: TenantId, person: PersonId, role: Role, desk: &Desk) {
    let secret = SecretHash(desk.chance.secret());
    let invitation = invitation(desk, tenant, role);
    store.put_invitation(&invitation, secret).await.unwrap();
    let joining = Joining::Known(person);
    assert!(store.take_invitation(secret, &joining, desk.clock.now_ms()).await.unwrap().is_some());
}

async fn a_tenant_with_others_in_it_stays<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 819).await, Desk::new(store, 820).await);
    let id = TenantId::from_bytes(ada.chance.seed());
    let team = Tenant { id, name: "team".to_owned(), created_at: 1 };
    store.add_tenant(&team, ada.person).await.unwrap();
    joined(store, id, ben.person, Role::Member, &ada).await;
    assert_eq!(store.remove_tenant(id).await.unwrap(), Removed::default());
    assert_eq!(store.members(id).await.unwrap().len(), 2, "somebody came in meanwhile");
    store.remove_person(ada.person).await.unwrap();
    assert!(store.remove_tenant(id).await.unwrap().total() > 0, "nobody else is there");
    assert_eq!(store.tenant(id).await.unwrap(), None);
}

async fn a_tenant_that_is_left_behind_has_an_owner_and_its_log_holds<S: Store>(store: &S) {
    let (ada, ben, eve) =
        (Desk::new(store, 810).await, Desk::new(store, 811).await, Desk::new(store, 812).await);
    let team = Tenant {
        id: TenantId::from_bytes(ada.chance.seed()),
        name: "team".to_owned(),
        created_at: 1,
    };
    store.add_tenant(&team, ada.person).await.unwrap();
    joined(store, team.id, eve.person, Role::Member, &ada).await;
    joined(store, team.id, ben.person, Role::Admin, &ada).await;
    let library = shelf_ports::accounts::LibraryInfo {
        id: shelf_domain::id::LibraryId::from_bytes(ada.chance.seed()),
        tenant: team.id,
        name: "shared".to_owned(),
        created_at: 2,
    };
    store.add_library(&library, ada.person).await.unwrap();
    let share = Share { holder: Holder::Person(ben.person), right: Right::Manage };
    assert!(store.put_share(library.scope(), share).await.unwrap());
    let (person, subject) = (ada.person, Some(library.id.to_bytes()));
    let record = Record {
        at: 3,
        deed: Act::LibraryMade,
        person,
        grant: None,
        subject,
        detail: String::new(),
    };
    store.put_record(team.id, record).await.unwrap();
    store.remove_person(ada.person).await.unwrap();
    let members = store.members(team.id).await.unwrap();
    let of = |person: PersonId| members.iter().find(|one| one.person == person).map(|one| one.role);
    assert_eq!((of(ada.person), of(ben.person)), (None, Some(Role::Owner)), "the admin takes over");
    assert_eq!(of(eve.person), Some(Role::Member));
    assert_eq!(store.shares(library.scope()).await.unwrap(), [share], "their right is gone");
    assert_eq!(store.libraries_of(team.id).await.unwrap(), [library], "the library stays");
    let (mut chain, records) = (Chain::of(team.id), store.records_after(team.id, 0, 10).await);
    for sealed in records.unwrap() {
        chain.follow(&sealed).unwrap();
    }
    assert_eq!(store.end_of_records(team.id).await.unwrap(), chain);
}

async fn a_receipt_is_kept_until_its_time_is_over<S: Store>(store: &S) {
    let ada = Desk::new(store, 813).await;
    let asked = erasure(&ada, 1);
    store.put_erasure(&asked).await.unwrap();
    store.begin_erasure(ada.person, 1, "").await.unwrap();
    let receipt = Receipt { id: asked.receipt, until: 500, body: "it was done".to_owned() };
    for _ in 0..2 {
        store.end_erasure(ada.person, &receipt).await.unwrap();
    }
    assert_eq!(store.erasure(ada.person).await.unwrap(), None);
    assert_eq!(store.receipt(receipt.id, 499).await.unwrap(), Some(receipt.clone()));
    assert_eq!(store.receipt(receipt.id, 500).await.unwrap(), None);
    store.forget_receipts(499).await.unwrap();
    assert!(store.receipt(receipt.id, 499).await.unwrap().is_some());
    store.forget_receipts(500).await.unwrap();
    assert_eq!(store.receipt(receipt.id, 499).await.unwrap(), None);
    let unknown = ReceiptId::from_bytes(ada.chance.seed());
    assert_eq!(store.receipt(unknown, 0).await.unwrap(), None);
}
