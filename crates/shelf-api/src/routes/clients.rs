//! Programs of others: those the caller registered, and those they let in.

use crate::Api;
use crate::body::Ask;
use crate::caller::{ClientPath, GrantPath, Me};
use crate::moment::Moment;
use crate::page::Paged;
use crate::replays::ShownOnce;
use crate::routes::access::{GrantOut, ScopeIo, ended};
use crate::wire::{Answer, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::permit::Permit;
use shelf_identity::oauth::apps::list_apps;
use shelf_identity::oauth::clients::{
    NewClient, RegisterClient, list_clients, register_client, remove_client,
};
use shelf_ports::accounts::GrantKind;
use shelf_ports::oauth::Client;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(clients, register))
        .routes(routes!(remove))
        .routes(routes!(apps))
        .routes(routes!(shut_out))
}

/// A program that people may let in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
struct ClientOut {
    /// Its id, which it says of itself (`client_id`).
    #[schema(format = Uuid)]
    id: String,
    /// What it is called.
    name: String,
    /// Where browsers may be sent back to, exactly; on this machine with any port.
    redirects: Vec<String>,
    /// The most it may ask for.
    #[schema(value_type = Vec<ScopeIo>)]
    scopes: Vec<&'static str>,
    /// Whether it proves itself by a secret.
    has_secret: bool,
    /// Whether it may act for who registered it, by its secret alone.
    acts_alone: bool,
    /// When it was registered.
    created_at: Moment,
}

impl From<Client> for ClientOut {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name,
            redirects: client.redirects,
            scopes: client.permits.each().map(Permit::name).collect(),
            has_secret: client.has_secret,
            acts_alone: client.acts_alone,
            created_at: Moment(client.created_at),
        }
    }
}

/// List the programs the caller registered, oldest first.
#[utoipa::path(get, path = "/v1/clients", tag = "access", operation_id = "list_clients",
    responses((status = 200, description = "All of them.", body = Paged<ClientOut>)))]
async fn clients(me: Me, State(api): State<Api>) -> Answer {
    let all = list_clients(&api.oauth_doors(), me.signed.person.id).await?;
    json(Paged::whole(all.into_iter().map(ClientOut::from).collect()))
}

/// What program to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegisterClient, example = json!({"name": "Reading list",
    "redirects": ["https://reading.example/back"], "scopes": ["bookmarks:read"]}))]
struct ClientIn {
    /// What it is called; whoever lets it in reads this.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where browsers may be sent back to, exactly: `https`, `http://127.0.0.1` or `http://[::1]`
    /// with any port, or a scheme of its own with a dot in it.
    #[serde(default)]
    #[schema(max_items = 10)]
    redirects: Vec<String>,
    /// The most it may ask for; all but `account:write`, where it is not said.
    #[serde(default)]
    #[schema(min_items = 1)]
    scopes: Option<Vec<ScopeIo>>,
    /// Whether it runs where it can keep a secret, and gets one.
    #[serde(default)]
    has_secret: bool,
    /// Whether it may act for the caller, by its secret alone (`client_credentials`).
    #[serde(default)]
    acts_alone: bool,
}

/// A program that was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = NewClient)]
struct NewClientOut {
    /// The program.
    client: ClientOut,
    /// Its secret (`client_secret`), where it has one; shown this once.
    client_secret: Option<String>,
}

/// Register a program that people may let in by OAuth 2.1.
///
/// What the server offers programs stands at `/.well-known/oauth-authorization-server`.
#[utoipa::path(post, path = "/v1/clients", tag = "access", operation_id = "register_client",
    request_body = ClientIn,
    responses((status = 201, description = "Registered.", body = NewClientOut)))]
async fn register(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<ClientIn>) -> Answer {
    let permits = body.scopes.map(|scopes| scopes.into_iter().map(Permit::from).collect());
    let ClientIn { name, redirects, has_secret, acts_alone, .. } = body;
    let ask = RegisterClient { name, redirects, permits, has_secret, acts_alone };
    let NewClient { client, secret } = register_client(&api.oauth_doors(), me.actor(), ask).await?;
    let location = format!("/v1/clients/{}", client.id);
    let client_secret = secret.map(|secret| secret.expose().to_owned());
    let is_secret = client_secret.is_some();
    let body = NewClientOut { client: client.into(), client_secret };
    let mut answer = located((StatusCode::CREATED, Json(body)).into_response(), &location);
    if is_secret {
        let told = ShownOnce(format!("the client was registered: {location}"));
        answer.extensions_mut().insert(told);
    }
    Ok(answer)
}

/// Remove a program, and shut it out wherever it was let in.
#[utoipa::path(delete, path = "/v1/clients/{client}", tag = "access",
    operation_id = "remove_client", responses((status = 204, description = "Removed.")))]
async fn remove(me: Me, State(api): State<Api>, ClientPath(id): ClientPath) -> Answer {
    remove_client(&api.oauth_doors(), me.actor(), id).await?;
    done()
}

/// A program the caller let in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
struct AppOut {
    /// Its grant.
    grant: GrantOut,
    /// The program.
    #[schema(format = Uuid)]
    client: String,
}

/// List the programs the caller let in, latest first.
#[utoipa::path(get, path = "/v1/apps", tag = "access", operation_id = "list_apps",
    responses((status = 200, description = "All of them.", body = Paged<AppOut>)))]
async fn apps(me: Me, State(api): State<Api>) -> Answer {
    let apps = list_apps(&api.oauth_doors(), me.signed.person.id).await?;
    let told = apps
        .into_iter()
        .map(|(grant, client)| AppOut { client: client.to_string(), grant: grant.into() });
    json(Paged::whole(told.collect()))
}

/// Shut a program out that the caller let in.
#[utoipa::path(delete, path = "/v1/apps/{grant}", tag = "access", operation_id = "shut_out_app",
    responses((status = 204, description = "Shut out.")))]
async fn shut_out(me: Me, State(api): State<Api>, GrantPath(id): GrantPath) -> Answer {
    ended(me, api, &[GrantKind::App], id).await
}
