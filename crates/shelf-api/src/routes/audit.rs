//! The audit log of a tenant: what was done about who may do what.

use crate::Api;
use crate::caller::{Me, TenantPath};
use crate::moment::Moment;
use crate::page::{Here, Paged, Params, cut, limit_of};
use crate::problem::Problem;
use crate::wire::{Answer, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shelf_domain::audit::Sealed;
use shelf_domain::id::{DeviceId, ItemId};
use shelf_identity::audit::{known_seal, list_records, read_on, verify};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(check))
}

/// One thing that was done about who may do what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRecord)]
struct RecordOut {
    /// Its place in the log: 1 for the first, without gaps.
    number: u64,
    /// When.
    at: Moment,
    /// What, such as `role_changed`.
    deed: &'static str,
    /// Who did it.
    #[schema(format = Uuid)]
    person: String,
    /// With which session, token or device.
    #[schema(format = Uuid)]
    grant: Option<String>,
    /// To what it was done: a member, a group, an invitation, a library, a session, a token.
    #[schema(format = Uuid)]
    subject: Option<String>,
    /// How: a role, a right, an id.
    detail: String,
    /// SHA-256 over this record and the seal before it, in hexadecimal digits.
    #[schema(min_length = 64, max_length = 64)]
    seal: String,
}

impl From<Sealed> for RecordOut {
    fn from(sealed: Sealed) -> Self {
        let Sealed { n, record, seal } = sealed;
        Self {
            number: n,
            at: Moment(record.at),
            deed: record.deed.name(),
            person: record.person.to_string(),
            grant: record.grant.map(|grant: DeviceId| grant.to_string()),
            subject: record.subject.map(|id| ItemId::from_bytes(id).to_string()),
            detail: record.detail,
            seal: seal.to_string(),
        }
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AuditOrder {
    /// The last one first.
    #[default]
    Latest,
    /// The first one first, to take the log elsewhere.
    Oldest,
}

/// Which part of the log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// In which order.
    #[param(inline)]
    order: Option<AuditOrder>,
    /// Where the page begins.
    cursor: Option<String>,
    /// Records, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List what was done about who may do what in a tenant; for its admins.
///
/// Each record is sealed to the one before it. What concerns somebody alone (signing in, tokens)
/// is in the log of the tenant they came with.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/audit", tag = "tenants",
    operation_id = "list_audit", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<RecordOut>)))]
async fn list(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Params(query): Params<ListQuery>,
    here: Here,
) -> Answer {
    let (doors, by, limit) = (api.doors(), me.signed.person.id, limit_of(query.limit)?);
    let cursor = query.cursor.map(|cursor| cursor.parse::<u64>()).transpose();
    let cursor = cursor.map_err(|_| Problem::query("cursor", "take it from a page as it is"))?;
    let mut records = match query.order.unwrap_or_default() {
        AuditOrder::Latest => list_records(&doors, by, tenant, cursor, limit + 1).await?,
        AuditOrder::Oldest => read_on(&doors, by, tenant, cursor.unwrap_or(0), limit + 1).await?,
    };
    let next_cursor = cut(&mut records, limit).map(|last| last.n.to_string());
    let items = records.into_iter().map(RecordOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// What to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CheckQuery {
    /// A seal that was kept elsewhere: the number of its record, a colon, and the seal.
    seal: Option<String>,
}

/// How a log stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheck)]
struct CheckOut {
    /// Whether every record is the one that was written, none is missing, and the seal that was
    /// asked for is there.
    holds: bool,
    /// Why it does not.
    problem: Option<String>,
    /// How many records were followed.
    records: u64,
    /// The last of them, as `number:seal`: keep it elsewhere, and a log that was cut off or written
    /// anew can be told from this one.
    seal: String,
}

/// Follow the audit log of a tenant from its beginning; for its admins.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/audit/check", tag = "tenants",
    operation_id = "check_audit", params(CheckQuery),
    responses((status = 200, description = "How it stands.", body = CheckOut)))]
async fn check(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Params(query): Params<CheckQuery>,
) -> Answer {
    let known = query.seal.as_deref().map(known_seal).transpose();
    let known = known.map_err(|refused| Problem::query("seal", refused.detail))?;
    let followed = verify(&api.doors(), me.signed.person.id, tenant, known).await?;
    json(CheckOut {
        holds: followed.broken.is_none(),
        problem: followed.broken.map(|broken| broken.to_string()),
        records: followed.end.n,
        seal: format!("{}:{}", followed.end.n, followed.end.seal),
    })
}
