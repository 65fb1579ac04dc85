//! Remove an endpoint with everything that waits for it.

use crate::courier::{Courier, Manager, no_endpoint};
use shelf_domain::audit::Deed;
use shelf_domain::id::EndpointId;
use shelf_ports::Failure;

/// Removes an endpoint and its deliveries; for who manages the library.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn remove_endpoint(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
) -> Result<(), Failure> {
    by.manages()?;
    if !courier.webhooks.endpoints(by.scope).await?.iter().any(|one| one.id == id) {
        return Err(no_endpoint(id).into());
    }
    courier.record(by, Deed::EndpointRemoved, id, "").await?;
    if !courier.webhooks.remove_endpoint(by.scope, id).await? {
        return Err(no_endpoint(id).into());
    }
    courier.watched.stir();
    Ok(())
}
