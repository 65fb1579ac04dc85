//! Webhooks: who is told what happens in a library, and what was sent to them.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{DeliveryPath, EndpointPath, In};
use crate::cursor;
use crate::moment::Moment;
use crate::page::{Here, Paged, Params, limit_of};
use crate::replays::ShownOnce;
use crate::wire::{Answer, Id, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_courier::{
    AddEndpoint, EditEndpoint, Manager, Shown, add_endpoint, delivery, edit_endpoint, endpoint,
    list_deliveries, list_endpoints, remove_endpoint, rotate_secret, send_again, send_test,
};
use shelf_domain::event::{EventType, EventTypes};
use shelf_domain::id::EndpointId;
use shelf_ports::webhooks::{Delivery, DeliveryPage, DeliveryState, EndpointState, Replay};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(read, edit, remove))
        .routes(routes!(rotate))
        .routes(routes!(test))
        .routes(routes!(deliveries))
        .routes(routes!(one))
        .routes(routes!(again))
        .routes(routes!(all_again))
}

fn manager(within: &In) -> Manager {
    let In { ctx, scope, actor } = within;
    Manager { scope: *scope, person: actor.person, grant: actor.grant, right: ctx.right }
}

/// How an endpoint stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EndpointState)]
enum StateOut {
    /// It is told what happens.
    Active,
    /// What happens waits for it.
    Paused,
    /// It was given up: nothing got through for three days. Resume it once it answers again.
    Failing,
    /// It answered 410. Resume it if that was not meant.
    Gone,
}

impl From<EndpointState> for StateOut {
    fn from(state: EndpointState) -> Self {
        match state {
            EndpointState::Active => Self::Active,
            EndpointState::Paused => Self::Paused,
            EndpointState::Failing => Self::Failing,
            EndpointState::Gone => Self::Gone,
        }
    }
}

/// An endpoint of webhooks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Where events are posted to.
    url: String,
    /// What was written about it.
    description: String,
    /// The types of events it is told of; none is all.
    types: Vec<String>,
    /// How it stands.
    state: StateOut,
    /// When it was added.
    created_at: Moment,
    /// When something got through last.
    succeeded_at: Option<Moment>,
    /// Tries that failed in a row.
    failures: u32,
    /// Deliveries that wait for it.
    waiting: u64,
    /// Gestures it was not told of: too many waited, or it was given up. Counted anew once it is
    /// resumed.
    missed: u64,
    /// Until when deliveries are signed with the secret before as well.
    old_secret_until: Option<Moment>,
}

impl From<Shown> for WebhookOut {
    fn from(Shown { endpoint, waiting }: Shown) -> Self {
        let types = match endpoint.types {
            EventTypes::ALL => Vec::new(),
            types => types.iter().map(EventType::name).collect(),
        };
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url,
            description: endpoint.description,
            types,
            state: endpoint.state.into(),
            created_at: Moment(endpoint.created_at),
            succeeded_at: endpoint.succeeded_at.map(Moment),
            failures: endpoint.failures,
            waiting,
            missed: endpoint.missed,
            old_secret_until: endpoint.old_key.map(|(_, until)| Moment(until)),
        }
    }
}

/// List the endpoints of a library, oldest first; for who manages it.
#[utoipa::path(get, path = "/v1/libraries/{library}/webhooks", tag = "webhooks",
    operation_id = "list_webhooks",
    responses((status = 200, description = "All of them.", body = Paged<WebhookOut>)))]
async fn list(within: In, State(api): State<Api>) -> Answer {
    let all = list_endpoints(&api.courier, &manager(&within)).await?;
    json(Paged::whole(all.into_iter().map(WebhookOut::from).collect()))
}

/// What endpoint to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddWebhook, example = json!({
    "url": "https://hooks.example/mindshelf", "description": "The reading list on the wall",
    "types": ["mindshelf.bookmark.created", "mindshelf.bookmark.changed"]
}))]
struct WebhookIn {
    /// Where events are posted to: https, or http.
    #[schema(min_length = 1, max_length = 2048)]
    url: String,
    /// What to know it by.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// The types of events it is told of; all, where none is said.
    #[serde(default)]
    #[schema(max_items = 30)]
    types: Vec<String>,
}

/// A new endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = NewWebhook)]
struct AddedOut {
    /// What its deliveries are signed with; shown this once.
    signing_secret: String,
    /// What is known of it.
    webhook: WebhookOut,
}

/// Add an endpoint to a library; for who manages it.
///
/// It is told of every gesture from now on. The secret is in this answer alone: under an
/// `Idempotency-Key` the same request again is answered 409 `shown_once`. What is posted and how it
/// is verified is in docs/WEBHOOKS.md.
#[utoipa::path(post, path = "/v1/libraries/{library}/webhooks", tag = "webhooks",
    operation_id = "add_webhook", request_body = WebhookIn,
    responses((status = 201, description = "Added.", body = AddedOut)))]
async fn add(within: In, State(api): State<Api>, Ask { body, .. }: Ask<WebhookIn>) -> Answer {
    let ask = AddEndpoint { url: body.url, description: body.description, types: body.types };
    let added = add_endpoint(&api.courier, &manager(&within), ask).await?;
    let library = within.scope.library;
    let location = format!("/v1/libraries/{library}/webhooks/{}", added.endpoint.id);
    let signing_secret = added.secret.expose().to_owned();
    let webhook = Shown { endpoint: added.endpoint, waiting: 0 }.into();
    let body = AddedOut { signing_secret, webhook };
    let mut answer = located((StatusCode::CREATED, Json(body)).into_response(), &location);
    answer.extensions_mut().insert(ShownOnce(format!("the endpoint was added: {location}")));
    Ok(answer)
}

async fn known(api: &Api, within: &In, id: EndpointId) -> Answer {
    json(WebhookOut::from(endpoint(&api.courier, &manager(within), id).await?))
}

/// Read an endpoint; for who manages the library.
#[utoipa::path(get, path = "/v1/libraries/{library}/webhooks/{endpoint}", tag = "webhooks",
    operation_id = "get_webhook",
    responses((status = 200, description = "The endpoint.", body = WebhookOut)))]
async fn read(within: In, State(api): State<Api>, EndpointPath(id): EndpointPath) -> Answer {
    known(&api, &within, id).await
}

/// What to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditWebhook, example = json!({"paused": true}))]
struct EditIn {
    /// Where events are posted to; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 2048)]
    url: Option<Option<String>>,
    /// What to know it by.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>, required = false, max_length = 200)]
    description: Option<Option<String>>,
    /// The types of events it is told of; all, where it is nothing or empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Vec<String>>, required = false, max_items = 30)]
    types: Option<Option<Vec<String>>>,
    /// Whether what happens waits. `false` resumes an endpoint, also one that was given up.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = bool, required = false)]
    paused: Option<Option<bool>>,
}

/// Change, pause or resume an endpoint; for who manages the library.
#[utoipa::path(patch, path = "/v1/libraries/{library}/webhooks/{endpoint}", tag = "webhooks",
    operation_id = "edit_webhook",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = WebhookOut)))]
async fn edit(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    Patch { body, .. }: Patch<EditIn>,
) -> Answer {
    let ask = EditEndpoint {
        url: never_empty("url", body.url)?,
        description: body.description.map(Option::unwrap_or_default),
        types: body.types.map(Option::unwrap_or_default),
        paused: never_empty("paused", body.paused)?,
    };
    edit_endpoint(&api.courier, &manager(&within), id, ask).await?;
    known(&api, &within, id).await
}

/// Remove an endpoint and what waits for it; for who manages the library.
#[utoipa::path(delete, path = "/v1/libraries/{library}/webhooks/{endpoint}", tag = "webhooks",
    operation_id = "remove_webhook", responses((status = 204, description = "Removed.")))]
async fn remove(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    _: Once,
) -> Answer {
    remove_endpoint(&api.courier, &manager(&within), id).await?;
    done()
}

/// Another secret.
#[derive(Serialize, ToSchema)]
#[schema(as = NewSecret)]
struct SecretOut {
    /// What deliveries are signed with from now on; shown this once.
    signing_secret: String,
}

/// Give an endpoint another secret; for who manages the library.
///
/// For a day deliveries carry two signatures, one by each secret. Under an `Idempotency-Key` the
/// same request again is answered 409 `shown_once`.
#[utoipa::path(post, path = "/v1/libraries/{library}/webhooks/{endpoint}/secret",
    tag = "webhooks", operation_id = "rotate_webhook_secret",
    responses((status = 200, description = "The new secret.", body = SecretOut)))]
async fn rotate(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    _: Once,
) -> Answer {
    let secret = rotate_secret(&api.courier, &manager(&within), id).await?;
    let body = SecretOut { signing_secret: secret.expose().to_owned() };
    let mut answer = Json(body).into_response();
    answer.extensions_mut().insert(ShownOnce("the secret was made".to_owned()));
    Ok(answer)
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
enum DeliveryStateIo {
    /// It waits for its next try, or is being tried.
    Waiting,
    /// It was taken.
    Delivered,
    /// It is given up.
    Failed,
}

impl From<DeliveryState> for DeliveryStateIo {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Waiting => Self::Waiting,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Failed => Self::Failed,
        }
    }
}

impl From<DeliveryStateIo> for DeliveryState {
    fn from(state: DeliveryStateIo) -> Self {
        match state {
            DeliveryStateIo::Waiting => Self::Waiting,
            DeliveryStateIo::Delivered => Self::Delivered,
            DeliveryStateIo::Failed => Self::Failed,
        }
    }
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryOut {
    /// Its id, the `webhook-id` of every try.
    #[schema(format = Uuid)]
    id: String,
    /// The type of the event.
    r#type: String,
    /// The gesture it tells of; nothing where it is a test.
    act: Option<Id>,
    /// Which part of it: a gesture that goes on for long is told in several.
    part: u32,
    /// When it was written down.
    created_at: Moment,
    /// What became of it.
    state: DeliveryStateIo,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next.
    next_at: Option<Moment>,
    /// When it was tried last.
    tried_at: Option<Moment>,
    /// The status it was answered with then.
    status: Option<u16>,
    /// Why it was not taken then.
    trouble: Option<String>,
    /// How long that took, milliseconds.
    took_ms: Option<u32>,
}

impl From<Delivery> for DeliveryOut {
    fn from(one: Delivery) -> Self {
        let waits = one.state == DeliveryState::Waiting;
        Self {
            id: one.id.to_string(),
            r#type: one.types.first().map(EventType::name).unwrap_or_default(),
            act: (!one.is_test()).then(|| Id::from(one.act)),
            part: one.part,
            created_at: Moment(one.created_at),
            state: one.state.into(),
            attempts: one.attempts,
            next_at: waits.then(|| Moment(one.next_at.max(one.created_at))),
            tried_at: one.tried_at.map(Moment),
            status: one.status,
            trouble: one.trouble,
            took_ms: one.took_ms,
        }
    }
}

/// Send an endpoint a test; for who manages the library.
///
/// It is tried once. What became of it is told by its delivery, which `Location` names.
#[utoipa::path(post, path = "/v1/libraries/{library}/webhooks/{endpoint}/test",
    tag = "webhooks", operation_id = "test_webhook",
    responses((status = 202, description = "On its way.", body = DeliveryOut)))]
async fn test(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    _: Once,
) -> Answer {
    let delivery = send_test(&api.courier, &manager(&within), id).await?;
    let library = within.scope.library;
    let location = format!("/v1/libraries/{library}/webhooks/{id}/deliveries/{}", delivery.id);
    let body = Json(DeliveryOut::from(delivery));
    Ok(located((StatusCode::ACCEPTED, body).into_response(), &location))
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only what became this.
    #[param(inline)]
    state: Option<DeliveryStateIo>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List the deliveries to an endpoint of the last thirty days, latest first; for who manages the
/// library.
#[utoipa::path(get, path = "/v1/libraries/{library}/webhooks/{endpoint}/deliveries",
    tag = "webhooks", operation_id = "list_deliveries", params(DeliveriesQuery),
    responses((status = 200, description = "A page.", body = Paged<DeliveryOut>)))]
async fn deliveries(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    here: Here,
    Params(query): Params<DeliveriesQuery>,
) -> Answer {
    let before = cursor::after("deliveries", query.cursor.as_deref())?;
    let state = query.state.map(DeliveryState::from);
    let page = DeliveryPage { state, before, limit: limit_of(query.limit)? };
    let (all, more) = list_deliveries(&api.courier, &manager(&within), id, page).await?;
    let last = all.last().filter(|_| more).map(|last| (last.created_at, last.id));
    let next_cursor = last.map(|last| cursor::seal("deliveries", &last));
    let items = all.into_iter().map(DeliveryOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// Read a delivery; for who manages the library.
#[utoipa::path(get, path = "/v1/libraries/{library}/webhooks/{endpoint}/deliveries/{delivery}",
    tag = "webhooks", operation_id = "get_delivery",
    responses((status = 200, description = "The delivery.", body = DeliveryOut)))]
async fn one(
    within: In,
    State(api): State<Api>,
    EndpointPath(of): EndpointPath,
    DeliveryPath(id): DeliveryPath,
) -> Answer {
    json(DeliveryOut::from(delivery(&api.courier, &manager(&within), of, id).await?))
}

/// Send a delivery once more, whatever became of it; for who manages the library.
///
/// It has the id it had, so a receiver that took it already can tell.
#[utoipa::path(post,
    path = "/v1/libraries/{library}/webhooks/{endpoint}/deliveries/{delivery}/replay",
    tag = "webhooks", operation_id = "replay_delivery",
    responses((status = 202, description = "On its way.", body = DeliveryOut)))]
async fn again(
    within: In,
    State(api): State<Api>,
    EndpointPath(of): EndpointPath,
    DeliveryPath(id): DeliveryPath,
    _: Once,
) -> Answer {
    let by = manager(&within);
    send_again(&api.courier, &by, of, Replay::One(id)).await?;
    let body = DeliveryOut::from(delivery(&api.courier, &by, of, id).await?);
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Since when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayFailed, example = json!({"since": "2026-05-01T12:00:00Z"}))]
struct SinceIn {
    /// What was written down at this moment or later.
    since: Moment,
}

/// How much is sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replayed)]
struct ReplayedOut {
    /// How many deliveries.
    deliveries: u64,
}

/// Send all deliveries once more that failed since a moment; for who manages the library.
#[utoipa::path(post, path = "/v1/libraries/{library}/webhooks/{endpoint}/replay",
    tag = "webhooks", operation_id = "replay_failed", request_body = SinceIn,
    responses((status = 202, description = "On their way.", body = ReplayedOut)))]
async fn all_again(
    within: In,
    State(api): State<Api>,
    EndpointPath(id): EndpointPath,
    Ask { body, .. }: Ask<SinceIn>,
) -> Answer {
    let Moment(since) = body.since;
    let since = Replay::FailedSince(since);
    let deliveries = send_again(&api.courier, &manager(&within), id, since).await?;
    Ok((StatusCode::ACCEPTED, Json(ReplayedOut { deliveries })).into_response())
}
