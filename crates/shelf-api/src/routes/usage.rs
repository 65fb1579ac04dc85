//! What tenants use and may use: for their admins, and for whoever runs the server.

use crate::Api;
use crate::body::{Patch, said};
use crate::caller::{Me, TenantPath};
use crate::moment::Moment;
use crate::page::{Here, Paged, Params, cut, limit_of};
use crate::problem::Problem;
use crate::wire::{Answer, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::import::{FileBytes, file_bytes};
use shelf_domain::id::{LibraryId, TenantId};
use shelf_domain::plan::{Day, Plan};
use shelf_identity::operators::{OwnDeed, all_tenants, give_plan, one_tenant, own_deeds};
use shelf_identity::usage::{TenantUse, usage_of};
use shelf_ports::machine::{Following, Share};
use shelf_ports::tenants::Tenant;
use shelf_ports::usage::HeldLibrary;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Deeds of whoever runs the server that are told.
const DEEDS_MAX: usize = 50;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(of_tenant))
        .routes(routes!(list))
        .routes(routes!(edit))
        .routes(routes!(server))
}

/// How much a tenant may ask for and keep.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Plan)]
enum PlanIo {
    /// Any amount, as on one's own machine.
    Home,
    /// What a person among others may.
    Personal,
    /// What people who share a tenant may.
    Team,
}

impl From<Plan> for PlanIo {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Home => Self::Home,
            Plan::Personal => Self::Personal,
            Plan::Team => Self::Team,
        }
    }
}

impl From<PlanIo> for Plan {
    fn from(plan: PlanIo) -> Self {
        match plan {
            PlanIo::Home => Self::Home,
            PlanIo::Personal => Self::Personal,
            PlanIo::Team => Self::Team,
        }
    }
}

/// What a plan bounds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageBound)]
struct BoundOut {
    /// What, such as `bookmarks` or `cost_a_day`.
    name: &'static str,
    /// How much of it there is; of `bookmarks_a_library`, in the fullest.
    used: u64,
    /// How much there may be; null for any amount.
    most: Option<u64>,
}

/// A library and how much is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageLibrary)]
struct LibraryOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// Its bookmarks that are not in the trash.
    bookmarks: u64,
    /// Bytes of files that wait for their import.
    waiting_bytes: u64,
    /// Bytes of the copy of it that is kept for devices to begin from; 0 where none is.
    copy_bytes: u64,
    /// Bytes of files that are kept with its bookmarks.
    capture_bytes: u64,
    /// When something was written to it last; null where nothing was.
    written_at: Option<Moment>,
}

impl From<(HeldLibrary, FileBytes)> for LibraryOut {
    fn from((held, files): (HeldLibrary, FileBytes)) -> Self {
        let HeldLibrary { info, bookmarks, written_at } = held;
        let written_at = (written_at > 0).then_some(Moment(written_at));
        let FileBytes { waiting, kept, captures } = files;
        Self {
            id: info.id.to_string(),
            name: info.name,
            bookmarks,
            waiting_bytes: waiting,
            copy_bytes: kept,
            capture_bytes: captures,
            written_at,
        }
    }
}

/// What was asked for on one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDay)]
struct DayOut {
    /// When the day begins, UTC.
    begins_at: Moment,
    /// Units of cost.
    cost: u64,
}

impl From<(Day, u64)> for DayOut {
    fn from((day, cost): (Day, u64)) -> Self {
        Self { begins_at: Moment(day.begins_ms()), cost }
    }
}

/// What a tenant uses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
struct UsageOut {
    /// The plan it is on.
    plan: PlanIo,
    /// What the plan bounds.
    bounds: Vec<BoundOut>,
    /// Its libraries, oldest first.
    libraries: Vec<LibraryOut>,
    /// What its people asked for on each of the last thirty days, today last.
    days: Vec<DayOut>,
}

fn bounds_of(uses: &TenantUse) -> Vec<BoundOut> {
    let bounds = uses.bounds.iter();
    let bounds = bounds.map(|(stock, used, most)| {
        let (name, used, most) = (stock.name(), *used, *most);
        BoundOut { name, used, most }
    });
    bounds.collect()
}

impl From<(TenantUse, BTreeMap<LibraryId, FileBytes>)> for UsageOut {
    fn from((uses, files): (TenantUse, BTreeMap<LibraryId, FileBytes>)) -> Self {
        let bounds = bounds_of(&uses);
        let TenantUse { plan, held, days, .. } = uses;
        let with_files = |library: HeldLibrary| {
            let bytes = files.get(&library.info.id).copied().unwrap_or_default();
            LibraryOut::from((library, bytes))
        };
        let libraries = held.libraries.into_iter().map(with_files).collect();
        let days = days.into_iter().map(DayOut::from).collect();
        Self { plan: plan.into(), bounds, libraries, days }
    }
}

/// What a tenant uses, against its plan; for its admins.
///
/// Names of libraries and numbers, and nothing of what is in them.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/usage", tag = "tenants",
    operation_id = "get_usage",
    responses((status = 200, description = "What it uses.", body = UsageOut)))]
async fn of_tenant(me: Me, State(api): State<Api>, TenantPath(tenant): TenantPath) -> Answer {
    let (doors, quotas) = (api.doors(), api.throttle.quotas());
    let uses = usage_of(&doors, quotas, me.signed.person.id, tenant).await?;
    let files = file_bytes(&api.stores, tenant).await?;
    json(UsageOut::from((uses, files)))
}

/// A tenant, as whoever runs the server sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminTenant)]
struct TenantOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// The plan it is on.
    plan: PlanIo,
    /// What the plan bounds.
    bounds: Vec<BoundOut>,
    /// Deliveries of webhooks that wait.
    deliveries_waiting: u64,
    /// Deliveries of webhooks that were given up, of the last thirty days.
    deliveries_failed: u64,
    /// When something was written to any of its libraries last; null where nothing was.
    written_at: Option<Moment>,
    /// When it was made.
    created_at: Moment,
}

impl From<(Tenant, TenantUse)> for TenantOut {
    fn from((tenant, uses): (Tenant, TenantUse)) -> Self {
        let Tenant { id, name, created_at } = tenant;
        Self {
            id: id.to_string(),
            name,
            plan: uses.plan.into(),
            bounds: bounds_of(&uses),
            deliveries_waiting: uses.held.waiting,
            deliveries_failed: uses.held.failed,
            written_at: uses.held.written_at().map(Moment),
            created_at: Moment(created_at),
        }
    }
}

/// Which tenants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Where the page begins.
    cursor: Option<String>,
    /// Tenants, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List every tenant with what it uses; for whoever runs the server.
///
/// Names and numbers, and nothing of what is in a library.
#[utoipa::path(get, path = "/v1/admin/tenants", tag = "admin", operation_id = "list_all_tenants",
    params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<TenantOut>)))]
async fn list(
    me: Me,
    State(api): State<Api>,
    Params(query): Params<ListQuery>,
    here: Here,
) -> Answer {
    let cursor = query.cursor.map(|cursor| cursor.parse::<TenantId>()).transpose();
    let cursor = cursor.map_err(|_| Problem::query("cursor", "take it from a page as it is"))?;
    let limit = limit_of(query.limit)?;
    let (doors, quotas, by) = (api.doors(), api.throttle.quotas(), me.signed.person.id);
    let mut tenants = all_tenants(&doors, quotas, by, cursor, limit + 1).await?;
    let next_cursor = cut(&mut tenants, limit).map(|(tenant, _)| tenant.id.to_string());
    let items = tenants.into_iter().map(TenantOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditAdminTenant, example = json!({"plan": "team"}))]
struct EditIn {
    /// The plan it is on from now on; null for that of the installation.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<PlanIo>, required = false)]
    plan: Option<Option<PlanIo>>,
}

/// Give a tenant a plan; for whoever runs the server.
///
/// It stands in the audit log of the tenant. Other processes go by it within half a minute.
#[utoipa::path(patch, path = "/v1/admin/tenants/{tenant}", tag = "admin",
    operation_id = "give_plan",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = TenantOut)))]
async fn edit(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Patch { body, .. }: Patch<EditIn>,
) -> Answer {
    let (doors, quotas) = (api.doors(), api.throttle.quotas());
    if let Some(plan) = body.plan {
        give_plan(&doors, quotas, me.actor(), tenant, plan.map(Plan::from)).await?;
    }
    let found = one_tenant(&doors, quotas, me.signed.person.id, tenant).await?;
    json(TenantOut::from(found))
}

/// Whoever follows the log in the process that answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminFollower)]
struct FollowerOut {
    /// Its name.
    name: String,
    /// Changes it has not taken in yet.
    lag_changes: u64,
    /// How long the oldest of them waits, seconds.
    lag_seconds: f64,
    /// Libraries it cannot take in.
    parked: usize,
}

impl From<Following> for FollowerOut {
    fn from(following: Following) -> Self {
        let Following { name, lag_changes, lag_seconds, parked } = following;
        Self { name, lag_changes, lag_seconds, parked }
    }
}

/// How many groups of libraries a process follows for all processes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminShare)]
struct ShareOut {
    /// The name of the follower.
    follower: String,
    /// The process, by the beginning of a name it gave itself.
    process: String,
    /// How many of the 64 groups; 0 while it stands by.
    groups: usize,
}

impl From<Share> for ShareOut {
    fn from(share: Share) -> Self {
        let Share { follower, process, groups } = share;
        Self { follower, process, groups }
    }
}

/// Something whoever asks did as who runs the server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminDeed)]
struct DeedOut {
    /// When.
    at: Moment,
    /// What: `plan_given`, `operator_named` or `operator_ended`.
    deed: &'static str,
    /// The tenant or person it was done to.
    #[schema(format = Uuid)]
    subject: Option<String>,
    /// The plan that was given; null where one was taken back.
    plan: Option<PlanIo>,
}

impl From<OwnDeed> for DeedOut {
    fn from(own: OwnDeed) -> Self {
        let subject = own.subject.map(|id| TenantId::from_bytes(id).to_string());
        let (at, deed, plan) = (Moment(own.at), own.deed.name(), own.plan.map(PlanIo::from));
        Self { at, deed, subject, plan }
    }
}

/// How the process that answers stands, and the engines behind it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminServer)]
struct ServerOut {
    /// What is not ready, by name.
    waiting: Vec<String>,
    /// What is away without which the process goes on, less well, by name.
    degraded: Vec<String>,
    /// Whoever follows the log here, and how far behind it is.
    followers: Vec<FollowerOut>,
    /// Which processes follow how many groups; empty where one process follows for itself.
    shares: Vec<ShareOut>,
    /// Imports that run, in all processes.
    imports_running: usize,
    /// Imports that wait to be settled, since the process that ran them went away.
    imports_left: usize,
    /// Whether the server sends mail; it does not.
    sends_mail: bool,
    /// What whoever asks did as who runs the server, latest first: at most fifty.
    deeds: Vec<DeedOut>,
}

/// How the server stands; for whoever runs it.
#[utoipa::path(get, path = "/v1/admin/server", tag = "admin", operation_id = "get_server",
    responses((status = 200, description = "How it stands.", body = ServerOut)))]
async fn server(me: Me, State(api): State<Api>) -> Answer {
    let deeds = own_deeds(&api.doors(), me.signed.person.id, DEEDS_MAX).await?;
    let stand = api.machine.stand().await;
    json(ServerOut {
        waiting: stand.waiting,
        degraded: stand.degraded,
        followers: stand.following.into_iter().map(FollowerOut::from).collect(),
        shares: stand.shares.into_iter().map(ShareOut::from).collect(),
        imports_running: stand.imports_running,
        imports_left: stand.imports_left,
        sends_mail: false,
        deeds: deeds.into_iter().map(DeedOut::from).collect(),
    })
}
