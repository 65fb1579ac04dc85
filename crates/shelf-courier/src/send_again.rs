//! Send deliveries once more: one, or all that failed since a moment.

use crate::courier::{Courier, Manager};
use crate::look;
use shelf_domain::id::EndpointId;
use shelf_ports::Failure;
use shelf_ports::webhooks::Replay;

/// Has deliveries of an endpoint sent again, under the ids they had; for who manages the library. How
/// many.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn send_again(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
    which: Replay,
) -> Result<u64, Failure> {
    by.manages()?;
    match which {
        Replay::One(one) => drop(look::delivery(courier, by, id, one).await?),
        Replay::FailedSince(_) => drop(look::endpoint(courier, by, id).await?),
    }
    let now = courier.clock.now_ms();
    let again = courier.webhooks.replay(by.scope, id, which, now).await?;
    courier.watched.stir();
    Ok(again)
}
