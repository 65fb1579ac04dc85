//! Give an endpoint another secret; for a day its deliveries are signed with both.

use crate::courier::{Courier, Manager, no_endpoint};
use crate::keys::fresh;
use crate::secret::EndpointSecret;
use shelf_domain::audit::Deed;
use shelf_domain::id::EndpointId;
use shelf_ports::Failure;
use shelf_ports::webhooks::EndpointEdit;

/// How long the secret before is used beside the new one, milliseconds.
const BOTH_MS: i64 = 24 * 60 * 60 * 1_000;

/// Gives an endpoint another secret, which is shown this once; for who manages the library. Of more
/// than two within a day the last two are used.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn rotate_secret(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
) -> Result<EndpointSecret, Failure> {
    by.manages()?;
    let known = courier.webhooks.endpoints(by.scope).await?;
    let Some(endpoint) = known.into_iter().find(|one| one.id == id) else {
        return Err(no_endpoint(id).into());
    };
    let (secret, key) = fresh(courier, by.scope, id).await?;
    let old = Some((endpoint.key, courier.clock.now_ms() + BOTH_MS));
    courier.record(by, Deed::EndpointSecretRotated, id, "").await?;
    let edit = EndpointEdit { keys: Some((key, old)), ..EndpointEdit::default() };
    if !courier.webhooks.edit_endpoint(by.scope, id, &edit).await? {
        return Err(no_endpoint(id).into());
    }
    Ok(secret)
}
