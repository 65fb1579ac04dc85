//! The `OpenAPI` document: kept beside the code, and the same as the router.

use crate::world::World;
use std::path::Path;

#[test]
#[expect(clippy::disallowed_methods, reason = "blessing is asked for by the environment")]
fn the_kept_document_is_the_one_the_code_makes() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = format!("{:#}\n", shelf_api::document());
    if std::env::var("MINDSHELF_BLESS").as_deref() == Ok("1") {
        std::fs::write(&kept, &made).unwrap();
    }
    let old = std::fs::read_to_string(&kept).unwrap_or_default();
    assert!(old == made, "docs/openapi.json is stale: cargo xtask bless, and look at the change");
}

#[tokio::test]
async fn the_served_document_is_the_kept_one() {
    let world = World::new().await;
    let served = world.get(&world.ada, "/openapi.json").await;
    assert_eq!(served.json, shelf_api::document());
    assert_eq!(served.json["openapi"], "3.1.0");
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = shelf_api::document();
    let operations = shelf_api::operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path, operation) in operations {
        for field in ["operationId", "summary", "tags", "responses"] {
            assert!(operation.contains_key(field), "{method} {path} has no {field}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
        let public = operation.get("security").is_some_and(|given| given == &serde_json::json!([]));
        assert!(public || responses.contains_key("401"), "{method} {path} needs no token");
        let body = operation.get("requestBody");
        assert!(
            method == "GET"
                || method == "DELETE"
                || body.is_some()
                || path.ends_with("/open")
                || path.ends_with("/undo")
                || path.ends_with("/share")
                || ["/replay", "/test", "/secret", "/verification"]
                    .iter()
                    .any(|end| path.ends_with(end))
                || path.ends_with("/members/{person}"),
            "{method} {path} has no body"
        );
    }
}

#[test]
fn what_is_written_may_not_have_other_properties() {
    let document = shelf_api::document();
    for (method, path, operation) in shelf_api::operations(&document) {
        let Some(content) = operation.get("requestBody").and_then(|body| body.get("content"))
        else {
            continue;
        };
        for (kind, media) in content.as_object().unwrap() {
            if !kind.contains("json") {
                continue;
            }
            let name = media["schema"]["$ref"].as_str().unwrap_or("");
            let schema = document.pointer(name.trim_start_matches('#')).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{method} {path} {kind}");
        }
    }
}
