//! The record of processing, made of what the stores say of their own columns.

use anyhow::{Context, Result};
use shelf_identity::privacy::record::Processing;

/// What is said of a table beside its columns.
const WHY: &str = "why";

/// The record of the records that the setting `records` names: what a store on a server of its own
/// keeps, or the one in the data directory.
pub(crate) fn processing(on_server: bool) -> Result<Vec<Processing>> {
    let text = if on_server { shelf_cluster::PRIVACY } else { shelf_embedded::PRIVACY };
    let tables: toml::Table = toml::from_str(text).context("cannot read the classes")?;
    tables.into_iter().map(|(table, columns)| of_table(table, columns)).collect()
}

fn of_table(table: String, columns: toml::Value) -> Result<Processing> {
    let columns = columns.as_table().with_context(|| format!("{table} has no columns"))?;
    let said = |name: &str| {
        let text = columns.get(WHY).and_then(|why| why.get(name)).and_then(toml::Value::as_str);
        text.map(str::to_owned).with_context(|| format!("{table} does not say its {name}"))
    };
    let of_class = |class: &str| {
        let found = columns.iter().filter(|(_, of)| of.as_str() == Some(class));
        found.map(|(column, _)| column.clone()).collect()
    };
    Ok(Processing {
        purpose: said("purpose")?,
        basis: said("basis")?,
        retention: said("retention")?,
        personal: of_class("personal"),
        sealed: of_class("sealed"),
        table,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the archive of a person tells of these tables: the account, bookmarks, activity, imports
    /// and every change.
    const TOLD: [&str; 27] = [
        "activity",
        "apps",
        "audit",
        "captures",
        "clients",
        "consents",
        "credentials",
        "devices",
        "endpoints",
        "erasures",
        "grants",
        "grouped",
        "groups",
        "imports",
        "invitations",
        "items",
        "ledger",
        "libraries",
        "members",
        "passkeys",
        "people",
        "recovery_codes",
        "settings",
        "shares",
        "sso_identities",
        "tenants",
        "trashed",
    ];
    /// What is made of what is told, and would be made again.
    const MADE_OF_IT: [&str; 7] =
        ["children", "names", "noted", "search_docs", "shown", "tagged", "urls"];
    /// What lives for minutes, or a month at most, and says nothing that is not told.
    const PASSING: [&str; 11] = [
        "answers",
        "app_secrets",
        "auth_codes",
        "deliveries",
        "device_asks",
        "held",
        "links",
        "replies",
        "sso_flows",
        "tries",
        "writes",
    ];

    /// What seals what is told, and says no more of a person than their id.
    const SEALING: [&str; 1] = ["owner_keys"];

    /// Whose what wrote in a library was: what was written is told, and with what.
    const SIGNING: [&str; 1] = ["authors"];

    /// What a team was given and asked for, summed: on its page of usage.
    const SUMMED: [&str; 2] = ["plans", "spent"];

    #[test]
    fn every_table_that_says_something_of_a_person_is_in_the_archive_or_known_not_to_be() {
        let known = [&TOLD[..], &MADE_OF_IT, &PASSING, &SEALING, &SIGNING, &SUMMED].concat();
        for on_server in [false, true] {
            let record = processing(on_server).unwrap();
            for one in record.iter().filter(|one| !one.personal.is_empty()) {
                assert!(known.contains(&one.table.as_str()), "{} is nowhere", one.table);
            }
        }
    }

    #[test]
    fn every_table_of_both_stores_says_why_it_is_there() {
        for on_server in [false, true] {
            let record = processing(on_server).unwrap();
            assert!(record.len() > 40, "{}", record.len());
            let people = record.iter().find(|one| one.table == "people").unwrap();
            assert_eq!(people.personal, ["id", "joined", "name"]);
            assert!(record.iter().any(|one| one.sealed.contains(&"hash".to_owned())));
        }
    }
}
