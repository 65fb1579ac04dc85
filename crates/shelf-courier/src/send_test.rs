//! Send an endpoint an event about nothing, to see whether it arrives.

use crate::courier::{Courier, Manager, no_endpoint};
use crate::look;
use shelf_domain::event::EventType;
use shelf_domain::id::EndpointId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::webhooks::{Delivery, EndpointState};

/// Sends an endpoint a test; for who manages the library. It is tried once. Refused
/// `invalid` where the endpoint is paused or was given up.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn send_test(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
) -> Result<Delivery, Failure> {
    let shown = look::endpoint(courier, by, id).await?;
    if shown.endpoint.state != EndpointState::Active {
        return Err(Refused::invalid("", "this endpoint is not active: resume it first").into());
    }
    let mut delivery = Delivery::new(id, courier.ids().make(), 1, courier.clock.now_ms());
    delivery.next_at = 0;
    delivery.types = [EventType::TEST].into_iter().collect();
    if !courier.webhooks.put_delivery(by.scope, &delivery).await? {
        return Err(no_endpoint(id).into());
    }
    courier.watched.stir();
    Ok(delivery)
}
