//! The exam of telling everything and taking it in.

use super::{
    accounts, activity, audit, captures, credentials, imports, keys, library, oauth, passkeys,
    privacy, replicas, sso, tenants, usage, views, webhooks,
};
use crate::desk::Desk;
use async_trait::async_trait;
use shelf_domain::id::{ReceiptId, Scope};
use shelf_ports::Fault;
use shelf_ports::accounts::{Accounts, GrantKind};
use shelf_ports::activity::{Activity, Deed, Event};
use shelf_ports::archive::{Archive, Batch, ENTRIES_MAX, Entry, Taking};
use shelf_ports::audit::Audit;
use shelf_ports::captures::Captures;
use shelf_ports::chance::Chance;
use shelf_ports::credentials::Credentials;
use shelf_ports::imports::Imports;
use shelf_ports::library::Library;
use shelf_ports::oauth::{Authorizations, Clients};
use shelf_ports::passkeys::Passkeys;
use shelf_ports::privacy::{Privacy, Receipt};
use shelf_ports::replicas::Replicas;
use shelf_ports::sso::SingleSignOn;
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::Usage;
use shelf_ports::vault::OwnerKeys;
use shelf_ports::views::{Filter, Sort, Views};
use shelf_ports::webhooks::Webhooks;

/// Whatever a store of records is.
pub trait Store:
    Archive
    + Accounts
    + Tenants
    + Audit
    + Credentials
    + Passkeys
    + Clients
    + Authorizations
    + SingleSignOn
    + Library
    + Views
    + Activity
    + Imports
    + Captures
    + Replicas
    + Webhooks
    + Privacy
    + OwnerKeys
    + Usage
{
}

impl<S> Store for S where
    S: Archive
        + Accounts
        + Tenants
        + Audit
        + Credentials
        + Passkeys
        + Clients
        + Authorizations
        + SingleSignOn
        + Library
        + Views
        + Activity
        + Imports
        + Captures
        + Replicas
        + Webhooks
        + Privacy
        + OwnerKeys
        + Usage
{
}

/// Sits the whole exam of [`Archive`] on two empty stores. What is carried over is what the other
/// exams leave behind: all that can happen to a library.
pub async fn exam<S: Store>(from: &S, to: &S) {
    accounts::exam(from).await;
    tenants::exam(from, from).await;
    audit::exam(from).await;
    credentials::exam(from, from).await;
    passkeys::exam(from, from).await;
    oauth::exam(from).await;
    sso::exam(from).await;
    library::exam(from, from).await;
    views::exam(from, from, from).await;
    activity::exam(from, from).await;
    imports::exam(from, from).await;
    captures::exam(from, from, from, from).await;
    replicas::exam(from, from, from).await;
    webhooks::exam(from, from, from).await;
    privacy::exam(from).await;
    keys::exam(from).await;
    usage::exam(from).await;
    something_was_opened(from).await;
    somebody_was_erased(from).await;
    let batches = told(from).await;
    what_was_cut_off_begins_again(&batches, to).await;
    the_other_tells_and_lists_the_same(from, to).await;
    taking_in_twice_is_taking_in_once(&batches, to).await;
    a_log_with_a_gap_or_of_another_way_is_refused(&batches, to).await;
    all_is_told_as_of_one_moment(from).await;
}

/// The exam of activity ends with everything forgotten.
async fn something_was_opened<S: Store>(store: &S) {
    let desk = Desk::new(store, 900).await;
    let item = desk.save_url(store, "https://opened.example/").await;
    for at in [3, 1, 2] {
        let event = Event { at, deed: Deed::Opened, item };
        store.record(desk.scope, desk.person, &event).await.unwrap();
    }
}

/// The exam of privacy ends with its receipts forgotten.
async fn somebody_was_erased<S: Store>(store: &S) {
    let desk = Desk::new(store, 901).await;
    let id = ReceiptId::from_bytes(desk.chance.seed());
    let receipt = Receipt { id, until: i64::MAX, body: "it was done".to_owned() };
    store.end_erasure(desk.person, &receipt).await.unwrap();
}

/// Keeps what it is told.
#[derive(Default)]
struct Kept(Vec<Batch>);

#[async_trait]
impl Taking for Kept {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        assert!(!batch.entries.is_empty() && batch.entries.len() <= ENTRIES_MAX);
        self.0.push(batch);
        Ok(())
    }
}

async fn told(store: &dyn Archive) -> Vec<Batch> {
    let mut kept = Kept::default();
    store.tell(&mut kept).await.unwrap();
    kept.0
}

/// Each entry with its library, however they were batched.
fn entries(batches: Vec<Batch>) -> Vec<(Option<Scope>, Entry)> {
    let all = batches.into_iter();
    all.flat_map(|batch| batch.entries.into_iter().map(move |entry| (batch.scope, entry))).collect()
}

async fn what_was_cut_off_begins_again(batches: &[Batch], to: &dyn Archive) {
    for batch in &batches[..batches.len() / 2] {
        to.take(batch.clone()).await.unwrap();
    }
    for batch in batches {
        to.take(batch.clone()).await.unwrap();
    }
}

async fn the_other_tells_and_lists_the_same<S: Store>(from: &S, to: &S) {
    let (ours, theirs) = (entries(told(from).await), entries(told(to).await));
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(one, other);
    }
    assert_eq!(ours.len(), theirs.len());
    let has = |is: fn(&Entry) -> bool| theirs.iter().any(|(_, entry)| is(entry));
    assert!(has(|entry| matches!(entry, Entry::Member(..))), "members were carried");
    assert!(has(|entry| matches!(entry, Entry::Group(..))), "groups were carried");
    assert!(has(|entry| matches!(entry, Entry::Share(..))), "rights were carried");
    assert!(has(|entry| matches!(entry, Entry::Audit(..))), "audit logs were carried");
    let is_login = |entry: &Entry| matches!(entry, Entry::Credential(one) if one.login.shown() == "Ada L\u{f6}velace");
    assert!(has(is_login), "login names were carried as they are shown");
    assert!(has(|entry| matches!(entry, Entry::RecoveryCode(..))), "recovery codes were carried");
    assert!(has(|entry| matches!(entry, Entry::Passkey(_))), "passkeys were carried");
    assert!(has(|entry| matches!(entry, Entry::Setting(..))), "settings were carried");
    assert!(has(|entry| matches!(entry, Entry::Plan(..))), "plans were carried");
    assert!(has(|entry| matches!(entry, Entry::Spent(_))), "what was spent was carried");
    assert!(has(|entry| matches!(entry, Entry::Grant(_, Some(_)))), "secrets were carried");
    assert!(has(|entry| matches!(entry, Entry::Author(..))), "whose grants were was carried");
    assert!(has(|entry| matches!(entry, Entry::Client(_, Some(_)))), "programs were carried");
    let is_app =
        |entry: &Entry| matches!(entry, Entry::Grant(grant, _) if grant.kind == GrantKind::App);
    assert!(!has(is_app), "programs that were let in ask again");
    assert!(has(|entry| matches!(entry, Entry::Provider(_))), "providers were carried");
    assert!(has(|entry| matches!(entry, Entry::Domain(_))), "domains were carried");
    let is_marked = |entry: &Entry| matches!(entry, Entry::Identity(one) if !one.groups.is_empty());
    assert!(has(is_marked), "whom providers know was carried, with their groups");
    assert!(has(|entry| matches!(entry, Entry::ServerKey(_))), "the server's key was carried");
    assert!(has(|entry| matches!(entry, Entry::OwnerKey(..))), "keys of owners were carried");
    assert!(has(|entry| matches!(entry, Entry::Consent(..))), "consents were carried");
    assert!(has(|entry| matches!(entry, Entry::Erasure(_))), "erasures that wait were carried");
    let is_receipt =
        |entry: &Entry| matches!(entry, Entry::Receipt(one) if one.body == "it was done");
    assert!(has(is_receipt), "receipts were carried");
    assert!(has(|entry| matches!(entry, Entry::Answer(_))), "answers were carried");
    assert!(has(|entry| matches!(entry, Entry::Event(..))), "activity was carried");
    assert!(has(|entry| matches!(entry, Entry::Line(..))), "ledgers were carried");
    assert!(has(|entry| matches!(entry, Entry::Held(_))), "what waits for a person was carried");
    assert!(has(|entry| matches!(entry, Entry::Endpoint(_))), "endpoints were carried");
    let libraries = from.all_libraries().await.unwrap();
    for scope in libraries.iter().map(shelf_ports::accounts::LibraryInfo::scope) {
        assert_eq!(listed(from, scope).await, listed(to, scope).await);
    }
}

/// What people see of a library, as text.
async fn listed<S: Store>(store: &S, scope: Scope) -> String {
    let sort = Sort::Newest;
    let shown = store.bookmarks(scope, &Filter::default(), sort, None, 500).await.unwrap();
    let folders = store.collections(scope).await.unwrap();
    let tags = store.tags(scope).await.unwrap();
    let trash = store.trash(scope, None, 500).await.unwrap();
    let counts = store.counts(scope).await.unwrap();
    let acts = store.acts(scope, None, 500).await.unwrap();
    format!("{shown:#?}\n{folders:#?}\n{tags:#?}\n{trash:#?}\n{counts:#?}\n{acts:#?}")
}

async fn taking_in_twice_is_taking_in_once(batches: &[Batch], to: &dyn Archive) {
    let before = entries(told(to).await);
    for batch in batches {
        to.take(batch.clone()).await.unwrap();
    }
    assert_eq!(entries(told(to).await), before);
}

async fn a_log_with_a_gap_or_of_another_way_is_refused(batches: &[Batch], to: &dyn Archive) {
    let before = entries(told(to).await);
    // The batch of an event is its library's last one, and ends with its log.
    let is_event = |entry: &&Entry| matches!(entry, Entry::Event(..));
    let with_event = batches.iter().find(|batch| batch.entries.iter().any(|e| is_event(&e)));
    let scope = with_event.unwrap().scope;
    let own = batches.iter().filter(|batch| batch.scope == scope);
    let own: Vec<&Entry> = own.flat_map(|batch| &batch.entries).collect();
    let event = own.iter().find(|entry| is_event(entry)).unwrap();
    let mut changes = own.iter().rev().filter_map(|entry| match entry {
        Entry::Change(change) => Some(change),
        _ => None,
    });
    let last = changes.next().unwrap();
    let (mut later, mut other) = (last.clone(), last.clone());
    later.seq += 2;
    other.n += 1;
    let Entry::Event(person, mut event) = (*event).clone() else { unreachable!("it is one") };
    event.at += 1_000;
    for change in [later, other] {
        let event = Entry::Event(person, event.clone());
        let batch = Batch { scope, entries: vec![event, Entry::Change(change)] };
        assert!(to.take(batch).await.is_err());
        assert_eq!(entries(told(to).await), before);
    }
}

/// Writes to the store that is just telling.
struct Writing<'a, S> {
    store: &'a S,
    desk: Option<Desk>,
    kept: Kept,
}

#[async_trait]
impl<S: Store> Taking for Writing<'_, S> {
    async fn take(&mut self, batch: Batch) -> Result<(), Fault> {
        if let Some(desk) = self.desk.take() {
            desk.save_url(self.store, "https://meanwhile.example/").await;
        }
        self.kept.take(batch).await
    }
}

async fn all_is_told_as_of_one_moment<S: Store>(store: &S) {
    let desk = Desk::new(store, 902).await;
    let before = entries(told(store).await);
    let mut writing = Writing { store, desk: Some(desk), kept: Kept::default() };
    store.tell(&mut writing).await.unwrap();
    assert_eq!(entries(writing.kept.0), before);
    assert_ne!(entries(told(store).await), before, "what came meanwhile is told next time");
}
