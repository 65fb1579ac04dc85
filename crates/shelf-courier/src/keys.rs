//! The keys of endpoints: sealed with the key of their library before they are kept, and opened when
//! something is signed.

use crate::courier::Courier;
use crate::secret::EndpointSecret;
use shelf_domain::id::{EndpointId, Scope};
use shelf_ports::Fault;
use shelf_ports::vault::Owner;
use shelf_ports::webhooks::{Endpoint, EndpointEdit, SigningKey};

/// A key for `endpoint` nobody had before: as it is shown once, and as it is kept.
pub(crate) async fn fresh(
    courier: &Courier,
    scope: Scope,
    endpoint: EndpointId,
) -> Result<(EndpointSecret, SigningKey), Fault> {
    let plain = courier.chance.secret();
    let key = sealed(courier, scope, endpoint, &plain).await?;
    Ok((EndpointSecret::of(&plain), key))
}

async fn sealed(
    courier: &Courier,
    scope: Scope,
    endpoint: EndpointId,
    plain: &[u8],
) -> Result<SigningKey, Fault> {
    let owner = Owner::Library(scope.library);
    courier.vault.seal(owner, SigningKey::of(endpoint), plain).await.map(SigningKey)
}

/// What deliveries to `endpoint` are signed with at `now`, the latest first.
pub(crate) async fn opened(
    courier: &Courier,
    scope: Scope,
    endpoint: &Endpoint,
    now: i64,
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut all = Vec::new();
    for key in endpoint.keys_at(now) {
        if key.is_plain() {
            all.push(key.0.clone());
            continue;
        }
        let (owner, of) = (Owner::Library(scope.library), SigningKey::of(endpoint.id));
        let opened = courier.vault.open(owner, of, &key.0).await?;
        let gone =
            || Fault::new("opening the key of an endpoint", "the key of its library is gone");
        all.push(opened.ok_or_else(gone)?);
    }
    Ok(all)
}

/// Seals the keys of endpoints that are kept as they are, from before there were keys; how many
/// endpoints.
pub async fn seal_keys(courier: &Courier) -> Result<usize, Fault> {
    let mut count = 0;
    for scope in courier.webhooks.watched().await? {
        for endpoint in courier.webhooks.endpoints(scope).await? {
            let old = endpoint.old_key.as_ref();
            if !endpoint.key.is_plain() && !old.is_some_and(|(key, _)| key.is_plain()) {
                continue;
            }
            let id = endpoint.id;
            let key = kept(courier, scope, id, &endpoint.key).await?;
            let old = match old {
                Some((key, until)) => Some((kept(courier, scope, id, key).await?, *until)),
                None => None,
            };
            let (keys, instead_of) = (Some((key, old)), Some(endpoint.key));
            let edit = EndpointEdit { keys, instead_of, ..EndpointEdit::default() };
            courier.webhooks.edit_endpoint(scope, id, &edit).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// `key` as it is to be kept.
async fn kept(
    courier: &Courier,
    scope: Scope,
    endpoint: EndpointId,
    key: &SigningKey,
) -> Result<SigningKey, Fault> {
    if key.is_plain() { sealed(courier, scope, endpoint, &key.0).await } else { Ok(key.clone()) }
}
