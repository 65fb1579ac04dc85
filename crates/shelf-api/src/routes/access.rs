//! Tokens, sessions and devices: what may act for the person.

use crate::Api;
use crate::body::{Ask, Patch, never_empty, said};
use crate::caller::{GrantPath, Me};
use crate::moment::Moment;
use crate::page::Paged;
use crate::problem::Problem;
use crate::replays::ShownOnce;
use crate::wire::{Answer, Id, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, LibraryId};
use shelf_domain::permit::{Allowance, Permit, Permits};
use shelf_domain::refusal::Refused;
use shelf_identity::{
    CreateToken, create_token, list_grants, pair_device, rename_device, revoke_grant,
};
use shelf_ports::accounts::{Grant, GrantKind};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(tokens, create))
        .routes(routes!(revoke))
        .routes(routes!(sessions))
        .routes(routes!(sign_out))
        .merge(pairing())
}

/// Those that devices come in by and are known by.
pub(crate) fn pairing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(devices, pair)).routes(routes!(rename, unpair))
}

/// What may act for a person; also who a change was written by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// What it is: `token`, `session`, `local`, `device` or `app`.
    kind: &'static str,
    /// The name its owner knows it by.
    name: String,
    /// When it was made.
    created_at: Moment,
    /// When it ends; null is never.
    expires_at: Option<Moment>,
    /// When it was last used, to the minute.
    used_at: Option<Moment>,
    /// What it may be used for; null is all the person may do.
    #[schema(value_type = Option<Vec<ScopeIo>>)]
    scopes: Option<Vec<&'static str>>,
    /// In which libraries alone; null is all.
    #[schema(value_type = Option<Vec<Id>>)]
    libraries: Option<Vec<String>>,
    /// The tenant whose identity provider it came by, itself or what made it.
    #[schema(value_type = Option<Id>)]
    provided_by: Option<String>,
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[schema(as = Scope)]
pub(crate) enum ScopeIo {
    /// Read, search and export what is in libraries.
    #[serde(rename = "bookmarks:read")]
    BookmarksRead,
    /// Change what is in libraries, and push as a device.
    #[serde(rename = "bookmarks:write")]
    BookmarksWrite,
    /// See what the person opened.
    #[serde(rename = "activity:read")]
    ActivityRead,
    /// Note what they open, forget it, and switch that off.
    #[serde(rename = "activity:write")]
    ActivityWrite,
    /// See what may act for the person.
    #[serde(rename = "account:read")]
    AccountRead,
    /// Make and end tokens and sessions, and rename the person.
    #[serde(rename = "account:write")]
    AccountWrite,
    /// See tenants and who may use which library.
    #[serde(rename = "sharing:read")]
    SharingRead,
    /// Change that; also make and rename libraries.
    #[serde(rename = "sharing:write")]
    SharingWrite,
    /// Read and check audit logs.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// See webhooks and what was delivered.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    /// Add, change and remove webhooks.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// See what tenants use and give them plans, where the person runs the server.
    #[serde(rename = "admin")]
    Admin,
}

impl From<ScopeIo> for Permit {
    fn from(scope: ScopeIo) -> Self {
        match scope {
            ScopeIo::BookmarksRead => Self::BookmarksRead,
            ScopeIo::BookmarksWrite => Self::BookmarksWrite,
            ScopeIo::ActivityRead => Self::ActivityRead,
            ScopeIo::ActivityWrite => Self::ActivityWrite,
            ScopeIo::AccountRead => Self::AccountRead,
            ScopeIo::AccountWrite => Self::AccountWrite,
            ScopeIo::SharingRead => Self::SharingRead,
            ScopeIo::SharingWrite => Self::SharingWrite,
            ScopeIo::AuditRead => Self::AuditRead,
            ScopeIo::WebhooksRead => Self::WebhooksRead,
            ScopeIo::WebhooksWrite => Self::WebhooksWrite,
            ScopeIo::Admin => Self::Admin,
        }
    }
}

impl From<Grant> for GrantOut {
    fn from(grant: Grant) -> Self {
        let Allowance { permits, libraries } = grant.allows;
        let scopes =
            (permits != Permits::EVERY).then(|| permits.each().map(Permit::name).collect());
        Self {
            scopes,
            libraries: libraries.map(|all| all.iter().map(LibraryId::to_string).collect()),
            id: grant.id.to_string(),
            kind: grant.kind.name(),
            name: grant.name,
            created_at: Moment(grant.created_at),
            expires_at: grant.expires_at.map(Moment),
            used_at: grant.used_at.map(Moment),
            provided_by: grant.provided_by.map(|tenant| tenant.to_string()),
        }
    }
}

/// The grants of the caller that are of one of `kinds`.
async fn of_kinds(me: &Me, api: &Api, kinds: &[GrantKind]) -> Result<Vec<Grant>, Problem> {
    let mut grants = list_grants(&api.doors(), me.signed.person.id).await?;
    grants.retain(|grant| kinds.contains(&grant.kind));
    Ok(grants)
}

async fn listed(me: Me, api: Api, kinds: &[GrantKind]) -> Answer {
    let grants = of_kinds(&me, &api, kinds).await?;
    json(Paged::whole(grants.into_iter().map(GrantOut::from).collect()))
}

/// Ends the grant `id`, if it is one of `kinds`.
pub(crate) async fn ended(me: Me, api: Api, kinds: &[GrantKind], id: DeviceId) -> Answer {
    if !of_kinds(&me, &api, kinds).await?.iter().any(|grant| grant.id == id) {
        return Err(Refused::not_found("such grant").into());
    }
    revoke_grant(&api.doors(), me.actor(), id).await?;
    done()
}

/// List the tokens of the caller, latest first.
#[utoipa::path(get, path = "/v1/tokens", tag = "access", operation_id = "list_tokens",
    responses((status = 200, description = "All of them.", body = Paged<GrantOut>)))]
async fn tokens(me: Me, State(api): State<Api>) -> Answer {
    listed(me, api, &[GrantKind::Token]).await
}

/// What token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToken, example = json!({"name": "laptop",
    "scopes": ["bookmarks:read", "bookmarks:write"],
    "libraries": ["0193f0a0-0000-7000-8000-000000000000"]}))]
struct TokenIn {
    /// A name to know it by.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// When it ends; where it is not said, never, or when the token ends that makes it.
    #[serde(default)]
    expires_at: Option<Moment>,
    /// What it may be used for, at most what the caller may; where it is not said, that.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ScopeIo>>, min_items = 1)]
    scopes: Option<Vec<ScopeIo>>,
    /// In which libraries alone, which goes with `bookmarks:read` and `bookmarks:write` alone;
    /// all, where it is not said.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Id>>, min_items = 1, max_items = 50)]
    libraries: Option<Vec<LibraryId>>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
#[schema(as = NewToken)]
struct TokenOut {
    /// The token itself; shown this once.
    token: String,
    /// What is known of it.
    grant: GrantOut,
}

/// Make a token.
///
/// The token is in this answer alone: only its hash is stored. Under an `Idempotency-Key` it is
/// made once; the same request again is answered 409 `shown_once`, which names it.
#[utoipa::path(post, path = "/v1/tokens", tag = "access", operation_id = "create_token",
    request_body = TokenIn,
    responses((status = 201, description = "Made.", body = TokenOut)))]
async fn create(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<TokenIn>) -> Answer {
    let expires_at = body.expires_at.map(|Moment(at)| at);
    let permits = body.scopes.map(|scopes| scopes.into_iter().map(Permit::from).collect());
    let libraries = body.libraries.map(BTreeSet::from_iter);
    let ask = CreateToken { name: body.name, expires_at, permits, libraries };
    let new = create_token(&api.doors(), me.actor(), ask).await?;
    let location = format!("/v1/tokens/{}", new.grant.id);
    let token = new.secret.expose().to_owned();
    let body = TokenOut { token, grant: new.grant.into() };
    let mut answer = located((StatusCode::CREATED, Json(body)).into_response(), &location);
    answer.extensions_mut().insert(ShownOnce(format!("the token was made: {location}")));
    Ok(answer)
}

/// End a token.
#[utoipa::path(delete, path = "/v1/tokens/{grant}", tag = "access",
    operation_id = "revoke_token", responses((status = 204, description = "Ended.")))]
async fn revoke(me: Me, State(api): State<Api>, GrantPath(id): GrantPath) -> Answer {
    ended(me, api, &[GrantKind::Token], id).await
}

/// List where the caller is signed in, latest first.
///
/// Browsers, and the key of the machine the server runs on.
#[utoipa::path(get, path = "/v1/sessions", tag = "access", operation_id = "list_sessions",
    responses((status = 200, description = "All of them.", body = Paged<GrantOut>)))]
async fn sessions(me: Me, State(api): State<Api>) -> Answer {
    listed(me, api, &[GrantKind::Session, GrantKind::Local]).await
}

/// End a session.
#[utoipa::path(delete, path = "/v1/sessions/{grant}", tag = "access",
    operation_id = "end_session", responses((status = 204, description = "Ended.")))]
async fn sign_out(me: Me, State(api): State<Api>, GrantPath(id): GrantPath) -> Answer {
    ended(me, api, &[GrantKind::Session], id).await
}

/// List the paired devices of the caller, latest first.
#[utoipa::path(get, path = "/v1/devices", tag = "access", operation_id = "list_devices",
    responses((status = 200, description = "All of them.", body = Paged<GrantOut>)))]
async fn devices(me: Me, State(api): State<Api>) -> Answer {
    listed(me, api, &[GrantKind::Device]).await
}

/// What device to pair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PairDevice, example = json!({"name": "phone"}))]
struct DeviceIn {
    /// A name to know it by.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// Pair a device.
///
/// It pushes changes under its own id and counter, with a token or session of the same person.
#[utoipa::path(post, path = "/v1/devices", tag = "access", operation_id = "pair_device",
    request_body = DeviceIn,
    responses((status = 201, description = "Paired.", body = GrantOut)))]
async fn pair(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<DeviceIn>) -> Answer {
    let grant = pair_device(&api.doors(), me.actor(), &body.name).await?;
    let location = format!("/v1/devices/{}", grant.id);
    Ok(located((StatusCode::CREATED, Json(GrantOut::from(grant))).into_response(), &location))
}

/// What to change of a device.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditDevice, example = json!({"name": "old phone"}))]
struct EditDeviceIn {
    /// The name to know it by; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Give a device another name.
#[utoipa::path(patch, path = "/v1/devices/{grant}", tag = "access",
    operation_id = "rename_device",
    request_body(content = EditDeviceIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Renamed.", body = GrantOut)))]
async fn rename(
    me: Me,
    State(api): State<Api>,
    GrantPath(id): GrantPath,
    Patch { body, .. }: Patch<EditDeviceIn>,
) -> Answer {
    let name = never_empty("name", body.name)?;
    let grant = rename_device(&api.doors(), me.actor(), id, name.as_deref()).await?;
    json(GrantOut::from(grant))
}

/// Unpair a device.
///
/// What it wrote stays; it can push no more.
#[utoipa::path(delete, path = "/v1/devices/{grant}", tag = "access",
    operation_id = "unpair_device", responses((status = 204, description = "Unpaired.")))]
async fn unpair(me: Me, State(api): State<Api>, GrantPath(id): GrantPath) -> Answer {
    ended(me, api, &[GrantKind::Device], id).await
}
