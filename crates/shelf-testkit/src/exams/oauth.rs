//! The exam of clients and what they were given.

use crate::desk::Desk;
use shelf_domain::id::{ClientId, LibraryId};
use shelf_domain::permit::{Allowance, Permit};
use shelf_ports::accounts::{Accounts, Grant, GrantKind, KeyPrint, SecretHash};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::oauth::{
    Authorizations, CODE_KEPT_MS, Client, Clients, Code, DeviceAsk, Issued, NewApp, POLL_SLOWER_MS,
    Polled, Redeemed, Rotated, Rotation,
};
use std::collections::BTreeSet;

/// For how long a used secret gives the same answer again.
const GRACE_MS: u32 = 10_000;

/// Whatever keeps clients, what they were given, and grants.
pub trait Store: Accounts + Clients + Authorizations {}

impl<S: Accounts + Clients + Authorizations> Store for S {}

/// Sits the whole exam of [`Clients`] and [`Authorizations`].
pub async fn exam<S: Store>(store: &S) {
    let ada = Desk::new(store, 651).await;
    let ben = Desk::new(store, 652).await;
    clients_are_kept_and_removed_by_who_registered_them(&ada, &ben, store).await;
    a_code_is_used_once_and_used_again_it_ends_what_it_made(&ada, store).await;
    a_code_ends_and_its_second_use_is_seen_for_a_day(&ada, store).await;
    of_several_who_bring_a_code_none_keeps_anything(&ada, store).await;
    a_refresh_secret_is_used_once_and_used_again_it_ends_the_grant(&ada, store).await;
    a_retry_gets_the_same_answer_for_a_moment(&ada, store).await;
    of_twenty_at_once_one_is_first_and_all_get_its_answer(&ada, store).await;
    what_ends_opens_nothing(&ada, &ben, store).await;
    a_removed_client_leaves_nothing(&ada, store).await;
    a_client_that_acts_alone_has_one_grant(&ada, store).await;
    a_device_waits_is_answered_once_and_let_in_once(&ada, &ben, store).await;
    a_device_that_asks_too_fast_is_told_so(&ada, store).await;
    what_stays_is_carried(&ada, store).await;
}

fn secret(desk: &Desk) -> SecretHash {
    SecretHash(desk.chance.secret())
}

fn client_of(desk: &Desk, name: &str) -> Client {
    desk.clock.advance(1);
    Client {
        id: ClientId::from_bytes(desk.chance.seed()),
        person: desk.person,
        name: name.to_owned(),
        redirects: vec!["https://app.example/back".to_owned(), "http://127.0.0.1/".to_owned()],
        permits: [Permit::BookmarksRead, Permit::AuditRead].into_iter().collect(),
        has_secret: false,
        acts_alone: false,
        created_at: desk.clock.now_ms(),
    }
}

async fn registered<S: Store>(desk: &Desk, store: &S, name: &str) -> Client {
    let client = client_of(desk, name);
    store.put_client(&client, None).await.unwrap();
    client
}

async fn clients_are_kept_and_removed_by_who_registered_them<S: Store>(
    ada: &Desk,
    ben: &Desk,
    store: &S,
) {
    let plain = registered(ada, store, "plain 🦉").await;
    let proving = Client { has_secret: true, redirects: Vec::new(), ..client_of(ada, "proving") };
    let hash = secret(ada);
    store.put_client(&proving, Some(hash)).await.unwrap();
    let other = registered(ben, store, "other").await;
    assert_eq!(store.client(plain.id).await.unwrap(), Some((plain.clone(), None)));
    assert_eq!(store.client(proving.id).await.unwrap(), Some((proving.clone(), Some(hash))));
    assert_eq!(store.client(ClientId::from_bytes([0; 16])).await.unwrap(), None);
    assert_eq!(store.clients_of(ada.person).await.unwrap(), [plain.clone(), proving]);
    assert!(!store.remove_client(ada.person, other.id).await.unwrap(), "only who registered it");
    assert!(store.remove_client(ben.person, other.id).await.unwrap());
    assert!(!store.remove_client(ben.person, other.id).await.unwrap());
    assert_eq!(store.client(other.id).await.unwrap(), None);
}

fn issued(desk: &Desk) -> Issued {
    let now = desk.clock.now_ms();
    Issued {
        access: secret(desk),
        access_until: now + 900_000,
        refresh: secret(desk),
        refresh_until: now + 30_000_000,
    }
}

fn app_of(desk: &Desk, client: ClientId) -> NewApp {
    let (now, issued) = (desk.clock.now_ms(), issued(desk));
    let libraries = Some(BTreeSet::from([desk.scope.library, LibraryId::from_bytes([7; 16])]));
    let permits = [Permit::BookmarksRead].into_iter().collect();
    let grant = Grant {
        expires_at: Some(issued.refresh_until),
        allows: Allowance { permits, libraries },
        bound: Some(KeyPrint(desk.chance.secret())),
        ..desk.grant(GrantKind::App, "An app")
    };
    NewApp { grant, client, until: now + 90_000_000, issued }
}

/// A code of `client` that waits to be brought.
async fn code_of<S: Store>(desk: &Desk, store: &S, client: ClientId) -> (SecretHash, Code) {
    let hash = secret(desk);
    let code = Code {
        client,
        person: desk.person,
        redirect: "https://app.example/back".to_owned(),
        challenge: "the challenge".to_owned(),
        allows: app_of(desk, client).grant.allows,
        expires_at: desk.clock.now_ms() + 60_000,
    };
    store.put_code(hash, &code).await.unwrap();
    (hash, code)
}

/// A grant of an app, made by a code.
async fn let_in<S: Store>(desk: &Desk, store: &S, client: ClientId) -> NewApp {
    let (hash, _) = code_of(desk, store, client).await;
    let app = app_of(desk, client);
    assert_eq!(store.redeem(hash, &app, desk.clock.now_ms()).await.unwrap(), Redeemed::Fresh);
    app
}

async fn opens<S: Store>(desk: &Desk, store: &S, secret: SecretHash) -> bool {
    store.open_grant(secret, desk.clock.now_ms()).await.unwrap().is_some()
}

async fn a_code_is_used_once_and_used_again_it_ends_what_it_made<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "codes").await.id;
    let (hash, code) = code_of(desk, store, client).await;
    assert_eq!(store.code(hash).await.unwrap(), Some(code));
    assert_eq!(store.code(secret(desk)).await.unwrap(), None);
    let (app, now) = (app_of(desk, client), desk.clock.now_ms());
    assert_eq!(store.redeem(secret(desk), &app, now).await.unwrap(), Redeemed::Unknown);
    assert_eq!(store.redeem(hash, &app, now).await.unwrap(), Redeemed::Fresh);
    let opened = store.open_grant(app.issued.access, now).await.unwrap().unwrap();
    assert_eq!(Grant { used_at: None, ..opened }, app.grant, "what was let in acts as itself");
    assert!(!opens(desk, store, app.issued.refresh).await, "a refresh secret does not act");
    let known = store.app_secret(app.issued.refresh, now).await.unwrap().unwrap();
    assert!(known.is_refresh && known.spent_at.is_none());
    assert_eq!((known.client, known.until), (client, app.until));
    assert_eq!(store.apps(desk.person, now).await.unwrap(), [(app.grant.id, client)]);

    let again = app_of(desk, client);
    match store.redeem(hash, &again, now).await.unwrap() {
        Redeemed::Again(Some(ended)) => assert_eq!(ended.id, app.grant.id),
        other => panic!("the first grant was to be ended: {other:?}"),
    }
    assert!(!opens(desk, store, app.issued.access).await);
    assert!(store.app_secret(app.issued.refresh, now).await.unwrap().is_none());
    assert!(!opens(desk, store, again.issued.access).await, "the second use makes nothing");
    assert_eq!(store.redeem(hash, &again, now).await.unwrap(), Redeemed::Again(None));
    assert!(store.apps(desk.person, now).await.unwrap().is_empty());
}

async fn a_code_ends_and_its_second_use_is_seen_for_a_day<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "late").await.id;
    let (late, code) = code_of(desk, store, client).await;
    let app = app_of(desk, client);
    let ended = store.redeem(late, &app, code.expires_at).await.unwrap();
    assert_eq!(ended, Redeemed::Unknown, "in time");
    let (used, _) = code_of(desk, store, client).await;
    store.redeem(used, &app, desk.clock.now_ms()).await.unwrap();
    let kept = u32::try_from(CODE_KEPT_MS).unwrap();
    desk.clock.advance(kept - 60_000);
    code_of(desk, store, client).await;
    let again = store.redeem(used, &app, desk.clock.now_ms()).await.unwrap();
    assert!(matches!(again, Redeemed::Again(_)), "{again:?}");
    desk.clock.advance(kept + 60_000);
    code_of(desk, store, client).await;
    assert_eq!(store.code(used).await.unwrap(), None, "nothing is kept for ever");
}

async fn of_several_who_bring_a_code_none_keeps_anything<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "race").await.id;
    let (hash, _) = code_of(desk, store, client).await;
    let (apps, now) = ([0; 3].map(|_| app_of(desk, client)), desk.clock.now_ms());
    let bring = |app| store.redeem(hash, app, now);
    let (a, b, c) = tokio::join!(bring(&apps[0]), bring(&apps[1]), bring(&apps[2]));
    let came = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(came.iter().filter(|came| **came == Redeemed::Fresh).count(), 1, "{came:?}");
    for app in &apps {
        assert!(!opens(desk, store, app.issued.access).await);
    }
}

fn rotation(desk: &Desk, old: SecretHash) -> Rotation {
    Rotation { old, seed: desk.chance.seed(), issued: issued(desk), grace_ms: GRACE_MS.into() }
}

async fn a_refresh_secret_is_used_once_and_used_again_it_ends_the_grant<S: Store>(
    desk: &Desk,
    store: &S,
) {
    let client = registered(desk, store, "rotating").await.id;
    let app = let_in(desk, store, client).await;
    desk.clock.advance(5_000);
    let first = rotation(desk, app.issued.refresh);
    assert_eq!(store.rotate(&first, desk.clock.now_ms()).await.unwrap(), Rotated::Fresh);
    for access in [app.issued.access, first.issued.access] {
        assert!(opens(desk, store, access).await, "what was given before still ends by itself");
    }
    let listed = store.grants(desk.person, desk.clock.now_ms()).await.unwrap();
    let listed = listed.into_iter().find(|grant| grant.id == app.grant.id).unwrap();
    assert_eq!(listed.expires_at, Some(first.issued.refresh_until), "the grant moves on");
    let access = rotation(desk, first.issued.access);
    let wrong = store.rotate(&access, desk.clock.now_ms()).await.unwrap();
    assert_eq!(wrong, Rotated::Unknown, "what acts gets no new ones");

    desk.clock.advance(GRACE_MS);
    let again = rotation(desk, app.issued.refresh);
    match store.rotate(&again, desk.clock.now_ms()).await.unwrap() {
        Rotated::Reused(ended) => assert_eq!(ended.id, app.grant.id),
        other => panic!("somebody has a copy: {other:?}"),
    }
    for access in [app.issued.access, first.issued.access, again.issued.access] {
        assert!(!opens(desk, store, access).await, "the whole family ends");
    }
    let next = rotation(desk, first.issued.refresh);
    assert_eq!(store.rotate(&next, desk.clock.now_ms()).await.unwrap(), Rotated::Unknown);
}

async fn a_retry_gets_the_same_answer_for_a_moment<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "retrying").await.id;
    let app = let_in(desk, store, client).await;
    let at = desk.clock.now_ms();
    let first = rotation(desk, app.issued.refresh);
    assert_eq!(store.rotate(&first, at).await.unwrap(), Rotated::Fresh);
    let retry = rotation(desk, app.issued.refresh);
    let same = Rotated::Again { seed: first.seed, at };
    assert_eq!(store.rotate(&retry, at + i64::from(GRACE_MS) - 1).await.unwrap(), same);
    assert!(!opens(desk, store, retry.issued.access).await, "a retry makes nothing");
    let next = rotation(desk, first.issued.refresh);
    assert_eq!(store.rotate(&next, at + 1).await.unwrap(), Rotated::Fresh);
    let late = store.rotate(&retry, at + 2).await.unwrap();
    assert!(matches!(late, Rotated::Reused(_)), "the new one was used, so this is no retry");
}

async fn of_twenty_at_once_one_is_first_and_all_get_its_answer<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "crowd").await.id;
    let app = let_in(desk, store, client).await;
    let at = desk.clock.now_ms();
    let asks: Vec<Rotation> = (0..20).map(|_| rotation(desk, app.issued.refresh)).collect();
    let all = futures::future::join_all(asks.iter().map(|ask| store.rotate(ask, at))).await;
    let all: Vec<Rotated> = all.into_iter().map(Result::unwrap).collect();
    let first: Vec<usize> = (0..20).filter(|place| all[*place] == Rotated::Fresh).collect();
    assert_eq!(first.len(), 1, "{all:?}");
    let winner = &asks[first[0]];
    let same = Rotated::Again { seed: winner.seed, at };
    assert_eq!(all.iter().filter(|rotated| **rotated == same).count(), 19, "{all:?}");
    assert!(opens(desk, store, winner.issued.access).await);
}

async fn what_ends_opens_nothing<S: Store>(ada: &Desk, ben: &Desk, store: &S) {
    let client = registered(ada, store, "ending").await.id;
    let app = let_in(ada, store, client).await;
    assert!(store.open_grant(app.issued.access, app.issued.access_until).await.unwrap().is_none());
    let late = rotation(ada, app.issued.refresh);
    let ended = store.rotate(&late, app.issued.refresh_until).await.unwrap();
    assert_eq!(ended, Rotated::Unknown, "idle for too long");
    assert!(store.end_secret(app.issued.access).await.unwrap());
    assert!(!store.end_secret(app.issued.access).await.unwrap());
    assert!(!opens(ada, store, app.issued.access).await);
    assert!(!store.revoke(ben.person, app.grant.id).await.unwrap());
    assert!(store.revoke(ada.person, app.grant.id).await.unwrap());
    let now = ada.clock.now_ms();
    assert!(store.app_secret(app.issued.refresh, now).await.unwrap().is_none());
    assert_eq!(store.rotate(&late, now).await.unwrap(), Rotated::Unknown);
}

async fn a_removed_client_leaves_nothing<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "removed").await.id;
    let app = let_in(desk, store, client).await;
    let (code, _) = code_of(desk, store, client).await;
    assert!(store.remove_client(desk.person, client).await.unwrap());
    assert!(!opens(desk, store, app.issued.access).await);
    let now = desk.clock.now_ms();
    let listed = store.grants(desk.person, now).await.unwrap();
    assert!(listed.iter().all(|grant| grant.id != app.grant.id));
    assert_eq!(store.redeem(code, &app, now).await.unwrap(), Redeemed::Unknown);
}

async fn a_client_that_acts_alone_has_one_grant<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "alone").await.id;
    let own = |desk: &Desk, grant: &Grant| {
        let now = desk.clock.now_ms();
        Grant { created_at: now, expires_at: Some(now + 900_000), ..grant.clone() }
    };
    let grant = own(desk, &app_of(desk, client).grant);
    let (first, second) = (secret(desk), secret(desk));
    store.put_own(&grant, client, first).await.unwrap();
    let opened = store.open_grant(first, desk.clock.now_ms()).await.unwrap().unwrap();
    assert_eq!(Grant { used_at: None, ..opened }, grant);
    desk.clock.advance(600_000);
    let later = own(desk, &grant);
    store.put_own(&later, client, second).await.unwrap();
    for access in [first, second] {
        let opened = store.open_grant(access, desk.clock.now_ms()).await.unwrap().unwrap();
        assert_eq!(opened.expires_at, later.expires_at, "the grant lives on");
    }
    desk.clock.advance(300_000);
    assert!(!opens(desk, store, first).await, "each secret ends by itself");
    assert!(opens(desk, store, second).await);
    let listed = store.apps(desk.person, desk.clock.now_ms()).await.unwrap();
    assert_eq!(listed.iter().filter(|(_, of)| *of == client).count(), 1);
    desk.clock.advance(900_000);
    store.put_own(&own(desk, &grant), client, secret(desk)).await.unwrap();
    let known = store.app_secret(second, 0).await.unwrap();
    assert!(known.is_none(), "what ended is not kept");
    assert!(store.remove_client(desk.person, client).await.unwrap());
    // Who was proven to be the program before it was removed gets nothing after.
    let late = secret(desk);
    store.put_own(&own(desk, &grant), client, late).await.unwrap();
    assert!(!opens(desk, store, late).await);
    let listed = store.grants(desk.person, desk.clock.now_ms()).await.unwrap();
    assert!(listed.iter().all(|one| one.id != grant.id));
}

fn ask_of(desk: &Desk, client: ClientId) -> DeviceAsk {
    DeviceAsk {
        client,
        typed: secret(desk),
        permits: [Permit::BookmarksWrite].into_iter().collect(),
        device: "Ada's laptop".to_owned(),
        place: "192.0.2.7".to_owned(),
        expires_at: desk.clock.now_ms() + 600_000,
    }
}

async fn a_device_waits_is_answered_once_and_let_in_once<S: Store>(
    ada: &Desk,
    ben: &Desk,
    store: &S,
) {
    let client = registered(ada, store, "device").await.id;
    let other = registered(ada, store, "other device").await.id;
    let (hash, ask, now) = (secret(ada), ask_of(ada, client), ada.clock.now_ms());
    assert!(store.put_ask(hash, &ask, now).await.unwrap());
    assert!(!store.put_ask(secret(ada), &ask, now).await.unwrap(), "the code to type is taken");
    assert_eq!(store.ask(ask.typed, now).await.unwrap(), Some(ask.clone()));
    assert_eq!(store.ask(secret(ada), now).await.unwrap(), None);
    assert_eq!(store.ask(ask.typed, ask.expires_at).await.unwrap(), None);
    let app = app_of(ada, client);
    let poll = |client, at| store.poll_ask(hash, client, 5_000, at);
    assert_eq!(poll(client, now).await.unwrap(), Polled::Waiting);
    assert_eq!(poll(other, now).await.unwrap(), Polled::Unknown, "of another client");
    assert!(!store.redeem_ask(hash, &app, now).await.unwrap(), "nobody let it in yet");

    let allows = app.grant.allows.clone();
    assert!(store.answer_ask(ask.typed, Some((ada.person, &allows)), now).await.unwrap());
    let again = store.answer_ask(ask.typed, Some((ben.person, &allows)), now).await.unwrap();
    assert!(!again, "it is answered once");
    assert_eq!(store.ask(ask.typed, now).await.unwrap(), None, "and waits no more");
    assert_eq!(poll(client, now).await.unwrap(), Polled::Allowed(ada.person, allows));
    let elsewhere = NewApp { client: other, ..app.clone() };
    assert!(!store.redeem_ask(hash, &elsewhere, now).await.unwrap());
    let redeem = || store.redeem_ask(hash, &app, now);
    let (one, two) = tokio::join!(redeem(), redeem());
    assert!(one.unwrap() != two.unwrap(), "it is let in once");
    assert!(opens(ada, store, app.issued.access).await);
    assert_eq!(poll(client, now).await.unwrap(), Polled::Unknown);

    let (hash, ask) = (secret(ada), ask_of(ada, client));
    assert!(store.put_ask(hash, &ask, now).await.unwrap());
    assert!(store.answer_ask(ask.typed, None, now).await.unwrap());
    assert_eq!(store.poll_ask(hash, client, 5_000, now).await.unwrap(), Polled::Denied);
    assert!(!store.redeem_ask(hash, &app_of(ada, client), now).await.unwrap());
}

async fn a_device_that_asks_too_fast_is_told_so<S: Store>(desk: &Desk, store: &S) {
    let client = registered(desk, store, "fast").await.id;
    let (hash, ask, now) = (secret(desk), ask_of(desk, client), desk.clock.now_ms());
    assert!(store.put_ask(hash, &ask, now).await.unwrap());
    let poll = |at| store.poll_ask(hash, client, 5_000, at);
    assert_eq!(poll(now).await.unwrap(), Polled::Waiting);
    assert_eq!(poll(now + 4_999).await.unwrap(), Polled::TooFast);
    let slower = now + 4_999 + 5_000 + POLL_SLOWER_MS;
    assert_eq!(poll(slower - 1).await.unwrap(), Polled::TooFast, "it was to wait longer");
    assert_eq!(poll(slower - 1 + 5_000 + 2 * POLL_SLOWER_MS).await.unwrap(), Polled::Waiting);
    assert_eq!(poll(ask.expires_at).await.unwrap(), Polled::Unknown);
}

/// Leaves a client with a secret and an app behind, for the exam of archives.
async fn what_stays_is_carried<S: Store>(desk: &Desk, store: &S) {
    let client = Client { has_secret: true, acts_alone: true, ..client_of(desk, "carried") };
    store.put_client(&client, Some(secret(desk))).await.unwrap();
    let_in(desk, store, client.id).await;
}
