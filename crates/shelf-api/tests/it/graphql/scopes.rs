//! What tokens are good for holds for fields as for operations.

use crate::graphql::cases::CASES;
use crate::graphql::{ask, code, data};
use crate::walk::{Prepared, routes};
use serde_json::Value;
use shelf_domain::permit::Permit;
use std::collections::{BTreeMap, BTreeSet};

/// Operations that no field asks: how the process is, files, what people decide about what is
/// theirs, what devices push, and what lists and nodes answer.
const WITHOUT: [&str; 50] = [
    "get_health",
    "get_readiness",
    "get_metrics",
    "get_problem",
    "begin_import",
    "export_library",
    "add_file",
    "get_file",
    "get_file_content",
    "remove_file",
    "get_privacy",
    "get_notice",
    "give_consent",
    "object",
    "restrict",
    "export_everything",
    "ask_erasure",
    "take_back_erasure",
    "get_receipt",
    "get_server_key",
    "get_processing_record",
    "get_sso",
    "connect_sso",
    "remove_sso",
    "add_sso_domain",
    "verify_sso_domain",
    "remove_sso_domain",
    "get_usage",
    "list_all_tenants",
    "give_plan",
    "get_server",
    "list_passkeys",
    "edit_passkey",
    "remove_passkey",
    "push_changes",
    "get_sync",
    "get_checksum",
    "repair_ranges",
    "get_snapshot",
    "get_part",
    "list_held",
    "list_held_items",
    "confirm_held",
    "refuse_held",
    "rename_device",
    "get_bookmark",
    "list_places",
    "get_comment",
    "get_collection",
    "get_tag",
];

/// The scope of each operation, where it has one.
fn scopes() -> BTreeMap<String, Option<String>> {
    let document = shelf_api::document();
    let operations = shelf_api::operations(&document);
    let ids = operations.iter().map(|(method, path, operation)| {
        let of = routes(&document);
        let route = of
            .into_iter()
            .find(|route| route.method.as_str() == method.as_str() && &route.template == path)
            .unwrap();
        (operation["operationId"].as_str().unwrap().to_owned(), route.scope)
    });
    ids.collect()
}

#[test]
fn every_operation_is_asked_by_a_case_or_by_no_field() {
    let asked: BTreeSet<&str> = CASES.iter().map(|case| case.operation).chain(WITHOUT).collect();
    let all = scopes();
    assert_eq!(asked, all.keys().map(String::as_str).collect());
}

#[tokio::test]
async fn every_field_refuses_a_token_that_is_good_for_all_else() {
    let prepared = Prepared::new().await;
    let (world, ada) = (&prepared.world, &prepared.world.ada);
    let before = world.get(ada, "/v1/libraries/{library}/changes").await.text;
    let scopes = scopes();
    for case in CASES {
        let Some(scope) = &scopes[case.operation] else { continue };
        let others = Permit::ALL.map(Permit::name).into_iter().filter(|name| name != scope);
        let who = world.limited(ada, &others.collect::<Vec<_>>().join(" ")).await;
        let document = case.document(|text| prepared.adas(text));
        let told = ask(world, &who, &document, Value::Null).await;
        let extensions = &told.json["errors"][0]["extensions"];
        assert_eq!(code(&told), "insufficient_scope", "{} {}", case.field, told.text);
        assert_eq!(extensions["status"], 403, "{}", case.field);
    }
    assert_eq!(world.get(ada, "/v1/libraries/{library}/changes").await.text, before);
}

#[tokio::test]
async fn a_token_that_is_good_for_little_may_still_say_who_it_is() {
    let prepared = Prepared::new().await;
    let (world, ada) = (&prepared.world, &prepared.world.ada);
    let who = world.limited(ada, "audit:read").await;
    let told = ask(world, &who, "{ viewer { grant { scopes } } }", Value::Null).await;
    assert_eq!(data(&told)["viewer"]["grant"]["scopes"], serde_json::json!(["audit:read"]));
}
