//! The exam of accounts.

use crate::desk::Desk;
use shelf_domain::id::{DeviceId, LibraryId, PersonId, TenantId};
use shelf_domain::permit::{Allowance, Permit, Permits};
use shelf_ports::accounts::{Accounts, Grant, GrantKind, LibraryInfo, Person, SecretHash};
use shelf_ports::chance::{Chance, Clock};
use std::collections::BTreeSet;

/// Sits the whole exam of [`Accounts`] over a store nobody uses yet.
pub async fn exam(accounts: &dyn Accounts) {
    of_several_first_people_one_comes_first(accounts).await;
    let ada = Desk::new(accounts, 401).await;
    ada.clock.advance(1_000);
    let ben = Desk::new(accounts, 402).await;
    people_have_their_own_libraries(&ada, &ben, accounts).await;
    a_link_works_once_and_in_time(&ada, accounts).await;
    a_secret_opens_its_grant_until_it_ends(&ada, accounts).await;
    what_a_grant_may_be_used_for_is_kept(&ada, accounts).await;
    grants_are_listed_and_revoked_by_their_owner(&ada, &ben, accounts).await;
    settings_are_of_one_person(&ada, &ben, accounts).await;
    a_person_gets_another_name_and_nobody_else_does(&ada, &ben, accounts).await;
}

async fn a_person_gets_another_name_and_nobody_else_does(
    ada: &Desk,
    ben: &Desk,
    accounts: &dyn Accounts,
) {
    let bens = accounts.person(ben.person).await.unwrap();
    assert!(accounts.rename_person(ada.person, "Ada 🦉").await.unwrap());
    assert_eq!(accounts.person(ada.person).await.unwrap().unwrap().name, "Ada 🦉");
    assert_eq!(accounts.person(ben.person).await.unwrap(), bens);
    assert!(!accounts.rename_person(PersonId::from_bytes([0; 16]), "Nobody").await.unwrap());
}

async fn of_several_first_people_one_comes_first(accounts: &dyn Accounts) {
    let add = async |number: u8| {
        let (id, tenant) = (PersonId::from_bytes([number; 16]), TenantId::from_bytes([number; 16]));
        let library = LibraryInfo {
            id: LibraryId::from_bytes([number; 16]),
            tenant,
            name: "Bookmarks".to_owned(),
            created_at: 1,
        };
        let person = Person { id, tenant, name: "Owner".to_owned() };
        accounts.add_first_person(&person, &library).await.unwrap()
    };
    let (a, b, c) = tokio::join!(add(0xa1), add(0xb2), add(0xc3));
    assert_eq!([a, b, c].iter().filter(|first| **first).count(), 1);
    assert_eq!(accounts.people().await.unwrap().len(), 1);
    assert!(!add(0xd4).await, "there is somebody");
    assert_eq!(accounts.all_libraries().await.unwrap().len(), 1);
}

async fn people_have_their_own_libraries(ada: &Desk, ben: &Desk, accounts: &dyn Accounts) {
    let people: Vec<PersonId> = accounts.people().await.unwrap().iter().map(|p| p.id).collect();
    for desk in [ada, ben] {
        assert!(people.contains(&desk.person));
        let person = accounts.person(desk.person).await.unwrap().unwrap();
        assert_eq!(person.tenant, desk.scope.tenant);
        let all = accounts.all_libraries().await.unwrap();
        let library = all.iter().find(|library| library.scope() == desk.scope).unwrap();
        assert_eq!(library.name, "Bookmarks");
    }
    let nobody = PersonId::from_bytes([0; 16]);
    assert!(accounts.person(nobody).await.unwrap().is_none());
}

fn secret(desk: &Desk) -> SecretHash {
    SecretHash(desk.chance.secret())
}

async fn a_link_works_once_and_in_time(desk: &Desk, accounts: &dyn Accounts) {
    let now = desk.clock.now_ms();
    let (link, late) = (secret(desk), secret(desk));
    accounts.put_link(link, desk.person, now + 10).await.unwrap();
    accounts.put_link(late, desk.person, now + 10).await.unwrap();
    assert_eq!(accounts.take_link(secret(desk), now).await.unwrap(), None);
    assert_eq!(accounts.take_link(link, now + 9).await.unwrap(), Some(desk.person));
    assert_eq!(accounts.take_link(link, now + 9).await.unwrap(), None, "a link works once");
    assert_eq!(accounts.take_link(late, now + 10).await.unwrap(), None, "and in time");
}

fn grant(desk: &Desk, kind: GrantKind, name: &str, expires_at: Option<i64>) -> Grant {
    desk.clock.advance(1);
    Grant { expires_at, ..desk.grant(kind, name) }
}

async fn a_secret_opens_its_grant_until_it_ends(desk: &Desk, accounts: &dyn Accounts) {
    let now = desk.clock.now_ms();
    let token = grant(desk, GrantKind::Token, "token", Some(now + 500_000));
    let opens = secret(desk);
    accounts.put_grant(&token, Some(opens)).await.unwrap();
    let opened = accounts.open_grant(opens, now + 5).await.unwrap().unwrap();
    assert_eq!(Grant { used_at: None, ..opened.clone() }, token);
    let used = opened.used_at.unwrap();
    let again = accounts.open_grant(opens, now + 70_000).await.unwrap().unwrap();
    assert!(again.used_at.unwrap() > used, "its use is noted to the minute");
    assert!(accounts.open_grant(secret(desk), now).await.unwrap().is_none());
    assert!(accounts.open_grant(opens, now + 500_000).await.unwrap().is_none(), "it has ended");
    let device = grant(desk, GrantKind::Device, "phone", None);
    accounts.put_grant(&device, None).await.unwrap();
    let listed = accounts.grants(desk.person, now).await.unwrap();
    assert!(listed.contains(&device), "a device without a secret is a grant, too");
    assert!(accounts.rename_grant(desk.person, device.id, "old phone").await.unwrap());
    let renamed = Grant { name: "old phone".to_owned(), ..device };
    assert!(accounts.grants(desk.person, now).await.unwrap().contains(&renamed));
    assert!(!accounts.rename_grant(desk.person, desk.new_device(), "x").await.unwrap());
    let stranger = PersonId::from_bytes([9; 16]);
    assert!(!accounts.rename_grant(stranger, renamed.id, "theirs").await.unwrap());
    assert!(accounts.grants(desk.person, now).await.unwrap().contains(&renamed));
}

async fn what_a_grant_may_be_used_for_is_kept(desk: &Desk, accounts: &dyn Accounts) {
    let some: Permits = [Permit::BookmarksRead, Permit::AuditRead].into_iter().collect();
    let here = Some(BTreeSet::from([desk.scope.library, LibraryId::from_bytes([9; 16])]));
    let every_known = Permit::ALL.into_iter().collect();
    for (permits, libraries) in
        [(some, None), (some, here), (every_known, None), (Permits::EVERY, None)]
    {
        let allows = Allowance { permits, libraries };
        let token = Grant { allows, ..grant(desk, GrantKind::Token, "limited", None) };
        let opens = secret(desk);
        accounts.put_grant(&token, Some(opens)).await.unwrap();
        let opened = accounts.open_grant(opens, desk.clock.now_ms()).await.unwrap().unwrap();
        assert_eq!(opened.allows, token.allows);
        let listed = accounts.grants(desk.person, desk.clock.now_ms()).await.unwrap();
        let listed = listed.into_iter().find(|listed| listed.id == token.id).unwrap();
        assert_eq!(listed.allows, token.allows);
    }
}

async fn grants_are_listed_and_revoked_by_their_owner(
    ada: &Desk,
    ben: &Desk,
    accounts: &dyn Accounts,
) {
    let first = grant(ben, GrantKind::Session, "first", None);
    let second = grant(ben, GrantKind::Local, "second", None);
    let ended = grant(ben, GrantKind::Token, "ended", Some(ben.clock.now_ms() + 5));
    let opens = secret(ben);
    accounts.put_grant(&first, Some(opens)).await.unwrap();
    accounts.put_grant(&second, Some(secret(ben))).await.unwrap();
    accounts.put_grant(&ended, Some(secret(ben))).await.unwrap();
    let now = ben.clock.now_ms() + 5;
    let listed = accounts.grants(ben.person, now).await.unwrap();
    assert_eq!(listed, [second.clone(), first.clone()], "latest first, without the ended one");
    let asked = BTreeSet::from([first.id, ended.id, DeviceId::KEEPER]);
    let people = accounts.people_of(&asked).await.unwrap();
    let known: BTreeSet<DeviceId> = people.keys().copied().collect();
    assert_eq!(known, BTreeSet::from([first.id, ended.id]));
    assert!(people.values().all(|person| person.id == ben.person), "ended ones too");
    assert!(accounts.people_of(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(!accounts.revoke(ada.person, first.id).await.unwrap(), "only the owner revokes");
    assert!(accounts.open_grant(opens, now).await.unwrap().is_some());
    assert!(accounts.revoke(ben.person, first.id).await.unwrap());
    assert!(accounts.open_grant(opens, now).await.unwrap().is_none());
    assert!(!accounts.revoke(ben.person, first.id).await.unwrap());
    assert!(!accounts.revoke(ben.person, DeviceId::from_bytes([0; 16])).await.unwrap());
    let listed = accounts.grants(ben.person, now).await.unwrap();
    assert_eq!(listed, [second]);
    let people = accounts.people_of(&BTreeSet::from([first.id])).await.unwrap();
    assert_eq!(people[&first.id].id, ben.person, "what was written with it stays theirs");
}

async fn settings_are_of_one_person(ada: &Desk, ben: &Desk, accounts: &dyn Accounts) {
    assert_eq!(accounts.setting(ada.person, "theme").await.unwrap(), None);
    accounts.put_setting(ada.person, "theme", "dark").await.unwrap();
    accounts.put_setting(ada.person, "theme", "light").await.unwrap();
    assert_eq!(accounts.setting(ada.person, "theme").await.unwrap().unwrap(), "light");
    assert_eq!(accounts.setting(ben.person, "theme").await.unwrap(), None);
    assert_eq!(accounts.setting(ada.person, "other").await.unwrap(), None);
    let swap = async |name, before, value| {
        accounts.swap_setting(ada.person, name, before, value).await.unwrap()
    };
    assert!(!swap("theme", None, "x").await, "there is one");
    assert!(!swap("theme", Some("dark"), "x").await, "it is another by now");
    assert!(!swap("other", Some("dark"), "x").await, "there is none");
    assert!(swap("theme", Some("light"), "dark").await);
    assert_eq!(accounts.setting(ada.person, "theme").await.unwrap().unwrap(), "dark");
    let both = tokio::join!(swap("other", None, "a"), swap("other", None, "b"));
    assert!(both.0 ^ both.1, "one of the two: {both:?}");
    let both = tokio::join!(swap("theme", Some("dark"), "a"), swap("theme", Some("dark"), "b"));
    assert!(both.0 ^ both.1, "one of the two: {both:?}");
    let kept = accounts.setting(ada.person, "theme").await.unwrap().unwrap();
    assert_eq!(kept, if both.0 { "a" } else { "b" });
    assert_eq!(accounts.setting(ben.person, "theme").await.unwrap(), None);
}
