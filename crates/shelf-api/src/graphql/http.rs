//! GraphQL over HTTP: what is asked by POST or GET, and in which form the answer is wanted.
//!
//! By the GraphQL-over-HTTP specification; batches are not read.

use crate::Api;
use crate::body;
use crate::caller;
use crate::graphql::asks::Who;
use crate::graphql::{Asked, GRAPH, Gateway, errors, socket};
use crate::page::Params;
use crate::problem::{Problem, Wrong};
use crate::wire::Answer;
use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Told, ServerError, Value as GraphValue};
use axum::Extension;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, UPGRADE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::Address;
use std::sync::Arc;

/// The form in which an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/graphql-response+json`: the status says whether the request was one.
    Graphql,
    /// `application/json`, as it was before: the status says nothing of it.
    Json,
}

/// What is sent by POST.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Posted {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

/// What is sent by GET; objects are JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Got {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Answers what is asked by POST.
pub(crate) async fn posted(
    State(api): State<Api>,
    Extension(gateway): Extension<Gateway>,
    request: Request,
) -> Answer {
    let (mut parts, body) = request.into_parts();
    let who = who(&mut parts, &api).await?;
    let form = Form::of(&parts.headers)?;
    if body::media_type(&parts.headers).as_deref() != Some("application/json") {
        return Err(Problem::wrong(Wrong::MediaType, "send application/json"));
    }
    let key = body::key_of(&parts.headers)?;
    let bytes = body::bytes(Request::from_parts(parts, body), &api).await?;
    let posted: Posted = body::parsed(&bytes)?;
    let asked = Asked {
        query: posted.query,
        operation_name: posted.operation_name,
        variables: posted.variables.unwrap_or_default(),
        extensions: posted.extensions.unwrap_or_default(),
    };
    asked.says_something()?;
    let prepared = match gateway.prepared(&who, asked) {
        Ok(prepared) if prepared.ty != OperationType::Subscription => prepared,
        Ok(_) => return Ok(told(form, Told::from_errors(vec![on_socket()]), None)),
        Err(error) => return Ok(told(form, Told::from_errors(vec![error]), None)),
    };
    let asks = Arc::new(gateway.asks(&api, who).under(key));
    let answer = GRAPH.execute(prepared.with(&asks)).await;
    Ok(told(form, answer, Some(asks.spent())))
}

/// Answers what is asked by GET, which changes nothing; or goes on as a socket.
pub(crate) async fn got(
    State(api): State<Api>,
    Extension(gateway): Extension<Gateway>,
    request: Request,
) -> Answer {
    let (mut parts, _) = request.into_parts();
    if parts.headers.contains_key(UPGRADE) {
        return socket::opened(api, gateway, parts).await;
    }
    let who = who(&mut parts, &api).await?;
    let form = Form::of(&parts.headers)?;
    let Params(got) = Params::<Got>::from_request_parts(&mut parts, &api).await?;
    let asked = Asked {
        query: got.query,
        operation_name: got.operation_name,
        variables: object("variables", got.variables)?,
        extensions: object("extensions", got.extensions)?,
    };
    asked.says_something()?;
    let prepared = match gateway.prepared(&who, asked) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(told(form, Told::from_errors(vec![error]), None)),
    };
    match prepared.ty {
        OperationType::Query => {}
        OperationType::Mutation => {
            let problem = Problem::wrong(Wrong::Method, "what changes something is sent by POST");
            return Err(problem.with(ALLOW, HeaderValue::from_static("POST")));
        }
        OperationType::Subscription => {
            return Ok(told(form, Told::from_errors(vec![on_socket()]), None));
        }
    }
    let asks = Arc::new(gateway.asks(&api, who));
    let answer = GRAPH.execute(prepared.with(&asks)).await;
    Ok(told(form, answer, Some(asks.spent())))
}

impl Asked {
    /// Refused where there is neither a document nor the hash of one.
    fn says_something(&self) -> Result<(), Problem> {
        if self.query.is_none() && !self.extensions.contains_key("persistedQuery") {
            return Err(Refused::invalid("query", "say what to ask").into());
        }
        Ok(())
    }
}

/// The object that the query parameter `name` holds as JSON.
fn object(name: &str, text: Option<String>) -> Result<Map<String, Value>, Problem> {
    let Some(text) = text else { return Ok(Map::new()) };
    let object: Option<Map<String, Value>> =
        serde_json::from_str(&text).map_err(|_| Problem::query(name, "this is a JSON object"))?;
    Ok(object.unwrap_or_default())
}

/// Whom a request speaks for, and what says so. Nobody is answered who is not known.
pub(crate) async fn who(parts: &mut Parts, api: &Api) -> Result<Who, Problem> {
    let signed = caller::known(parts, api).await?;
    let address = parts.extensions.get::<Address>().copied();
    // Room for the one there mostly is: a socket keeps it as long as it is open.
    let mut headers = HeaderMap::with_capacity(1);
    for name in [AUTHORIZATION, COOKIE] {
        for value in parts.headers.get_all(&name) {
            let mut value = of_its_own(value);
            value.set_sensitive(true);
            headers.append(name.clone(), value);
        }
    }
    Ok(Who { signed, address, headers })
}

/// The same value in memory of its own. A clone would hold all that was read with it, 8 KiB and more,
/// as long as a socket is open.
pub(crate) fn of_its_own(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone())
}

fn on_socket() -> ServerError {
    let detail = "what goes on is told over a WebSocket: graphql-transport-ws at this address";
    errors::of_request(Refused::new(Code::Invalid, "query", detail).into())
}

impl Form {
    /// The form the caller prefers; JSON where they do not say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if !headers.contains_key(ACCEPT) {
            return Ok(Self::Json);
        }
        let (mut graphql, mut json, mut any) = (0.0_f32, None::<f32>, 0.0_f32);
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in values.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let weight: f32 = weight.unwrap_or(1.0);
            match kind.as_str() {
                "application/graphql-response+json" => graphql = graphql.max(weight),
                "application/json" => json = Some(json.unwrap_or(0.0).max(weight)),
                "application/*" | "*/*" => any = any.max(weight),
                _ => {}
            }
        }
        let json = json.unwrap_or(any);
        if graphql > 0.0 && graphql >= json {
            return Ok(Self::Graphql);
        }
        if json > 0.0 {
            return Ok(Self::Json);
        }
        let detail = "this answers application/graphql-response+json or application/json";
        Err(Problem::wrong(Wrong::Other(StatusCode::NOT_ACCEPTABLE), detail))
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// An answer as it stands on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct Written<'a> {
    /// What was answered; absent where nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a GraphValue>,
    /// What went wrong.
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Cost>,
}

#[derive(Debug, Serialize)]
struct Cost {
    /// In units of the table of costs.
    cost: u32,
}

impl<'a> Written<'a> {
    /// How `answer` is written, whose asks cost `spent`. Its errors have codes already.
    pub(crate) fn of(answer: &'a Told, spent: Option<u32>) -> Self {
        let data = (!was_refused(answer)).then_some(&answer.data);
        // The request itself costs one.
        let extensions = spent.map(|spent| Cost { cost: spent.saturating_add(1) });
        Self { data, errors: &answer.errors, extensions }
    }
}

/// Whether nothing was done: what is wrong with a request as a whole is wrong at no field.
fn was_refused(answer: &Told) -> bool {
    answer.data == GraphValue::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

fn told(form: Form, mut answer: Told, spent: Option<u32>) -> Response {
    errors::coded(&mut answer.errors);
    let status = match form {
        Form::Graphql if was_refused(&answer) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let text = serde_json::to_string(&Written::of(&answer, spent)).unwrap_or_default();
    let kind = HeaderValue::from_static(form.media_type());
    let vary = HeaderValue::from_static("accept");
    (status, [(CONTENT_TYPE, kind), (VARY, vary)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        Form::of(&headers).ok()
    }

    #[test]
    fn the_form_is_the_one_the_caller_prefers() {
        assert_eq!(Form::of(&HeaderMap::new()).unwrap(), Form::Json);
        for json in [
            "*/*",
            "application/json",
            "application/*",
            "text/html, application/json;q=0.5",
            "application/graphql-response+json;q=0.2, application/json",
            "application/graphql-response+json;q=0, */*",
        ] {
            assert_eq!(form(json), Some(Form::Json), "{json}");
        }
        for graphql in [
            "application/graphql-response+json",
            "application/graphql-response+json, application/json",
            "application/json;q=0.9, application/graphql-response+json; charset=utf-8",
        ] {
            assert_eq!(form(graphql), Some(Form::Graphql), "{graphql}");
        }
        assert_eq!(form("text/html"), None);
        assert_eq!(form("application/json;q=0"), None);
    }
}
