//! Whether a page may be made now: what each costs, and who is counted.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shelf_domain::{habit::Way, id::TenantId, rate::Cost};
use shelf_identity::{Address, Asker, Bound, Outcome, Secret, Work, fields, session};
use std::sync::{Arc, OnceLock};

use crate::{cookies, posted::Said, trouble::Trouble, web::Web};

/// Shows what is at hand.
const READ: u32 = 1;
/// Changes one thing.
const WRITE: u32 = 2;
/// Looks through all there is.
const SEARCH: u32 = 3;
/// Changes many things at once.
const BULK: u32 = 20;
/// Walks or fills a whole library.
const WHOLE: u32 = 50;

/// Where a secret is brought that lets somebody in, and the door it is tried at.
const DOORS: &[(Method, &str, &str)] = &[
    (Method::POST, "/sign-in", ""),
    (Method::POST, "/sign-in/password", "password"),
    (Method::POST, "/sign-in/code", "code"),
    (Method::POST, "/sign-in/sso", "sso"),
    (Method::GET, "/sign-in/sso/{team}", "sso"),
    (Method::POST, "/sign-in/passkey", "passkey"),
    (Method::GET, "/join", "invitation"),
    (Method::POST, "/join", "invitation"),
    (Method::POST, "/join/passkey", "invitation"),
    (Method::POST, "/join/passkey/begin", "invitation"),
    (Method::POST, "/device", "device"),
    (Method::POST, "/device/answer", "device"),
];
/// The list that is searched when its address says for what.
const LIBRARY: &str = "/library";
/// Where a provider says whom it signed out: one after the other, from one address.
const SIGNED_OUT: &str = "/sign-in/sso/{team}/logout";

/// Each page, and what reading it and posting to it cost.
const COSTS: &[(&str, u32, u32)] = &[
    ("/", READ, READ),
    ("/welcome", READ, READ),
    ("/sign-in", READ, WRITE),
    ("/sign-in/password", READ, WRITE),
    ("/sign-in/code", READ, WRITE),
    ("/sign-in/sso", READ, WRITE),
    ("/sign-in/sso/{team}", WRITE, READ),
    (SIGNED_OUT, READ, WRITE),
    ("/sign-in/passkey", READ, WRITE),
    ("/sign-in/passkey/begin", READ, READ),
    ("/join", READ, WRITE),
    ("/join/passkey", READ, WRITE),
    ("/join/passkey/begin", READ, READ),
    ("/oauth/authorize", READ, WRITE),
    ("/device", READ, READ),
    ("/device/answer", READ, WRITE),
    ("/sign-out", READ, WRITE),
    ("/sample", READ, BULK),
    ("/sample/remove", READ, BULK),
    ("/save", READ, WRITE),
    ("/offline", READ, READ),
    ("/app.webmanifest", READ, READ),
    ("/worker.js", READ, READ),
    (LIBRARY, READ, READ),
    ("/unread", READ, READ),
    ("/favourites", READ, READ),
    ("/archive", READ, READ),
    ("/unsorted", READ, READ),
    ("/palette", SEARCH, READ),
    ("/items/{id}", READ, WRITE),
    ("/items/{id}/flags", READ, WRITE),
    ("/items/{id}/tags", READ, WRITE),
    ("/items/{id}/places", READ, WRITE),
    ("/items/{id}/put-back", READ, WRITE),
    ("/items/{id}/trash", READ, WRITE),
    ("/items/{id}/restore", READ, WRITE),
    ("/items/{id}/opened", READ, READ),
    ("/items/{id}/comments", READ, WRITE),
    ("/items/{id}/comments/{comment}", READ, WRITE),
    ("/items/{id}/comments/{comment}/remove", READ, WRITE),
    ("/items/{id}/files", READ, BULK),
    ("/items/{id}/files/{file}", SEARCH, READ),
    ("/items/{id}/files/{file}/remove", READ, WRITE),
    ("/conflicts", READ, READ),
    ("/conflicts/{item}", READ, WRITE),
    ("/bulk", READ, BULK),
    ("/folders", READ, WRITE),
    ("/folders/choices", READ, READ),
    ("/folders/{id}", READ, READ),
    ("/folders/{id}/rename", READ, WRITE),
    ("/folders/{id}/move", READ, WRITE),
    ("/folders/{id}/delete", READ, BULK),
    ("/folders/{id}/share", READ, WHOLE),
    ("/folders/{id}/mount", READ, WRITE),
    ("/tags", READ, READ),
    ("/tags/merge", READ, BULK),
    ("/tags/{id}", READ, READ),
    ("/tags/{id}/rename", READ, BULK),
    ("/tags/{id}/delete", READ, BULK),
    ("/trash", READ, READ),
    ("/trash/empty", READ, BULK),
    ("/waiting", READ, READ),
    ("/waiting/{device}", READ, BULK),
    ("/import", READ, WHOLE),
    ("/import/{id}", READ, READ),
    ("/import/{id}/progress", READ, READ),
    ("/import/{id}/run", READ, WHOLE),
    ("/import/{id}/undo", READ, WHOLE),
    ("/export", READ, READ),
    ("/export/{format}", WHOLE, READ),
    ("/sharing", READ, WRITE),
    ("/sharing/take-back", READ, WRITE),
    ("/sharing/name", READ, WRITE),
    ("/webhooks", READ, WRITE),
    ("/webhooks/{id}", READ, WRITE),
    ("/webhooks/{id}/state", READ, WRITE),
    ("/webhooks/{id}/secret", READ, WRITE),
    ("/webhooks/{id}/test", READ, WRITE),
    ("/webhooks/{id}/remove", READ, WRITE),
    ("/webhooks/{id}/again", READ, BULK),
    ("/webhooks/{id}/deliveries/{delivery}/again", READ, WRITE),
    ("/people", READ, WRITE),
    ("/people/{team}", READ, WRITE),
    ("/people/{team}/sso", READ, BULK),
    ("/people/{team}/sso/remove", READ, WRITE),
    ("/people/{team}/sso/domains", READ, WRITE),
    ("/people/{team}/sso/domains/verify", READ, BULK),
    ("/people/{team}/sso/domains/remove", READ, WRITE),
    ("/people/{team}/sso/connect", READ, WRITE),
    ("/people/{team}/audit", BULK, READ),
    ("/people/{team}/audit.jsonl", BULK, READ),
    ("/people/{team}/usage", SEARCH, READ),
    ("/admin", BULK, READ),
    ("/admin/tenants/{tenant}", READ, WRITE),
    ("/people/{team}/libraries", READ, WRITE),
    ("/people/{team}/members/{person}", READ, WRITE),
    ("/people/{team}/members/{person}/remove", READ, WRITE),
    ("/people/{team}/invitations", READ, WRITE),
    ("/people/{team}/invitations/{id}/take-back", READ, WRITE),
    ("/people/{team}/groups", READ, WRITE),
    ("/people/{team}/groups/{group}", READ, WRITE),
    ("/people/{team}/groups/{group}/remove", READ, WRITE),
    ("/people/{team}/groups/{group}/members", READ, WRITE),
    ("/people/{team}/groups/{group}/members/{person}/remove", READ, WRITE),
    ("/company/news", READ, READ),
    ("/history", READ, READ),
    ("/history/put-back", READ, WHOLE),
    ("/acts/{id}/undo", READ, BULK),
    ("/settings", READ, READ),
    ("/settings/name", READ, WRITE),
    ("/settings/password", READ, WRITE),
    ("/settings/password/codes", READ, WRITE),
    ("/settings/password/remove", READ, WRITE),
    ("/settings/passkeys", READ, WRITE),
    ("/settings/passkeys/begin", READ, WRITE),
    ("/settings/passkeys/confirm", READ, WRITE),
    ("/settings/passkeys/confirm/begin", READ, READ),
    ("/settings/passkeys/{id}/rename", READ, WRITE),
    ("/settings/passkeys/{id}/remove", READ, WRITE),
    ("/settings/privacy", READ, READ),
    ("/settings/privacy/archive", WHOLE, READ),
    ("/settings/privacy/erasure", READ, WRITE),
    ("/settings/privacy/erasure/take-back", READ, WRITE),
    ("/settings/privacy/restriction", READ, WRITE),
    ("/settings/privacy/objections", READ, WRITE),
    ("/settings/privacy/consents", READ, WRITE),
    ("/settings/appearance", READ, WRITE),
    ("/settings/presence", READ, WRITE),
    ("/settings/activity", READ, WRITE),
    ("/settings/activity/forget", READ, WRITE),
    ("/settings/tokens", READ, WRITE),
    ("/settings/tokens/{id}/end", READ, WRITE),
    ("/settings/sessions/{id}/end", READ, WRITE),
    ("/settings/apps/{id}/end", READ, WRITE),
    ("/design", READ, READ),
];

fn cost(method: &Method, route: &str, uri: &Uri) -> Cost {
    let row = COSTS.iter().find(|(known, ..)| *known == route);
    let units = match row {
        Some((_, read, _)) if method.is_safe() => *read,
        Some((_, _, write)) => *write,
        None => READ,
    };
    let query = Said::read(uri.query().unwrap_or_default().as_bytes());
    let searches = route == LIBRARY && !query.text("q").trim().is_empty();
    Cost::units(if searches { SEARCH } else { units })
}

/// In which way a page is asked for: one that says after or before what wants the part of a list
/// after the one before.
fn way(uri: &Uri) -> Way {
    let query = uri.query().unwrap_or_default();
    let begins = |pair: &str| pair.starts_with("after=") || pair.starts_with("before=");
    if query.split('&').any(begins) { Way::Onward } else { Way::Plain }
}

/// The door that is tried by a request.
fn door(method: &Method, route: &str) -> Option<&'static str> {
    // What is asked by HEAD is done as by GET.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let row = DOORS.iter().find(|(with, at, _)| with == method && *at == route);
    row.map(|(_, _, door)| *door)
}

/// In a request: who pays for it, once it is known whose library it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payer(pub(crate) Arc<OnceLock<TenantId>>);

/// Stands before every page: finds out who asks, and counts them.
pub(crate) async fn limit(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let cost = cost(request.method(), route, request.uri());
    let door = door(request.method(), route);
    let (way, is_word) = (way(request.uri()), route == SIGNED_OUT);
    let secret = cookies::read(request.headers(), cookies::SESSION).map(Secret::sent);
    let signed = match secret {
        Some(secret) => session(&web.doors, &secret).await,
        None => Ok(None),
    };
    // Nobody is counted as a stranger because the store is away.
    let Ok(signed) = signed else { return next.run(request).await };
    let asker = match (door, &signed) {
        (Some(door), _) => Asker::Knocks(door),
        (None, Some(signed)) => Asker::Signed(signed),
        (None, None) => Asker::Stranger,
    };
    let address = request.extensions().get::<Address>().copied();
    let mut admitted = match web.throttle.admit(asker, address, Work { cost, way }).await {
        Ok(admitted) => admitted,
        Err(dry) => {
            let bounds = dry.bounds.clone();
            return told(Trouble::Dry(dry).into_response(), &bounds);
        }
    };
    if let Some(signed) = signed {
        request.extensions_mut().insert(signed);
    }
    let payer = Payer::default();
    request.extensions_mut().insert(payer.clone());
    let response = next.run(request).await;
    if let Some(tenant) = payer.0.get() {
        web.throttle.paid_by(&mut admitted, *tenant);
    }
    let outcome = match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Outcome::Failed,
        status if door.is_some() && !status.is_client_error() => Outcome::Opened,
        // It was signed: who has many people says it of all of them.
        StatusCode::OK if is_word => Outcome::Little,
        _ => Outcome::Done,
    };
    web.throttle.answered(&admitted, outcome).await;
    told(response, &admitted.bounds)
}

/// The answer with what it says of limits, where there are any.
fn told(mut response: Response, bounds: &[Bound]) -> Response {
    for (name, value) in fields(bounds) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses the router answers, as its source says.
    fn routes() -> Vec<&'static str> {
        let lines = include_str!("router.rs").split(".route(\"").skip(1);
        lines.filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_page_has_a_cost_and_every_cost_a_page() {
        let pages = routes();
        assert!(pages.len() > 40, "{}", pages.len());
        for page in &pages {
            assert!(COSTS.iter().any(|(known, ..)| known == page), "{page} has no cost");
        }
        for (known, ..) in COSTS {
            assert!(pages.contains(known), "{known} is no page");
        }
    }

    #[test]
    fn a_search_costs_more_than_the_list_it_stands_in() {
        let of = |uri: &'static str| cost(&Method::GET, LIBRARY, &Uri::from_static(uri));
        assert_eq!(of("/library"), Cost::units(1));
        assert_eq!(of("/library?q="), Cost::units(1));
        assert_eq!(of("/library?q=rust"), Cost::units(3));
        let export = Uri::from_static("/export/csv");
        assert_eq!(cost(&Method::GET, "/export/{format}", &export), Cost::units(50));
        assert_eq!(cost(&Method::GET, "", &export), Cost::units(1), "what is nowhere");
    }
}
