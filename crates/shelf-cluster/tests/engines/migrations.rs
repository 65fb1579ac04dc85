//! Databases of earlier versions are brought up to date, with all they hold.

use crate::open;
use shelf_cluster::postgres::Postgres;
use shelf_domain::id::{ItemId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::Right;
use shelf_ports::accounts::Accounts;
use shelf_ports::activity::{Activity, Deed};
use shelf_ports::tenants::Tenants;
use shelf_testkit::ground::{Ground, connect};
use tokio_postgres::Client;

/// What version 1 was made of; migrations alone lead on from it.
const VERSION_1: &str = include_str!("../../src/schema.sql");
const CONTENT: &str = "
    INSERT INTO shelf_version VALUES (1);
    INSERT INTO people VALUES (repeat('01', 16)::uuid, repeat('02', 16)::uuid, 'Ada', 0);
    INSERT INTO libraries (id, tenant, owner, name, created_at) VALUES
        (repeat('03', 16)::uuid, repeat('02', 16)::uuid, repeat('01', 16)::uuid, 'Books', 0);
    SET mindshelf.library = '03030303-0303-0303-0303-030303030303';
    INSERT INTO activity (library, person, at, deed, item) VALUES
        (repeat('03', 16)::uuid, repeat('01', 16)::uuid, 7, 'read', repeat('04', 16)::uuid);
    INSERT INTO items (library, id, kind, registers, trashed_at) VALUES
        (repeat('03', 16)::uuid, repeat('04', 16)::uuid, 'bookmark',
            convert_to('notes/copy/', 'UTF8'), NULL),
        (repeat('03', 16)::uuid, repeat('05', 16)::uuid, 'note',
            decode('00' || repeat('04', 16) || '01', 'hex'), NULL),
        (repeat('03', 16)::uuid, repeat('07', 16)::uuid, 'note',
            decode('00' || repeat('06', 16) || '01', 'hex'), 9);
    INSERT INTO aliases VALUES
        (repeat('03', 16)::uuid, repeat('06', 16)::uuid, repeat('04', 16)::uuid);";
/// What notes of [`CONTENT`] are about, and whether they live; then what holds two versions.
const BESIDE: [&str; 2] = [
    "SELECT about::text || ' ' || living::text FROM items WHERE kind = 'note' ORDER BY id",
    "SELECT id::text FROM items WHERE apart",
];
/// Tables of content, with whether each is locked against its owner, too.
const LOCKED: &str = "SELECT relname::text, relrowsecurity AND relforcerowsecurity FROM pg_class
    WHERE relkind IN ('r', 'p')
    AND (relname LIKE 'search\\_%' OR relname ~ '^(held|captures)(_[0-9]+)?$')
    AND relname <> 'search_home'";

async fn version(client: &Client) -> i32 {
    let rows = client.query("SELECT version FROM shelf_version", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].get(0)
}

async fn beside(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_database_of_version_1_is_brought_up_to_date_with_all_it_holds() {
    for ground in Ground::all().await {
        let role = connect(&ground.direct_url).await;
        role.batch_execute(VERSION_1).await.unwrap();
        role.batch_execute(CONTENT).await.unwrap();
        let once = || Postgres::open(&ground.url);
        let (one, other, third) = tokio::join!(once(), once(), once());
        let store = one.unwrap();
        assert!(other.is_ok() && third.is_ok(), "several processes may start at once");
        assert_eq!(version(&role).await, 17);
        let ada = store.people().await.unwrap().remove(0);
        assert_eq!(ada.name, "Ada");
        let reach = store.reach(ada.id).await.unwrap();
        assert_eq!((reach[0].library.name.as_str(), reach[0].right), ("Books", Right::Manage));
        let scope = Scope {
            tenant: TenantId::from_bytes([2; 16]),
            library: LibraryId::from_bytes([3; 16]),
        };
        let recent = store.recent(scope, PersonId::from_bytes([1; 16]), 5).await.unwrap();
        assert_eq!((recent.len(), recent[0].at, recent[0].deed), (1, 7, Deed::Read));
        let bookmark = ItemId::from_bytes([4; 16]).to_string();
        let found = [beside(&role, BESIDE[0]).await, beside(&role, BESIDE[1]).await];
        let notes = vec![format!("{bookmark} true"), format!("{bookmark} false")];
        assert_eq!(found, [notes, vec![bookmark]], "the second note names what joined it");
        drop(role);
        ground.end().await;
    }
}

#[tokio::test]
async fn a_fresh_database_is_of_the_latest_version_and_its_new_tables_are_locked() {
    for ground in Ground::all().await {
        open(&ground).await;
        let role = connect(&ground.direct_url).await;
        assert_eq!(version(&role).await, 17);
        let tables = role.query(LOCKED, &[]).await.unwrap();
        assert_eq!(tables.len(), 6 * 17, "six tables, each with sixteen partitions");
        for table in tables {
            assert!(table.get::<_, bool>(1), "{} is open", table.get::<_, String>(0));
        }
        drop(role);
        ground.end().await;
    }
}
