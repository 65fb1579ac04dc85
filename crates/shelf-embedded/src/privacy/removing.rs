//! What is removed with a library, a tenant and a person, table by table.

use crate::load::LibraryKey;
use rusqlite::{Connection, params};
use shelf_domain::id::{DeviceId, LibraryId, PersonId, TenantId};
use shelf_ports::privacy::{Removed, Step};

/// What stands in place of a library at answers of the edge.
const NO_LIBRARY: LibraryKey = 0;

/// The tables of what is in a library, with what names one row of each within its library; where
/// that is the row's own number, it alone is looked up.
const IN_LIBRARY: [(&str, &str); 20] = [
    ("log", "seq"),
    ("acts", "rowid"),
    ("items", "id"),
    ("aliases", "younger"),
    ("urls", "hash, id"),
    ("names", "hash, id"),
    ("shown", "id"),
    ("tagged", "tag, bookmark"),
    ("children", "parent, ord, id"),
    ("trashed", "at, id"),
    ("noted", "bookmark, id"),
    ("apart", "id"),
    ("activity", "rowid"),
    ("imports", "id"),
    ("ledger", "import, row, outcome"),
    ("counters", "device"),
    ("answers", "device, n"),
    ("held", "device, n"),
    ("captures", "id"),
    ("replies", "key"),
];

/// What goes with the row of a library.
const WITH_LIBRARY: [(&str, &str); 6] = [
    (
        "deliveries",
        "DELETE FROM deliveries WHERE endpoint IN (SELECT id FROM endpoints WHERE library = ?1)",
    ),
    ("endpoints", "DELETE FROM endpoints WHERE library = ?1"),
    ("shares", "DELETE FROM shares WHERE library = ?1"),
    ("invitations", "DELETE FROM invitations WHERE library = ?1"),
    ("libraries", "DELETE FROM libraries WHERE id = ?1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = ?1 AND kind = 'library'"),
];

/// What goes with a tenant, its libraries being gone.
const WITH_TENANT: [(&str, &str); 13] = [
    ("sso_flows", "DELETE FROM sso_flows WHERE tenant = ?1"),
    ("sso_identities", "DELETE FROM sso_identities WHERE tenant = ?1"),
    ("sso_domains", "DELETE FROM sso_domains WHERE tenant = ?1"),
    ("sso_providers", "DELETE FROM sso_providers WHERE tenant = ?1"),
    ("grouped", "DELETE FROM grouped WHERE team IN (SELECT id FROM groups WHERE tenant = ?1)"),
    ("groups", "DELETE FROM groups WHERE tenant = ?1"),
    ("invitations", "DELETE FROM invitations WHERE tenant = ?1"),
    ("members", "DELETE FROM members WHERE tenant = ?1"),
    ("audit", "DELETE FROM audit WHERE tenant = ?1"),
    ("plans", "DELETE FROM plans WHERE tenant = ?1"),
    ("spent", "DELETE FROM spent WHERE tenant = ?1"),
    ("tenants", "DELETE FROM tenants WHERE id = ?1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = ?1 AND kind = 'tenant'"),
];

/// Who becomes the owner of a tenant that would be left without one: of those with the highest role
/// the one who is there longest.
const HEIRS: &str = "UPDATE members SET role = 'owner'
    WHERE tenant IN (SELECT tenant FROM members WHERE person = ?1)
    AND NOT EXISTS (SELECT 1 FROM members o
        WHERE o.tenant = members.tenant AND o.person <> ?1 AND o.role = 'owner')
    AND person = (SELECT n.person FROM members n
        WHERE n.tenant = members.tenant AND n.person <> ?1
        ORDER BY CASE n.role WHEN 'admin' THEN 0 WHEN 'member' THEN 1 ELSE 2 END, n.since, n.person
        LIMIT 1)";

/// What acts for a person, what would come to act for them, and whom they would let in.
const WITH_GRANTS: [(&str, &str); 7] = [
    (
        "app_secrets",
        "DELETE FROM app_secrets WHERE app IN (SELECT id FROM grants WHERE person = ?1)",
    ),
    ("apps", "DELETE FROM apps WHERE id IN (SELECT id FROM grants WHERE person = ?1)"),
    ("grants", "DELETE FROM grants WHERE person = ?1"),
    ("links", "DELETE FROM links WHERE person = ?1"),
    ("auth_codes", "DELETE FROM auth_codes WHERE person = ?1"),
    ("device_asks", "DELETE FROM device_asks WHERE person = ?1"),
    ("invitations", "DELETE FROM invitations WHERE made_by = ?1"),
];

/// What goes with the programs a person registered.
const WITH_CLIENTS: [(&str, &str); 6] = [
    (
        "grants",
        "DELETE FROM grants WHERE id IN (SELECT a.id FROM apps a JOIN clients c ON c.id = a.client
            WHERE c.person = ?1)",
    ),
    (
        "app_secrets",
        "DELETE FROM app_secrets WHERE app IN (SELECT a.id FROM apps a
            JOIN clients c ON c.id = a.client WHERE c.person = ?1)",
    ),
    ("apps", "DELETE FROM apps WHERE client IN (SELECT id FROM clients WHERE person = ?1)"),
    (
        "auth_codes",
        "DELETE FROM auth_codes WHERE client IN (SELECT id FROM clients WHERE person = ?1)",
    ),
    (
        "device_asks",
        "DELETE FROM device_asks WHERE client IN (SELECT id FROM clients WHERE person = ?1)",
    ),
    ("clients", "DELETE FROM clients WHERE person = ?1"),
];

/// What goes with a person beside that.
const WITH_PERSON: [(&str, &str); 14] = [
    ("authors", "DELETE FROM authors WHERE person = ?1"),
    ("sso_flows", "DELETE FROM sso_flows WHERE person = ?1"),
    ("sso_identities", "DELETE FROM sso_identities WHERE person = ?1"),
    ("grouped", "DELETE FROM grouped WHERE person = ?1"),
    ("shares", "DELETE FROM shares WHERE holder = ?1 AND kind = 'person'"),
    ("members", "DELETE FROM members WHERE person = ?1"),
    ("activity", "DELETE FROM activity WHERE person = ?1"),
    ("settings", "DELETE FROM settings WHERE person = ?1"),
    ("credentials", "DELETE FROM credentials WHERE person = ?1"),
    ("recovery_codes", "DELETE FROM recovery_codes WHERE person = ?1"),
    ("passkeys", "DELETE FROM passkeys WHERE person = ?1"),
    ("consents", "DELETE FROM consents WHERE person = ?1"),
    ("people", "DELETE FROM people WHERE id = ?1"),
    ("owner_keys", "DELETE FROM owner_keys WHERE owner = ?1 AND kind = 'person'"),
];

/// Where what stays named them, it names nobody.
const NAMELESS: [&str; 2] = [
    "UPDATE libraries SET owner = zeroblob(16) WHERE owner = ?1",
    "UPDATE endpoints SET made_by = zeroblob(16) WHERE made_by = ?1",
];

/// Runs each statement with `id` and counts what it removed.
fn all_of(
    connection: &Connection,
    statements: &[(&str, &str)],
    id: &[u8; 16],
    removed: &mut Removed,
) -> rusqlite::Result<()> {
    for (table, sql) in statements {
        let rows = connection.prepare_cached(sql)?.execute([id])?;
        removed.add(table, rows as u64);
    }
    Ok(())
}

/// Removes at most `limit` rows of what is in `library`, which stands as new when all are gone.
pub(super) fn empty(
    connection: &Connection,
    library: LibraryKey,
    limit: usize,
) -> rusqlite::Result<Step> {
    let (mut step, mut room) = (Step::default(), limit);
    for (table, key) in IN_LIBRARY {
        // A sign before it keeps the planner from walking the library for each row.
        let library_is = if key == "rowid" { "+library" } else { "library" };
        let sql = format!(
            "DELETE FROM {table} WHERE {library_is} = ?1 AND ({key}) IN
                (SELECT {key} FROM {table} WHERE library = ?1 LIMIT ?2)"
        );
        let gone = connection.prepare_cached(&sql)?.execute(params![library, room])?;
        step.removed.add(table, gone as u64);
        room = room.saturating_sub(gone);
        if room == 0 {
            return Ok(step);
        }
    }
    connection
        .prepare_cached(
            "UPDATE libraries SET seq = 0, floor = 0, hlc = 0, at = 0, numbers = '{}'
             WHERE key = ?1",
        )?
        .execute([library])?;
    step.is_done = true;
    Ok(step)
}

/// Removes the row of a library and what stands beside its content.
pub(super) fn what_stands_beside(
    connection: &Connection,
    library: LibraryId,
) -> rusqlite::Result<Removed> {
    let mut removed = Removed::default();
    all_of(connection, &WITH_LIBRARY, &library.to_bytes(), &mut removed)?;
    Ok(removed)
}

/// Removes a tenant that has no library and at most one member; nothing where it has more.
pub(super) fn tenant_goes(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Removed> {
    let (mut removed, id) = (Removed::default(), tenant.to_bytes());
    let is_used = "SELECT 1 FROM libraries WHERE tenant = ?1
        UNION ALL SELECT 1 FROM (SELECT 1 FROM members WHERE tenant = ?1 LIMIT 1 OFFSET 1)";
    if !connection.prepare_cached(is_used)?.exists([id])? {
        all_of(connection, &WITH_TENANT, &id, &mut removed)?;
    }
    Ok(removed)
}

/// Ends every grant and link of a person, and all they would get or give one by, and forgets what was
/// answered to them, also in libraries of others.
pub(super) fn end_all(connection: &Connection, person: PersonId) -> rusqlite::Result<Removed> {
    let (mut removed, id) = (Removed::default(), person.to_bytes());
    let mut statement = connection.prepare_cached("SELECT id FROM grants WHERE person = ?1")?;
    let grants = statement.query_map([id], |row| row.get(0).map(DeviceId::from_bytes))?;
    let grants: Vec<DeviceId> = grants.collect::<rusqlite::Result<_>>()?;
    let mut statement = connection.prepare_cached("SELECT key FROM libraries")?;
    let libraries = statement.query_map([], |row| row.get::<_, LibraryKey>(0))?;
    let libraries: Vec<LibraryKey> =
        [Ok(NO_LIBRARY)].into_iter().chain(libraries).collect::<rusqlite::Result<_>>()?;
    // The key of such an answer begins with the grant and a space; `!` comes next after it.
    let sql = "DELETE FROM replies WHERE library = ?1 AND key >= ?2 AND key < ?3";
    let mut forget = connection.prepare_cached(sql)?;
    for grant in grants {
        let (from, to) = (format!("{grant} "), format!("{grant}!"));
        for library in &libraries {
            removed.add("replies", forget.execute(params![library, from, to])? as u64);
        }
    }
    all_of(connection, &WITH_GRANTS, &id, &mut removed)?;
    Ok(removed)
}

/// Removes a person and what is theirs, and blanks their id where what stays named them.
pub(super) fn person_goes(connection: &Connection, person: PersonId) -> rusqlite::Result<Removed> {
    let id = person.to_bytes();
    let mut removed = end_all(connection, person)?;
    all_of(connection, &WITH_CLIENTS, &id, &mut removed)?;
    connection.prepare_cached(HEIRS)?.execute([id])?;
    all_of(connection, &WITH_PERSON, &id, &mut removed)?;
    for sql in NAMELESS {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables and columns that hold a person, which is what is looked for when one is erased.
    const OF_PEOPLE: &str = "SELECT m.name || '.' || c.name FROM sqlite_master m
        JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
        AND c.name IN ('person', 'owner', 'made_by', 'holder') ORDER BY 1";

    #[test]
    fn no_table_that_holds_a_person_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let connection = crate::sql::open_writer(&dir.path().join("a.db")).unwrap();
        let mut statement = connection.prepare(OF_PEOPLE).unwrap();
        let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let all = [&WITH_GRANTS[..], &WITH_CLIENTS[..], &WITH_PERSON[..]].concat();
        // The audit log stays as it is, and an erasure until its receipt is there.
        let known = ["audit.person", "erasures.person"];
        for column in found.map(Result::unwrap).filter(|column| !known.contains(&&**column)) {
            let (table, _) = column.split_once('.').unwrap();
            let removed = all.iter().any(|(of, _)| *of == table);
            let blanked = NAMELESS.iter().any(|sql| sql.contains(&format!("UPDATE {table} ")));
            assert!(removed || blanked, "{column} is neither removed nor blanked");
        }
    }

    #[test]
    fn no_table_of_a_library_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let connection = crate::sql::open_writer(&dir.path().join("a.db")).unwrap();
        let sql = OF_PEOPLE.replace("'person', 'owner', 'made_by', 'holder'", "'library'");
        let mut statement = connection.prepare(&sql).unwrap();
        for column in statement.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            let column = column.unwrap();
            let (table, _) = column.split_once('.').unwrap();
            let within = IN_LIBRARY.iter().any(|(of, _)| *of == table);
            let beside = WITH_LIBRARY.iter().any(|(of, _)| *of == table);
            assert!(within || beside, "{column} is not removed");
        }
    }
}
