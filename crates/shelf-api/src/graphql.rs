//! GraphQL: one address for all that REST has. Each field that asks is an operation of it.
//!
//! No rule lives here, not even a second way to the use cases: a field asks the operation its row
//! names (`fields.rs`) of the router of REST, in process (`asks.rs`). So cost, scope, rights,
//! idempotency and codes are those of REST, by construction. What is decided here is what a
//! document may ask for (`bounds.rs`) and how it travels (`http.rs`, `socket.rs`).

pub(crate) mod fields;
pub(crate) mod ids;
mod errors;
mod tokens;
pub(crate) mod bounds;
pub(crate) mod asks;
pub(crate) mod persisted;
pub(crate) mod http;
pub(crate) mod socket;
pub(crate) mod seats;
pub(crate) mod session;
mod scalars;
mod pages;
mod payloads;
mod query;
mod node;
mod account;
mod tenants;
mod groups;
mod sharing;
mod library;
mod bookmarks;
mod comments;
mod files;
mod places;
mod collections;
mod mounts;
mod tags;
mod search;
mod history;
mod trash;
mod presence;
mod imports;
mod webhooks;
mod mutation;
mod follow;

use crate::Api;
use crate::openapi::Listed;
use crate::problem::Problem;
use asks::{Ask, Asks, Door, Who};
use async_graphql::parser::types::OperationType;
use async_graphql::{Context, Request, Schema, ServerError, Variables};
use axum::routing::get;
use axum::{Extension, Router};
use bounds::{ReadError, Shapes};
use follow::Subscription;
use mutation::Mutation;
use persisted::Persisted;
use query::Query;
use seats::Seats;
use serde_json::{Map, Value};
use shelf_domain::refusal::Refused;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Where it is.
pub(crate) const ADDRESS: &str = "/graphql";

type Graph = Schema<Query, Mutation, Subscription>;

/// The schema: the same for all, since whom a request speaks for comes with the request.
static GRAPH: LazyLock<Graph> =
    LazyLock::new(|| Schema::build(Query, Mutation::default(), Subscription).finish());
pub(crate) static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::of(&GRAPH.sdl()));

/// The schema as text.
pub fn sdl() -> String {
    GRAPH.sdl()
}

/// What answers requests of GraphQL. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Gateway {
    door: Door,
    persisted: Arc<Persisted>,
    seats: Seats,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

/// What is asked, however it came.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The document; none, where its hash is said instead.
    pub query: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// What its variables hold.
    pub variables: Map<String, Value>,
    /// What is said besides.
    pub extensions: Map<String, Value>,
}

/// A request that keeps within its bounds.
pub(crate) struct Prepared {
    request: Request,
    /// What it is going to do.
    pub ty: OperationType,
}

impl Gateway {
    /// The gateway to `operations`, which `interface` answers.
    pub(crate) fn new(interface: Router, operations: Vec<Listed>) -> Self {
        let (door, persisted) = (Door::new(interface, operations), Arc::default());
        Self { door, persisted, seats: Seats::default() }
    }

    /// Looks at what `who` asks before anything is done.
    pub(crate) fn prepared(&self, who: &Who, asked: Asked) -> Result<Prepared, ServerError> {
        let tenant = who.signed.person.tenant;
        let hash = persisted::hash_of(&asked.extensions).map_err(errors::of_request)?;
        let query = self.persisted.query(tenant, hash, asked.query)?;
        let document = bounds::read(&query).map_err(|error| match error {
            ReadError::TooMuch(problem) => errors::of_request(problem),
            ReadError::Syntax(error) => error.into(),
        })?;
        let variables = Variables::from_json(Value::Object(asked.variables));
        bounds::check(&SHAPES, &document, &variables).map_err(errors::of_request)?;
        let name = asked.operation_name.as_deref();
        let operation = bounds::operation(&document, name).ok_or_else(|| {
            let detail = "say by operationName which of its operations is meant";
            errors::of_request(Problem::from(Refused::invalid("operationName", detail)))
        })?;
        let ty = operation.ty;
        if let Some(hash) = hash {
            self.persisted.keep(tenant, hash, &query);
        }
        let mut request = Request::new(query).variables(variables);
        request.operation_name = asked.operation_name;
        request.set_parsed_query(document);
        Ok(Prepared { request, ty })
    }

    /// The asks of one request of `who`.
    pub(crate) fn asks(&self, api: &Api, who: Who) -> Asks {
        Asks::new(api.clone(), self.door.clone(), who)
    }
}

impl Prepared {
    /// The request, with what it may ask.
    pub(crate) fn with(self, asks: &Arc<Asks>) -> Request {
        self.request.data(Arc::clone(asks))
    }
}

/// What the request a field belongs to may ask.
pub(crate) fn asks<'a>(ctx: &Context<'a>) -> &'a Asks {
    ctx.data_unchecked::<Arc<Asks>>()
}

/// The ask of a mutation: done once under `key`, or under that of the whole request.
pub(crate) fn write<'a>(ctx: &Context<'a>, field: &'static str, key: Option<String>) -> Ask<'a> {
    asks(ctx).of(field).under(key, ctx.item.node.response_key().node.as_str())
}

/// Where it is answered.
pub(crate) fn routes(gateway: Gateway) -> Router<Api> {
    Router::new().route(ADDRESS, get(http::got).post(http::posted)).layer(Extension(gateway))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::fields::{FIELDS, JOINS};
    use std::collections::BTreeSet;

    #[test]
    fn every_field_that_asks_has_a_row_and_every_row_a_field() {
        let all: BTreeSet<String> = SHAPES.all().into_iter().collect();
        assert!(all.len() > 200, "the schema was read: {}", all.len());
        for (field, _) in FIELDS.iter().chain(JOINS) {
            assert!(all.contains(*field), "there is no field {field}");
        }
        let rows: BTreeSet<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        for root in ["Query.", "Mutation.", "Subscription."] {
            for field in all.iter().filter(|field| field.starts_with(root)) {
                assert!(rows.contains(field.as_str()), "{field} says nowhere what it asks");
            }
        }
    }
}
