//! The `OpenAPI` document: what the handlers say, with what is true of every route added.

use crate::caller::SESSION_COOKIE;
use crate::costs::{Need, row_of};
use crate::problem::{PROBLEM_JSON, Problem, ProblemBody, Wrong, status_of};
use axum::http::Method;
use serde_json::{Map, Value, json};
use shelf_domain::refusal::Code;
use std::collections::BTreeMap;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::{PartialSchema, ToSchema};

/// The methods an `OpenAPI` path may have.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What an idempotency key looks like: a plain word, or a string in quotes (RFC 9651).
const KEY: &str = r#"^([A-Za-z0-9_.:~+/=-]{1,255}|"([ !#-\[\]-~]|\\["\\]){1,255}")$"#;

/// What a list of entity tags looks like.
const TAGS_OF_A_HEADER: &str = r#"^(\*|(W/)?"[!#-+\--~]*"(, (W/)?"[!#-+\--~]*")*)$"#;
/// The schema of a file that is sent.
const FILE: &str = "/requestBody/content/application~1octet-stream/schema";
/// What a list of ids looks like.
const IDS: &str =
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*$";

const ABOUT: &str = "Save links, organise and find them. JSON throughout; times are RFC 3339 in \
UTC, ids are UUIDs, lists are cut into pages by opaque cursors. What is refused is answered by a \
problem (RFC 9457) with a stable code. Writes take an Idempotency-Key; edits are merge patches \
(RFC 7396) and take If-Match.";

const TAGS: [(&str, &str); 19] = [
    ("account", "Who the caller is, and the libraries they may use."),
    ("access", "Tokens, sessions, devices and programs."),
    ("tenants", "Who belongs together, and who may use which library."),
    ("admin", "What whoever runs the server sees and decides; nothing of what is in a library."),
    ("webhooks", "Who is told what happens in a library."),
    ("bookmarks", "Saved links and where they stand."),
    ("comments", "What people say of a bookmark, and texts that two of them wrote at once."),
    ("files", "Files that are kept with bookmarks."),
    ("collections", "The tree of folders."),
    ("tags", "Tags."),
    ("search", "Finding."),
    ("imports", "Files that come in, each with a ledger."),
    ("exports", "Files that go out."),
    ("trash", "What was put away, for thirty days."),
    ("history", "Who changed what, undo and older versions."),
    ("sync", "The log, for replicas."),
    ("activity", "What the person opened."),
    ("presence", "Who is in a library now."),
    ("privacy", "Everything out as one file, what is done with it, and erasure."),
];

/// The one path parameter that is a name and no id.
const DOMAIN: &str = "domain";

/// Path parameters and what they are.
const PATH_PARAMETERS: [(&str, &str); 17] = [
    ("library", "A library of the caller."),
    ("item", "The item."),
    ("act", "The gesture."),
    ("grant", "The token, session, device or app."),
    ("client", "The program."),
    ("passkey", "The passkey."),
    ("import", "The import."),
    ("file", "The file."),
    ("tenant", "A tenant of the caller."),
    ("person", "The member."),
    ("group", "The group."),
    ("invitation", "The invitation."),
    ("endpoint", "The endpoint."),
    ("delivery", "The delivery."),
    ("receipt", "The receipt."),
    (DOMAIN, "The name of the domain."),
    ("holder", "The person, the group, or the tenant whose members are meant."),
];

/// The finished document.
pub(crate) fn finished(document: &OpenApi) -> Value {
    let mut doc = serde_json::to_value(document).unwrap_or_default();
    doc["info"] = json!({
        "title": "MindShelf", "version": "1", "description": ABOUT,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
    });
    doc["servers"] = json!([{ "url": "/", "description": "This server." }]);
    let operations = ("operations", "Whether the process is well.");
    doc["tags"] = TAGS
        .into_iter()
        .chain([operations])
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    doc["security"] = json!([{ "token": [] }, { "session": [] }]);
    components(&mut doc["components"]);
    narrow_schemas(&mut doc["components"]["schemas"]);
    if let Some(paths) = doc["paths"].as_object_mut() {
        for (path, item) in paths {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method) {
                    complete(path, method, operation);
                }
            }
        }
    }
    drop_unused(&mut doc);
    doc
}

/// Takes out components nothing refers to: the parts of what was written inline.
fn drop_unused(doc: &mut Value) {
    for kind in ["schemas", "responses"] {
        loop {
            let text = doc.to_string();
            let Some(all) = doc["components"][kind].as_object_mut() else { break };
            let before = all.len();
            all.retain(|name, _| text.contains(&format!("\"#/components/{kind}/{name}\"")));
            if all.len() == before {
                break;
            }
        }
    }
}

fn components(components: &mut Value) {
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    schemas.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
    for (name, schema) in schemas {
        components["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    components["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer",
            "description": "A personal access token, which may be good for some scopes alone." },
        "session": { "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
            "description": "A signed-in browser; writes also need X-CSRF-Token." }
    });
    for (name, about) in [
        ("X-Request-Id", "Names the request in the server's log."),
        ("ETag", "The version of the item."),
        ("Link", "The next page, if there is one (RFC 8288)."),
        ("Location", "Where what was made can be read."),
        ("RateLimit", "What is left of each limit the request counts by, where there is one."),
        ("RateLimit-Policy", "How much each of them allows, and in how many seconds it fills."),
        ("Idempotency-Replayed", "`true` where this is the answer to an earlier request."),
    ] {
        components["headers"][name] =
            json!({ "description": about, "schema": { "type": "string" } });
    }
    for (status, (title, codes)) in by_status() {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let description = format!("{title} Code: {}.", codes.join(", "));
        components["responses"][format!("problem_{status}")] = json!({
            "description": description,
            "content": { PROBLEM_JSON: { "schema": schema, "example": {
                "type": format!("/problems/{}", codes.first().copied().unwrap_or_default()),
                "title": title, "status": status, "instance": "/v1/me",
                "code": codes.first(), "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"
            } } }
        });
    }
}

/// The sentence of the first code with each status, and all its codes.
fn by_status() -> BTreeMap<u16, (&'static str, Vec<&'static str>)> {
    let codes = Code::ALL.into_iter().map(|code| (status_of(code), code.name(), code.sentence()));
    let wrongs = Wrong::NAMED.into_iter().map(|wrong| {
        let (status, code, title, _) = wrong.text();
        (status, code, title)
    });
    let mut all: BTreeMap<u16, (&'static str, Vec<&'static str>)> = BTreeMap::new();
    for (status, code, title) in codes.chain(wrongs) {
        all.entry(status.as_u16()).or_insert((title, Vec::new())).1.push(code);
    }
    all
}

/// Adds to one operation what follows from its path and method.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let public = operation.get("security").is_some();
    if public {
        operation["security"] = json!([]);
    }
    let body = operation.get("requestBody").is_some();
    let writes = method != "get";
    let mut parameters = path_parameters(path);
    if let Some(own) = operation["parameters"].as_array() {
        parameters.extend(own.iter().cloned());
    }
    parameters.extend((writes && !public).then(idempotency_key));
    let versioned = operation["responses"].get("304").is_some();
    if versioned {
        parameters.push(tagged("If-None-Match", "Versions the caller has."));
    }
    // Places and what belongs to no library have no versions.
    let beside = ["/shares", "/webhooks"].iter().any(|part| path.contains(part));
    let content = path.starts_with("/v1/libraries/{library}/") && !beside;
    if method == "patch" && content && !path.contains("/places/") {
        parameters.push(tagged("If-Match", "The version the caller has read."));
    }
    let positioned = !writes && content;
    parameters.extend(positioned.then(position));
    parameters.retain(|one| path != "/v1/search" || one["name"] != "at_least");
    parameters.iter_mut().for_each(narrow);
    if parameters.is_empty() {
        operation.as_object_mut().map(|fields| fields.remove("parameters"));
    } else {
        operation["parameters"] = parameters.into();
    }
    if path.contains("/exports/") {
        let file = operation["responses"]["200"]["content"]["application/jsonl"].clone();
        for kind in ["text/html", "text/csv"] {
            operation["responses"]["200"]["content"][kind] = file.clone();
        }
    }
    if let Some(file) = operation.pointer_mut(FILE) {
        *file = json!({ "type": "string", "minLength": 1 });
    }
    headers(path, method, &mut operation["responses"]);
    let is_bounded = priced(operation);
    let mut statuses: Vec<u16> = vec![400, 403, 408, 421, 500, 503];
    statuses.extend((!public).then_some(401));
    // A body names an invitation by its secret, and the libraries of a token.
    let waits = path == "/v1/privacy/erasures" && method == "delete";
    let names = path == "/v1/memberships" || (path == "/v1/tokens" && writes);
    if waits || names || path.contains('{') {
        statuses.push(404);
    }
    if writes {
        statuses.extend([409, 410, 412, 413, 422]);
    }
    if is_bounded {
        statuses.push(429);
    }
    if positioned {
        statuses.push(409);
    }
    if path.ends_with("/changes") {
        statuses.push(410);
    }
    if body {
        statuses.push(415);
    }
    for status in statuses {
        let responses = &mut operation["responses"];
        if responses.get(status.to_string()).is_none() {
            let at = format!("#/components/responses/problem_{status}");
            responses[status.to_string()] = json!({ "$ref": at });
        }
    }
}

/// Says what an operation costs, and of its answers that are not problems what the caller may be
/// told of their limits; also what a token must be good for. Whether it costs anything.
fn priced(operation: &mut Value) -> bool {
    let row = operation["operationId"].as_str().and_then(row_of);
    let (units, need) = row.unwrap_or((0, Need::Every));
    operation["x-cost"] = units.into();
    if let Need::Of(permit) = need {
        // The roles of a scheme that has none of its own (OpenAPI 3.1).
        operation["security"] = json!([{ "token": [permit.name()] }, { "session": [] }]);
    }
    let names = if units > 0 { ["RateLimit", "RateLimit-Policy"].as_slice() } else { &[] };
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        for name in names {
            let at = format!("#/components/headers/{name}");
            response["headers"][name] = json!({ "$ref": at });
        }
    }
    units > 0
}

/// The headers of the answers that are not problems.
fn headers(path: &str, method: &str, responses: &mut Value) {
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        let mut named = vec!["X-Request-Id"];
        if method != "get" {
            named.push("Idempotency-Replayed");
        }
        let schema = &response["content"]["application/json"]["schema"]["$ref"];
        let schema = schema.as_str().unwrap_or_default();
        let single = ["/Bookmark", "/Comment", "/Tag", "/Collection"];
        let single = single.iter().any(|name| schema.ends_with(name));
        if status == "304" || schema.contains("Written_") || (single && method == "get") {
            named.push("ETag");
        }
        if schema.contains("Paged_") || path.ends_with("/search") {
            named.push("Link");
        }
        if matches!(status.as_str(), "201" | "202") {
            named.push("Location");
        }
        for name in named {
            let at = format!("#/components/headers/{name}");
            response["headers"][name] = json!({ "$ref": at });
        }
    }
}

fn path_parameters(path: &str) -> Vec<Value> {
    let named = |name: &str| path.contains(&format!("{{{name}}}"));
    PATH_PARAMETERS
        .into_iter()
        .filter(|(name, _)| named(name))
        .map(|(name, about)| {
            if name == DOMAIN {
                return json!({ "name": name, "in": "path", "required": true, "description": about,
                    "schema": { "type": "string" }, "example": "example.org" });
            }
            let schema = json!({ "type": "string", "format": "uuid" });
            let example = format!("0193f0a0-0000-7000-8000-0000000000{:02x}", example(path, name));
            json!({ "name": name, "in": "path", "required": true, "description": about,
                "schema": schema, "example": example })
        })
        .collect()
}

/// The number at the end of the id the examples use for what `name` is in `path`.
fn example(path: &str, name: &str) -> u8 {
    let named = [
        ("library", 0),
        ("tenant", 10),
        ("person", 13),
        ("group", 14),
        ("invitation", 15),
        ("holder", 13),
        ("endpoint", 16),
        ("delivery", 17),
        ("client", 18),
        ("receipt", 20),
        ("passkey", 21),
        ("file", 26),
    ];
    if let Some((_, number)) = named.into_iter().find(|(known, _)| *known == name) {
        return number;
    }
    let numbers = [
        ("/tokens/", 7),
        ("/sessions/", 8),
        ("/devices/", 6),
        ("/held/", 6),
        ("/apps/", 19),
        ("/bookmarks/", 1),
        ("/collections/", 2),
        ("/tags/", 3),
        ("/places/", 5),
        ("/comments/", 22),
        ("/conflicts/", 23),
        ("/acts/", 9),
        ("/imports/", 12),
    ];
    let found = numbers.into_iter().find(|(part, _)| path.contains(part));
    found.map_or(0, |(_, number)| number)
}

/// What names a request that changes something.
fn idempotency_key() -> Value {
    let about = "Names the request, so that it may be repeated: bare, or a quoted string.";
    let mut key = header("Idempotency-Key", about);
    key["schema"] = json!({ "type": "string", "pattern": KEY });
    key
}

/// How far what is read must have come.
fn position() -> Value {
    let about = "The answer has what was written up to this position of the log, such as the second \
        number of an ETag. Where there are replicas, it may come from one.";
    let mut position = header("MindShelf-At-Least", about);
    position["schema"] = json!({ "type": "string", "pattern": "^[0-9]{1,18}$" });
    position
}

/// A header of entity tags.
fn tagged(name: &str, about: &str) -> Value {
    let mut header = header(name, about);
    header["schema"]["pattern"] = TAGS_OF_A_HEADER.into();
    header
}

/// Says of a query parameter what its type does not.
fn narrow(parameter: &mut Value) {
    let schema = match parameter["name"].as_str() {
        Some("cursor") => json!({ "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" }),
        Some("ids") => json!({ "pattern": IDS }),
        _ => return,
    };
    for (name, value) in schema.as_object().into_iter().flatten() {
        parameter["schema"][name] = value.clone();
    }
}

/// Says of the bodies that are read what their types do not: what is required has no default,
/// and fields of a source have names.
fn narrow_schemas(schemas: &mut Value) {
    for (_, schema) in schemas.as_object_mut().into_iter().flatten() {
        let required = schema["required"].clone();
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            let is_required = required.as_array().is_some_and(|all| all.contains(&json!(name)));
            // And in a merge patch absent is not null.
            if is_required || property.get("default") == Some(&Value::Null) {
                property.as_object_mut().map(|property| property.remove("default"));
            }
            if name == "raw" {
                property["propertyNames"] = json!({ "minLength": 1 });
            }
        }
    }
}

fn header(name: &str, about: &str) -> Value {
    let schema = json!({ "type": "string" });
    json!({ "name": name, "in": "header", "description": about, "schema": schema })
}

/// The methods and paths of a finished document, with their operations.
pub fn operations(document: &Value) -> Vec<(String, String, &Map<String, Value>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item[method].as_object() {
                all.push((method.to_ascii_uppercase(), path.clone(), operation));
            }
        }
    }
    all
}

/// Where an operation is.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its method.
    pub method: Method,
    /// Its path, with names for what varies.
    pub path: String,
    /// Its id.
    pub id: String,
}

/// Where the operations are. Takes what the handlers say: at start nobody asks for the document, and
/// finishing it takes ten times the memory of all else.
pub(crate) fn listed(document: &OpenApi) -> Vec<Listed> {
    let mut all = Vec::new();
    for (path, item) in &document.paths.paths {
        let operations: [(Method, &Option<Operation>); METHODS.len()] = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        for (method, operation) in operations {
            if let Some(id) = operation.as_ref().and_then(|one| one.operation_id.clone()) {
                all.push(Listed { method, path: path.clone(), id });
            }
        }
    }
    all
}

/// Keeps the error table beside the document that lists it.
pub(crate) fn missing() -> Problem {
    Problem::from(shelf_domain::refusal::Refused::new(
        Code::NotFound,
        "",
        "there is nothing at this address",
    ))
}
