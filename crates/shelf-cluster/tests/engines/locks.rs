//! The second lock: even a statement that forgets its library sees and writes no other's rows.

use crate::open;
use shelf_cluster::postgres::Postgres;
use shelf_domain::id::{ClientId, GroupId};
use shelf_domain::permit::{Allowance, Permits};
use shelf_domain::right::Right;
use shelf_ports::accounts::{Accounts, SecretHash};
use shelf_ports::activity::{Activity, Deed, Event};
use shelf_ports::oauth::{Authorizations, Clients, Code};
use shelf_ports::privacy::Privacy;
use shelf_ports::tenants::{Holder, Share, Tenants};
use shelf_testkit::Desk;
use shelf_testkit::ground::{Ground, connect};
use tokio_postgres::Client;

/// What the role sees of `table`.
async fn seen(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_owner_of_the_tables_sees_only_the_library_it_has_named() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        let (ada, ben) = (Desk::new(&store, 1).await, Desk::new(&store, 2).await);
        for desk in [&ada, &ben, &ben] {
            let event = Event { at: 1, deed: Deed::Read, item: desk.new_item() };
            store.record(desk.scope, desk.person, &event).await.unwrap();
        }
        let all = connect(&ground.admin_url).await;
        assert_eq!(seen(&all, "activity").await, 3, "a superuser passes by the lock");
        let role = connect(&ground.direct_url).await;
        assert_eq!(seen(&role, "activity").await, 0, "without a library there is nothing");
        let name = |library| format!("SET mindshelf.library = '{library}'");
        role.batch_execute(&name(ben.scope.library)).await.unwrap();
        assert_eq!(seen(&role, "activity").await, 2);
        let mut partitions = 0;
        for at in 0..16 {
            partitions += seen(&role, &format!("activity_{at}")).await;
        }
        assert_eq!(partitions, 2, "a partition asked by its own name is locked, too");
        role.batch_execute(&name(ada.scope.library)).await.unwrap();
        let (library, nil) = (ben.scope.library, "00000000-0000-0000-0000-000000000000");
        let foreign = format!(
            "INSERT INTO activity (library, person, at, deed, item)
             VALUES ('{library}', '{nil}', 1, 'read', '{nil}')"
        );
        let refused = role.batch_execute(&foreign).await.unwrap_err();
        let refused = refused.as_db_error().unwrap().message().to_owned();
        assert!(refused.contains("row-level security"), "{refused}");
        drop((role, all));
        ground.end().await;
    }
}

#[tokio::test]
async fn a_role_that_passes_by_the_lock_is_refused() {
    for ground in Ground::all().await {
        let fault = Postgres::open(&ground.admin_url).await.unwrap_err();
        let why = fault.source.to_string();
        assert!(why.contains("row-level security"), "{why}");
        assert!(why.contains("neither superuser nor BYPASSRLS"), "it names the remedy: {why}");
        ground.end().await;
    }
}

#[tokio::test]
async fn several_processes_may_prepare_the_tables_at_once() {
    for ground in Ground::all().await {
        let once = || Postgres::open(&ground.url);
        let opened = tokio::join!(once(), once(), once(), once());
        let stores = [opened.0, opened.1, opened.2, opened.3].map(Result::unwrap);
        Desk::new(&stores[0], 7).await;
        for store in &stores {
            assert_eq!(store.people().await.unwrap().len(), 1);
        }
        let again = open(&ground).await.people().await.unwrap();
        assert_eq!(again.len(), 1, "opening again keeps what was there");
        ground.end().await;
    }
}

#[tokio::test]
async fn tables_of_a_later_program_are_left_alone() {
    for ground in Ground::all().await {
        open(&ground).await;
        let role = connect(&ground.direct_url).await;
        role.batch_execute("UPDATE shelf_version SET version = 99").await.unwrap();
        let why = Postgres::open(&ground.url).await.unwrap_err().source.to_string();
        assert!(why.contains("version 99"), "{why}");
        drop(role);
        ground.end().await;
    }
}

/// Waits until somebody in the database of `client` waits for a lock.
async fn until_somebody_waits(client: &Client) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_that_is_removed_while_it_is_let_in_is_shut_out() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        let ada = Desk::new(&store, 3).await;
        let (id, secret) = (ClientId::from_bytes([5; 16]), SecretHash([6; 32]));
        let client = shelf_ports::oauth::Client {
            id,
            person: ada.person,
            name: "a program".to_owned(),
            redirects: Vec::new(),
            permits: Permits::EVERY,
            has_secret: false,
            acts_alone: false,
            created_at: 1,
        };
        store.put_client(&client, None).await.unwrap();
        let code = Code {
            client: id,
            person: ada.person,
            redirect: String::new(),
            challenge: String::new(),
            allows: Allowance::default(),
            expires_at: i64::MAX,
        };
        store.put_code(secret, &code).await.unwrap();
        // Another process uses the code up, and has not committed.
        let (using, watching) =
            (connect(&ground.direct_url).await, connect(&ground.direct_url).await);
        let grant = ada.device;
        let sql = format!(
            "BEGIN; SELECT FROM auth_codes FOR UPDATE;
             INSERT INTO grants (id, person, kind, name, created_at)
                VALUES ('{grant}', '{}', 'app', 'a program', 1);
             INSERT INTO apps (id, client, until) VALUES ('{grant}', '{id}', {})",
            ada.person,
            i64::MAX
        );
        using.batch_execute(&sql).await.unwrap();
        let committed = async {
            until_somebody_waits(&watching).await;
            using.batch_execute("COMMIT").await.unwrap();
        };
        let (removed, ()) = tokio::join!(store.remove_client(ada.person, id), committed);
        assert!(removed.unwrap());
        assert_eq!(store.apps(ada.person, 2).await.unwrap(), []);
        assert_eq!(store.grants(ada.person, 2).await.unwrap(), []);
        drop((using, watching));
        ground.end().await;
    }
}

#[tokio::test]
async fn what_was_erased_is_vacuumed() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        let ada = Desk::new(&store, 4).await;
        store.remove_person(ada.person).await.unwrap();
        store.scrub().await.unwrap();
        let admin = connect(&ground.admin_url).await;
        let vacuumed = "SELECT count(*) FROM pg_stat_all_tables
            WHERE relname IN ('people', 'log_0', 'activity_15') AND vacuum_count > 0";
        while admin.query_one(vacuumed, &[]).await.unwrap().get::<_, i64>(0) < 3 {
            tokio::task::yield_now().await;
        }
        drop(admin);
        ground.end().await;
    }
}

#[tokio::test]
async fn who_is_put_out_while_they_are_given_something_has_nothing_of_it() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        let (ada, ben) = (Desk::new(&store, 5).await, Desk::new(&store, 6).await);
        let (tenant, group) = (ada.scope.tenant, GroupId::from_bytes([7; 16]));
        assert!(store.put_group(tenant, group, "readers").await.unwrap());
        let (other, watching) =
            (connect(&ground.direct_url).await, connect(&ground.direct_url).await);
        let came =
            format!("INSERT INTO members VALUES ('{tenant}', '{}', 'member', 1)", ben.person);
        let gone = format!(
            "BEGIN; DELETE FROM members WHERE person = '{}' AND tenant = '{tenant}'",
            ben.person
        );
        let share = Share { holder: Holder::Person(ben.person), right: Right::Write };
        for grouped in [false, true] {
            other.batch_execute(&came).await.unwrap();
            // Another process has taken what they had, and has not committed.
            other.batch_execute(&gone).await.unwrap();
            let given = async {
                if grouped {
                    return store.put_into_group(tenant, group, ben.person).await;
                }
                store.put_share(ada.scope, share).await
            };
            let committed = async {
                until_somebody_waits(&watching).await;
                other.batch_execute("COMMIT").await.unwrap();
            };
            let (given, ()) = tokio::join!(given, committed);
            assert!(!given.unwrap(), "grouped: {grouped}");
        }
        drop((other, watching));
        ground.end().await;
    }
}
