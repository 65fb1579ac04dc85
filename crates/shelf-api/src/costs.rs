//! What an operation costs of what its caller may ask for, and what a token must be good for to
//! have it done.

use crate::facades;
use crate::graphql;
use crate::live;
use crate::openapi::Listed;
use crate::routes::oauth;
use axum::http::Method;
use shelf_domain::permit::{Permit, Permits};
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

/// What the token of a caller must be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// For nothing: nobody has to be known.
    Open,
    /// For anything at all; what is told keeps within the libraries it reaches.
    Any,
    /// For this.
    Of(Permit),
    /// For everything: what no row speaks of.
    Every,
}

const OPEN: Need = Need::Open;
const ANY: Need = Need::Any;
const BOOKMARKS_R: Need = Need::Of(Permit::BookmarksRead);
const BOOKMARKS_W: Need = Need::Of(Permit::BookmarksWrite);
const ACTIVITY_R: Need = Need::Of(Permit::ActivityRead);
const ACTIVITY_W: Need = Need::Of(Permit::ActivityWrite);
const ACCOUNT_R: Need = Need::Of(Permit::AccountRead);
const ACCOUNT_W: Need = Need::Of(Permit::AccountWrite);
const SHARING_R: Need = Need::Of(Permit::SharingRead);
const SHARING_W: Need = Need::Of(Permit::SharingWrite);
const AUDIT_R: Need = Need::Of(Permit::AuditRead);
const WEBHOOKS_R: Need = Need::Of(Permit::WebhooksRead);
const WEBHOOKS_W: Need = Need::Of(Permit::WebhooksWrite);
const ADMIN: Need = Need::Of(Permit::Admin);

impl Need {
    /// The permits a caller must have.
    pub(crate) fn permits(self) -> Permits {
        match self {
            Self::Open | Self::Any => Permits::NONE,
            Self::Of(permit) => [permit].into_iter().collect(),
            Self::Every => Permits::EVERY,
        }
    }
}

/// Addresses of the router that are no operation of the document, and what they cost: what
/// describes it, what answers that there is nothing, GraphQL, which lets nobody in it does not know,
/// and OAuth, where programs prove themselves.
const ELSEWHERE: &[(&str, u32)] = &[
    ("/openapi.json", READ),
    ("/v1/{*rest}", READ),
    // What a field of it asks costs besides, as it is asked.
    (graphql::ADDRESS, READ),
    // The socket of sync: what is told and pushed over it costs besides.
    (live::ADDRESS, READ),
    (oauth::SERVER, READ),
    (oauth::RESOURCE, READ),
    (oauth::TOKEN, WRITE),
    (oauth::PAR, WRITE),
    (oauth::DEVICE, WRITE),
    (oauth::REVOKE, WRITE),
    (oauth::INTROSPECT, READ),
];

/// Each operation, its cost, and what its caller's token must be good for.
const COSTS: &[(&str, u32, Need)] = &[
    ("get_health", FREE, OPEN),
    ("get_readiness", FREE, OPEN),
    ("get_metrics", FREE, OPEN),
    ("get_problem", READ, OPEN),
    ("get_me", READ, ANY),
    ("edit_me", WRITE, ACCOUNT_W),
    ("list_passkeys", READ, ACCOUNT_R),
    ("edit_passkey", WRITE, ANY),
    ("remove_passkey", WRITE, ANY),
    ("list_tenants", READ, SHARING_R),
    ("create_tenant", WRITE, SHARING_W),
    ("get_tenant", READ, SHARING_R),
    ("edit_tenant", WRITE, SHARING_W),
    ("list_members", READ, SHARING_R),
    ("edit_member", WRITE, SHARING_W),
    ("remove_member", WRITE, SHARING_W),
    ("join_tenant", WRITE, SHARING_W),
    ("list_groups", READ, SHARING_R),
    ("create_group", WRITE, SHARING_W),
    ("edit_group", WRITE, SHARING_W),
    ("remove_group", WRITE, SHARING_W),
    ("put_into_group", WRITE, SHARING_W),
    ("take_from_group", WRITE, SHARING_W),
    ("list_invitations", READ, SHARING_R),
    ("invite", WRITE, SHARING_W),
    ("take_back_invitation", WRITE, SHARING_W),
    ("get_sso", READ, SHARING_R),
    ("connect_sso", BULK, SHARING_W),
    ("remove_sso", WRITE, SHARING_W),
    ("add_sso_domain", WRITE, SHARING_W),
    ("verify_sso_domain", BULK, SHARING_W),
    ("remove_sso_domain", WRITE, SHARING_W),
    ("list_libraries_of_tenant", READ, SHARING_R),
    ("create_library", WRITE, SHARING_W),
    ("get_library", READ, ANY),
    ("edit_library", WRITE, SHARING_W),
    ("list_audit", READ, AUDIT_R),
    ("check_audit", BULK, AUDIT_R),
    ("get_usage", SEARCH, SHARING_R),
    ("list_all_tenants", BULK, ADMIN),
    ("give_plan", WRITE, ADMIN),
    ("get_server", READ, ADMIN),
    ("list_webhooks", READ, WEBHOOKS_R),
    ("add_webhook", WRITE, WEBHOOKS_W),
    ("get_webhook", READ, WEBHOOKS_R),
    ("edit_webhook", WRITE, WEBHOOKS_W),
    ("remove_webhook", WRITE, WEBHOOKS_W),
    ("rotate_webhook_secret", WRITE, WEBHOOKS_W),
    ("test_webhook", WRITE, WEBHOOKS_W),
    ("list_deliveries", READ, WEBHOOKS_R),
    ("get_delivery", READ, WEBHOOKS_R),
    ("replay_delivery", WRITE, WEBHOOKS_W),
    ("replay_failed", BULK, WEBHOOKS_W),
    ("list_shares", READ, SHARING_R),
    ("give_right", WRITE, SHARING_W),
    ("take_right_back", WRITE, SHARING_W),
    ("list_devices", READ, ACCOUNT_R),
    ("pair_device", WRITE, BOOKMARKS_W),
    ("rename_device", WRITE, ACCOUNT_W),
    ("unpair_device", WRITE, ACCOUNT_W),
    ("list_sessions", READ, ACCOUNT_R),
    ("end_session", WRITE, ACCOUNT_W),
    ("list_tokens", READ, ACCOUNT_R),
    ("create_token", WRITE, ACCOUNT_W),
    ("revoke_token", WRITE, ACCOUNT_W),
    ("list_clients", READ, ACCOUNT_R),
    ("register_client", WRITE, ACCOUNT_W),
    ("remove_client", WRITE, ACCOUNT_W),
    ("list_apps", READ, ACCOUNT_R),
    ("shut_out_app", WRITE, ACCOUNT_W),
    ("get_activity_switch", READ, ACTIVITY_R),
    ("switch_activity", WRITE, ACTIVITY_W),
    ("list_activity", READ, ACTIVITY_R),
    ("forget_activity", WRITE, ACTIVITY_W),
    ("get_presence_switch", READ, ACTIVITY_R),
    ("switch_presence", WRITE, ACTIVITY_W),
    ("list_presence", READ, BOOKMARKS_R),
    ("list_bookmarks", READ, BOOKMARKS_R),
    ("save_bookmark", WRITE, BOOKMARKS_W),
    ("get_bookmark", READ, BOOKMARKS_R),
    ("edit_bookmark", WRITE, BOOKMARKS_W),
    ("trash_bookmark", WRITE, BOOKMARKS_W),
    ("open_bookmark", READ, ACTIVITY_W),
    ("get_item_history", READ, BOOKMARKS_R),
    ("restore_version", WRITE, BOOKMARKS_W),
    ("list_places", READ, BOOKMARKS_R),
    ("add_place", WRITE, BOOKMARKS_W),
    ("move_place", WRITE, BOOKMARKS_W),
    ("remove_place", WRITE, BOOKMARKS_W),
    ("list_comments", READ, BOOKMARKS_R),
    ("add_comment", WRITE, BOOKMARKS_W),
    ("get_comment", READ, BOOKMARKS_R),
    ("edit_comment", WRITE, BOOKMARKS_W),
    ("remove_comment", WRITE, BOOKMARKS_W),
    ("list_files", READ, BOOKMARKS_R),
    ("add_file", BULK, BOOKMARKS_W),
    ("get_file", READ, BOOKMARKS_R),
    ("get_file_content", SEARCH, BOOKMARKS_R),
    ("remove_file", WRITE, BOOKMARKS_W),
    ("list_conflicts", READ, BOOKMARKS_R),
    ("resolve_conflict", WRITE, BOOKMARKS_W),
    ("bulk_edit", BULK, BOOKMARKS_W),
    ("list_collections", READ, BOOKMARKS_R),
    ("create_collection", WRITE, BOOKMARKS_W),
    ("get_collection", READ, BOOKMARKS_R),
    ("edit_collection", WRITE, BOOKMARKS_W),
    ("trash_collection", BULK, BOOKMARKS_W),
    ("share_collection", WHOLE, SHARING_W),
    ("mount_library", WRITE, BOOKMARKS_W),
    ("list_tags", READ, BOOKMARKS_R),
    ("create_tag", WRITE, BOOKMARKS_W),
    ("get_tag", READ, BOOKMARKS_R),
    ("edit_tag", BULK, BOOKMARKS_W),
    ("trash_tag", BULK, BOOKMARKS_W),
    ("search_library", SEARCH, BOOKMARKS_R),
    ("search_all", 2 * SEARCH, BOOKMARKS_R),
    ("list_imports", READ, BOOKMARKS_R),
    ("begin_import", WHOLE, BOOKMARKS_W),
    ("get_import", READ, BOOKMARKS_R),
    ("list_import_rows", READ, BOOKMARKS_R),
    ("undo_import", WHOLE, BOOKMARKS_W),
    ("export_library", WHOLE, BOOKMARKS_R),
    ("list_trash", READ, BOOKMARKS_R),
    ("purge_trash", BULK, BOOKMARKS_W),
    ("restore_items", BULK, BOOKMARKS_W),
    ("list_acts", READ, BOOKMARKS_R),
    ("undo_act", BULK, BOOKMARKS_W),
    ("restore_library", WHOLE, BOOKMARKS_W),
    ("get_privacy", READ, ACCOUNT_R),
    ("get_notice", READ, ANY),
    ("get_server_key", READ, ANY),
    ("get_processing_record", READ, ANY),
    ("export_everything", WHOLE, ANY),
    ("ask_erasure", WRITE, ANY),
    ("take_back_erasure", WRITE, ANY),
    ("get_receipt", READ, OPEN),
    ("restrict", WRITE, ACCOUNT_W),
    ("object", WRITE, ACCOUNT_W),
    ("give_consent", WRITE, ACCOUNT_W),
    ("pull_changes", SEARCH, BOOKMARKS_R),
    ("get_sync", READ, BOOKMARKS_R),
    ("get_checksum", BULK, BOOKMARKS_R),
    ("repair_ranges", BULK, BOOKMARKS_R),
    ("get_snapshot", WHOLE, BOOKMARKS_R),
    ("get_part", BULK, BOOKMARKS_R),
    ("list_held", READ, BOOKMARKS_R),
    ("list_held_items", READ, BOOKMARKS_R),
    ("confirm_held", BULK, BOOKMARKS_W),
    ("refuse_held", WRITE, BOOKMARKS_W),
    ("push_changes", WRITE, BOOKMARKS_W),
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
    /// What the caller's token must be good for.
    pub need: Need,
}

/// What the operation called `id` costs, in units, and what a token must be good for.
pub(crate) fn row_of(id: &str) -> Option<(u32, Need)> {
    COSTS.iter().find(|(known, ..)| *known == id).map(|(_, units, need)| (*units, *need))
}

/// What so many changes of a push cost besides.
pub(crate) fn of_changes(changes: usize) -> Cost {
    Cost::units(u32::try_from(changes / CHANGES_A_UNIT).unwrap_or(u32::MAX))
}

/// Costs by route and method. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Costs(Arc<HashMap<String, Vec<(Method, Priced)>>>);

impl Costs {
    /// The costs of `operations`.
    pub(crate) fn of(operations: &[Listed]) -> Self {
        let mut all: HashMap<String, Vec<(Method, Priced)>> = HashMap::new();
        for Listed { method, path, id } in operations {
            if let Some((units, need)) = row_of(id) {
                let door = DOORS.iter().find(|(known, _)| known == id).map(|(_, door)| *door);
                let priced = Priced { cost: Cost::units(units), door, need };
                all.entry(path.clone()).or_default().push((method.clone(), priced));
            }
        }
        Self(Arc::new(all))
    }

    /// What is known of a request.
    pub(crate) fn price(&self, method: &Method, route: &str) -> Priced {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let mut of_route = self.0.get(route).into_iter().flatten();
        let known = of_route.find(|(known, _)| known == method).map(|(_, priced)| *priced);
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == route);
        let elsewhere = elsewhere.map(|(_, units)| Cost::units(*units));
        // What a facade asks costs besides, and is looked at, as it is asked.
        let elsewhere = elsewhere.or_else(|| facades::price(route));
        // What no row speaks of is for whoever may do everything.
        let other = (Cost::units(OTHER), Need::Every);
        let (cost, need) = elsewhere.map_or(other, |cost| (cost, OPEN));
        known.unwrap_or(Priced { cost, door: None, need })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::operations;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn listed() -> Vec<Listed> {
        crate::openapi::listed(&crate::documented().into_openapi())
    }

    #[test]
    fn what_is_listed_is_what_the_document_says() {
        let document = crate::document();
        let said = operations(&document).into_iter().map(|(method, path, operation)| {
            let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
            (method, path, id.to_owned())
        });
        let listed = listed().into_iter().map(|one| (one.method.to_string(), one.path, one.id));
        assert_eq!(listed.collect::<BTreeSet<_>>(), said.collect());
    }

    #[test]
    fn every_operation_has_a_cost_and_every_cost_an_operation() {
        let listed = listed();
        let ids = listed.iter().map(|one| one.id.as_str());
        let known: BTreeSet<&str> = COSTS.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids.collect::<BTreeSet<_>>(), known);
        assert_eq!(known.len(), COSTS.len(), "no operation stands here twice");
        assert!(DOORS.iter().all(|(id, _)| known.contains(id)), "every door belongs to one");
    }

    #[test]
    fn what_no_row_speaks_of_is_for_whoever_may_do_everything() {
        let costs = Costs::of(&listed());
        let need = |method, route| costs.price(&method, route).need;
        assert_eq!(need(Method::GET, "/v1/forgotten"), Need::Every);
        assert_eq!(need(Method::DELETE, "/v1/me"), Need::Every, "no such method");
        assert_eq!(need(Method::HEAD, "/v1/me"), Need::Any);
        assert_eq!(need(Method::GET, "/v1/{*rest}"), Need::Open);
        for (id, units, need) in COSTS {
            assert!(*units != FREE || *need == OPEN, "{id} is not looked at before it is done");
        }
    }

    #[test]
    fn a_request_costs_what_its_operation_does() {
        let costs = Costs::of(&listed());
        let search = "/v1/libraries/{library}/search";
        assert_eq!(costs.price(&Method::GET, search).cost, Cost::units(3));
        assert_eq!(costs.price(&Method::HEAD, search).cost, Cost::units(3));
        assert_eq!(costs.price(&Method::GET, "/readyz").cost, Cost::ZERO);
        assert_eq!(costs.price(&Method::GET, "/v1/{*rest}").cost, Cost::units(1));
        let joins = Priced { cost: Cost::units(2), door: Some("invitation"), need: SHARING_W };
        assert_eq!(costs.price(&Method::POST, "/v1/memberships"), joins);
        let facade = |route| costs.price(&Method::GET, route).cost;
        assert_eq!(facade("/karakeep/api/v1/lists"), Cost::units(1));
        assert_eq!(facade("/karakeep/api/v1/lists/{id}/bookmarks/"), Cost::tenths(2));
        assert_eq!(of_changes(500), Cost::units(100));
    }
}
