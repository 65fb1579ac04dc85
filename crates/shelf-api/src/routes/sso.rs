//! The identity provider of a tenant, and the domains of mail addresses it may speak for.

use super::oauth::issuer;
use super::tenants::RoleIo;
use crate::Api;
use crate::body::{Ask, Once};
use crate::caller::{DomainPath, Me, TenantPath};
use crate::moment::Moment;
use crate::wire::{Answer, Id, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::GroupId;
use shelf_identity::sso::connect::{
    ConnectProvider, GROUPS_CLAIM, connect_provider, provider_of, remove_provider,
};
use shelf_identity::sso::domains::{
    add_domain, list_domains, place_of, remove_domain, verify_domain,
};
use shelf_identity::sso::log_out::logout_uri;
use shelf_identity::sso::redirect_uri;
use shelf_ports::sso::{ClaimRule, Provider, TenantDomain};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read, connect, remove))
        .routes(routes!(name))
        .routes(routes!(verify))
        .routes(routes!(forget))
}

/// How members of a tenant sign in by its own identity provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SingleSignOn)]
struct SsoOut {
    /// The provider, if one is connected.
    provider: Option<ProviderOut>,
    /// Where the provider must send browsers back to, exactly.
    redirect_uri: String,
    /// Where it may say that it signed somebody out (back-channel logout); what they came in with by it
    /// ends then.
    logout_uri: String,
    /// The domains that were named.
    domains: Vec<DomainOut>,
}

/// An identity provider, without the secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
struct ProviderOut {
    /// What it calls itself.
    issuer: String,
    /// What it calls this server.
    client_id: String,
    /// The claim that names groups; empty where none is followed.
    groups_claim: String,
    /// What follows from its values.
    rules: Vec<RuleIo>,
    /// What somebody new is, where no rule says more.
    role: RoleIo,
    /// Whether members other than owners reach the tenant in no other way.
    required: bool,
    /// When it was connected.
    created_at: Moment,
}

/// What follows from one value of the claim that names groups.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimRule)]
struct RuleIo {
    /// The value.
    #[schema(min_length = 1, max_length = 200)]
    value: String,
    /// The group whoever has it is in.
    #[serde(default)]
    group: Option<Id>,
    /// What they are; never owner.
    #[serde(default)]
    role: Option<RoleIo>,
}

impl From<ClaimRule> for RuleIo {
    fn from(ClaimRule { value, group, role }: ClaimRule) -> Self {
        let group = group.map(|id| Id(shelf_domain::id::ItemId::from_bytes(id.to_bytes())));
        Self { value, group, role: role.map(RoleIo::from) }
    }
}

impl From<RuleIo> for ClaimRule {
    fn from(RuleIo { value, group, role }: RuleIo) -> Self {
        let group = group.map(|Id(id)| GroupId::from_bytes(id.to_bytes()));
        Self { value, group, role: role.map(Into::into) }
    }
}

impl From<Provider> for ProviderOut {
    fn from(provider: Provider) -> Self {
        Self {
            issuer: provider.issuer,
            client_id: provider.client_id,
            groups_claim: provider.groups_claim,
            rules: provider.rules.into_iter().map(RuleIo::from).collect(),
            role: provider.role.into(),
            required: provider.is_required,
            created_at: Moment(provider.created_at),
        }
    }
}

/// A domain of mail addresses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SsoDomain)]
struct DomainOut {
    /// Its name.
    domain: String,
    /// Where it has to say that it is the tenant's.
    place: String,
    /// The line that has to stand there.
    text: String,
    /// When it was proven; null is not yet, and then nothing is believed of it.
    verified_at: Option<Moment>,
}

impl From<TenantDomain> for DomainOut {
    fn from(domain: TenantDomain) -> Self {
        Self {
            place: place_of(&domain.name),
            domain: domain.name.into(),
            text: domain.token,
            verified_at: domain.verified_at.map(Moment),
        }
    }
}

/// Read the identity provider and the domains of a tenant; for admins. The secret is never told.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/sso", tag = "tenants", operation_id = "get_sso",
    responses((status = 200, description = "What is connected.", body = SsoOut)))]
async fn read(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    headers: HeaderMap,
) -> Answer {
    let by = me.signed.person.id;
    let provider = provider_of(&api.sso, by, tenant).await?;
    let domains = list_domains(&api.sso, by, tenant).await?;
    let reached = issuer(&api, &headers);
    json(SsoOut {
        provider: provider.map(ProviderOut::from),
        redirect_uri: redirect_uri(&reached, tenant),
        logout_uri: logout_uri(&reached, tenant),
        domains: domains.into_iter().map(DomainOut::from).collect(),
    })
}

fn groups_claim() -> String {
    GROUPS_CLAIM.to_owned()
}

fn member() -> RoleIo {
    RoleIo::Member
}

/// What provider to connect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConnectProvider, example = json!({
    "issuer": "https://id.example.org", "client_id": "mindshelf",
    "client_secret": "the-secret-of-the-client",
    "rules": [{"value": "librarians", "group": "0193f0a0-0000-7000-8000-00000000000e",
        "role": "admin"}]
}))]
struct ConnectIn {
    /// What it calls itself: an https address.
    #[schema(max_length = 500)]
    issuer: String,
    /// What it calls this server.
    #[schema(min_length = 1, max_length = 200)]
    client_id: String,
    /// What this server proves itself by there; absent keeps the one there is, for the same issuer.
    #[serde(default)]
    #[schema(max_length = 1000)]
    client_secret: Option<String>,
    /// The claim that names groups; `groups` where nothing is said, empty where none is followed.
    #[serde(default = "groups_claim")]
    #[schema(max_length = 200)]
    groups_claim: String,
    /// What follows from its values.
    #[serde(default)]
    #[schema(max_items = 200)]
    rules: Vec<RuleIo>,
    /// What somebody new is, where no rule says more; never owner.
    #[serde(default = "member")]
    role: RoleIo,
    /// Whether members other than owners reach the tenant in no other way. Takes a proven domain.
    #[serde(default)]
    required: bool,
}

/// Connect an identity provider, in the place of the one before; for admins.
///
/// The provider is asked what it says of itself, which must be what is said here. Another issuer
/// forgets whom the one before knew, and takes a secret of its own.
#[utoipa::path(put, path = "/v1/tenants/{tenant}/sso", tag = "tenants",
    operation_id = "connect_sso", request_body = ConnectIn,
    responses((status = 200, description = "Connected.", body = ProviderOut)))]
async fn connect(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Ask { body, .. }: Ask<ConnectIn>,
) -> Answer {
    let ask = ConnectProvider {
        issuer: body.issuer,
        client_id: body.client_id,
        client_secret: body.client_secret,
        groups_claim: body.groups_claim,
        rules: body.rules.into_iter().map(ClaimRule::from).collect(),
        role: body.role.into(),
        is_required: body.required,
    };
    json(ProviderOut::from(connect_provider(&api.sso, me.actor(), tenant, ask).await?))
}

/// Remove the identity provider; for admins.
///
/// Members stay members; sessions that came by it end, and so do memberships in groups that followed
/// from what it said alone.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/sso", tag = "tenants",
    operation_id = "remove_sso",
    responses((status = 204, description = "There is none any more.")))]
async fn remove(me: Me, State(api): State<Api>, TenantPath(tenant): TenantPath, _: Once) -> Answer {
    remove_provider(&api.sso, me.actor(), tenant).await?;
    done()
}

/// What domain to name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NameDomain, example = json!({"domain": "reading.example"}))]
struct NameIn {
    /// Its name.
    #[schema(min_length = 1, max_length = 253)]
    domain: String,
}

/// Name a domain of mail addresses; for admins.
///
/// Nothing is believed of it until it says, at the place that is answered, that it is the tenant's.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/sso/domains", tag = "tenants",
    operation_id = "add_sso_domain", request_body = NameIn,
    responses((status = 201, description = "Named.", body = DomainOut)))]
async fn name(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Ask { body, .. }: Ask<NameIn>,
) -> Answer {
    let domain = add_domain(&api.sso, me.actor(), tenant, &body.domain).await?;
    let location = format!("/v1/tenants/{tenant}/sso/domains/{}", domain.name);
    Ok(located((StatusCode::CREATED, Json(DomainOut::from(domain))).into_response(), &location))
}

/// Look whether a domain says that it is the tenant's; for admins.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/sso/domains/{domain}/verification",
    tag = "tenants", operation_id = "verify_sso_domain",
    responses((status = 200, description = "It does, and is believed from now on.",
        body = DomainOut)))]
async fn verify(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    DomainPath(domain): DomainPath,
    _: Once,
) -> Answer {
    json(DomainOut::from(verify_domain(&api.sso, me.actor(), tenant, &domain).await?))
}

/// Remove a domain: nobody new comes in by it. For admins.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/sso/domains/{domain}", tag = "tenants",
    operation_id = "remove_sso_domain",
    responses((status = 204, description = "It is not there any more.")))]
async fn forget(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    DomainPath(domain): DomainPath,
    _: Once,
) -> Answer {
    remove_domain(&api.sso, me.actor(), tenant, &domain).await?;
    done()
}
