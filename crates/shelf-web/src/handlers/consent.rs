//! A program asks to be let in by way of the person's browser (OAuth 2.1), and the person answers.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use shelf_domain::{
    id::LibraryId,
    permit::{Allowance, Permit, Permits},
    refusal::Refused,
};
use shelf_identity::oauth::{
    OAuthCode, OAuthFailure, OAuthRefusal,
    authorize::{Asks, NotAsked, Request as Asked, check_request, let_in},
    push::{ANSWER_MS, Opened, PUSHED_MS, opened_request},
};
use shelf_ports::Failure;

use super::{Answer, door::goes_on_to, settings::to_choose};
use crate::{
    frame::alone,
    link,
    pages::consent::{ConsentPage, consent, told},
    policy::FormGoesTo,
    posted::{Posted, Said},
    trouble::Trouble,
    visit::{Visit, html},
    web::Web,
};

/// What a request says; whatever else it says is left alone (RFC 6749 §3.1).
const FIELDS: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
];
/// Stands for a request that was pushed before.
const PUSHED: &str = "request_uri";

/// Whoever is signed in; or nobody, and where they go once they are.
#[derive(Debug)]
pub(crate) struct Visitor(Visit);

impl Visitor {
    pub(crate) fn into_visit(self) -> Visit {
        self.0
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        match Visit::from_request_parts(parts, web).await {
            Ok(visit) => Ok(Self(visit)),
            Err(trouble @ Trouble::Nobody { .. }) => {
                let mut response = trouble.into_response();
                let path = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
                goes_on_to(&mut response, path, &web.reached(&parts.headers));
                Err(response)
            }
            Err(trouble) => Err(trouble.into_response()),
        }
    }
}

/// What `said` asks; nothing may be said twice.
fn asks(said: &Said) -> Result<Asks, OAuthRefusal> {
    if FIELDS.iter().chain([&PUSHED]).any(|name| said.all(name).count() > 1) {
        let why = "nothing may be said twice";
        return Err(OAuthRefusal::new(OAuthCode::InvalidRequest, why));
    }
    let text = |name: &str| said.text(name).to_owned();
    Ok(Asks {
        response_type: text("response_type"),
        client_id: text("client_id"),
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        state: text("state"),
        code_challenge: text("code_challenge"),
        code_challenge_method: text("code_challenge_method"),
        resource: text("resource"),
    })
}

/// A request that may be put to the person.
struct Put {
    asked: Asked,
    asks: Asks,
    /// What it was pushed as, and what that is known by.
    pushed: Option<(String, [u8; 32])>,
}

/// What came of checking a request: it is put to the person, or answered at once.
enum Checked {
    Ask(Box<Put>),
    Answered(Response),
}

/// Checks what is asked; what was pushed may be so old, milliseconds.
async fn checked(visit: &Visit, said: &Said, within_ms: i64) -> Result<Checked, Trouble> {
    let mut asks = match asks(said) {
        Ok(asks) => asks,
        Err(refusal) => return Ok(Checked::Answered(not_known(visit, &refusal))),
    };
    let (oauth, uri, mut pushed) = (&visit.web.oauth, said.text(PUSHED), None);
    if !uri.is_empty() {
        // What is said besides does not count (RFC 9126 §4).
        match opened_request(oauth, &asks.client_id, uri, within_ms).await {
            Ok(Opened { asks: held, once }) => {
                (asks, pushed) = (held, Some((uri.to_owned(), once)));
            }
            Err(OAuthFailure::Refused(refusal)) => {
                return Ok(Checked::Answered(not_known(visit, &refusal)));
            }
            Err(OAuthFailure::Fault(fault)) => return Err(fault.into()),
        }
    }
    let issuer = visit.reached.to_string();
    match check_request(oauth, &issuer, &asks).await {
        Ok(asked) => Ok(Checked::Ask(Box::new(Put { asked, asks, pushed }))),
        Err(NotAsked::Here(refusal)) => Ok(Checked::Answered(not_known(visit, &refusal))),
        Err(NotAsked::Back(OAuthRefusal { code, detail })) => {
            let fields = [("error", code.name()), ("error_description", detail)];
            Ok(Checked::Answered(back(&asks, &issuer, &fields)))
        }
        Err(NotAsked::Fault(fault)) => Err(fault.into()),
    }
}

/// The browser is sent nowhere: what asks is not known for what it says it is.
fn not_known(visit: &Visit, refusal: &OAuthRefusal) -> Response {
    let sentence = format!(
        "What sent you here did not ask as it must ({}). Nothing was let in.",
        refusal.detail
    );
    let page = told("Nothing was let in", &sentence);
    let page = alone("Nothing was let in", visit.theme, "", &page);
    (StatusCode::BAD_REQUEST, html(&page)).into_response()
}

/// Sends the browser back to the program with what it gets, its state and who says so (RFC 9207).
/// A 303, so that no form is ever sent on.
fn back(asks: &Asks, issuer: &str, fields: &[(&str, &str)]) -> Response {
    let state = Some(("state", asks.state.as_str())).filter(|(_, state)| !state.is_empty());
    let all = fields.iter().copied().chain(state).chain([("iss", issuer)]);
    let address = all.fold(asks.redirect_uri.clone(), |address, (name, value)| {
        link::with(&address, name, value)
    });
    Redirect::to(&address).into_response()
}

/// What a program asks, put to the person.
pub(crate) async fn page(visitor: Visitor) -> Answer {
    let visit = visitor.into_visit();
    let said = Said::read(visit.uri.query().unwrap_or_default().as_bytes());
    match checked(&visit, &said, PUSHED_MS).await? {
        Checked::Ask(put) => Ok(shown(&visit, &put, None)),
        Checked::Answered(response) => Ok(response),
    }
}

/// What the form says of the request, so that the answer is one to it.
fn fields(Put { asks, pushed, .. }: &Put) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &String)| (name.to_owned(), value.clone());
    if let Some((uri, _)) = pushed {
        return [("client_id", &asks.client_id), (PUSHED, uri)].map(owned).to_vec();
    }
    let of = [
        &asks.response_type,
        &asks.client_id,
        &asks.redirect_uri,
        &asks.scope,
        &asks.state,
        &asks.code_challenge,
        &asks.code_challenge_method,
        &asks.resource,
    ];
    FIELDS.into_iter().zip(of).map(owned).collect()
}

fn shown(visit: &Visit, put: &Put, refused: Option<String>) -> Response {
    let asked = &put.asked;
    let page = ConsentPage {
        program: asked.client.name.clone(),
        goes_to: Some(place(&asked.redirect)),
        device: None,
        permits: asked.permits,
        libraries: libraries(visit, asked.permits),
        person: visit.signed.person.name.clone(),
        action: "/oauth/authorize",
        fields: fields(put),
        refused,
    };
    let csrf = visit.csrf.expose();
    let inside = consent(&page, csrf);
    let mut response = html(&alone("Let a program in", visit.theme, csrf, &inside));
    response.extensions_mut().insert(FormGoesTo(source(&asked.redirect)));
    response
}

/// The libraries a program may be kept to: where there is a choice, and all it asks for is within
/// libraries.
pub(crate) fn libraries(visit: &Visit, permits: Permits) -> Vec<(String, String)> {
    let is_content = permits.each().all(Permit::is_of_content);
    if is_content { to_choose(visit) } else { Vec::new() }
}

/// Scheme and host of an address, for a policy: where a form may lead.
fn source(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            format!("{scheme}://{host}")
        }
        None => format!("{}:", address.split(':').next().unwrap_or_default()),
    }
}

/// Where an answer goes, as people read it.
fn place(address: &str) -> String {
    let source = source(address);
    match source.split_once("://") {
        Some(("http", host)) => format!("a program on this machine ({host})"),
        Some((_, host)) => host.to_owned(),
        None => format!("the program {}", source.trim_end_matches(':')),
    }
}

/// What a form lets a program in for.
pub(crate) fn allowance(said: &Said) -> Result<Allowance, Failure> {
    let permits = Permits::of_words(said.all("allow"), "scopes")?;
    let read = |id: &str| id.parse().map_err(|_| Refused::not_found("library"));
    let libraries: Vec<LibraryId> = said.all("library").map(read).collect::<Result<_, _>>()?;
    let libraries = (!libraries.is_empty()).then(|| libraries.into_iter().collect());
    Ok(Allowance { permits, libraries })
}

/// The person's answer, which the program gets.
pub(crate) async fn answer(Posted { visit, said }: Posted) -> Answer {
    let put = match checked(&visit, &said, ANSWER_MS).await? {
        Checked::Ask(put) => *put,
        Checked::Answered(response) => return Ok(response),
    };
    if said.text("answer") != "yes" {
        let fields = [("error", OAuthCode::AccessDenied.name())];
        return Ok(answered(&visit, &put, &fields).await);
    }
    let code = match allowance(&said) {
        Ok(allows) => let_in(&visit.web.oauth, &visit.signed, &put.asked, allows).await,
        Err(failure) => Err(failure),
    };
    match code {
        Ok(code) => Ok(answered(&visit, &put, &[("code", code.expose())]).await),
        Err(Failure::Refused(refused)) => {
            let page = shown(&visit, &put, Some(refused.detail));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Tells the program `fields`. What was pushed is used up by it, and tells nobody anything again.
async fn answered(visit: &Visit, put: &Put, fields: &[(&str, &str)]) -> Response {
    if let Some((_, once)) = put.pushed
        && !visit.web.throttle.once(once).await
    {
        let why = "the request_uri was used; begin again";
        return not_known(visit, &OAuthRefusal::new(OAuthCode::InvalidRequest, why));
    }
    back(&put.asks, &visit.reached.to_string(), fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_where_the_answer_goes_and_nothing_more() {
        for (address, source_of, place_of) in [
            ("https://app.example/back?x=y", "https://app.example", "app.example"),
            ("https://app.example:8443", "https://app.example:8443", "app.example:8443"),
            (
                "http://127.0.0.1:7777/back",
                "http://127.0.0.1:7777",
                "a program on this machine (127.0.0.1:7777)",
            ),
            ("org.example.app:/back", "org.example.app:", "the program org.example.app"),
        ] {
            assert_eq!(source(address), source_of);
            assert_eq!(place(address), place_of);
        }
    }
}
