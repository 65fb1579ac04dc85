//! Change an endpoint: its address, what it is told of, and whether it is told at all.

use crate::add_endpoint::{checked_description, checked_types, checked_url};
use crate::courier::{Courier, Manager, no_endpoint};
use shelf_domain::audit::Deed;
use shelf_domain::id::EndpointId;
use shelf_ports::Failure;
use shelf_ports::webhooks::{EndpointEdit, EndpointState};

/// What to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EditEndpoint {
    /// Where events are posted to.
    pub url: Option<String>,
    /// What its owner writes about it.
    pub description: Option<String>,
    /// The types it is told of; none for all.
    pub types: Option<Vec<String>>,
    /// Whether what happens waits, or is told (again).
    pub paused: Option<bool>,
}

/// Changes an endpoint; for who manages the library. One that was given up begins anew when it is
/// resumed: with what happens from then on.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn edit_endpoint(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
    ask: EditEndpoint,
) -> Result<(), Failure> {
    by.manages()?;
    let state = ask.paused.map(state_of);
    let edit = EndpointEdit {
        url: ask.url.as_deref().map(checked_url).transpose()?,
        description: ask.description.as_deref().map(checked_description).transpose()?,
        types: ask.types.as_deref().map(checked_types).transpose()?,
        state,
        keys: None,
        instead_of: None,
    };
    let known = courier.webhooks.endpoints(by.scope).await?;
    if !known.iter().any(|one| one.id == id) {
        return Err(no_endpoint(id).into());
    }
    let detail = state.map_or("", EndpointState::name);
    courier.record(by, Deed::EndpointChanged, id, detail).await?;
    if !courier.webhooks.edit_endpoint(by.scope, id, &edit).await? {
        return Err(no_endpoint(id).into());
    }
    courier.watched.stir();
    Ok(())
}

fn state_of(paused: bool) -> EndpointState {
    if paused { EndpointState::Paused } else { EndpointState::Active }
}
