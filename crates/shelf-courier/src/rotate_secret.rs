//! Give an endpoint another secret; for a day its deliveries are signed with both.

use crate::courier::{Courier, Manager, no_endpoint};
use crate::keys::fresh;
use crate::secret::EndpointSecret;
use shelf_domain::audit::Deed;
use shelf_domain::id::EndpointId;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::webhooks::{Endpoint, EndpointEdit};

/// How long the secret before is used beside the new one, milliseconds.
const BOTH_MS: i64 = 24 * 60 * 60 * 1_000;
/// How often it is tried while others change it.
const TRIES: usize = 5;

/// Gives an endpoint another secret, which is shown this once; for who manages the library. Of more
/// than two within a day the last two are used.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn rotate_secret(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
) -> Result<EndpointSecret, Failure> {
    by.manages()?;
    known(courier, by, id).await?;
    let (secret, key) = fresh(courier, by.scope, id).await?;
    courier.record(by, Deed::EndpointSecretRotated, id, "").await?;
    for _ in 0..TRIES {
        let before = known(courier, by, id).await?.key;
        let now = courier.clock.now_ms();
        let edit = EndpointEdit {
            keys: Some((key.clone(), Some((before.clone(), now + BOTH_MS)))),
            instead_of: Some(before),
            ..EndpointEdit::default()
        };
        courier.webhooks.edit_endpoint(by.scope, id, &edit).await?;
        // Whoever was quicker was shown a secret, too: it stays beside this one.
        if known(courier, by, id).await?.keys_at(now).contains(&&key) {
            return Ok(secret);
        }
    }
    Err(Refused::new(Code::Busy, "", "others are changing this secret").into())
}

async fn known(courier: &Courier, by: &Manager, id: EndpointId) -> Result<Endpoint, Failure> {
    let all = courier.webhooks.endpoints(by.scope).await?;
    all.into_iter().find(|one| one.id == id).ok_or_else(|| no_endpoint(id).into())
}
