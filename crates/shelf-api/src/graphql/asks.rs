//! Asking REST in process: what a field does is an operation of the interface, by the same router,
//! with the same look at scope, cost, rights and idempotency, for the same caller.

use crate::Api;
use crate::caller;
use crate::costs::row_of;
use crate::graphql::fields::operations_of;
use crate::graphql::ids::NodeId;
use crate::limit::Rated;
use crate::openapi::Listed;
use crate::problem::{Problem, Wrong};
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shelf_domain::id::ItemId;
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{Address, Signed};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OnceCell;
use tower::ServiceExt;

/// The most that is taken in for one request, and as much again that is made of it, bytes: a page of
/// two hundred bookmarks with long notes. A document does not tell how many rows there are.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// What a value takes beside its text.
const VALUE_BYTES: usize = 16;
/// What most bodies are.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What an edit is.
const MERGE_PATCH: HeaderValue = HeaderValue::from_static("application/merge-patch+json");
/// The caller's key for repeating a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How far what is read must have come.
const AT_LEAST: HeaderName = HeaderName::from_static("mindshelf-at-least");

/// The router of REST, and which operation is at which address. Cloning shares both.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    router: Router,
    operations: Arc<HashMap<String, (Method, String)>>,
}

impl Door {
    /// The door to `operations`, which `router` answers.
    pub(crate) fn new(router: Router, operations: Vec<Listed>) -> Self {
        let operations = operations
            .into_iter()
            .map(|Listed { method, path, id }| (id, (method, path)))
            .collect();
        Self { router, operations: Arc::new(operations) }
    }
}

/// Whom a request of GraphQL speaks for, and what it was sent with.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The person, and the right they ask with.
    pub signed: Signed,
    /// Where they ask from, where that is known.
    pub address: Option<Address>,
    /// What says who they are, to be looked at again.
    pub headers: HeaderMap,
}

/// An answer to a read that several fields of a request share.
type Shared = Arc<OnceCell<Result<Arc<Answer>, Problem>>>;

/// An answer, and where the rows of its list stand.
#[derive(Debug)]
struct Answer {
    value: Value,
    rows: OnceLock<Rows>,
}

/// Rows of a list, by their own id and by that of what they are in.
#[derive(Debug, Default)]
struct Rows {
    own: HashMap<ItemId, usize>,
    within: HashMap<ItemId, Vec<usize>>,
}

impl Answer {
    fn of(value: Value) -> Arc<Self> {
        Arc::new(Self { value, rows: OnceLock::new() })
    }

    fn items(&self) -> &[Value] {
        self.value.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Found once, however many rows of another list ask for some of these.
    fn rows(&self) -> &Rows {
        self.rows.get_or_init(|| {
            let mut rows = Rows::default();
            for (at, item) in self.items().iter().enumerate() {
                let id = |field: &str| item.get(field)?.as_str()?.parse::<ItemId>().ok();
                if let Some(own) = id("id") {
                    rows.own.insert(own, at);
                }
                if let Some(parent) = id("parent") {
                    rows.within.entry(parent).or_default().push(at);
                }
            }
            rows
        })
    }
}

/// What one request of GraphQL may ask, and has asked.
#[derive(Debug)]
pub(crate) struct Asks {
    api: Api,
    door: Door,
    who: Who,
    /// The key of the whole request, from its header.
    key: Option<String>,
    /// What each ask costs at most, where that is not the price of its operation.
    rated: Option<Cost>,
    /// Whether one answer serves all who ask the same; a subscription lasts too long for that.
    shares: bool,
    reads: Mutex<HashMap<String, Shared>>,
    spent: AtomicU32,
    /// Bytes that may still be taken in.
    to_take: AtomicUsize,
    /// Bytes that may still be made of them.
    to_give: AtomicUsize,
}

impl Asks {
    /// The asks of one request of `who`.
    pub(crate) fn new(api: Api, door: Door, who: Who) -> Self {
        let (key, rated, shares) = (None, None, true);
        let (reads, spent) = (Mutex::default(), AtomicU32::new(0));
        let all = || AtomicUsize::new(ANSWER_BYTES_MAX);
        let (to_take, to_give) = (all(), all());
        Self { api, door, who, key, rated, shares, reads, spent, to_take, to_give }
    }

    /// The same under the key of the whole request.
    pub(crate) fn under(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }

    /// The same for what goes on for long: whoever asks is told how things are by then.
    pub(crate) fn lasting(self) -> Self {
        Self { shares: false, ..self }
    }

    /// The same, where each ask costs at most `rated`, if that is said.
    pub(crate) fn rated(self, rated: Option<Cost>) -> Self {
        Self { rated, ..self }
    }

    /// What the server has.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// What they cost so far, in units.
    pub(crate) fn spent(&self) -> u32 {
        self.spent.load(Ordering::Relaxed)
    }

    /// What `value` says, as long as there is not too much that was said.
    fn told<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Problem> {
        if self.shares {
            spend(&self.to_give, weight(value))?;
        }
        decoded(value)
    }

    /// Whom the request speaks for now: what it was sent with is looked at again.
    pub(crate) async fn renewed(&self) -> Result<Signed, Problem> {
        caller::still(&self.who.headers, &self.api).await
    }

    /// An ask of `field` (`Type.name`), by the one operation its row names.
    pub(crate) fn of(&self, field: &'static str) -> Ask<'_> {
        let operation = operations_of(field).first().copied().unwrap_or_default();
        self.by(field, operation)
    }

    /// An ask of `field` by `operation`; what its row does not name is refused.
    pub(crate) fn by(&self, field: &'static str, operation: &'static str) -> Ask<'_> {
        let known = operations_of(field).contains(&operation);
        let place = self.door.operations.get(operation).filter(|_| known);
        let refused = place.is_none().then(|| {
            tracing::error!(field, operation, "a field asks for what it has no row for");
            Problem::wrong(Wrong::Internal, "")
        });
        let (method, path) = place.cloned().unwrap_or_default();
        let (query, body, headers, signed) = (String::new(), None, HeaderMap::new(), None);
        Ask { asks: self, operation, method, path, query, body, headers, signed, refused }
    }
}

/// One ask, while it is being put together.
#[derive(Debug)]
#[must_use = "nothing is asked before it is sent"]
pub(crate) struct Ask<'a> {
    asks: &'a Asks,
    operation: &'static str,
    method: Method,
    path: String,
    query: String,
    body: Option<Value>,
    headers: HeaderMap,
    signed: Option<Signed>,
    refused: Option<Problem>,
}

impl Ask<'_> {
    /// With `id` in the place `name` of the address.
    pub(crate) fn at(mut self, name: &str, id: ItemId) -> Self {
        self.path = self.path.replace(&format!("{{{name}}}"), &id.to_string());
        self
    }

    /// About the item `id` names, in its library.
    pub(crate) fn on(self, id: &NodeId) -> Self {
        self.at("library", id.home()).at("item", id.own())
    }

    /// With the query parameter `name`, where there is a value.
    pub(crate) fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        let Some(value) = value else { return self };
        let joint = if self.query.is_empty() { '?' } else { '&' };
        self.query.push(joint);
        self.query.push_str(name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(&value.to_string(), NON_ALPHANUMERIC));
        self
    }

    /// Speaking for whom the request speaks now, where it goes on for long.
    pub(crate) fn speaking_for(self, signed: Signed) -> Self {
        Self { signed: Some(signed), ..self }
    }

    /// With this body, in which null is the same as absent.
    pub(crate) fn body(self, body: &impl Serialize) -> Self {
        let mut ask = self.patch(body);
        ask.body.iter_mut().for_each(prune);
        ask
    }

    /// With this body, in which null empties a field.
    pub(crate) fn patch(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(body) => self.body = Some(body),
            Err(_) => self.refused = Some(Problem::wrong(Wrong::Internal, "")),
        }
        self
    }

    /// Seen at this position of the log at least.
    pub(crate) fn at_least(self, seq: Option<u64>) -> Self {
        self.header(AT_LEAST, seq.map(|seq| seq.to_string()), "atLeast")
    }

    /// Only where the item still has this version.
    pub(crate) fn if_version(self, version: Option<String>) -> Self {
        self.header(IF_MATCH, version.map(|version| format!("\"{version}\"")), "ifVersion")
    }

    /// Done once under `key`, which the caller gave the field; else under the key of the whole
    /// request and `alias`, by which the field is known in it.
    pub(crate) fn under(self, key: Option<String>, alias: &str) -> Self {
        let whole = self.asks.key.as_ref().map(|whole| format!("{whole} {alias}"));
        let quoted = key.or(whole).map(|key| {
            let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{escaped}\"")
        });
        self.header(IDEMPOTENCY_KEY, quoted, "idempotencyKey")
    }

    fn header(mut self, name: HeaderName, value: Option<String>, called: &'static str) -> Self {
        match value.map(HeaderValue::try_from).transpose() {
            Ok(Some(value)) => drop(self.headers.insert(name, value)),
            Ok(None) => {}
            Err(_) => {
                let refused = Refused::new(Code::Invalid, called, "this is plain ASCII");
                self.refused = Some(refused.into());
            }
        }
        self
    }

    /// The answer to a read.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let asks = self.asks;
        asks.told(&self.answer().await?.value)
    }

    /// The row `id` of the list that is read.
    pub(crate) async fn row<T: DeserializeOwned>(self, id: ItemId) -> Result<Option<T>, Problem> {
        let asks = self.asks;
        let answer = self.answer().await?;
        let row = answer.rows().own.get(&id).and_then(|at| answer.items().get(*at));
        row.map(|row| asks.told(row)).transpose()
    }

    /// The rows of the list that is read that are directly in `parent`.
    pub(crate) async fn rows_in<T: DeserializeOwned>(
        self,
        parent: ItemId,
    ) -> Result<Vec<T>, Problem> {
        let asks = self.asks;
        let answer = self.answer().await?;
        let within = answer.rows().within.get(&parent).map_or(&[][..], Vec::as_slice);
        let rows = within.iter().filter_map(|at| answer.items().get(*at));
        rows.map(|row| asks.told(row)).collect()
    }

    /// What is read: one answer for all fields of the request that ask the same.
    async fn answer(self) -> Result<Arc<Answer>, Problem> {
        if !self.asks.shares {
            return self.sent().await.map(Answer::of);
        }
        let name = format!("{}{} {:?}", self.path, self.query, self.headers);
        let shared = {
            let mut reads = self.asks.reads.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(reads.entry(name).or_default())
        };
        let answer =
            shared.get_or_init(move || async move { self.sent().await.map(Answer::of) }).await;
        answer.clone()
    }

    /// The answer to what changes something; what was read before is read again after it.
    pub(crate) async fn done<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let asks = self.asks;
        let answer = self.sent().await;
        asks.reads.lock().unwrap_or_else(PoisonError::into_inner).clear();
        decoded(&answer?)
    }

    /// The answer to what sends `body` as it is, which is of the media type `kind`.
    pub(crate) async fn sending<T: DeserializeOwned>(
        self,
        kind: HeaderValue,
        body: Body,
    ) -> Result<T, Problem> {
        let asks = self.asks;
        let response = self.through(kind, body).await?;
        asks.reads.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (value, _) = taken(response, ANSWER_BYTES_MAX).await?;
        decoded(&value)
    }

    /// The answer to a read as it comes, however long it is.
    pub(crate) async fn streamed(self) -> Result<Response, Problem> {
        let mut response = self.through(JSON, Body::empty()).await?;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            return Err(problem);
        }
        let status = response.status();
        if status.is_success() { Ok(response) } else { Err(Problem::of_status(status)) }
    }

    /// Sends it with its body, and takes in what it says.
    async fn sent(mut self) -> Result<Value, Problem> {
        let asks = self.asks;
        // What was done is told, however much it is.
        let is_bounded = asks.shares && self.method == Method::GET;
        let most = if is_bounded { asks.to_take.load(Ordering::Relaxed) } else { ANSWER_BYTES_MAX };
        let kind = if self.method == Method::PATCH { MERGE_PATCH } else { JSON };
        let body = self.body.take();
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (value, bytes) = taken(self.through(kind, body).await?, most).await?;
        if is_bounded {
            spend(&asks.to_take, bytes)?;
        }
        Ok(value)
    }

    /// Sends it through the router.
    async fn through(self, kind: HeaderValue, body: Body) -> Result<Response, Problem> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let asks = self.asks;
        let units = row_of(self.operation).map_or(0, |(units, _)| units);
        asks.spent.fetch_add(units, Ordering::Relaxed);
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = format!("{}{}", self.path, self.query).parse().map_err(|_| {
            Problem::from(Refused::new(Code::TooLarge, "", "this is too long to be asked"))
        })?;
        *request.headers_mut() = self.headers;
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let signed = self.signed.unwrap_or_else(|| asks.who.signed.clone());
        request.extensions_mut().insert(signed);
        if let Some(address) = asks.who.address {
            request.extensions_mut().insert(address);
        }
        if let Some(rated) = asks.rated {
            request.extensions_mut().insert(Rated(rated));
        }
        let Ok(response) = asks.door.router.clone().oneshot(request).await;
        Ok(response)
    }
}

/// Takes out what is null, however deep it lies.
fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// What an answer of at most `most` bytes says, and how many it has.
async fn taken(response: Response, most: usize) -> Result<(Value, usize), Problem> {
    let (mut parts, body) = response.into_parts();
    if let Some(problem) = parts.extensions.remove::<Problem>() {
        return Err(problem);
    }
    if !parts.status.is_success() {
        return Err(Problem::of_status(parts.status));
    }
    // It comes from this process: nothing but its length is in the way.
    let bytes = axum::body::to_bytes(body, most).await.map_err(|_| too_large())?;
    if bytes.is_empty() {
        return Ok((Value::Null, 0));
    }
    let value = serde_json::from_slice(&bytes);
    value.map(|value| (value, bytes.len())).map_err(|_| Problem::wrong(Wrong::Internal, ""))
}

/// Takes `bytes` from what is left.
fn spend(left: &AtomicUsize, bytes: usize) -> Result<(), Problem> {
    let take = |left: usize| left.checked_sub(bytes);
    let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
    spent.map(drop).map_err(|_| too_large())
}

fn too_large() -> Problem {
    let most = ANSWER_BYTES_MAX >> 20;
    let detail = format!("what a request is told is at most {most} MiB: ask for less, or in parts");
    Refused::new(Code::TooLarge, "", detail).into()
}

/// About how many bytes `value` takes.
fn weight(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.values().map(weight).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    within + VALUE_BYTES
}

fn decoded<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    T::deserialize(value).map_err(|error| {
        tracing::error!(%error, "an answer is not what its field takes it for");
        Problem::wrong(Wrong::Internal, "")
    })
}

/// A page of a list, as REST tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
