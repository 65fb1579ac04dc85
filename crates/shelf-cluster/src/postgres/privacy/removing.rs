//! What is removed with a library, a tenant and a person, table by table.

use super::super::accounts::library_of;
use super::super::within::{For, Within};
use super::super::{Bound, Postgres, limit_of};
use shelf_domain::id::{PersonId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::privacy::{Removed, Step};
use std::collections::BTreeSet;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The tables of what is in a library, with what names one row of each within its library. What
/// search keeps is not among them: only search knows which points of its engine go with its rows.
const IN_LIBRARY: [(&str, &str); 13] = [
    ("log", "seq"),
    ("acts", "id"),
    ("items", "id"),
    ("aliases", "younger"),
    ("tagged", "tag, bookmark"),
    ("activity", "person, at, nth"),
    ("imports", "id"),
    ("ledger", "import, row, outcome"),
    ("counters", "device"),
    ("answers", "device, n"),
    ("held", "device, n"),
    ("captures", "id"),
    ("writes", "key"),
];

/// The library stands as new.
const AS_NEW: &str = "UPDATE libraries SET seq = 0, floor = 0, hlc = 0, at = 0, numbers = '{}'
    WHERE id = $1";

/// What goes with the row of a library; of search the place where it stood, all else it has forgotten.
/// The key goes after the row: whoever puts one holds the row.
const WITH_LIBRARY: [(&str, &str); 7] = [
    ("search_heads", "DELETE FROM search_heads WHERE library = $1"),
    (
        "deliveries",
        "DELETE FROM deliveries WHERE endpoint IN (SELECT id FROM endpoints WHERE library = $1)",
    ),
    ("endpoints", "DELETE FROM endpoints WHERE library = $1"),
    ("shares", "DELETE FROM shares WHERE library = $1"),
    ("invitations", "DELETE FROM invitations WHERE library = $1"),
    ("libraries", "DELETE FROM libraries WHERE id = $1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = $1 AND kind = 'library'"),
];

/// What goes with a tenant, its libraries being gone.
const WITH_TENANT: [(&str, &str); 13] = [
    ("sso_flows", "DELETE FROM sso_flows WHERE tenant = $1"),
    ("sso_identities", "DELETE FROM sso_identities WHERE tenant = $1"),
    ("sso_domains", "DELETE FROM sso_domains WHERE tenant = $1"),
    ("sso_providers", "DELETE FROM sso_providers WHERE tenant = $1"),
    ("grouped", "DELETE FROM grouped WHERE team IN (SELECT id FROM groups WHERE tenant = $1)"),
    ("groups", "DELETE FROM groups WHERE tenant = $1"),
    ("invitations", "DELETE FROM invitations WHERE tenant = $1"),
    ("members", "DELETE FROM members WHERE tenant = $1"),
    ("audit", "DELETE FROM audit WHERE tenant = $1"),
    ("plans", "DELETE FROM plans WHERE tenant = $1"),
    ("spent", "DELETE FROM spent WHERE tenant = $1"),
    ("tenants", "DELETE FROM tenants WHERE id = $1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = $1 AND kind = 'tenant'"),
];

/// Who becomes the owner of a tenant that would be left without one: of those with the highest role
/// the one who is there longest.
const HEIRS: &str = "UPDATE members SET role = 'owner'
    WHERE tenant IN (SELECT tenant FROM members WHERE person = $1)
    AND NOT EXISTS (SELECT FROM members o
        WHERE o.tenant = members.tenant AND o.person <> $1 AND o.role = 'owner')
    AND person = (SELECT n.person FROM members n
        WHERE n.tenant = members.tenant AND n.person <> $1
        ORDER BY CASE n.role WHEN 'admin' THEN 0 WHEN 'member' THEN 1 ELSE 2 END, n.since, n.person
        LIMIT 1)";

/// What acts for a person, what would come to act for them and whom they would let in, and what was
/// answered to them: the key of such an answer begins with the grant and a space. All answers are read
/// once, whatever the number of grants. Codes and asks go first: they wait for whoever is using one up,
/// so that what they made of it is there to go as well.
const WITH_GRANTS: [(&str, &str); 8] = [
    ("auth_codes", "DELETE FROM auth_codes WHERE person = $1"),
    ("device_asks", "DELETE FROM device_asks WHERE person = $1"),
    (
        "replies",
        "DELETE FROM replies WHERE split_part(key, ' ', 1) IN
            (SELECT id::text FROM grants WHERE person = $1)",
    ),
    (
        "app_secrets",
        "DELETE FROM app_secrets WHERE app IN (SELECT id FROM grants WHERE person = $1)",
    ),
    ("apps", "DELETE FROM apps WHERE id IN (SELECT id FROM grants WHERE person = $1)"),
    ("grants", "DELETE FROM grants WHERE person = $1"),
    ("links", "DELETE FROM links WHERE person = $1"),
    ("invitations", "DELETE FROM invitations WHERE made_by = $1"),
];

/// What goes with a person beside that, the programs they registered first.
const WITH_PERSON: [(&str, &str); 19] = [
    ("authors", "DELETE FROM authors WHERE person = $1"),
    ("sso_flows", "DELETE FROM sso_flows WHERE person = $1"),
    ("sso_identities", "DELETE FROM sso_identities WHERE person = $1"),
    (
        "grants",
        "DELETE FROM grants WHERE id IN (SELECT a.id FROM apps a JOIN clients c ON c.id = a.client
            WHERE c.person = $1)",
    ),
    (
        "app_secrets",
        "DELETE FROM app_secrets WHERE app IN (SELECT a.id FROM apps a
            JOIN clients c ON c.id = a.client WHERE c.person = $1)",
    ),
    ("apps", "DELETE FROM apps WHERE client IN (SELECT id FROM clients WHERE person = $1)"),
    (
        "auth_codes",
        "DELETE FROM auth_codes WHERE client IN (SELECT id FROM clients WHERE person = $1)",
    ),
    (
        "device_asks",
        "DELETE FROM device_asks WHERE client IN (SELECT id FROM clients WHERE person = $1)",
    ),
    ("clients", "DELETE FROM clients WHERE person = $1"),
    ("grouped", "DELETE FROM grouped WHERE person = $1"),
    ("shares", "DELETE FROM shares WHERE holder = $1 AND kind = 'person'"),
    ("members", "DELETE FROM members WHERE person = $1"),
    ("settings", "DELETE FROM settings WHERE person = $1"),
    ("credentials", "DELETE FROM credentials WHERE person = $1"),
    ("recovery_codes", "DELETE FROM recovery_codes WHERE person = $1"),
    ("passkeys", "DELETE FROM passkeys WHERE person = $1"),
    ("consents", "DELETE FROM consents WHERE person = $1"),
    ("people", "DELETE FROM people WHERE id = $1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = $1 AND kind = 'person'"),
];

/// Where what stays named them, it names nobody.
const NAMELESS: [&str; 2] = [
    "UPDATE libraries SET owner = '00000000-0000-0000-0000-000000000000' WHERE owner = $1",
    "UPDATE endpoints SET made_by = '00000000-0000-0000-0000-000000000000' WHERE made_by = $1",
];

const LOCK_ENDPOINTS: &str = "SELECT FROM endpoints WHERE library = $1 ORDER BY id FOR UPDATE";
/// Held until the tenant is gone: whoever adds a library to it, or changes its members, waits.
const LOCK_TENANT: &str = "SELECT FROM tenants WHERE id = $1 FOR UPDATE";
const IS_USED: &str = "SELECT 1 FROM libraries WHERE tenant = $1
    UNION ALL SELECT 1 FROM (SELECT FROM members WHERE tenant = $1 LIMIT 1 OFFSET 1) AS another
    LIMIT 1";
const LIBRARIES: &str = "SELECT id, tenant, name, created_at FROM libraries ORDER BY key";
const ACTIVITY: &str = "DELETE FROM activity WHERE library = $1 AND person = $2";

/// The grants of a person whose erasure may begin now.
const ENDING: &str = "SELECT g.id::text FROM grants g JOIN erasures e ON e.person = g.person
    WHERE g.person = $1 AND e.begun_at IS NULL AND e.due_at <= $2";
/// The key of an answer begins with the grant and a space.
const ANSWERS: &str = "DELETE FROM writes WHERE library = $1 AND split_part(key, ' ', 1) = ANY($2)";

/// Every table from which an erasure removes rows.
pub(super) fn tables() -> BTreeSet<&'static str> {
    let beside = [&WITH_LIBRARY[..], &WITH_TENANT, &WITH_GRANTS, &WITH_PERSON].concat();
    IN_LIBRARY.iter().chain(&beside).map(|(table, _)| *table).chain(["erasures"]).collect()
}

/// Runs each statement with `id` and counts what it removed.
async fn all_of(
    within: &Within<'_>,
    statements: &[(&str, &str)],
    id: Uuid,
    removed: &mut Removed,
) -> Result<(), Fault> {
    for (table, sql) in statements {
        removed.add(table, within.touch(sql, &[(&id, Type::UUID)]).await?);
    }
    Ok(())
}

/// Removes at most `limit` rows of what is in the library, which stands as new when all are gone.
pub(super) async fn empty(within: &Within<'_>, limit: usize) -> Result<Step, Fault> {
    let (mut step, mut room) = (Step::default(), limit_of(limit));
    for (table, key) in IN_LIBRARY {
        let sql = format!(
            "DELETE FROM {table} WHERE library = $1 AND ({key}) IN
                (SELECT {key} FROM {table} WHERE library = $1 LIMIT $2)"
        );
        let gone = within.run(&sql, &[(&room, Type::INT8)]).await?;
        step.removed.add(table, gone);
        room = room.saturating_sub_unsigned(gone).max(0);
        if room == 0 {
            return Ok(step);
        }
    }
    within.run(AS_NEW, &[]).await?;
    step.is_done = true;
    Ok(step)
}

/// Removes the row of the library and what stands beside its content.
pub(super) async fn library_goes(within: &Within<'_>) -> Result<Removed, Fault> {
    let mut removed = Removed::default();
    // Whoever tells endpoints holds them: none puts a delivery behind what removes them.
    within.rows(LOCK_ENDPOINTS, &[]).await?;
    all_of(within, &WITH_LIBRARY, within.library(), &mut removed).await?;
    Ok(removed)
}

/// Removes a tenant that has no library and at most one member; nothing where it has more.
pub(super) async fn tenant_goes(within: &Within<'_>, tenant: TenantId) -> Result<Removed, Fault> {
    let (mut removed, id) = (Removed::default(), Uuid::from(tenant));
    within.plain(LOCK_TENANT, &[(&id, Type::UUID)]).await?;
    if within.plain(IS_USED, &[(&id, Type::UUID)]).await?.is_empty() {
        all_of(within, &WITH_TENANT, id, &mut removed).await?;
    }
    Ok(removed)
}

/// Ends every grant and link of a person, and all they would get or give one by, and forgets what was
/// answered to them.
pub(super) async fn end_all(
    within: &Within<'_>,
    person: PersonId,
    removed: &mut Removed,
) -> Result<(), Fault> {
    all_of(within, &WITH_GRANTS, Uuid::from(person), removed).await
}

/// Removes a person and what is theirs, and blanks their id where what stays named them.
pub(super) async fn person_goes(within: &Within<'_>, person: PersonId) -> Result<Removed, Fault> {
    let (mut removed, id) = (Removed::default(), Uuid::from(person));
    end_all(within, person, &mut removed).await?;
    let of: [Bound<'_>; 1] = [(&id, Type::UUID)];
    within.plain(HEIRS, &of).await?;
    all_of(within, &WITH_PERSON, id, &mut removed).await?;
    for sql in NAMELESS {
        within.plain(sql, &of).await?;
    }
    Ok(removed)
}

/// The scope of every library.
pub(super) async fn all_libraries(store: &Postgres) -> Result<Vec<Scope>, Fault> {
    let rows = store.query("reading libraries", LIBRARIES, &[]).await?;
    Ok(rows.iter().map(|row| library_of(row).scope()).collect())
}

/// The grants of a person whose erasure may begin at `now`, as keys of answers begin with them.
pub(super) async fn ending(
    store: &Postgres,
    person: PersonId,
    now: i64,
) -> Result<Vec<String>, Fault> {
    let of: [Bound<'_>; 2] = [(&Uuid::from(person), Type::UUID), (&now, Type::INT8)];
    let rows = store.query("reading who is to be erased", ENDING, &of).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Forgets what was answered to `grants` in a library; how much.
pub(super) async fn answers_go(
    store: &Postgres,
    scope: Scope,
    grants: &[String],
) -> Result<u64, Fault> {
    let mut connection = store.connection().await?;
    let doing = "forgetting what was answered to somebody";
    let Some(within) = Within::enter(&mut connection, scope, doing, For::Writing).await? else {
        return Ok(0);
    };
    let gone = within.run(ANSWERS, &[(&grants, Type::TEXT_ARRAY)]).await?;
    within.commit().await.map(|()| gone)
}

/// Removes what a person did in a library; how much.
pub(super) async fn activity_goes(
    store: &Postgres,
    scope: Scope,
    person: PersonId,
) -> Result<u64, Fault> {
    let mut connection = store.connection().await?;
    let doing = "forgetting what somebody did";
    let Some(within) = Within::enter(&mut connection, scope, doing, For::Writing).await? else {
        return Ok(0);
    };
    let gone = within.run(ACTIVITY, &[(&Uuid::from(person), Type::UUID)]).await?;
    within.commit().await.map(|()| gone)
}
