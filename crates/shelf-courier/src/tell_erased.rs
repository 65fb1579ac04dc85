//! Tell endpoints, for the last time, that all they were sent of a library is erased.

use crate::courier::Courier;
use crate::event::erased_body;
use crate::keys::opened;
use crate::rounds::{ANSWER_MAX, signed};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use shelf_domain::id::{DeliveryId, EndpointId, Scope};
use shelf_ports::Fault;
use shelf_ports::outbound::{Answer, Outbound};
use shelf_ports::webhooks::Endpoint;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long all of them together may take to answer.
const ALL_MAX: Duration = ANSWER_MAX.saturating_mul(2);
/// Requests under way at once.
const AT_ONCE: usize = 32;

/// Tells each of `endpoints` once that all it was sent is erased; those that took it. Who does not answer
/// in time, or cannot be told, is not among them: whoever erases waits for nobody.
#[tracing::instrument(skip_all)]
pub async fn tell_erased(
    courier: &Courier,
    outbound: &dyn Outbound,
    endpoints: &[(Scope, Endpoint)],
) -> Vec<EndpointId> {
    let (until, mut took) = (Instant::now() + ALL_MAX, Vec::new());
    let (mut waiting, mut telling) = (endpoints.iter(), FuturesUnordered::new());
    loop {
        // Where one has answered the next has its turn: who is slow keeps nobody waiting.
        for (scope, endpoint) in waiting.by_ref().take(AT_ONCE - telling.len()) {
            telling.push(told(courier, outbound, *scope, endpoint));
        }
        let Ok(Some(answer)) = timeout_at(until, telling.next()).await else { break };
        took.extend(answer);
    }
    let count = |result: &'static str, count: usize| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("mindshelf_webhook_farewells_total", "result" => result).increment(count);
    };
    count("delivered", took.len());
    count("failed", endpoints.len().saturating_sub(took.len()));
    took
}

/// The endpoint, if it took it.
async fn told(
    courier: &Courier,
    outbound: &dyn Outbound,
    scope: Scope,
    endpoint: &Endpoint,
) -> Option<EndpointId> {
    match asked(courier, outbound, scope, endpoint).await {
        Ok(true) => Some(endpoint.id),
        Ok(false) => None,
        Err(fault) => {
            let endpoint = endpoint.id;
            tracing::warn!(
                %endpoint, error = &fault as &dyn Error, "an endpoint is not told of an erasure"
            );
            None
        }
    }
}

async fn asked(
    courier: &Courier,
    outbound: &dyn Outbound,
    scope: Scope,
    endpoint: &Endpoint,
) -> Result<bool, Fault> {
    let now = courier.clock.now_ms();
    let keys = opened(courier, scope, endpoint, now).await?;
    let id = DeliveryId::of(endpoint.id, courier.ids().make(), 1);
    let body = erased_body(scope, id, now);
    let answer = outbound.send(signed((endpoint.url.as_str(), id), &keys, body, now)).await;
    Ok(matches!(answer, Ok(Answer { status: 200..=299, .. })))
}
