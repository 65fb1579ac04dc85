//! What an operation costs of what its caller may ask for.

use crate::openapi::operations;
use axum::http::Method;
use serde_json::Value;
use shelf_domain::rate::Cost;
use std::collections::HashMap;
use std::sync::Arc;

/// Reads what is at hand.
const READ: u32 = 1;
/// Changes one thing.
const WRITE: u32 = 2;
/// Looks through all there is.
const SEARCH: u32 = 3;
/// Changes many things at once.
const BULK: u32 = 20;
/// Walks or fills a whole library.
const WHOLE: u32 = 50;
/// Says how the process is; asked for all the time by whoever watches it.
const FREE: u32 = 0;
/// Addresses that are no operation.
const OTHER: u32 = READ;
/// Changes of a push that cost one more.
const CHANGES_A_UNIT: usize = 5;

/// Each operation and its cost.
const COSTS: &[(&str, u32)] = &[
    ("get_health", FREE),
    ("get_readiness", FREE),
    ("get_metrics", FREE),
    ("get_problem", READ),
    ("get_me", READ),
    ("edit_me", WRITE),
    ("list_tenants", READ),
    ("create_tenant", WRITE),
    ("get_tenant", READ),
    ("edit_tenant", WRITE),
    ("list_members", READ),
    ("edit_member", WRITE),
    ("remove_member", WRITE),
    ("join_tenant", WRITE),
    ("list_groups", READ),
    ("create_group", WRITE),
    ("edit_group", WRITE),
    ("remove_group", WRITE),
    ("put_into_group", WRITE),
    ("take_from_group", WRITE),
    ("list_invitations", READ),
    ("invite", WRITE),
    ("take_back_invitation", WRITE),
    ("list_libraries_of_tenant", READ),
    ("create_library", WRITE),
    ("get_library", READ),
    ("edit_library", WRITE),
    ("list_audit", READ),
    ("check_audit", BULK),
    ("list_shares", READ),
    ("give_right", WRITE),
    ("take_right_back", WRITE),
    ("list_devices", READ),
    ("pair_device", WRITE),
    ("unpair_device", WRITE),
    ("list_sessions", READ),
    ("end_session", WRITE),
    ("list_tokens", READ),
    ("create_token", WRITE),
    ("revoke_token", WRITE),
    ("get_activity_switch", READ),
    ("switch_activity", WRITE),
    ("list_activity", READ),
    ("forget_activity", WRITE),
    ("list_bookmarks", READ),
    ("save_bookmark", WRITE),
    ("get_bookmark", READ),
    ("edit_bookmark", WRITE),
    ("trash_bookmark", WRITE),
    ("open_bookmark", READ),
    ("get_item_history", READ),
    ("restore_version", WRITE),
    ("list_places", READ),
    ("add_place", WRITE),
    ("move_place", WRITE),
    ("remove_place", WRITE),
    ("bulk_edit", BULK),
    ("list_collections", READ),
    ("create_collection", WRITE),
    ("get_collection", READ),
    ("edit_collection", WRITE),
    ("trash_collection", BULK),
    ("list_tags", READ),
    ("create_tag", WRITE),
    ("get_tag", READ),
    ("edit_tag", BULK),
    ("trash_tag", BULK),
    ("search_library", SEARCH),
    ("search_all", 2 * SEARCH),
    ("list_imports", READ),
    ("begin_import", WHOLE),
    ("get_import", READ),
    ("list_import_rows", READ),
    ("undo_import", WHOLE),
    ("export_library", WHOLE),
    ("list_trash", READ),
    ("purge_trash", BULK),
    ("restore_items", BULK),
    ("list_acts", READ),
    ("undo_act", BULK),
    ("restore_library", WHOLE),
    ("pull_changes", SEARCH),
    ("push_changes", WRITE),
];

/// Operations that take a secret which lets somebody in, and the door it is tried at: they count
/// as attempts, not by who brings it.
const DOORS: &[(&str, &str)] = &[("join_tenant", "invitation")];

/// What is known of an operation before it is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    /// What it costs.
    pub cost: Cost,
    /// The door that is tried by it.
    pub door: Option<&'static str>,
}

/// What the operation called `id` costs, in units.
pub(crate) fn units_of(id: &str) -> Option<u32> {
    COSTS.iter().find(|(known, _)| *known == id).map(|(_, units)| *units)
}

/// What so many changes of a push cost besides.
pub(crate) fn of_changes(changes: usize) -> Cost {
    Cost::units(u32::try_from(changes / CHANGES_A_UNIT).unwrap_or(u32::MAX))
}

/// Costs by route and method. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Costs(Arc<HashMap<String, Vec<(Method, Priced)>>>);

impl Costs {
    /// The costs of the operations in a finished document.
    pub(crate) fn of(document: &Value) -> Self {
        let mut all: HashMap<String, Vec<(Method, Priced)>> = HashMap::new();
        for (method, path, operation) in operations(document) {
            let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
            if let (Ok(method), Some(units)) = (method.parse(), units_of(id)) {
                let door = DOORS.iter().find(|(known, _)| *known == id).map(|(_, door)| *door);
                let priced = Priced { cost: Cost::units(units), door };
                all.entry(path).or_default().push((method, priced));
            }
        }
        Self(Arc::new(all))
    }

    /// What is known of a request.
    pub(crate) fn price(&self, method: &Method, route: &str) -> Priced {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let mut of_route = self.0.get(route).into_iter().flatten();
        let known = of_route.find(|(known, _)| known == method).map(|(_, priced)| *priced);
        known.unwrap_or(Priced { cost: Cost::units(OTHER), door: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_cost_and_every_cost_an_operation() {
        let document = crate::document();
        let operations = operations(&document);
        let ids = operations.iter().map(|(_, _, operation)| {
            operation.get("operationId").and_then(Value::as_str).unwrap_or_default()
        });
        let known: BTreeSet<&str> = COSTS.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.collect::<BTreeSet<_>>(), known);
        assert_eq!(known.len(), COSTS.len(), "no operation stands here twice");
        assert!(DOORS.iter().all(|(id, _)| known.contains(id)), "every door belongs to one");
    }

    #[test]
    fn a_request_costs_what_its_operation_does() {
        let costs = Costs::of(&crate::document());
        let search = "/v1/libraries/{library}/search";
        assert_eq!(costs.price(&Method::GET, search).cost, Cost::units(3));
        assert_eq!(costs.price(&Method::HEAD, search).cost, Cost::units(3));
        assert_eq!(costs.price(&Method::GET, "/readyz").cost, Cost::ZERO);
        assert_eq!(costs.price(&Method::GET, "/v1/{*rest}").cost, Cost::units(1));
        let joins = Priced { cost: Cost::units(2), door: Some("invitation") };
        assert_eq!(costs.price(&Method::POST, "/v1/memberships"), joins);
        assert_eq!(of_changes(500), Cost::units(100));
    }
}
