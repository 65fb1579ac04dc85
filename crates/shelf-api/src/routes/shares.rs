//! Libraries of a tenant, and who may use one.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{HolderPath, LibraryPath, Me, TenantPath};
use crate::moment::Moment;
use crate::page::Paged;
use crate::problem::Problem;
use crate::routes::me::LibraryOut;
use crate::wire::{Answer, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{GroupId, LibraryId, TenantId};
use shelf_domain::refusal::Refused;
use shelf_domain::right::Right;
use shelf_identity::reach_of;
use shelf_identity::tenants::libraries::{all_libraries_of, create_library, rename_library};
use shelf_identity::tenants::shares::{Shared, give_right, list_shares, take_right_back};
use shelf_ports::tenants::{Holder, Reach};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(of_tenant, create))
        .routes(routes!(read, rename))
        .routes(routes!(shares))
        .routes(routes!(give, take_back))
}

/// What somebody may do in a library.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Right)]
pub(crate) enum RightIo {
    /// Read, search and export it.
    Read,
    /// Also change what is in it.
    Write,
    /// Also rename it, and decide who may use it.
    Manage,
}

impl From<Right> for RightIo {
    fn from(right: Right) -> Self {
        match right {
            Right::Read => Self::Read,
            Right::Write => Self::Write,
            Right::Manage => Self::Manage,
        }
    }
}

impl From<RightIo> for Right {
    fn from(right: RightIo) -> Self {
        match right {
            RightIo::Read => Self::Read,
            RightIo::Write => Self::Write,
            RightIo::Manage => Self::Manage,
        }
    }
}

/// A library, by name alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LibraryName)]
struct LibraryNameOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// When it was made.
    created_at: Moment,
}

/// List every library of a tenant by name; for its admins.
///
/// To govern a tenant gives no right to what is in its libraries.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/libraries", tag = "tenants",
    operation_id = "list_libraries_of_tenant",
    responses((status = 200, description = "All of them.", body = Paged<LibraryNameOut>)))]
async fn of_tenant(me: Me, State(api): State<Api>, TenantPath(tenant): TenantPath) -> Answer {
    let all = all_libraries_of(&api.doors(), me.signed.person.id, tenant).await?;
    let all = all.into_iter().map(|library| LibraryNameOut {
        id: library.id.to_string(),
        name: library.name,
        created_at: Moment(library.created_at),
    });
    json(Paged::whole(all.collect()))
}

/// What library to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateLibrary, example = json!({"name": "Papers"}))]
struct LibraryIn {
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// Make a library, which the caller manages; for members who are no viewers.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/libraries", tag = "tenants",
    operation_id = "create_library", request_body = LibraryIn,
    responses((status = 201, description = "Made.", body = LibraryOut)))]
async fn create(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Ask { body, .. }: Ask<LibraryIn>,
) -> Answer {
    let library = create_library(&api.doors(), me.actor(), tenant, &body.name).await?;
    let location = format!("/v1/libraries/{}", library.id);
    let body =
        LibraryOut::of(&me, Reach { library, right: Right::Manage, only_by_provider: false })
            .await?;
    Ok(located((StatusCode::CREATED, Json(body)).into_response(), &location))
}

async fn known(me: &Me, api: &Api, id: LibraryId) -> Result<LibraryOut, Problem> {
    let reach = reach_of(&api.doors(), &me.signed, id).await?;
    LibraryOut::of(me, reach).await
}

/// Read a library: its name, what the caller may do in it, and how much it holds.
#[utoipa::path(get, path = "/v1/libraries/{library}", tag = "tenants",
    operation_id = "get_library",
    responses((status = 200, description = "The library.", body = LibraryOut)))]
async fn read(me: Me, State(api): State<Api>, LibraryPath(id): LibraryPath) -> Answer {
    json(known(&me, &api, id).await?)
}

/// What to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditLibrary, example = json!({"name": "Papers and talks"}))]
struct RenameIn {
    /// Its name; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Rename a library; for who manages it.
#[utoipa::path(patch, path = "/v1/libraries/{library}", tag = "tenants",
    operation_id = "edit_library",
    request_body(content = RenameIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Renamed.", body = LibraryOut)))]
async fn rename(
    me: Me,
    State(api): State<Api>,
    LibraryPath(id): LibraryPath,
    Patch { body, .. }: Patch<RenameIn>,
) -> Answer {
    if let Some(name) = never_empty("name", body.name)? {
        rename_library(&api.doors(), me.actor(), id, &name).await?;
    }
    json(known(&me, &api, id).await?)
}

/// To whom a right is given.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HolderKind)]
enum HolderIo {
    /// One member of the library's tenant.
    Person,
    /// Whoever is in a group of it.
    Group,
    /// Every member of it.
    Everyone,
}

/// A right to a library.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Share)]
struct ShareOut {
    /// The person, the group, or the tenant whose members are meant.
    #[schema(format = Uuid)]
    holder: String,
    /// Which of these it is.
    kind: HolderIo,
    /// What they are called.
    name: String,
    /// What they may do.
    right: RightIo,
}

impl From<Shared> for ShareOut {
    fn from(shared: Shared) -> Self {
        let (holder, kind) = match shared.share.holder {
            Holder::Person(id) => (id.to_string(), HolderIo::Person),
            Holder::Group(id) => (id.to_string(), HolderIo::Group),
            Holder::Everyone(id) => (id.to_string(), HolderIo::Everyone),
        };
        Self { holder, kind, name: shared.name, right: shared.share.right.into() }
    }
}

/// List who may use a library; for who manages it, and admins of its tenant.
#[utoipa::path(get, path = "/v1/libraries/{library}/shares", tag = "tenants",
    operation_id = "list_shares",
    responses((status = 200, description = "All of them.", body = Paged<ShareOut>)))]
async fn shares(me: Me, State(api): State<Api>, LibraryPath(id): LibraryPath) -> Answer {
    let shares = list_shares(&api.doors(), me.signed.person.id, id).await?;
    json(Paged::whole(shares.into_iter().map(ShareOut::from).collect()))
}

/// What to let them do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiveRight, example = json!({"kind": "person", "right": "write"}))]
struct ShareIn {
    /// What the holder in the address is.
    kind: HolderIo,
    /// What they may do.
    right: RightIo,
}

/// Let somebody use a library; for who manages it, and admins of its tenant.
///
/// In the place of what they might do before. The most that is given to a person, to their groups
/// and to everyone counts.
#[utoipa::path(put, path = "/v1/libraries/{library}/shares/{holder}", tag = "tenants",
    operation_id = "give_right", request_body = ShareIn,
    responses((status = 200, description = "Given.", body = ShareOut)))]
async fn give(
    me: Me,
    State(api): State<Api>,
    LibraryPath(library): LibraryPath,
    HolderPath(id): HolderPath,
    Ask { body, .. }: Ask<ShareIn>,
) -> Answer {
    let holder = match body.kind {
        HolderIo::Person => Holder::Person(id),
        HolderIo::Group => Holder::Group(GroupId::from_bytes(id.to_bytes())),
        HolderIo::Everyone => Holder::Everyone(TenantId::from_bytes(id.to_bytes())),
    };
    let (doors, by) = (api.doors(), me.signed.person.id);
    give_right(&doors, me.actor(), library, holder, body.right.into()).await?;
    let shares = list_shares(&doors, by, library).await?;
    let given = shares.into_iter().find(|shared| shared.share.holder == holder);
    json(ShareOut::from(given.ok_or_else(|| Refused::not_found("such a right"))?))
}

/// Take back what somebody may do in a library; for who manages it, and admins of its tenant.
#[utoipa::path(delete, path = "/v1/libraries/{library}/shares/{holder}", tag = "tenants",
    operation_id = "take_right_back",
    responses((status = 204, description = "They may use it no more.")))]
async fn take_back(
    me: Me,
    State(api): State<Api>,
    LibraryPath(library): LibraryPath,
    HolderPath(id): HolderPath,
    _: Once,
) -> Answer {
    let (doors, by) = (api.doors(), me.signed.person.id);
    let shares = list_shares(&doors, by, library).await?;
    let held = shares.iter().find(|shared| shared.share.holder.to_bytes() == id.to_bytes());
    let holder = held.map_or(Holder::Person(id), |shared| shared.share.holder);
    take_right_back(&doors, me.actor(), library, holder).await?;
    done()
}
