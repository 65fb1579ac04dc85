//! Groups of a tenant.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{GroupPath, Me, PersonPath, TenantPath};
use crate::page::Paged;
use crate::problem::Problem;
use crate::wire::{Answer, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{GroupId, PersonId, TenantId};
use shelf_domain::refusal::Refused;
use shelf_identity::tenants::groups::{
    create_group, list_groups, put_into_group, remove_group, rename_group, take_from_group,
};
use shelf_ports::tenants::Group;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(rename, remove))
        .routes(routes!(put_in, take_out))
}

/// Members of a tenant under one name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
struct GroupOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// Who is in it, by id.
    people: Vec<String>,
}

impl From<Group> for GroupOut {
    fn from(group: Group) -> Self {
        let people = group.people.iter().map(PersonId::to_string).collect();
        Self { id: group.id.to_string(), name: group.name, people }
    }
}

async fn known(me: &Me, api: &Api, tenant: TenantId, id: GroupId) -> Result<GroupOut, Problem> {
    let groups = list_groups(&api.doors(), me.signed.person.id, tenant).await?;
    let found = groups.into_iter().find(|group| group.id == id);
    found.map(GroupOut::from).ok_or_else(|| Refused::not_found(format!("group {id}")).into())
}

/// List the groups of a tenant, by name.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/groups", tag = "tenants",
    operation_id = "list_groups",
    responses((status = 200, description = "All of them.", body = Paged<GroupOut>)))]
async fn list(me: Me, State(api): State<Api>, TenantPath(tenant): TenantPath) -> Answer {
    let groups = list_groups(&api.doors(), me.signed.person.id, tenant).await?;
    json(Paged::whole(groups.into_iter().map(GroupOut::from).collect()))
}

/// What group to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateGroup, example = json!({"name": "Editors"}))]
struct GroupIn {
    /// Its name, which no other group of the tenant has.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// Make a group; for admins.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/groups", tag = "tenants",
    operation_id = "create_group", request_body = GroupIn,
    responses((status = 201, description = "Made.", body = GroupOut)))]
async fn create(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Ask { body, .. }: Ask<GroupIn>,
) -> Answer {
    let group = create_group(&api.doors(), me.actor(), tenant, &body.name).await?;
    let location = format!("/v1/tenants/{tenant}/groups/{}", group.id);
    Ok(located((StatusCode::CREATED, Json(GroupOut::from(group))).into_response(), &location))
}

/// What to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditGroup, example = json!({"name": "Authors"}))]
struct RenameIn {
    /// Its name; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Rename a group; for admins.
#[utoipa::path(patch, path = "/v1/tenants/{tenant}/groups/{group}", tag = "tenants",
    operation_id = "edit_group",
    request_body(content = RenameIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Renamed.", body = GroupOut)))]
async fn rename(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    GroupPath(id): GroupPath,
    Patch { body, .. }: Patch<RenameIn>,
) -> Answer {
    if let Some(name) = never_empty("name", body.name)? {
        rename_group(&api.doors(), me.actor(), tenant, id, &name).await?;
    }
    json(known(&me, &api, tenant, id).await?)
}

/// Remove a group, with what it might use; for admins.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/groups/{group}", tag = "tenants",
    operation_id = "remove_group",
    responses((status = 204, description = "Removed.")))]
async fn remove(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    GroupPath(id): GroupPath,
    _: Once,
) -> Answer {
    remove_group(&api.doors(), me.actor(), tenant, id).await?;
    done()
}

/// Put a member into a group; for admins.
#[utoipa::path(put, path = "/v1/tenants/{tenant}/groups/{group}/members/{person}",
    tag = "tenants", operation_id = "put_into_group",
    responses((status = 204, description = "They are in it.")))]
async fn put_in(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    GroupPath(id): GroupPath,
    PersonPath(person): PersonPath,
    _: Once,
) -> Answer {
    put_into_group(&api.doors(), me.actor(), tenant, id, person).await?;
    done()
}

/// Take a member from a group; for admins.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/groups/{group}/members/{person}",
    tag = "tenants", operation_id = "take_from_group",
    responses((status = 204, description = "They are in it no more.")))]
async fn take_out(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    GroupPath(id): GroupPath,
    PersonPath(person): PersonPath,
    _: Once,
) -> Answer {
    take_from_group(&api.doors(), me.actor(), tenant, id, person).await?;
    done()
}
