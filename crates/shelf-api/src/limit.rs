//! Whether a request may be worked on, now and with the token it came with, and what its caller is
//! told of it.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-10.

use crate::Api;
use crate::caller::{self, Caller, Nobody};
use crate::costs::{Costs, Need, Priced};
use crate::problem::Problem;
use crate::replays::REPLAYED;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shelf_domain::habit::Way;
use shelf_domain::id::TenantId;
use shelf_domain::permit::must_hold;
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{Address, Asker, Bound, Counted, Dry, Outcome, Signed, Work, fields};
use std::sync::{Arc, OnceLock};

/// Says what is left.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Says what there may be.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// In an answer: what it cost more than was known before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct More(pub Cost);

/// In a request that is asked in process: what it costs at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rated(pub Cost);

/// In a request: who pays for it, once it is known whose library it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payer(pub Arc<OnceLock<TenantId>>);

/// What every request is held to.
#[derive(Clone, Debug)]
pub(crate) struct Limited {
    pub(crate) api: Api,
    pub(crate) costs: Costs,
}

/// Stands before every route: finds out who asks, counts them, and looks whether what they ask
/// with is good for it.
pub(crate) async fn limit(
    State(limited): State<Limited>,
    request: Request,
    next: Next,
) -> Response {
    let Limited { api, costs } = limited;
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Priced { cost, door, need } = costs.price(request.method(), route);
    if cost == Cost::ZERO {
        return next.run(request).await;
    }
    // Nothing that comes from outside brings this.
    let rated = request.extensions().get::<Rated>();
    let cost = rated.map_or(cost, |Rated(rated)| cost.min(*rated));
    let way = way(&request, route);
    let (mut parts, body) = request.into_parts();
    let signed = match parts.extensions.get::<Signed>() {
        // What GraphQL asks in process; nothing that comes from outside brings this.
        Some(signed) => Ok(signed.clone()),
        None => caller::signed(&parts, &api).await,
    };
    if let Err(problem) = &signed
        && problem.status.is_server_error()
    {
        // Nobody is counted as a stranger because the store is away.
        parts.extensions.insert(Nobody(problem.clone()));
        return next.run(Request::from_parts(parts, body)).await;
    }
    let address = parts.extensions.get::<Address>().copied();
    let asker = match (&signed, door) {
        (Ok(_), Some(door)) => Asker::Knocks(door),
        (Ok(signed), None) => Asker::Signed(signed),
        (Err(_), _) => Asker::Stranger,
    };
    let mut admitted = match api.throttle.admit(asker, address, Work { cost, way }).await {
        Ok(admitted) => admitted,
        Err(dry) => return refused(&dry),
    };
    let payer = Payer::default();
    parts.extensions.insert(payer.clone());
    let lacking = signed.as_ref().ok().and_then(|signed| lacking(signed, need));
    match signed {
        Ok(signed) => know(&mut parts.extensions, signed),
        Err(problem) => drop(parts.extensions.insert(Nobody(problem))),
    }
    let mut response = match lacking {
        Some(problem) => problem.into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    if let Some(tenant) = payer.0.get() {
        api.throttle.paid_by(&mut admitted, *tenant);
    }
    let outcome = match door {
        Some(_) if response.status().is_success() => Outcome::Opened,
        _ => outcome(&response),
    };
    api.throttle.answered(&admitted, outcome).await;
    tell(response.headers_mut(), &admitted.bounds);
    response
}

/// Devices read on in the log for ever: that is how they work.
const LOG: &str = "/v1/libraries/{library}/changes";

/// In which way a request asks: one that brings a cursor wants the page after the one before.
fn way(request: &Request, route: &str) -> Way {
    let query = request.uri().query().unwrap_or_default();
    let has_cursor = query.split('&').any(|pair| pair.starts_with("cursor="));
    if has_cursor && route != LOG { Way::Onward } else { Way::Plain }
}

/// Why what is asked for is more than the caller's token is good for, if it is (RFC 6750).
fn lacking(signed: &Signed, need: Need) -> Option<Problem> {
    let refused = must_hold(signed.grant.allows.permits, need.permits()).err()?;
    let scope = match need {
        Need::Of(permit) => format!(", scope=\"{permit}\""),
        _ => String::new(),
    };
    let told = format!("Bearer realm=\"mindshelf\", error=\"insufficient_scope\"{scope}");
    let problem = Problem::from(refused);
    Some(match HeaderValue::try_from(told) {
        Ok(told) => problem.with(WWW_AUTHENTICATE, told),
        Err(_) => problem,
    })
}

/// Lets what comes after know who asks.
fn know(extensions: &mut axum::http::Extensions, signed: Signed) {
    extensions.insert(Caller { grant: signed.grant.id });
    extensions.insert(signed);
}

fn outcome(response: &Response) -> Outcome {
    if let Some(More(cost)) = response.extensions().get::<More>() {
        return Outcome::More(*cost);
    }
    if response.headers().contains_key(REPLAYED) {
        return Outcome::Little;
    }
    match response.status() {
        StatusCode::NOT_MODIFIED => Outcome::Little,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Outcome::Failed,
        _ => Outcome::Done,
    }
}

/// The answer to a request that may not be worked on yet.
fn refused(dry: &Dry) -> Response {
    let mut response = dried(dry).into_response();
    tell(response.headers_mut(), &dry.bounds);
    response
}

/// Why it may not.
pub(crate) fn dried(dry: &Dry) -> Problem {
    let Dry { counted, wait_s, factor, .. } = dry;
    let why = match factor {
        1 => String::new(),
        _ => format!("; each request counts {factor} times because of how they were asked"),
    };
    let detail = format!(
        "{} (limit {:?}){why}; there is room again in {wait_s} s",
        counted.sentence(),
        counted.name()
    );
    let code = if *counted == Counted::Day { Code::Quota } else { Code::SlowDown };
    let mut problem = Problem::from(Refused::new(code, "", detail));
    problem.status = StatusCode::TOO_MANY_REQUESTS;
    problem.with(RETRY_AFTER, HeaderValue::from(*wait_s))
}

/// Says what there may be and what is left.
fn tell(headers: &mut HeaderMap, bounds: &[Bound]) {
    for (name, value) in fields(bounds) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
