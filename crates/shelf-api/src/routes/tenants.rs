//! Tenants and who belongs to them.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{Me, PersonPath, TenantPath};
use crate::moment::Moment;
use crate::page::Paged;
use crate::wire::{Answer, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::TenantId;
use shelf_domain::refusal::Refused;
use shelf_domain::right::Role;
use shelf_identity::Secret;
use shelf_identity::tenants::create_tenant::{create_tenant, list_tenants, rename_tenant};
use shelf_identity::tenants::invitations::join;
use shelf_identity::tenants::members::{change_role, list_members, remove_member};
use shelf_ports::tenants::{Member, Tenant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, rename))
        .routes(routes!(members))
        .routes(routes!(set_role, remove))
        .routes(routes!(take_up))
}

/// What somebody is in a tenant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleIo {
    /// Reads what is shared with them, and changes nothing.
    Viewer,
    /// Makes libraries and works in those shared with them.
    Member,
    /// Also decides who belongs to the tenant, its groups, and who may use which library.
    Admin,
    /// Also decides who is an owner.
    Owner,
}

impl From<Role> for RoleIo {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<RoleIo> for Role {
    fn from(role: RoleIo) -> Self {
        match role {
            RoleIo::Viewer => Self::Viewer,
            RoleIo::Member => Self::Member,
            RoleIo::Admin => Self::Admin,
            RoleIo::Owner => Self::Owner,
        }
    }
}

/// A tenant of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// What the caller is in it.
    role: RoleIo,
    /// When it was made.
    created_at: Moment,
}

impl TenantOut {
    fn of(tenant: Tenant, role: Role) -> Self {
        let Tenant { id, name, created_at } = tenant;
        Self { id: id.to_string(), name, role: role.into(), created_at: Moment(created_at) }
    }
}

/// Somebody who belongs to a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberOut {
    /// Who.
    #[schema(format = Uuid)]
    person: String,
    /// What they are called.
    name: String,
    /// What they are in the tenant.
    role: RoleIo,
    /// Since when.
    since: Moment,
}

impl From<Member> for MemberOut {
    fn from(member: Member) -> Self {
        let Member { person, name, role, since } = member;
        Self { person: person.to_string(), name, role: role.into(), since: Moment(since) }
    }
}

/// List the tenants of the caller, oldest first.
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants", operation_id = "list_tenants",
    responses((status = 200, description = "All of them.", body = Paged<TenantOut>)))]
async fn list(me: Me, State(api): State<Api>) -> Answer {
    let tenants = list_tenants(&api.doors(), me.signed.person.id).await?;
    let tenants = tenants.into_iter().map(|(tenant, role)| TenantOut::of(tenant, role));
    json(Paged::whole(tenants.collect()))
}

/// What tenant to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateTenant, example = json!({"name": "Reading circle"}))]
struct TenantIn {
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// Make a tenant, which the caller owns.
#[utoipa::path(post, path = "/v1/tenants", tag = "tenants", operation_id = "create_tenant",
    request_body = TenantIn,
    responses((status = 201, description = "Made.", body = TenantOut)))]
async fn create(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<TenantIn>) -> Answer {
    let tenant = create_tenant(&api.doors(), me.actor(), &body.name).await?;
    let location = format!("/v1/tenants/{}", tenant.id);
    let body = TenantOut::of(tenant, Role::Owner);
    Ok(located((StatusCode::CREATED, Json(body)).into_response(), &location))
}

/// Read a tenant.
#[utoipa::path(get, path = "/v1/tenants/{tenant}", tag = "tenants", operation_id = "get_tenant",
    responses((status = 200, description = "The tenant.", body = TenantOut)))]
async fn read(me: Me, State(api): State<Api>, TenantPath(id): TenantPath) -> Answer {
    told(&me, &api, id, StatusCode::OK).await
}

async fn told(me: &Me, api: &Api, id: TenantId, status: StatusCode) -> Answer {
    let tenants = list_tenants(&api.doors(), me.signed.person.id).await?;
    let found = tenants.into_iter().find(|(tenant, _)| tenant.id == id);
    let (tenant, role) = found.ok_or_else(|| Refused::not_found(format!("tenant {id}")))?;
    Ok((status, Json(TenantOut::of(tenant, role))).into_response())
}

/// What to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditTenant, example = json!({"name": "Reading circle of the north"}))]
struct RenameIn {
    /// Its name; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Rename a tenant; for its admins and owners.
#[utoipa::path(patch, path = "/v1/tenants/{tenant}", tag = "tenants",
    operation_id = "edit_tenant",
    request_body(content = RenameIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Renamed.", body = TenantOut)))]
async fn rename(
    me: Me,
    State(api): State<Api>,
    TenantPath(id): TenantPath,
    Patch { body, .. }: Patch<RenameIn>,
) -> Answer {
    if let Some(name) = never_empty("name", body.name)? {
        rename_tenant(&api.doors(), me.actor(), id, &name).await?;
    }
    told(&me, &api, id, StatusCode::OK).await
}

/// List the members of a tenant, by when they came.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/members", tag = "tenants",
    operation_id = "list_members",
    responses((status = 200, description = "All of them.", body = Paged<MemberOut>)))]
async fn members(me: Me, State(api): State<Api>, TenantPath(id): TenantPath) -> Answer {
    let members = list_members(&api.doors(), me.signed.person.id, id).await?;
    json(Paged::whole(members.into_iter().map(MemberOut::from).collect()))
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditMember, example = json!({"role": "admin"}))]
struct EditMemberIn {
    /// What they are from now on.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = RoleIo, required = false)]
    role: Option<Option<RoleIo>>,
}

/// Change what a member is; for admins, and where owners are touched for owners.
///
/// There is always an owner: the last one cannot become anything else.
#[utoipa::path(patch, path = "/v1/tenants/{tenant}/members/{person}", tag = "tenants",
    operation_id = "edit_member",
    request_body(content = EditMemberIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = MemberOut)))]
async fn set_role(
    me: Me,
    State(api): State<Api>,
    TenantPath(id): TenantPath,
    PersonPath(person): PersonPath,
    Patch { body, .. }: Patch<EditMemberIn>,
) -> Answer {
    let (doors, by) = (api.doors(), me.signed.person.id);
    if let Some(role) = never_empty("role", body.role)? {
        change_role(&doors, me.actor(), id, person, role.into()).await?;
    }
    let members = list_members(&doors, by, id).await?;
    let found = members.into_iter().find(|member| member.person == person);
    let member = found.ok_or_else(|| Refused::not_found(format!("member {person}")))?;
    json(MemberOut::from(member))
}

/// Take a member out, or leave.
///
/// With them go their groups here and their rights to the libraries of this tenant.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/members/{person}", tag = "tenants",
    operation_id = "remove_member",
    responses((status = 204, description = "They are no member any more.")))]
async fn remove(
    me: Me,
    State(api): State<Api>,
    TenantPath(id): TenantPath,
    PersonPath(person): PersonPath,
    _: Once,
) -> Answer {
    remove_member(&api.doors(), me.actor(), id, person).await?;
    done()
}

/// An invitation to take up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TakeUpInvitation,
    example = json!({"invitation": "the-secret-of-an-invitation"}))]
struct TakeUpIn {
    /// The secret of the invitation.
    #[schema(min_length = 1, max_length = 256)]
    invitation: String,
}

/// Take an invitation up: join its tenant.
///
/// It works once. Whoever is a member already stays what they are, and gets the right it gives.
#[utoipa::path(post, path = "/v1/memberships", tag = "tenants", operation_id = "join_tenant",
    request_body = TakeUpIn,
    responses((status = 201, description = "Joined.", body = TenantOut)))]
async fn take_up(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<TakeUpIn>) -> Answer {
    let secret = Secret::sent(&body.invitation);
    let invitation = join(&api.doors(), me.actor(), &secret).await?;
    let answer = told(&me, &api, invitation.tenant, StatusCode::CREATED).await?;
    Ok(located(answer, &format!("/v1/tenants/{}", invitation.tenant)))
}
