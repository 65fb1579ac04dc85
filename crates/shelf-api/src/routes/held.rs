//! Deletions of devices that wait for a person, who lets them be done or not.

use crate::Api;
use crate::body::Ask;
use crate::caller::{GrantPath, In};
use crate::moment::Moment;
use crate::page::{Paged, Params, limit_of};
use crate::problem::Problem;
use crate::routes::sync::{HeadOut, ToldOut, doors};
use crate::wire::{Answer, Id, json};
use serde::{Deserialize, Serialize};
use shelf_domain::id::DeviceId;
use shelf_domain::refusal::Refused;
use shelf_sync::held::WAITS_MS;
use shelf_sync::{Doors, HeldItem, HeldOf, confirm_held, held_items, list_held, refuse_held};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(lists))
        .routes(routes!(items))
        .routes(routes!(confirmed))
        .routes(routes!(refused))
}

/// What waits of one device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Held)]
struct HeldOut {
    /// The device.
    #[schema(value_type = Id)]
    device: DeviceId,
    /// What the caller calls it; null for devices of others, and those that were removed.
    name: Option<String>,
    /// How many deletions.
    count: u64,
    /// When the first came.
    since: Moment,
    /// When the first is dropped, if nobody decides.
    expires_at: Moment,
    /// The highest counter among them.
    through: u64,
}

impl From<HeldOf> for HeldOut {
    fn from(HeldOf { line, name }: HeldOf) -> Self {
        Self {
            device: line.device,
            name,
            count: line.count,
            since: Moment(line.since),
            expires_at: Moment(line.since.saturating_add(WAITS_MS)),
            through: line.through,
        }
    }
}

/// List whose deletions wait.
///
/// A device that deletes much at once is not believed before a person was asked.
#[utoipa::path(get, path = "/v1/libraries/{library}/held", tag = "sync",
    operation_id = "list_held",
    responses((status = 200, description = "Device by device.", body = Paged<HeldOut>)))]
async fn lists(within: In) -> Answer {
    let doors = doors(&within.ctx.stores);
    let held = list_held(&doors, within.scope, within.ctx.person).await?;
    json(Paged::whole(held.into_iter().map(HeldOut::from).collect()))
}

/// From where, and how many.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemsQuery {
    /// `next` of the answer before; the beginning, where it is not said.
    after: Option<u64>,
    /// Deletions, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// One deletion that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldItem)]
struct ItemOut {
    /// The counter of the change.
    n: u64,
    /// What would go into the trash.
    item: Id,
    /// What that is.
    kind: String,
    /// What it goes by now.
    title: String,
}

impl From<HeldItem> for ItemOut {
    fn from(item: HeldItem) -> Self {
        let HeldItem { n, item, kind, title } = item;
        Self { n, item: Id(item), kind: kind.to_string(), title }
    }
}

/// Deletions that wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldItems)]
struct ItemsOut {
    /// The deletions, in the order of the device.
    items: Vec<ItemOut>,
    /// What to ask on from, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Refused `not_found` where nothing of `device` waits.
async fn must_wait(doors: &Doors, within: &In, device: DeviceId) -> Result<(), Problem> {
    let found = held_items(doors, within.scope, device, 0, 1).await?;
    if found.is_empty() {
        Err(Refused::not_found("device of which something waits").into())
    } else {
        Ok(())
    }
}

/// List what a device would delete.
#[utoipa::path(get, path = "/v1/libraries/{library}/held/{grant}", tag = "sync",
    operation_id = "list_held_items", params(ItemsQuery),
    responses((status = 200, description = "What would be deleted.", body = ItemsOut)))]
async fn items(
    within: In,
    GrantPath(device): GrantPath,
    Params(query): Params<ItemsQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let doors = doors(&within.ctx.stores);
    must_wait(&doors, &within, device).await?;
    let after = query.after.unwrap_or_default();
    let found = held_items(&doors, within.scope, device, after, limit).await?;
    let next = found.last().map(|last| last.n).filter(|_| found.len() == limit);
    json(ItemsOut { items: found.into_iter().map(ItemOut::from).collect(), next })
}

/// Up to where it is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideHeld, example = json!({"through": 1}))]
struct ThroughIn {
    /// The highest counter that was seen: what comes later is not decided.
    through: u64,
}

/// What became of deletions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfirmedHeld)]
struct ConfirmedOut {
    /// One for each that was decided, at most 500.
    answers: Vec<ToldOut>,
    /// Whether there are more up to that counter: ask again.
    more: bool,
    /// Where the log stands.
    head: HeadOut,
}

/// Let deletions of a device be done, as if they had been when they came.
#[utoipa::path(post, path = "/v1/libraries/{library}/held/{grant}/confirm", tag = "sync",
    operation_id = "confirm_held", request_body = ThroughIn,
    responses((status = 200, description = "Decided.", body = ConfirmedOut)))]
async fn confirmed(
    within: In,
    GrantPath(device): GrantPath,
    Ask { body, .. }: Ask<ThroughIn>,
) -> Answer {
    within.ctx.to_write()?;
    let doors = doors(&within.ctx.stores);
    must_wait(&doors, &within, device).await?;
    let told = confirm_held(&doors, within.scope, device, body.through).await?;
    json(ConfirmedOut {
        answers: told.answers.into_iter().map(ToldOut::from).collect(),
        more: told.more,
        head: told.head.into(),
    })
}

/// How many were dropped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedHeld)]
struct RefusedOut {
    /// How many.
    dropped: u64,
}

/// Drop deletions of a device: what it would have deleted stays.
#[utoipa::path(post, path = "/v1/libraries/{library}/held/{grant}/refuse", tag = "sync",
    operation_id = "refuse_held", request_body = ThroughIn,
    responses((status = 200, description = "Dropped.", body = RefusedOut)))]
async fn refused(
    within: In,
    GrantPath(device): GrantPath,
    Ask { body, .. }: Ask<ThroughIn>,
) -> Answer {
    within.ctx.to_write()?;
    let doors = doors(&within.ctx.stores);
    must_wait(&doors, &within, device).await?;
    json(RefusedOut { dropped: refuse_held(&doors, within.scope, device, body.through).await? })
}
