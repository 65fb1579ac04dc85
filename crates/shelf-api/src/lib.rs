//! REST, GraphQL and the interfaces of others: authentication, scope, limits and one error table.
//!
//! No rules live here: a route reads its request, calls one use case and writes its answer.
//! Start with [`router`], then any file in `routes/`; then `graphql.rs`, whose fields ask routes,
//! and `facades.rs`, where apps made for other servers do.
#![expect(
    clippy::option_option,
    reason = "in a merge patch absent, null and a value are three different things"
)]

pub mod problem;
pub mod gate;
pub mod probes;
mod watch;
mod background;
mod caller;
mod keyed;
mod replays;
mod costs;
mod limit;
mod body;
mod etag;
mod cursor;
mod page;
mod moment;
mod wire;
mod openapi;
mod routes;
mod graphql;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod live;
mod sockets;
mod facades;

pub use background::Background;
pub use gate::Gate;
pub use graphql::sdl as graphql_schema;
pub use openapi::operations;
pub use probes::Probes;
pub use replays::Replays;
pub use sockets::Sockets;

use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use bytes::Bytes;
use shelf_bookmarks::Stores;
use shelf_bookmarks::search::SearchPorts;
use shelf_courier::Courier;
use shelf_identity::privacy::record::Processing;
use shelf_identity::{OAuthDoors, PrivacyDoors, SsoDoors, Throttle};
use shelf_ports::machine::Machine;
use shelf_ports::news::News;
use shelf_ports::oauth::{Authorizations, Clients};
use shelf_ports::presence::Presence;
use shelf_sync::PresenceDoors;
use std::sync::{Arc, LazyLock};
use utoipa_axum::router::OpenApiRouter;

/// Everything a request needs; cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    /// The stores behind the ports.
    pub stores: Stores,
    /// Finding.
    pub search: SearchPorts,
    /// Who is told what happens.
    pub courier: Courier,
    /// Imports and exports that are under way.
    pub background: Background,
    /// Answers that are given twice.
    pub replays: Replays,
    /// Which names the server answers to.
    pub gate: Arc<Gate>,
    /// What bounds requests.
    pub throttle: Throttle,
    /// How the server stands, for whoever runs it.
    pub machine: Arc<dyn Machine>,
    /// Readiness and metrics.
    pub probes: Arc<dyn Probes>,
    /// Programs of others.
    pub clients: Arc<dyn Clients>,
    /// What they were given.
    pub authorizations: Arc<dyn Authorizations>,
    /// Identity providers of tenants.
    pub sso: SsoDoors,
    /// What people may ask about what is theirs.
    pub privacy: PrivacyDoors,
    /// What is kept, for what, on which ground, and how long.
    pub processing: Arc<Vec<Processing>>,
    /// Which libraries moved; a hint for who waits.
    pub news: Arc<dyn News>,
    /// Who is where.
    pub presence: Arc<dyn Presence>,
    /// Its sockets.
    pub sockets: Sockets,
    /// How programs reach this server, when that was set; else what the request says is believed.
    pub public_url: Option<String>,
}

impl Api {
    fn doors(&self) -> shelf_identity::Doors {
        let Stores { accounts, tenants, audit, rooms, clock, chance, .. } = self.stores.clone();
        shelf_identity::Doors { accounts, tenants, audit, rooms, clock, chance }
    }

    fn presence_doors(&self) -> PresenceDoors {
        let (accounts, clock) = (self.stores.accounts.clone(), self.stores.clock.clone());
        PresenceDoors { presence: self.presence.clone(), accounts, clock }
    }

    fn oauth_doors(&self) -> OAuthDoors {
        let (clients, authorizations) = (self.clients.clone(), self.authorizations.clone());
        OAuthDoors { doors: self.doors(), clients, authorizations }
    }
}

/// The whole interface, with a problem for every address that is not there.
pub fn router(api: Api) -> Router {
    let missing = Router::new().fallback(|| async { openapi::missing().into_response() });
    let missing = missing.layer(middleware::from_fn_with_state(api.clone(), watch::watch));
    part(api).fallback_service(missing)
}

/// The interface as a part of a larger router, which says itself what else there is.
pub fn part(api: Api) -> Router {
    let (routes, document) = documented().split_for_parts();
    let operations = openapi::listed(&document);
    drop(document);
    let limited = limit::Limited { api: api.clone(), costs: costs::Costs::of(&operations) };
    let interface = bounded(whole(routes.route("/openapi.json", get(described)), &api), &limited);
    let gateway = graphql::Gateway::new(interface.clone(), operations);
    let facades = facades::routes(&gateway, |routes| bounded(routes, &limited));
    let beside = routes::oauth::routes().merge(graphql::routes(gateway)).merge(live::routes(&api));
    interface
        .merge(bounded(beside, &limited))
        .merge(facades)
        .layer(middleware::from_fn_with_state(api, watch::watch))
}

/// What devices sync by, and how the process is, as a part of a larger router: for a process that does
/// nothing else.
pub fn sync_part(api: Api) -> Router {
    let (routes, document) = routes::of_sync().split_for_parts();
    let costs = costs::Costs::of(&openapi::listed(&document));
    let limited = limit::Limited { api: api.clone(), costs };
    bounded(whole(routes, &api).merge(live::routes(&api)), &limited)
        .layer(middleware::from_fn_with_state(api, watch::watch))
}

/// `routes` with an answer for every address below theirs that is not there; writes under a key are
/// done once.
fn whole(routes: Router<Api>, api: &Api) -> Router<Api> {
    let missing = || async { openapi::missing().into_response() };
    routes
        .route("/v1/{*rest}", axum::routing::any(missing))
        .layer(middleware::from_fn_with_state(api.clone(), replays::replay))
}

/// `router` within what every request is held to.
fn bounded(router: Router<Api>, limited: &limit::Limited) -> Router {
    router
        .layer(middleware::from_fn_with_state(limited.clone(), limit::limit))
        .layer(DefaultBodyLimit::max(body::JSON_BYTES_MAX))
        .with_state(limited.api.clone())
}

/// How the process is, and nothing else of the interface, as a part of a larger router.
pub fn operations_part(api: Api) -> Router {
    let (routes, _) = routes::operations().split_for_parts();
    routes.layer(middleware::from_fn_with_state(api.clone(), watch::watch)).with_state(api)
}

/// `router` behind the same check of host and origin as the interface; for the pages.
pub fn gated(gate: Arc<Gate>, router: Router) -> Router {
    router.layer(middleware::from_fn_with_state(gate, watch::checked))
}

/// The `OpenAPI` 3.1 document of the interface.
pub fn document() -> serde_json::Value {
    openapi::finished(&documented().into_openapi())
}

fn documented() -> OpenApiRouter<Api> {
    routes::all()
}

/// The document as it is served; made when it is first asked for.
static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));

async fn described() -> axum::response::Response {
    ([(CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}
