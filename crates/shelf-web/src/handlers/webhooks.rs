//! Webhooks: who is told what happens in the library one is in, and what was sent to them.

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use shelf_courier::{
    AddEndpoint, EditEndpoint, Manager, Shown, add_endpoint, edit_endpoint, endpoint,
    list_deliveries, list_endpoints, remove_endpoint, rotate_secret, send_again, send_test,
};
use shelf_domain::{
    event::EventTypes,
    id::{DeliveryId, EndpointId},
    refusal::Refused,
};
use shelf_ports::webhooks::{Delivery, DeliveryPage, DeliveryState, Replay};
use time::{Date, format_description::well_known::Iso8601};

use super::{
    Answer,
    people::{parsed, said_so},
};
use crate::{
    frame::Here,
    pages::webhooks::{
        DeliveryLine, EndpointLine, EndpointPage, WebhooksPage, endpoint as endpoint_page, webhooks,
    },
    posted::{Posted, Said},
    visit::{Visit, moment},
};

/// Deliveries on a page.
const ROWS: usize = 50;

fn manager(visit: &Visit) -> Manager {
    visit.manager()
}

fn line(Shown { endpoint, waiting }: &Shown) -> EndpointLine {
    let all = endpoint.types == EventTypes::ALL;
    EndpointLine {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        types: endpoint.types.iter().filter(|_| !all).collect(),
        state: endpoint.state,
        succeeded_at: endpoint.succeeded_at.map(moment),
        failures: endpoint.failures,
        waiting: *waiting,
        missed: endpoint.missed,
    }
}

/// Who is told.
pub(crate) async fn page(visit: Visit) -> Answer {
    let all = list_endpoints(&visit.web.courier, &manager(&visit)).await?;
    let page = WebhooksPage {
        library: visit.library.clone(),
        endpoints: all.iter().map(line).collect(),
        now: visit.now(),
    };
    let frame = visit.frame("Webhooks", Here::Webhooks).await?;
    Ok(visit.page(&frame, &webhooks(&page, &frame), None))
}

/// Adds an endpoint and shows its secret this once; the page is not kept by the browser.
pub(crate) async fn add(Posted { visit, said }: Posted) -> Answer {
    let ask = AddEndpoint {
        url: said.text("url").to_owned(),
        description: said.text("description").to_owned(),
        types: types_in(&said),
    };
    let added = add_endpoint(&visit.web.courier, &manager(&visit), ask).await?;
    let (id, secret) = (added.endpoint.id, added.secret.expose().to_owned());
    let shown = shown(&visit, id, Asked::default(), Some(secret)).await?;
    Ok((StatusCode::CREATED, shown).into_response())
}

fn types_in(said: &Said) -> Vec<String> {
    said.all("type").map(str::to_owned).collect()
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    only: Option<String>,
    before: Option<String>,
}

/// One endpoint, and what was sent to it.
pub(crate) async fn one(
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    visit: Visit,
) -> Answer {
    shown(&visit, parsed("endpoint", &id)?, asked, None).await
}

async fn shown(visit: &Visit, id: EndpointId, asked: Asked, secret: Option<String>) -> Answer {
    let (courier, by) = (&visit.web.courier, manager(visit));
    let shown = endpoint(courier, &by, id).await?;
    let only = asked.only.as_deref().and_then(DeliveryState::named);
    let before = asked.before.as_deref().and_then(place_in);
    let page = DeliveryPage { state: only, before, limit: ROWS };
    let (deliveries, more) = list_deliveries(courier, &by, id, page).await?;
    let name = only.map_or("", DeliveryState::name);
    let older = deliveries.last().filter(|_| more).map(|last| {
        format!("/webhooks/{id}?only={name}&before={}:{}#log", last.created_at, last.id)
    });
    let now = visit.ctx.stores.clock.now_ms();
    let old = shown.endpoint.old_key.as_ref().map(|(_, until)| *until);
    let page = EndpointPage {
        endpoint: line(&shown),
        secret,
        both_until: old.filter(|until| now < *until).map(moment),
        deliveries: deliveries.into_iter().map(delivery_line).collect(),
        only,
        older,
        now: visit.now(),
    };
    let frame = visit.frame("Webhook", Here::Webhooks).await?;
    Ok(visit.page(&frame, &endpoint_page(&page, &frame), None))
}

/// Where a page of deliveries begins: `moment:id`.
fn place_in(text: &str) -> Option<(i64, DeliveryId)> {
    let (at, id) = text.split_once(':')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

fn delivery_line(one: Delivery) -> DeliveryLine {
    let kind = one.types.first();
    DeliveryLine {
        id: one.id.to_string(),
        kind: kind.map(shelf_domain::event::EventType::name).unwrap_or_default(),
        created_at: moment(one.created_at),
        state: one.state,
        attempts: one.attempts,
        next_at: moment(one.next_at),
        status: one.status,
        trouble: one.trouble,
        took_ms: one.took_ms,
    }
}

/// Changes an endpoint.
pub(crate) async fn edit(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let ask = EditEndpoint {
        url: Some(said.text("url").to_owned()),
        description: Some(said.text("description").to_owned()),
        types: Some(types_in(&said)),
        paused: None,
    };
    changed(&visit, &id, ask, "Saved").await
}

/// Pauses or resumes an endpoint.
pub(crate) async fn state(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let paused = said.text("paused") == "yes";
    let ask = EditEndpoint { paused: Some(paused), ..EditEndpoint::default() };
    changed(&visit, &id, ask, if paused { "Paused" } else { "Resumed" }).await
}

async fn changed(visit: &Visit, id: &str, ask: EditEndpoint, words: &str) -> Answer {
    let id: EndpointId = parsed("endpoint", id)?;
    edit_endpoint(&visit.web.courier, &manager(visit), id, ask).await?;
    Ok(visit.go(&format!("/webhooks/{id}"), Some(&said_so(words))))
}

/// Makes another secret and shows it this once.
pub(crate) async fn secret(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let id = parsed("endpoint", &id)?;
    let secret = rotate_secret(&visit.web.courier, &manager(&visit), id).await?;
    let shown = shown(&visit, id, Asked::default(), Some(secret.expose().to_owned())).await?;
    Ok((StatusCode::CREATED, shown).into_response())
}

/// Sends a test.
pub(crate) async fn test(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let id: EndpointId = parsed("endpoint", &id)?;
    send_test(&visit.web.courier, &manager(&visit), id).await?;
    let words = "A test is on its way; look again in a moment";
    Ok(visit.go(&format!("/webhooks/{id}"), Some(&said_so(words))))
}

/// Removes an endpoint.
pub(crate) async fn remove(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let id = parsed("endpoint", &id)?;
    remove_endpoint(&visit.web.courier, &manager(&visit), id).await?;
    Ok(visit.go("/webhooks", Some(&said_so("Removed"))))
}

/// Sends one delivery again.
pub(crate) async fn again(
    Path((id, delivery)): Path<(String, String)>,
    Posted { visit, .. }: Posted,
) -> Answer {
    let one = Replay::One(parsed("delivery", &delivery)?);
    sent_again(&visit, &id, one).await
}

/// Sends all again that failed since a day.
pub(crate) async fn all_again(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let day = Date::parse(said.text("since"), &Iso8601::DATE);
    let day = day.map_err(|_| Refused::invalid("since", "choose a day"))?;
    let since = day.midnight().assume_utc().unix_timestamp() * 1_000;
    sent_again(&visit, &id, Replay::FailedSince(since)).await
}

async fn sent_again(visit: &Visit, id: &str, which: Replay) -> Answer {
    let id: EndpointId = parsed("endpoint", id)?;
    let count = send_again(&visit.web.courier, &manager(visit), id, which).await?;
    let words = if count == 0 { "There was nothing to send again" } else { "On its way again" };
    Ok(visit.go(&format!("/webhooks/{id}"), Some(&said_so(words))))
}
